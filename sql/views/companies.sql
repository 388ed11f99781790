-- view:  companies
-- grain: one row per live company: key (country, business_id), companies gone from the source left out
-- reads: prospects, nace_divisions, nace_sections, status_texts
-- units: *_eur = whole euros; turn_over_local = whole units of currency_code; *_percent = percent; times in UTC
-- notes: size_class follows the EU definition (Recommendation 2003/361/EC) as far as staff and turnover tell, the
--        balance sheet being unknown here. Staff gives one class (below 10 micro, below 50 small, below 250 medium,
--        else large), turnover another (up to 2 M EUR micro, up to 10 M small, up to 50 M medium, above large; a
--        ceiling itself still belongs to the smaller class). Both known: the larger of the two, as both ceilings must
--        hold. One known: that one. Neither: 'unknown'.
--        Turnover means turn_over_eur; turn_over_estimate stands beside it and enters no band, class or sum.
--        Status is free text of the source, from several registers in several languages: status_class says what it
--        means, by the table status_texts, where a text for the company's own country goes before one for every country.
--        Case, blanks and a full stop at the end do not matter. A text that is not there is 'unknown', never false;
--        data_quality lists it. No row is left out for its status.
-- column: country = Country of registration, two upper-case letters (ISO 3166-1).
-- column: business_id = Business id without country prefix and dash, leading zeros kept; unique within the country.
-- column: company_name = Registered name.
-- column: status = Status as the source words it, for example `active`.
-- column: status_class = What the status means: `live`, `dissolving` (still registered, but being wound up, insolvent, restructured or at rest), `gone`, or `unknown`, also where there is no status.
-- column: is_active = True where status_class is `live`, false where it is `dissolving` or `gone`, NULL where it is `unknown`.
-- column: registration_date = Day of registration; NULL where unknown.
-- column: registration_year = Calendar year of registration.
-- column: industry_code = National industry code, five digits as text.
-- column: industry_division = NACE Rev. 2 division, two digits as text, leading zero kept.
-- column: industry_division_name = English title of the division; NULL where the division is not in NACE Rev. 2.
-- column: industry_section = NACE Rev. 2 section, a letter from A to U; NULL where the division is not in NACE Rev. 2.
-- column: industry_section_name = English title of the section.
-- column: size_class_order = 1 micro to 4 large, 5 unknown: sorts size_class.
-- column: size_class = EU size class: micro, small, medium, large or unknown; rule in the view's notes.
-- column: turnover_band_order = 1 to 9 from the lowest band up, 10 unknown: sorts turnover_band.
-- column: turnover_band = Band of turn_over_eur, lower bound included; `unknown` where there is no turnover.
-- column: turn_over_eur = Turnover of the latest year known, euros.
-- column: turn_over_local = The same in the company's own currency.
-- column: currency_code = Currency of turn_over_local (ISO 4217).
-- column: turn_over_is_estimate = Whether turn_over_eur is an estimate of the source's.
-- column: turn_over_estimate = The source's separate estimate of turnover; NULL where there is none.
-- column: turn_over_growth_percent = Growth of turnover over the year before, percent.
-- column: turn_over_per_employee_eur = turn_over_eur by staff_number, euros; NULL where either is unknown or staff is 0.
-- column: profit_percent = Profit as percent of turnover.
-- column: staff_number = Number of employees.
-- column: staff_number_is_estimate = Whether staff_number is an estimate of the source's.
-- column: municipality = Where the company is, upper case: visiting municipality, else municipality, else visiting city, else city.
-- column: postal_area = First two characters of the visiting postal code, else of the postal code.
-- column: visiting_address = Street address.
-- column: visiting_postal = Postal code of the street address.
-- column: visiting_city = City of the street address.
-- column: address = Mail address.
-- column: postal = Postal code of the mail address.
-- column: city = City of the mail address.
-- column: phone = Phone number as received.
-- column: link = Web site.
-- column: vainu_link = The company's page at Vainu.
-- column: linkedin_id = Id at LinkedIn.
-- column: twitter_link = Page at Twitter.
-- column: facebook_link = Page at Facebook.
-- column: digitality = Vainu's score of the company's use of digital services; scale not documented by the source.
-- column: sociality = Vainu's score of the company's use of social media; scale not documented by the source.
-- column: marketility = Vainu's score of the company's marketing; scale not documented by the source.
-- column: alexa_rank_global = Rank of the web site by traffic, 1 is the most visited.
-- column: mother = Parent company in the same country, JSON as received.
-- column: mother_foreign = Parent company abroad, JSON as received.
-- column: description = What the company says it does.
-- column: first_seen_at = When a load first held the company, UTC.
-- column: last_seen_at = When a load last held the company, UTC.
-- column: details_at = When the company's own endpoint was last read, UTC; NULL where never.
-- column: is_selected = Whether a selection holds the company; true for all while nothing is selected. Segment views count these alone.
CREATE OR REPLACE VIEW companies AS
-- Each text is looked up once, not for each company.
WITH texts AS (
    SELECT DISTINCT country, status FROM prospects WHERE _deleted_at IS NULL AND status IS NOT NULL
),
plain_texts AS (
    SELECT
        country,
        status,
        -- Blanks of every kind count as one. The first letters of each pair are written with a combining mark, as some
        -- sources do.
        replace(replace(replace(
            regexp_replace(trim(replace(replace(replace(
                lower(translate(
                    status,
                    chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(133) || chr(160) || '                　',
                    '                        '
                )),
                ' ', ' ' || chr(1)), chr(1) || ' ', ''), chr(1), '')), '[ .]+$', ''),
            'å', 'å'), 'ä', 'ä'), 'ö', 'ö') AS status_text
    FROM texts
),
classes AS (
    SELECT t.country, t.status, coalesce(own.status_class, anywhere.status_class) AS status_class
    FROM plain_texts AS t
    LEFT JOIN status_texts AS own ON own.status_text = t.status_text AND own.country = t.country
    LEFT JOIN status_texts AS anywhere ON anywhere.status_text = t.status_text AND anywhere.country = ''
)
SELECT
    p.country,
    p.business_id,
    p.company_name,
    p.status,
    coalesce(c.status_class, 'unknown') AS status_class,
    CASE c.status_class WHEN 'live' THEN TRUE WHEN 'dissolving' THEN FALSE WHEN 'gone' THEN FALSE END AS is_active,
    p.registration_date,
    CAST(extract(YEAR FROM p.registration_date) AS INTEGER) AS registration_year,
    p.industry_code,
    p.industry_division,
    d.division_name AS industry_division_name,
    d.section AS industry_section,
    s.section_name AS industry_section_name,
    -- greatest() passes over NULL, so that one known figure decides alone.
    coalesce(
        greatest(
            CASE
                WHEN p.staff_number < 10 THEN 1
                WHEN p.staff_number < 50 THEN 2
                WHEN p.staff_number < 250 THEN 3
                WHEN p.staff_number >= 250 THEN 4
            END,
            CASE
                WHEN p.turn_over_eur <= 2000000 THEN 1
                WHEN p.turn_over_eur <= 10000000 THEN 2
                WHEN p.turn_over_eur <= 50000000 THEN 3
                WHEN p.turn_over_eur > 50000000 THEN 4
            END
        ),
        5
    ) AS size_class_order,
    CASE size_class_order
        WHEN 1 THEN 'micro'
        WHEN 2 THEN 'small'
        WHEN 3 THEN 'medium'
        WHEN 4 THEN 'large'
        ELSE 'unknown'
    END AS size_class,
    CASE
        WHEN p.turn_over_eur < 200000 THEN 1
        WHEN p.turn_over_eur < 400000 THEN 2
        WHEN p.turn_over_eur < 1000000 THEN 3
        WHEN p.turn_over_eur < 2000000 THEN 4
        WHEN p.turn_over_eur < 10000000 THEN 5
        WHEN p.turn_over_eur < 20000000 THEN 6
        WHEN p.turn_over_eur < 100000000 THEN 7
        WHEN p.turn_over_eur < 200000000 THEN 8
        WHEN p.turn_over_eur >= 200000000 THEN 9
        ELSE 10
    END AS turnover_band_order,
    CASE turnover_band_order
        WHEN 1 THEN 'under 0.2 M'
        WHEN 2 THEN '0.2-0.4 M'
        WHEN 3 THEN '0.4-1 M'
        WHEN 4 THEN '1-2 M'
        WHEN 5 THEN '2-10 M'
        WHEN 6 THEN '10-20 M'
        WHEN 7 THEN '20-100 M'
        WHEN 8 THEN '100-200 M'
        WHEN 9 THEN '200 M or more'
        ELSE 'unknown'
    END AS turnover_band,
    p.turn_over_eur,
    p.turn_over_local,
    p.currency_code,
    p.turn_over_is_estimate,
    p.turn_over_estimate,
    p.turn_over_growth_percent,
    round(CAST(p.turn_over_eur AS DOUBLE) / nullif(p.staff_number, 0), 2) AS turn_over_per_employee_eur,
    p.profit_percent,
    p.staff_number,
    p.staff_number_is_estimate,
    -- CASE and not coalesce(): DuckDB would trim all of them for every row.
    upper(trim(CASE
        WHEN trim(p.visiting_municipality) <> '' THEN p.visiting_municipality
        WHEN trim(p.municipality) <> '' THEN p.municipality
        WHEN trim(p.visiting_city) <> '' THEN p.visiting_city
        WHEN trim(p.city) <> '' THEN p.city
    END)) AS municipality,
    upper(substring(trim(CASE
        WHEN trim(p.visiting_postal) <> '' THEN p.visiting_postal
        WHEN trim(p.postal) <> '' THEN p.postal
    END), 1, 2)) AS postal_area,
    p.visiting_address,
    p.visiting_postal,
    p.visiting_city,
    p.address,
    p.postal,
    p.city,
    p.phone,
    p.link,
    p.vainu_link,
    p.linkedin_id,
    p.twitter_link,
    p.facebook_link,
    p.digitality,
    p.sociality,
    p.marketility,
    p.alexa_rank_global,
    p.mother,
    p.mother_foreign,
    p.description,
    p._first_seen_at AS first_seen_at,
    p._last_seen_at AS last_seen_at,
    p._details_at AS details_at,
    coalesce(p._selected, true) AS is_selected
FROM prospects AS p
LEFT JOIN nace_divisions AS d ON d.division = p.industry_division
LEFT JOIN nace_sections AS s ON s.section = d.section
LEFT JOIN classes AS c ON c.country = p.country AND c.status = p.status
WHERE p._deleted_at IS NULL;
