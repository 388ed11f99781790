-- view:  segment_by_size_class
-- grain: one row per country and EU size class that has a company
-- reads: companies
-- units: *_eur = euros; *_percent = percent, not rounded; staff = persons
-- notes: The rule of the classes stands in the notes of the view companies.
-- column: country = Country of registration, two upper-case letters (ISO 3166-1).
-- column: size_class_order = 1 micro to 4 large, 5 unknown: sorts size_class.
-- column: size_class = EU size class: micro, small, medium, large or unknown.
-- column: companies = Live companies in the segment that a selection holds (companies.is_selected).
-- column: companies_with_turnover = Those of them with a known turn_over_eur.
-- column: turnover_eur = Sum of turn_over_eur, euros; NULL where no company has one.
-- column: median_turnover_eur = Median of turn_over_eur over companies that have one, euros.
-- column: share_of_companies_percent = Segment's share of the country's selected live companies, percent; adds up to 100 in each country.
-- column: share_of_turnover_percent = Segment's share of the country's turnover_eur, percent; NULL where the segment has none.
-- column: staff = Sum of staff_number, a DECIMAL(38,0), which any number of companies fits; NULL where no company has one.
-- column: median_staff = Median of staff_number over companies that have one.
-- column: median_growth_percent = Median of turn_over_growth_percent over companies that have one, percent.
-- column: median_profit_percent = Median of profit_percent over companies that have one, percent.
CREATE OR REPLACE VIEW segment_by_size_class AS
WITH segment AS (
    SELECT
        country,
        size_class_order,
        size_class,
        CAST(count(*) AS BIGINT) AS companies,
        CAST(count(turn_over_eur) AS BIGINT) AS companies_with_turnover,
        CAST(sum(turn_over_eur) AS DECIMAL(38, 2)) AS turnover_eur,
        median(CAST(turn_over_eur AS DOUBLE)) AS median_turnover_eur,
        CAST(sum(CAST(staff_number AS DECIMAL(19, 0))) AS DECIMAL(38, 0)) AS staff,
        median(CAST(staff_number AS DOUBLE)) AS median_staff,
        median(CAST(turn_over_growth_percent AS DOUBLE)) AS median_growth_percent,
        median(CAST(profit_percent AS DOUBLE)) AS median_profit_percent
    FROM companies
    WHERE is_selected
    GROUP BY ALL
)
SELECT
    country,
    size_class_order,
    size_class,
    companies,
    companies_with_turnover,
    turnover_eur,
    median_turnover_eur,
    100 * CAST(companies AS DOUBLE)
        / nullif(CAST(sum(companies) OVER (PARTITION BY country) AS DOUBLE), 0) AS share_of_companies_percent,
    100 * CAST(turnover_eur AS DOUBLE)
        / nullif(CAST(sum(turnover_eur) OVER (PARTITION BY country) AS DOUBLE), 0) AS share_of_turnover_percent,
    staff,
    median_staff,
    median_growth_percent,
    median_profit_percent
FROM segment
ORDER BY country NULLS LAST, size_class_order NULLS LAST;
