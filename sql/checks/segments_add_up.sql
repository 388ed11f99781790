-- check: segments_add_up
-- doc:   Each segment view holds every live company of a country that a selection holds exactly once.
-- reads: prospects, segment_by_*
-- notes: runs in DuckDB only; must return no rows
WITH segments AS (
    SELECT 'segment_by_turnover_band' AS view_name, country, sum(companies) AS companies
    FROM segment_by_turnover_band GROUP BY country
    UNION ALL
    SELECT 'segment_by_size_class' AS view_name, country, sum(companies) AS companies
    FROM segment_by_size_class GROUP BY country
    UNION ALL
    SELECT 'segment_by_industry' AS view_name, country, sum(companies) AS companies
    FROM segment_by_industry GROUP BY country
    UNION ALL
    SELECT 'segment_by_region' AS view_name, country, sum(companies) AS companies
    FROM segment_by_region GROUP BY country
),
-- What each view should hold: a country that a view lacks altogether is found too.
expected AS (
    SELECT v.view_name, c.country, c.companies
    FROM (SELECT country, count(*) AS companies FROM prospects WHERE _deleted_at IS NULL AND coalesce(_selected, true) GROUP BY country) AS c
    CROSS JOIN (
        VALUES ('segment_by_turnover_band'), ('segment_by_size_class'), ('segment_by_industry'), ('segment_by_region')
    ) AS v(view_name)
)
SELECT
    coalesce(e.view_name, s.view_name) AS view_name,
    coalesce(e.country, s.country) AS country,
    e.companies AS expected,
    s.companies AS found
FROM expected AS e
FULL JOIN segments AS s ON s.view_name = e.view_name AND s.country = e.country
WHERE e.companies IS DISTINCT FROM s.companies;
