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
    /// `true` or `false`.
    Boolean,
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

/// Every field that the document lists for filtering customer data.
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

/// The operators that the document lists for customer data.
pub const CUSTOMER_DATA_OPERATORS: &[&str] = &["gt", "gte", "lt", "lte", "ne"];

/// The operators that the document lists, each written after two underscores.
pub const OPERATORS: &[&str] = &["exact", "gt", "gte", "in", "lt", "lte", "ne", "startswith"];

/// Parameters that paging sets itself.
pub const RESERVED: &[&str] = &["count", "limit", "offset", "order", "ordering", "page", "page_size"];

/// The filters of an endpoint.
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
    /// The filter of that name.
    pub fn find(&self, name: &str) -> Option<&'static Filter> {
        self.filters.iter().find(|filter| filter.name == name)
    }
}
