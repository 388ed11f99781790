-- view:  industry_leaders
-- grain: one row per company among the ten largest by turnover of its country and NACE Rev. 2 division
-- reads: companies
-- units: turn_over_eur = euros; *_percent = percent, not rounded
-- notes: Only companies that a selection holds (companies.is_selected) are ranked and summed.
--        Equal turnovers share a rank and the next rank is skipped, so that a tie at rank 10 gives more than ten rows.
--        Companies without turnover or without a division are not ranked. Status is shown, not filtered on.
-- column: country = Country of registration, two upper-case letters (ISO 3166-1).
-- column: industry_division = NACE Rev. 2 division, two digits as text.
-- column: industry_division_name = English title of the division; NULL where the division is not in NACE Rev. 2.
-- column: leader_rank = 1 for the largest turnover in the country and division; ties share a rank.
-- column: business_id = Business id without country prefix and dash; unique within the country.
-- column: company_name = Registered name.
-- column: is_active = Whether the status means that the company is registered and in business; NULL where it is unknown.
-- column: turn_over_eur = Turnover of the latest year known, euros.
-- column: turn_over_is_estimate = Whether turn_over_eur is an estimate of the source's.
-- column: share_of_industry_turnover_percent = The company's share of the turnover of all selected live companies of the country and division, percent.
-- column: turn_over_growth_percent = Growth of turnover over the year before, percent.
-- column: profit_percent = Profit as percent of turnover.
-- column: staff_number = Number of employees.
-- column: size_class = EU size class: micro, small, medium, large or unknown.
-- column: municipality = Municipality, else city, upper case.
CREATE OR REPLACE VIEW industry_leaders AS
WITH ranked AS (
    SELECT
        country,
        industry_division,
        industry_division_name,
        CAST(
            rank() OVER (PARTITION BY country, industry_division ORDER BY turn_over_eur DESC NULLS LAST) AS BIGINT
        ) AS leader_rank,
        business_id,
        company_name,
        is_active,
        turn_over_eur,
        turn_over_is_estimate,
        100 * CAST(turn_over_eur AS DOUBLE)
            / nullif(CAST(sum(turn_over_eur) OVER (PARTITION BY country, industry_division) AS DOUBLE), 0)
            AS share_of_industry_turnover_percent,
        turn_over_growth_percent,
        profit_percent,
        staff_number,
        size_class,
        municipality
    FROM companies
    WHERE is_selected AND turn_over_eur IS NOT NULL AND industry_division IS NOT NULL
)
SELECT
    country,
    industry_division,
    industry_division_name,
    leader_rank,
    business_id,
    company_name,
    is_active,
    turn_over_eur,
    turn_over_is_estimate,
    share_of_industry_turnover_percent,
    turn_over_growth_percent,
    profit_percent,
    staff_number,
    size_class,
    municipality
FROM ranked
WHERE leader_rank <= 10
ORDER BY country NULLS LAST, industry_division NULLS LAST, leader_rank NULLS LAST, business_id NULLS LAST;
