-- check: prospects_key_unique
-- doc:   A company appears once: (country, business_id) is unique in prospects.
-- reads: prospects
-- notes: runs in DuckDB only; must return no rows
SELECT country, business_id, count(*) AS copies
FROM prospects
GROUP BY country, business_id
HAVING count(*) > 1;
