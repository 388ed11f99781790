-- check: prospects_business_id_form
-- doc:   A business id has no dash, no blanks around it, and is not empty.
-- reads: prospects
-- notes: runs in DuckDB only; must return no rows
SELECT country, business_id
FROM prospects
WHERE business_id = '' OR contains(business_id, '-') OR business_id <> trim(business_id);
