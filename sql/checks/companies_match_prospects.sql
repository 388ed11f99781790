-- check: companies_match_prospects
-- doc:   The view companies has exactly the live prospects: no join doubles or drops one.
-- reads: companies, prospects
-- notes: runs in DuckDB only; must return no rows
SELECT live.country, live.companies AS in_prospects, shown.companies AS in_view
FROM (
    SELECT country, count(*) AS companies FROM prospects WHERE _deleted_at IS NULL GROUP BY country
) AS live
FULL JOIN (
    SELECT country, count(*) AS companies FROM companies GROUP BY country
) AS shown ON shown.country = live.country
WHERE live.companies IS DISTINCT FROM shown.companies;
