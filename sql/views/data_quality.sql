-- view:  data_quality
-- grain: one row per table and column; one more per table for its records as a whole, with `*` for the column; one per status text that nobody knows
-- reads: every table of schema main that is loaded, companies, etl.rejects, etl.streams, etl.runs
-- units: rows, nulls and rejects are numbers of rows; null_percent = percent; freshness in UTC
-- notes: Made from the catalog by `make accept`, so that a new column is in it by itself. All rows of a table count,
--        companies that disappeared too. A reject counts for the column that its field feeds; one of a field without a
--        column for `_extra`; one of a whole record for `*`. So the rejects of a table's rows add up to those that
--        etl.rejects has of it.
--        A row with unknown_value is a status text that status_texts does not have: rows are the live companies with it,
--        whose status_class is 'unknown'. The README says how to add texts.
-- column: table_name = Table of schema main.
-- column: column_name = Its column; `*` for its records as a whole.
-- column: column_position = Position of the column in the table, from 1; 0 for `*`.
-- column: unknown_value = A status text that nobody knows, as received; NULL in the rows of columns.
-- column: rows = Rows of the table; for an unknown_value live companies that have it.
-- column: nulls = Rows in which the column is NULL; NULL for `*` and for an unknown_value.
-- column: null_percent = Share of nulls in rows, percent, two decimals; NULL where there are no rows.
-- column: rejects = Rows of etl.rejects about the column; NULL for an unknown_value.
-- column: freshness = When the newest run that read the table had its data, UTC; NULL when none has.
CREATE OR REPLACE VIEW data_quality AS
WITH counted AS (
    SELECT 'prospects' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
            WHEN 6 THEN c.filled_6
            WHEN 7 THEN c.filled_7
            WHEN 8 THEN c.filled_8
            WHEN 9 THEN c.filled_9
            WHEN 10 THEN c.filled_10
            WHEN 11 THEN c.filled_11
            WHEN 12 THEN c.filled_12
            WHEN 13 THEN c.filled_13
            WHEN 14 THEN c.filled_14
            WHEN 15 THEN c.filled_15
            WHEN 16 THEN c.filled_16
            WHEN 17 THEN c.filled_17
            WHEN 18 THEN c.filled_18
            WHEN 19 THEN c.filled_19
            WHEN 20 THEN c.filled_20
            WHEN 21 THEN c.filled_21
            WHEN 22 THEN c.filled_22
            WHEN 23 THEN c.filled_23
            WHEN 24 THEN c.filled_24
            WHEN 25 THEN c.filled_25
            WHEN 26 THEN c.filled_26
            WHEN 27 THEN c.filled_27
            WHEN 28 THEN c.filled_28
            WHEN 29 THEN c.filled_29
            WHEN 30 THEN c.filled_30
            WHEN 31 THEN c.filled_31
            WHEN 32 THEN c.filled_32
            WHEN 33 THEN c.filled_33
            WHEN 34 THEN c.filled_34
            WHEN 35 THEN c.filled_35
            WHEN 36 THEN c.filled_36
            WHEN 37 THEN c.filled_37
            WHEN 38 THEN c.filled_38
            WHEN 39 THEN c.filled_39
            WHEN 40 THEN c.filled_40
            WHEN 41 THEN c.filled_41
            WHEN 42 THEN c.filled_42
            WHEN 43 THEN c.filled_43
            WHEN 44 THEN c.filled_44
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(country) AS filled_1,
            count(business_id) AS filled_2,
            count(company_name) AS filled_3,
            count(status) AS filled_4,
            count(registration_date) AS filled_5,
            count(link) AS filled_6,
            count(phone) AS filled_7,
            count(industry_code) AS filled_8,
            count(industry_division) AS filled_9,
            count(address) AS filled_10,
            count(postal) AS filled_11,
            count(city) AS filled_12,
            count(municipality) AS filled_13,
            count(visiting_address) AS filled_14,
            count(visiting_postal) AS filled_15,
            count(visiting_city) AS filled_16,
            count(visiting_municipality) AS filled_17,
            count(currency_code) AS filled_18,
            count(turn_over_eur) AS filled_19,
            count(turn_over_local) AS filled_20,
            count(turn_over_is_estimate) AS filled_21,
            count(turn_over_estimate) AS filled_22,
            count(profit_percent) AS filled_23,
            count(turn_over_growth_percent) AS filled_24,
            count(staff_number) AS filled_25,
            count(staff_number_is_estimate) AS filled_26,
            count(vainu_link) AS filled_27,
            count(linkedin_id) AS filled_28,
            count(twitter_link) AS filled_29,
            count(facebook_link) AS filled_30,
            count(digitality) AS filled_31,
            count(sociality) AS filled_32,
            count(marketility) AS filled_33,
            count(alexa_rank_global) AS filled_34,
            count(mother) AS filled_35,
            count(mother_foreign) AS filled_36,
            count(description) AS filled_37,
            count(_run_id) AS filled_38,
            count(_extra) AS filled_39,
            count(_first_seen_at) AS filled_40,
            count(_last_seen_at) AS filled_41,
            count(_deleted_at) AS filled_42,
            count(_details_at) AS filled_43,
            count(_selected) AS filled_44
        FROM prospects
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'country'), (2, 'business_id'), (3, 'company_name'), (4, 'status'), (5, 'registration_date'), (6, 'link'), (7, 'phone'), (8, 'industry_code'), (9, 'industry_division'), (10, 'address'), (11, 'postal'), (12, 'city'), (13, 'municipality'), (14, 'visiting_address'), (15, 'visiting_postal'), (16, 'visiting_city'), (17, 'visiting_municipality'), (18, 'currency_code'), (19, 'turn_over_eur'), (20, 'turn_over_local'), (21, 'turn_over_is_estimate'), (22, 'turn_over_estimate'), (23, 'profit_percent'), (24, 'turn_over_growth_percent'), (25, 'staff_number'), (26, 'staff_number_is_estimate'), (27, 'vainu_link'), (28, 'linkedin_id'), (29, 'twitter_link'), (30, 'facebook_link'), (31, 'digitality'), (32, 'sociality'), (33, 'marketility'), (34, 'alexa_rank_global'), (35, 'mother'), (36, 'mother_foreign'), (37, 'description'), (38, '_run_id'), (39, '_extra'), (40, '_first_seen_at'), (41, '_last_seen_at'), (42, '_deleted_at'), (43, '_details_at'), (44, '_selected')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'target_groups' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
            WHEN 6 THEN c.filled_6
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(id) AS filled_1,
            count(name) AS filled_2,
            count(is_named_target_group) AS filled_3,
            count(is_default) AS filled_4,
            count(_run_id) AS filled_5,
            count(_extra) AS filled_6
        FROM target_groups
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'id'), (2, 'name'), (3, 'is_named_target_group'), (4, 'is_default'), (5, '_run_id'), (6, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'target_group_members' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(target_group_id) AS filled_1,
            count(country) AS filled_2,
            count(business_id) AS filled_3,
            count(_run_id) AS filled_4,
            count(_extra) AS filled_5
        FROM target_group_members
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'target_group_id'), (2, 'country'), (3, 'business_id'), (4, '_run_id'), (5, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'financial_statements' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
            WHEN 6 THEN c.filled_6
            WHEN 7 THEN c.filled_7
            WHEN 8 THEN c.filled_8
            WHEN 9 THEN c.filled_9
            WHEN 10 THEN c.filled_10
            WHEN 11 THEN c.filled_11
            WHEN 12 THEN c.filled_12
            WHEN 13 THEN c.filled_13
            WHEN 14 THEN c.filled_14
            WHEN 15 THEN c.filled_15
            WHEN 16 THEN c.filled_16
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(country) AS filled_1,
            count(business_id) AS filled_2,
            count(year) AS filled_3,
            count(account_period_end) AS filled_4,
            count(currency_code) AS filled_5,
            count(turn_over_eur) AS filled_6,
            count(turn_over_local) AS filled_7,
            count(turn_over_is_estimate) AS filled_8,
            count(turn_over_growth_percent) AS filled_9,
            count(staff_number) AS filled_10,
            count(net_income_eur) AS filled_11,
            count(net_income_local) AS filled_12,
            count(equity_ratio_percent) AS filled_13,
            count(account_period_start) AS filled_14,
            count(_run_id) AS filled_15,
            count(_extra) AS filled_16
        FROM financial_statements
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'country'), (2, 'business_id'), (3, 'year'), (4, 'account_period_end'), (5, 'currency_code'), (6, 'turn_over_eur'), (7, 'turn_over_local'), (8, 'turn_over_is_estimate'), (9, 'turn_over_growth_percent'), (10, 'staff_number'), (11, 'net_income_eur'), (12, 'net_income_local'), (13, 'equity_ratio_percent'), (14, 'account_period_start'), (15, '_run_id'), (16, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'leads' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
            WHEN 6 THEN c.filled_6
            WHEN 7 THEN c.filled_7
            WHEN 8 THEN c.filled_8
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(lead_id) AS filled_1,
            count(published_at) AS filled_2,
            count(title) AS filled_3,
            count(link) AS filled_4,
            count(vainu_link) AS filled_5,
            count(content_hash) AS filled_6,
            count(_run_id) AS filled_7,
            count(_extra) AS filled_8
        FROM leads
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'lead_id'), (2, 'published_at'), (3, 'title'), (4, 'link'), (5, 'vainu_link'), (6, 'content_hash'), (7, '_run_id'), (8, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'lead_prospects' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
            WHEN 6 THEN c.filled_6
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(lead_id) AS filled_1,
            count(country) AS filled_2,
            count(business_id) AS filled_3,
            count(company_name) AS filled_4,
            count(_run_id) AS filled_5,
            count(_extra) AS filled_6
        FROM lead_prospects
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'lead_id'), (2, 'country'), (3, 'business_id'), (4, 'company_name'), (5, '_run_id'), (6, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'lead_tags' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(lead_id) AS filled_1,
            count(tag) AS filled_2,
            count(_run_id) AS filled_3,
            count(_extra) AS filled_4
        FROM lead_tags
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'lead_id'), (2, 'tag'), (3, '_run_id'), (4, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'customer_data' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
            WHEN 6 THEN c.filled_6
            WHEN 7 THEN c.filled_7
            WHEN 8 THEN c.filled_8
            WHEN 9 THEN c.filled_9
            WHEN 10 THEN c.filled_10
            WHEN 11 THEN c.filled_11
            WHEN 12 THEN c.filled_12
            WHEN 13 THEN c.filled_13
            WHEN 14 THEN c.filled_14
            WHEN 15 THEN c.filled_15
            WHEN 16 THEN c.filled_16
            WHEN 17 THEN c.filled_17
            WHEN 18 THEN c.filled_18
            WHEN 19 THEN c.filled_19
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(id) AS filled_1,
            count(unique_id) AS filled_2,
            count(owner_email) AS filled_3,
            count(won_deals_count) AS filled_4,
            count(open_deals_count) AS filled_5,
            count(lost_deals_count) AS filled_6,
            count(is_won) AS filled_7,
            count(notes) AS filled_8,
            count(last_update) AS filled_9,
            count(origin) AS filled_10,
            count(created_at) AS filled_11,
            count(modified_at) AS filled_12,
            count(vid) AS filled_13,
            count(country) AS filled_14,
            count(business_id) AS filled_15,
            count(company_name) AS filled_16,
            count(domain) AS filled_17,
            count(_run_id) AS filled_18,
            count(_extra) AS filled_19
        FROM customer_data
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'id'), (2, 'unique_id'), (3, 'owner_email'), (4, 'won_deals_count'), (5, 'open_deals_count'), (6, 'lost_deals_count'), (7, 'is_won'), (8, 'notes'), (9, 'last_update'), (10, 'origin'), (11, 'created_at'), (12, 'modified_at'), (13, 'vid'), (14, 'country'), (15, 'business_id'), (16, 'company_name'), (17, 'domain'), (18, '_run_id'), (19, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'prospect_addresses' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
            WHEN 6 THEN c.filled_6
            WHEN 7 THEN c.filled_7
            WHEN 8 THEN c.filled_8
            WHEN 9 THEN c.filled_9
            WHEN 10 THEN c.filled_10
            WHEN 11 THEN c.filled_11
            WHEN 12 THEN c.filled_12
            WHEN 13 THEN c.filled_13
            WHEN 14 THEN c.filled_14
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(country) AS filled_1,
            count(business_id) AS filled_2,
            count(position) AS filled_3,
            count(visiting_address) AS filled_4,
            count(visiting_postal) AS filled_5,
            count(visiting_city) AS filled_6,
            count(address) AS filled_7,
            count(postal) AS filled_8,
            count(city) AS filled_9,
            count(office_number) AS filled_10,
            count(office_name) AS filled_11,
            count(office_business_id) AS filled_12,
            count(_run_id) AS filled_13,
            count(_extra) AS filled_14
        FROM prospect_addresses
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'country'), (2, 'business_id'), (3, 'position'), (4, 'visiting_address'), (5, 'visiting_postal'), (6, 'visiting_city'), (7, 'address'), (8, 'postal'), (9, 'city'), (10, 'office_number'), (11, 'office_name'), (12, 'office_business_id'), (13, '_run_id'), (14, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'contacts' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
            WHEN 6 THEN c.filled_6
            WHEN 7 THEN c.filled_7
            WHEN 8 THEN c.filled_8
            WHEN 9 THEN c.filled_9
            WHEN 10 THEN c.filled_10
            WHEN 11 THEN c.filled_11
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(country) AS filled_1,
            count(business_id) AS filled_2,
            count(position) AS filled_3,
            count(first_name) AS filled_4,
            count(last_name) AS filled_5,
            count(email) AS filled_6,
            count(phone) AS filled_7,
            count(title) AS filled_8,
            count(company_name) AS filled_9,
            count(_run_id) AS filled_10,
            count(_extra) AS filled_11
        FROM contacts
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'country'), (2, 'business_id'), (3, 'position'), (4, 'first_name'), (5, 'last_name'), (6, 'email'), (7, 'phone'), (8, 'title'), (9, 'company_name'), (10, '_run_id'), (11, '_extra')
    ) AS n(position, column_name)
    UNION ALL
    SELECT 'prospect_technologies' AS table_name, n.position, n.column_name, c.row_count,
        CASE n.position
            WHEN 1 THEN c.filled_1
            WHEN 2 THEN c.filled_2
            WHEN 3 THEN c.filled_3
            WHEN 4 THEN c.filled_4
            WHEN 5 THEN c.filled_5
        END AS filled
    FROM (
        SELECT count(*) AS row_count,
            count(country) AS filled_1,
            count(business_id) AS filled_2,
            count(technology) AS filled_3,
            count(_run_id) AS filled_4,
            count(_extra) AS filled_5
        FROM prospect_technologies
    ) AS c
    CROSS JOIN (VALUES
        (0, '*'), (1, 'country'), (2, 'business_id'), (3, 'technology'), (4, '_run_id'), (5, '_extra')
    ) AS n(position, column_name)
),
fields AS (
    SELECT v.table_name, v.field, v.column_name
    FROM (VALUES
        ('prospects', 'country', 'country'),
        ('prospects', 'business_id', 'business_id'),
        ('prospects', 'company_name', 'company_name'),
        ('prospects', 'status', 'status'),
        ('prospects', 'registration_date', 'registration_date'),
        ('prospects', 'link', 'link'),
        ('prospects', 'phone', 'phone'),
        ('prospects', 'industry_code', 'industry_code'),
        ('prospects', 'isic_industry_code', 'industry_code'),
        ('prospects', 'industry_code_5', 'industry_code'),
        ('prospects', 'industry_code_2', 'industry_division'),
        ('prospects', 'address', 'address'),
        ('prospects', 'postal', 'postal'),
        ('prospects', 'city', 'city'),
        ('prospects', 'municipality', 'municipality'),
        ('prospects', 'visiting_address', 'visiting_address'),
        ('prospects', 'visiting_postal', 'visiting_postal'),
        ('prospects', 'visiting_city', 'visiting_city'),
        ('prospects', 'visiting_municipality', 'visiting_municipality'),
        ('prospects', 'currency_code', 'currency_code'),
        ('prospects', 'turn_over', 'turn_over_eur'),
        ('prospects', 'turn_over_local', 'turn_over_local'),
        ('prospects', 'turn_over_is_estimate', 'turn_over_is_estimate'),
        ('prospects', 'turnover_estimate', 'turn_over_estimate'),
        ('prospects', 'profit', 'profit_percent'),
        ('prospects', 'development_of_turnover', 'turn_over_growth_percent'),
        ('prospects', 'staff_number', 'staff_number'),
        ('prospects', 'staff_number_is_estimate', 'staff_number_is_estimate'),
        ('prospects', 'vainu_link', 'vainu_link'),
        ('prospects', 'linkedin_id', 'linkedin_id'),
        ('prospects', 'twitter_link', 'twitter_link'),
        ('prospects', 'facebook_link', 'facebook_link'),
        ('prospects', 'digitality', 'digitality'),
        ('prospects', 'sociality', 'sociality'),
        ('prospects', 'marketility', 'marketility'),
        ('prospects', 'alexa_rank_global', 'alexa_rank_global'),
        ('prospects', 'mother', 'mother'),
        ('prospects', 'mother_foreign', 'mother_foreign'),
        ('prospects', 'description', 'description'),
        ('prospects', 'industry_division', 'industry_division'),
        ('prospects', 'turn_over_eur', 'turn_over_eur'),
        ('prospects', 'turn_over_estimate', 'turn_over_estimate'),
        ('prospects', 'profit_percent', 'profit_percent'),
        ('prospects', 'turn_over_growth_percent', 'turn_over_growth_percent'),
        ('target_groups', 'id', 'id'),
        ('target_groups', 'name', 'name'),
        ('target_groups', 'is_named_target_group', 'is_named_target_group'),
        ('target_groups', 'default', 'is_default'),
        ('target_groups', 'is_default', 'is_default'),
        ('target_group_members', 'country', 'country'),
        ('target_group_members', 'business_id', 'business_id'),
        ('target_group_members', 'target_group_id', 'target_group_id'),
        ('financial_statements', 'year', 'year'),
        ('financial_statements', 'account_period_end', 'account_period_end'),
        ('financial_statements', 'currency_code', 'currency_code'),
        ('financial_statements', 'turn_over_eur', 'turn_over_eur'),
        ('financial_statements', 'turn_over_local', 'turn_over_local'),
        ('financial_statements', 'turn_over_is_estimate', 'turn_over_is_estimate'),
        ('financial_statements', 'development_of_turnover', 'turn_over_growth_percent'),
        ('financial_statements', 'staff_number', 'staff_number'),
        ('financial_statements', 'net_income_euro', 'net_income_eur'),
        ('financial_statements', 'net_income_local', 'net_income_local'),
        ('financial_statements', 'equity_to_assets_ratio', 'equity_ratio_percent'),
        ('financial_statements', 'account_period_start', 'account_period_start'),
        ('financial_statements', 'country', 'country'),
        ('financial_statements', 'business_id', 'business_id'),
        ('financial_statements', 'turn_over_growth_percent', 'turn_over_growth_percent'),
        ('financial_statements', 'net_income_eur', 'net_income_eur'),
        ('financial_statements', 'equity_ratio_percent', 'equity_ratio_percent'),
        ('leads', 'id', 'lead_id'),
        ('leads', 'datetime', 'published_at'),
        ('leads', 'added', 'published_at'),
        ('leads', 'title', 'title'),
        ('leads', 'link', 'link'),
        ('leads', 'vainu_link', 'vainu_link'),
        ('leads', 'content_hash', 'content_hash'),
        ('leads', 'lead_id', 'lead_id'),
        ('leads', 'published_at', 'published_at'),
        ('lead_prospects', 'country', 'country'),
        ('lead_prospects', 'business_id', 'business_id'),
        ('lead_prospects', 'company_name', 'company_name'),
        ('lead_prospects', 'lead_id', 'lead_id'),
        ('lead_tags', 'tags', 'tag'),
        ('lead_tags', 'lead_id', 'lead_id'),
        ('lead_tags', 'tag', 'tag'),
        ('customer_data', 'id', 'id'),
        ('customer_data', 'unique_id', 'unique_id'),
        ('customer_data', 'owner_email', 'owner_email'),
        ('customer_data', 'won_deals_count', 'won_deals_count'),
        ('customer_data', 'open_deals_count', 'open_deals_count'),
        ('customer_data', 'lost_deals_count', 'lost_deals_count'),
        ('customer_data', 'won', 'is_won'),
        ('customer_data', 'notes', 'notes'),
        ('customer_data', 'last_update', 'last_update'),
        ('customer_data', 'origin', 'origin'),
        ('customer_data', 'created', 'created_at'),
        ('customer_data', 'modified', 'modified_at'),
        ('customer_data', 'prospect', 'vid'),
        ('customer_data', 'prospect_info.vid', 'vid'),
        ('customer_data', 'prospect_info.country', 'country'),
        ('customer_data', 'prospect_info.business_id', 'business_id'),
        ('customer_data', 'prospect_info.company_name', 'company_name'),
        ('customer_data', 'prospect_info.domain', 'domain'),
        ('customer_data', 'is_won', 'is_won'),
        ('customer_data', 'created_at', 'created_at'),
        ('customer_data', 'modified_at', 'modified_at'),
        ('customer_data', 'vid', 'vid'),
        ('customer_data', 'country', 'country'),
        ('customer_data', 'business_id', 'business_id'),
        ('customer_data', 'company_name', 'company_name'),
        ('customer_data', 'domain', 'domain'),
        ('prospect_addresses', 'visiting_address', 'visiting_address'),
        ('prospect_addresses', 'visiting_postal', 'visiting_postal'),
        ('prospect_addresses', 'visiting_city', 'visiting_city'),
        ('prospect_addresses', 'address', 'address'),
        ('prospect_addresses', 'postal', 'postal'),
        ('prospect_addresses', 'city', 'city'),
        ('prospect_addresses', 'office_number', 'office_number'),
        ('prospect_addresses', 'office_name', 'office_name'),
        ('prospect_addresses', 'business_id', 'office_business_id'),
        ('prospect_addresses', 'country', 'country'),
        ('prospect_addresses', 'position', 'position'),
        ('prospect_addresses', 'office_business_id', 'office_business_id'),
        ('contacts', 'first_name', 'first_name'),
        ('contacts', 'last_name', 'last_name'),
        ('contacts', 'email', 'email'),
        ('contacts', 'phone', 'phone'),
        ('contacts', 'title', 'title'),
        ('contacts', 'prospect', 'company_name'),
        ('contacts', 'country', 'country'),
        ('contacts', 'business_id', 'business_id'),
        ('contacts', 'position', 'position'),
        ('contacts', 'company_name', 'company_name'),
        ('prospect_technologies', 'technologies', 'technology'),
        ('prospect_technologies', 'country', 'country'),
        ('prospect_technologies', 'business_id', 'business_id'),
        ('prospect_technologies', 'technology', 'technology')
    ) AS v(table_name, field, column_name)
),
feeds AS (
    SELECT v.table_name, v.stream
    FROM (VALUES
        ('contacts', 'contacts'),
        ('contacts', 'details'),
        ('customer_data', 'customer_data'),
        ('financial_statements', 'details'),
        ('financial_statements', 'financial_statements'),
        ('lead_prospects', 'company_leads'),
        ('lead_prospects', 'leads'),
        ('lead_tags', 'company_leads'),
        ('lead_tags', 'leads'),
        ('leads', 'company_leads'),
        ('leads', 'leads'),
        ('prospect_addresses', 'details'),
        ('prospect_technologies', 'technologies'),
        ('prospects', 'details'),
        ('prospects', 'prospects'),
        ('prospects', 'target_group_members'),
        ('prospects', 'technologies'),
        ('target_group_members', 'target_group_members'),
        ('target_groups', 'target_groups')
    ) AS v(table_name, stream)
),
rejected AS (
    SELECT
        r.table_name,
        CASE WHEN r.field IS NULL THEN '*' ELSE coalesce(f.column_name, '_extra') END AS column_name,
        CAST(count(*) AS BIGINT) AS rejects
    FROM etl.rejects AS r
    LEFT JOIN fields AS f ON f.table_name = r.table_name AND f.field = r.field
    GROUP BY ALL
),
fresh AS (
    SELECT f.table_name, max(r.finished_at) AS freshness
    FROM feeds AS f
    JOIN etl.streams AS s ON s.stream = f.stream
    JOIN etl.runs AS r ON r.run_id = s.run_id
    GROUP BY f.table_name
),
unknown AS (
    SELECT status, CAST(count(*) AS BIGINT) AS row_count
    FROM companies
    WHERE status_class = 'unknown' AND trim(status) <> ''
    GROUP BY status
)
SELECT
    c.table_name,
    c.column_name,
    CAST(c.position AS BIGINT) AS column_position,
    CAST(NULL AS STRING) AS unknown_value,
    CAST(c.row_count AS BIGINT) AS rows,
    CAST(c.row_count - c.filled AS BIGINT) AS nulls,
    round(100 * CAST(c.row_count - c.filled AS DOUBLE) / nullif(c.row_count, 0), 2) AS null_percent,
    coalesce(r.rejects, 0) AS rejects,
    f.freshness
FROM counted AS c
LEFT JOIN rejected AS r ON r.table_name = c.table_name AND r.column_name = c.column_name
LEFT JOIN fresh AS f ON f.table_name = c.table_name
UNION ALL
SELECT
    'prospects' AS table_name,
    'status' AS column_name,
    CAST(4 AS BIGINT) AS column_position,
    u.status AS unknown_value,
    u.row_count AS rows,
    CAST(NULL AS BIGINT) AS nulls,
    CAST(NULL AS DOUBLE) AS null_percent,
    CAST(NULL AS BIGINT) AS rejects,
    f.freshness
FROM unknown AS u
LEFT JOIN fresh AS f ON f.table_name = 'prospects'
ORDER BY table_name NULLS LAST, column_position NULLS LAST, unknown_value NULLS FIRST;
