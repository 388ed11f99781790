-- check: prospects_business_id_form
-- doc:   A business id has no blanks around it, and is not empty; one of digits and dashes has no dash.
-- reads: prospects
-- notes: runs in DuckDB only; must return no rows. What a source writes is no reason to find any: normalising brings every
--        id into this form or sets the record aside. An id of another kind, such as HRB-12345, keeps its dash.
SELECT country, business_id
FROM prospects
WHERE business_id = '' OR regexp_full_match(business_id, '[0-9-]*-[0-9-]*') OR business_id <> trim(business_id);
