//! The filters of an endpoint: valid names, kinds of values, operators.
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

pub(super) const fn filter(name: &'static str, kind: FilterKind) -> Filter {
    Filter { name, kind }
}

/// The filters of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterSet {
    /// The fields.
    pub filters: &'static [Filter],
    /// The operators.
    pub operators: &'static [&'static str],
}

impl FilterSet {
    /// The filter with this name. `None` when the endpoint has none.
    pub fn find(&self, name: &str) -> Option<&'static Filter> {
        self.filters.iter().find(|filter| filter.name == name)
    }
}
