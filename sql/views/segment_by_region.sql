-- view:  segment_by_region
-- grain: one row per country, postal area and municipality that has a company
-- reads: companies
-- units: *_eur = euros; *_percent = percent, not rounded; staff = persons
-- notes: The source gives no region codes: the postal area (first two characters of the postal code) stands for the
--        region, the municipality for the place. A municipality with several postal areas has a row in each; sum over
--        either for the other (medians do not add up). Visiting address before mail address, as in companies.
-- column: country = Country of registration, two upper-case letters (ISO 3166-1).
-- column: postal_area = First two characters of the postal code, or `unknown`.
-- column: municipality = Municipality, else city, upper case, or `unknown`.
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
CREATE OR REPLACE VIEW segment_by_region AS
WITH segment AS (
    SELECT
        country,
        coalesce(postal_area, 'unknown') AS postal_area,
        coalesce(municipality, 'unknown') AS municipality,
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
    postal_area,
    municipality,
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
ORDER BY country NULLS LAST, postal_area NULLS LAST, municipality NULLS LAST;
