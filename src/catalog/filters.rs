//! The filters of `prospects/filter/`: which names exist, what they compare, which operators they take.
//!
//! A name that the API does not know is suspected to be ignored by it, so that a typo would export the whole
//! database; therefore every name is checked here before anything is sent.

/// What a filter's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterKind {
    /// Any text; without an operator the API looks for it anywhere in the field.
    Text,
    /// Postal code, or a range of them such as `50000-51019`.
    Postal,
    /// ISO 3166-1 alpha-2 country code.
    Country,
    /// ISO 3166-2 region, `FI-18`.
    Region,
    /// Business id; a dash and a country prefix are taken off.
    BusinessId,
    /// Comma-separated business ids.
    BusinessIds,
    /// Number, decimal point, whole currency units, per cent or persons.
    Number,
    /// Digits of an industry code.
    Code,
    /// Calendar date `YYYY-MM-DD`.
    Date,
    /// ISO 8601 datetime.
    Datetime,
    /// `active` or `inactive`.
    Status,
}

/// One filterable field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// The API's parameter name, without operator.
    pub name: &'static str,
    /// What its values are.
    pub kind: FilterKind,
}

const fn filter(name: &'static str, kind: FilterKind) -> Filter {
    Filter { name, kind }
}

/// Every field that the document lists for filtering, and those that it only uses in examples.
pub const FILTERS: &[Filter] = &[
    filter("address", FilterKind::Text),
    filter("alexa_rank_global", FilterKind::Number),
    filter("basic_modified", FilterKind::Datetime),
    filter("business_id", FilterKind::BusinessId),
    filter("business_ids", FilterKind::BusinessIds),
    filter("city", FilterKind::Text),
    filter("company_name", FilterKind::Text),
    filter("country", FilterKind::Country),
    filter("development_of_turnover", FilterKind::Number),
    filter("domain", FilterKind::Text),
    filter("industry_code", FilterKind::Code),
    filter("industry_code_2", FilterKind::Code),
    filter("industry_code_5", FilterKind::Code),
    filter("industry_codes", FilterKind::Code),
    filter("isic_industry_code", FilterKind::Code),
    filter("link", FilterKind::Text),
    filter("municipality", FilterKind::Text),
    filter("nstatus", FilterKind::Status),
    filter("phone", FilterKind::Text),
    filter("postal", FilterKind::Postal),
    filter("profit", FilterKind::Number),
    filter("region", FilterKind::Region),
    filter("registration_date", FilterKind::Date),
    filter("staff_number", FilterKind::Number),
    filter("turn_over", FilterKind::Number),
    filter("vainu_score", FilterKind::Number),
    filter("visiting_address", FilterKind::Text),
    filter("visiting_city", FilterKind::Text),
    filter("visiting_municipality", FilterKind::Text),
    filter("visiting_postal", FilterKind::Postal),
];

/// The operators that the document lists, each written after two underscores.
pub const OPERATORS: &[&str] = &["exact", "gt", "gte", "in", "lt", "lte", "ne", "startswith"];

/// Parameters that paging sets itself.
pub const RESERVED: &[&str] = &["count", "limit", "offset", "order", "ordering"];

/// The filter of that name.
pub fn find(name: &str) -> Option<&'static Filter> {
    FILTERS.iter().find(|filter| filter.name == name)
}
