//! The fields that the filter endpoint knows, and a company's value of each.

/// A field that can be filtered and sorted by.
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

/// How a field's values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Kind {
    /// As text; without a filter type, any text that contains the value in any case.
    Text,
    /// As text; without a filter type, the whole value in any case.
    Word,
    /// As text; without a filter type also a range of postal codes (`50000-51019`).
    Postal,
    /// A business id, with or without its country.
    Id,
    /// As numbers; without a filter type, equal.
    Number,
    /// `true` or `false`.
    Bool,
    /// A calendar date.
    Date,
    /// A point in time, UTC.
    Moment,
}

/// Every name by which a request can name a field.
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

/// The field of a name in a request.
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
    /// True if the field sorts by number.
    pub(in crate::simulator) fn sorts_by_number(self) -> bool {
        NAMES.iter().any(|&(_, field, kind)| field == self && kind.is_numeric())
    }
}
