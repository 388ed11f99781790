-- check: prospects_seen_known
-- doc:   Of every company it is known when a load saw it first and last.
-- reads: prospects
-- notes: runs in DuckDB only; must return no rows. Does not compare the two: they are of the clocks of two runs
SELECT country, business_id, _first_seen_at, _last_seen_at
FROM prospects
WHERE _first_seen_at IS NULL OR _last_seen_at IS NULL;
