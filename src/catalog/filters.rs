//! The filters of `prospects/filter/` and `customer_data/`: valid names, kinds of values, operators.
//!
//! The API probably ignores unknown names, so that a misspelt filter would export the whole database. Every name is
//! therefore checked here before a request is sent.

/// The kind of a filter's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterKind {
    /// Any text. Without an operator the API searches for it anywhere in the field (the API's document, section
    /// Supported filter types).
    Text,
    /// Postal code, or a range of them such as `50000-51019`.
    Postal,
    /// ISO 3166-1 alpha-2 country code.
    Country,
    /// ISO 3166-2 region, `FI-18`.
    Region,
    /// Business id. A dash and a country prefix are removed.
    BusinessId,
    /// Comma-separated list of business ids.
    BusinessIds,
    /// Number with a decimal point, in whole currency units, per cent or persons.
    Number,
    /// Digits of an industry code.
    Code,
    /// Calendar date `YYYY-MM-DD`.
    Date,
    /// ISO 8601 datetime.
    Datetime,
    /// `active` or `inactive`.
    Status,
    /// `true` or `false`.
    Boolean,
}

/// One filterable field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// The API's parameter name, without operator.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: FilterKind,
}

const fn filter(name: &'static str, kind: FilterKind) -> Filter {
    Filter { name, kind }
}

/// All fields that the API's document, section Supported fields for filtering, lists, and those that only its examples
/// use.
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

/// All fields that the API's document lists as query parameters of customer data.
pub const CUSTOMER_DATA: &[Filter] = &[
    filter("last_update", FilterKind::Datetime),
    filter("lost_deals_count", FilterKind::Number),
    filter("open_deals_count", FilterKind::Number),
    filter("owner_email", FilterKind::Text),
    filter("prospect", FilterKind::Text),
    filter("unique_id", FilterKind::Text),
    filter("won", FilterKind::Boolean),
    filter("won_deals_count", FilterKind::Number),
];

/// The operators that the API's document, section Query parameters, lists for customer data.
pub const CUSTOMER_DATA_OPERATORS: &[&str] = &["gt", "gte", "lt", "lte", "ne"];

/// The operators that the API's document, section Supported filter types, lists. Each follows two underscores.
pub const OPERATORS: &[&str] = &["exact", "gt", "gte", "in", "lt", "lte", "ne", "startswith"];

/// Parameters of paging, which cannot be filters.
pub const RESERVED: &[&str] = &["count", "limit", "offset", "order", "ordering", "page", "page_size"];

/// The filters of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterSet {
    /// The fields.
    pub filters: &'static [Filter],
    /// The operators.
    pub operators: &'static [&'static str],
}

/// The filters of `prospects/filter/`.
pub const OF_COMPANIES: FilterSet = FilterSet { filters: FILTERS, operators: OPERATORS };
/// The filters of `customer_data/`.
pub const OF_CUSTOMER_DATA: FilterSet =
    FilterSet { filters: CUSTOMER_DATA, operators: CUSTOMER_DATA_OPERATORS };

impl FilterSet {
    /// The filter with this name. `None` when the endpoint has none.
    pub fn find(&self, name: &str) -> Option<&'static Filter> {
        self.filters.iter().find(|filter| filter.name == name)
    }
}
