-- check: prospects_country_form
-- doc:   A country is two upper-case letters.
-- reads: prospects
-- notes: runs in DuckDB only; must return no rows
SELECT country, business_id
FROM prospects
WHERE NOT regexp_full_match(country, '[A-Z]{2}');
