//! Which field of the API each column of schema `main` holds, and in which form: written down a second time, so that a
//! mistake in the catalog is not repeated by the tests of it.

use serde_json::Value;

/// How a JSON value that is there reads in the warehouse; none for NULL.
pub(super) type Form = fn(&Value) -> Option<String>;

/// A column, the fields that can fill it (the first with a value does) and the form of its value.
///
/// A field that begins with `@` is not the record's own: it says what the record was found in. `a.b` is `b` in `a`.
pub(super) type Mapped = (&'static str, &'static [&'static str], Form);

/// Every table of schema `main` with its columns.
pub(super) const TABLES: &[(&str, &[Mapped])] = &[
    ("prospects", PROSPECTS),
    ("prospect_technologies", TECHNOLOGIES),
    ("prospect_addresses", ADDRESSES),
    ("financial_statements", STATEMENTS),
    ("contacts", CONTACTS),
    ("leads", LEADS),
    ("lead_prospects", LEAD_PROSPECTS),
    ("lead_tags", LEAD_TAGS),
    ("target_groups", TARGET_GROUPS),
    ("target_group_members", MEMBERS),
    ("customer_data", CUSTOMER_DATA),
];

const PROSPECTS: &[Mapped] = &[
    ("country", &["country"], text),
    ("business_id", &["business_id"], digits),
    ("company_name", &["company_name"], text),
    ("status", &["status"], text),
    ("registration_date", &["registration_date"], day),
    ("link", &["link"], text),
    ("phone", &["phone"], text),
    ("industry_code", &["industry_code", "isic_industry_code", "industry_code_5"], five_digits),
    ("industry_division", &["industry_code_2"], two_digits),
    ("address", &["address"], text),
    ("postal", &["postal"], text),
    ("city", &["city"], text),
    ("municipality", &["municipality"], text),
    ("visiting_address", &["visiting_address"], text),
    ("visiting_postal", &["visiting_postal"], text),
    ("visiting_city", &["visiting_city"], text),
    ("visiting_municipality", &["visiting_municipality"], text),
    ("currency_code", &["currency_code"], text),
    ("turn_over_eur", &["turn_over"], two_decimals),
    ("turn_over_local", &["turn_over_local"], two_decimals),
    ("turn_over_is_estimate", &["turn_over_is_estimate"], text),
    ("turn_over_estimate", &["turnover_estimate"], two_decimals),
    ("profit_percent", &["profit"], two_decimals),
    ("turn_over_growth_percent", &["development_of_turnover"], two_decimals),
    ("staff_number", &["staff_number"], text),
    ("staff_number_is_estimate", &["staff_number_is_estimate"], text),
    ("vainu_link", &["vainu_link"], text),
    ("linkedin_id", &["linkedin_id"], text),
    ("twitter_link", &["twitter_link"], text),
    ("facebook_link", &["facebook_link"], text),
    ("digitality", &["digitality"], score),
    ("sociality", &["sociality"], score),
    ("marketility", &["marketility"], score),
    ("alexa_rank_global", &["alexa_rank_global"], text),
    ("mother", &["mother"], json),
    ("mother_foreign", &["mother_foreign"], json),
    ("description", &["description"], text),
];

const TECHNOLOGIES: &[Mapped] = &[
    ("country", &["@country"], text),
    ("business_id", &["@business_id"], text),
    ("technology", &["@element"], text),
];

const ADDRESSES: &[Mapped] = &[
    ("country", &["@country"], text),
    ("business_id", &["@business_id"], text),
    ("position", &["@position"], text),
    ("visiting_address", &["visiting_address"], text),
    ("visiting_postal", &["visiting_postal"], text),
    ("visiting_city", &["visiting_city"], text),
    ("address", &["address"], text),
    ("postal", &["postal"], text),
    ("city", &["city"], text),
    ("office_number", &["office_number"], text),
    ("office_name", &["office_name"], text),
    ("office_business_id", &["business_id"], digits),
];

const STATEMENTS: &[Mapped] = &[
    ("country", &["@country"], text),
    ("business_id", &["@business_id"], text),
    ("year", &["year"], text),
    ("account_period_end", &["account_period_end"], day),
    ("currency_code", &["currency_code"], text),
    ("turn_over_eur", &["turn_over_eur"], two_decimals),
    ("turn_over_local", &["turn_over_local"], two_decimals),
    ("turn_over_is_estimate", &["turn_over_is_estimate"], text),
    ("turn_over_growth_percent", &["development_of_turnover"], two_decimals),
    ("staff_number", &["staff_number"], text),
    ("net_income_eur", &["net_income_euro"], two_decimals),
    ("net_income_local", &["net_income_local"], two_decimals),
    ("equity_ratio_percent", &["equity_to_assets_ratio"], two_decimals),
    ("account_period_start", &["account_period_start"], day),
];

const CONTACTS: &[Mapped] = &[
    ("country", &["@country"], text),
    ("business_id", &["@business_id"], text),
    ("position", &["@position"], text),
    ("first_name", &["first_name"], text),
    ("last_name", &["last_name"], text),
    ("email", &["email"], text),
    ("phone", &["phone"], text),
    ("title", &["title"], text),
    ("company_name", &["prospect"], text),
];

const LEADS: &[Mapped] = &[
    ("lead_id", &["@lead_id"], text),
    ("published_at", &["datetime", "added"], instant),
    ("title", &["title"], text),
    ("link", &["link"], text),
    ("vainu_link", &["vainu_link"], text),
    ("content_hash", &["@content_hash"], text),
];

const LEAD_PROSPECTS: &[Mapped] = &[
    ("lead_id", &["@lead_id"], text),
    ("country", &["@country"], text),
    ("business_id", &["business_id"], digits),
    ("company_name", &["company_name"], text),
];

const LEAD_TAGS: &[Mapped] = &[("lead_id", &["@lead_id"], text), ("tag", &["@element"], text)];

const TARGET_GROUPS: &[Mapped] = &[
    ("id", &["id"], text),
    ("name", &["name"], text),
    ("is_named_target_group", &["is_named_target_group"], text),
    ("is_default", &["default"], text),
];

const MEMBERS: &[Mapped] = &[
    ("target_group_id", &["@target_group_id"], text),
    ("country", &["country"], text),
    ("business_id", &["business_id"], digits),
];

const CUSTOMER_DATA: &[Mapped] = &[
    ("id", &["id"], text),
    ("unique_id", &["unique_id"], text),
    ("owner_email", &["owner_email"], text),
    ("won_deals_count", &["won_deals_count"], text),
    ("open_deals_count", &["open_deals_count"], text),
    ("lost_deals_count", &["lost_deals_count"], text),
    ("is_won", &["won"], text),
    ("notes", &["notes"], text),
    ("last_update", &["last_update"], instant),
    ("origin", &["origin"], text),
    ("created_at", &["created"], instant),
    ("modified_at", &["modified"], instant),
    ("vid", &["prospect"], text),
    ("country", &["prospect_info.country"], text),
    ("business_id", &["prospect_info.business_id"], digits),
    ("company_name", &["prospect_info.company_name"], text),
    ("domain", &["prospect_info.domain"], text),
];

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[expect(clippy::unnecessary_wraps, reason = "a form can be NULL")]
fn text(value: &Value) -> Option<String> {
    Some(plain(value))
}

#[expect(clippy::unnecessary_wraps, reason = "a form can be NULL")]
fn json(value: &Value) -> Option<String> {
    Some(value.to_string())
}

/// A business id without what people write into it.
pub(super) fn digits(value: &Value) -> Option<String> {
    let digits: String = plain(value).chars().filter(char::is_ascii_digit).collect();
    Some(digits).filter(|digits| !digits.is_empty())
}

#[expect(clippy::unnecessary_wraps, reason = "one of the forms, which may have no value")]
fn five_digits(value: &Value) -> Option<String> {
    Some(format!("{:0>5}", plain(value)))
}

#[expect(clippy::unnecessary_wraps, reason = "one of the forms, which may have no value")]
fn two_digits(value: &Value) -> Option<String> {
    Some(format!("{:0>2}", plain(value)))
}

fn two_decimals(value: &Value) -> Option<String> {
    let text = plain(value);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    (!text.is_empty()).then(|| format!("{whole}.{fraction:0<2}"))
}

fn day(value: &Value) -> Option<String> {
    let text = plain(value);
    let parts: Vec<u32> = text.split('-').filter_map(|part| part.parse().ok()).collect();
    Some(format!("{:04}-{:02}-{:02}", parts.first()?, parts.get(1)?, parts.get(2)?))
}

fn score(value: &Value) -> Option<String> {
    value.as_f64().map(|score| format!("{score:?}"))
}

/// Microseconds since 1970; a time without a zone is taken as UTC.
pub(super) fn instant(value: &Value) -> Option<String> {
    let text = plain(value);
    let zoned = if text.ends_with('Z') { text } else { format!("{text}Z") };
    zoned.parse::<jiff::Timestamp>().ok().map(|time| time.as_microsecond().to_string())
}
