-- view:  segment_by_industry
-- grain: one row per country and NACE Rev. 2 division that has a company
-- reads: companies
-- units: *_eur = euros; *_percent = percent, not rounded; staff = persons
-- notes: A division that NACE Rev. 2 does not have keeps its code and stands in section `unknown`; companies without a
--        division are in division `unknown`. Sum over industry_section for sections (medians do not add up).
-- column: country = Country of registration, two upper-case letters (ISO 3166-1).
-- column: industry_section = NACE Rev. 2 section, a letter from A to U, or `unknown`.
-- column: industry_section_name = English title of the section, or `unknown`.
-- column: industry_division = NACE Rev. 2 division, two digits as text, or `unknown`.
-- column: industry_division_name = English title of the division, or `unknown`.
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
CREATE OR REPLACE VIEW segment_by_industry AS
WITH segment AS (
    SELECT
        country,
        coalesce(industry_section, 'unknown') AS industry_section,
        coalesce(industry_section_name, 'unknown') AS industry_section_name,
        coalesce(industry_division, 'unknown') AS industry_division,
        coalesce(industry_division_name, 'unknown') AS industry_division_name,
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
    industry_section,
    industry_section_name,
    industry_division,
    industry_division_name,
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
ORDER BY country NULLS LAST, industry_division NULLS LAST;
