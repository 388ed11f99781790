-- check: prospects_seen_in_order
-- doc:   A company was first seen no later than it was last seen, and both times are known.
-- reads: prospects
-- notes: runs in DuckDB only; must return no rows
SELECT country, business_id, _first_seen_at, _last_seen_at
FROM prospects
WHERE _first_seen_at IS NULL OR _last_seen_at IS NULL OR _first_seen_at > _last_seen_at;
