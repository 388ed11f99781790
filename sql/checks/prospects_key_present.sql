-- check: prospects_key_present
-- doc:   Every company has both parts of its key.
-- reads: prospects
-- notes: runs in DuckDB only; must return no rows
SELECT country, business_id, company_name
FROM prospects
WHERE country IS NULL OR business_id IS NULL;
