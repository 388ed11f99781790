//! The fields that the filter endpoint knows, with their names and the way in which their values are compared.

/// A field that companies can be filtered and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::simulator) enum Field {
    BusinessId,
    RegistrationDate,
    CompanyName,
    Link,
    Domain,
    Phone,
    IndustryCode,
    IndustryCodes,
    IndustryCode2,
    IndustryCode5,
    Address,
    Postal,
    City,
    Country,
    Municipality,
    VisitingAddress,
    VisitingCity,
    VisitingPostal,
    VisitingMunicipality,
    TurnOver,
    TurnOverIsEstimate,
    Profit,
    DevelopmentOfTurnover,
    StaffNumber,
    StaffNumberIsEstimate,
    Nstatus,
    Region,
    BasicModified,
    VainuScore,
    AlexaRankGlobal,
}

/// How the values of a field are compared. Without a filter type, a text filter is a wildcard match (API document,
/// section "Supported filter types").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Kind {
    /// Text. Without a filter type: contains the value, in any case.
    Text,
    /// Text. Without a filter type: equals the value, in any case.
    Word,
    /// Text. Without a filter type: contains the value, or is in a range of postal codes (`50000-51019`).
    Postal,
    /// A business id, with or without its country in front.
    Id,
    /// A number. Without a filter type: equals the value.
    Number,
    /// `true` or `false`.
    Bool,
    /// A calendar date.
    Date,
    /// A point in time (UTC).
    Moment,
}

/// Every name that a request can use for a field.
#[rustfmt::skip]
static NAMES: [(&str, Field, Kind); 32] = [
    ("business_id", Field::BusinessId, Kind::Id),
    ("business_ids", Field::BusinessId, Kind::Id),
    ("registration_date", Field::RegistrationDate, Kind::Date),
    ("company_name", Field::CompanyName, Kind::Text),
    ("link", Field::Link, Kind::Text),
    ("domain", Field::Domain, Kind::Text),
    ("phone", Field::Phone, Kind::Text),
    ("industry_code", Field::IndustryCode, Kind::Text),
    ("industry_codes", Field::IndustryCodes, Kind::Text),
    ("industry_code_2", Field::IndustryCode2, Kind::Number),
    ("industry_code_5", Field::IndustryCode5, Kind::Number),
    ("isic_industry_code", Field::IndustryCode, Kind::Text), // holds the national code too, as the document's answers show
    ("address", Field::Address, Kind::Text),
    ("postal", Field::Postal, Kind::Postal),
    ("city", Field::City, Kind::Text),
    ("country", Field::Country, Kind::Word),
    ("municipality", Field::Municipality, Kind::Text),
    ("visiting_address", Field::VisitingAddress, Kind::Text),
    ("visiting_city", Field::VisitingCity, Kind::Text),
    ("visiting_postal", Field::VisitingPostal, Kind::Postal),
    ("visiting_municipality", Field::VisitingMunicipality, Kind::Text),
    ("turn_over", Field::TurnOver, Kind::Number),
    ("turn_over_is_estimate", Field::TurnOverIsEstimate, Kind::Bool),
    ("profit", Field::Profit, Kind::Number),
    ("development_of_turnover", Field::DevelopmentOfTurnover, Kind::Number),
    ("staff_number", Field::StaffNumber, Kind::Number),
    ("staff_number_is_estimate", Field::StaffNumberIsEstimate, Kind::Bool),
    ("nstatus", Field::Nstatus, Kind::Word), // "active" must not find "inactive"
    ("region", Field::Region, Kind::Text),
    ("basic_modified", Field::BasicModified, Kind::Moment),
    ("vainu_score", Field::VainuScore, Kind::Number),
    ("alexa_rank_global", Field::AlexaRankGlobal, Kind::Number),
];

/// The field with this name in a request, and its kind.
pub(in crate::simulator) fn named(name: &str) -> Option<(Field, Kind)> {
    NAMES.iter().find(|(known, _, _)| *known == name).map(|&(_, field, kind)| (field, kind))
}

impl Kind {
    /// True if values of this kind are compared as numbers.
    pub(in crate::simulator) fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Bool | Self::Date | Self::Moment)
    }
}

impl Field {
    /// True if the field is sorted by number, false if by text.
    pub(in crate::simulator) fn sorts_by_number(self) -> bool {
        NAMES.iter().any(|&(_, field, kind)| field == self && kind.is_numeric())
    }
}
