//! The four countries of the generated companies.

/// A Nordic country, with the values that differ by country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Country {
    Fi,
    Se,
    No,
    Dk,
}

impl Country {
    pub(in crate::simulator) const ALL: [Self; 4] = [Self::Fi, Self::Se, Self::No, Self::Dk];

    /// The country with this ISO 3166-1 code, in any case. `None` if there are no companies of it.
    pub(in crate::simulator) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|country| country.code().eq_ignore_ascii_case(code))
    }

    /// ISO 3166-1 code.
    pub(in crate::simulator) fn code(self) -> &'static str {
        match self {
            Self::Fi => "FI",
            Self::Se => "SE",
            Self::No => "NO",
            Self::Dk => "DK",
        }
    }

    pub(in crate::simulator) fn currency(self) -> &'static str {
        match self {
            Self::Fi => "EUR",
            Self::Se => "SEK",
            Self::No => "NOK",
            Self::Dk => "DKK",
        }
    }

    /// Units of the local currency for one euro, times 100; `None` where the euro is the currency.
    pub(in crate::simulator) fn rate_percent(self) -> Option<i64> {
        match self {
            Self::Fi => None,
            Self::Se => Some(1124),
            Self::No => Some(1163),
            Self::Dk => Some(746),
        }
    }

    /// Digits of a national business id, leading zeros included.
    pub(in crate::simulator) fn id_digits(self) -> u32 {
        match self {
            Self::Fi | Self::Dk => 8,
            Self::Se => 10,
            Self::No => 9,
        }
    }

    /// Digits of a postal code, leading zeros included.
    pub(in crate::simulator) fn postal_digits(self) -> usize {
        match self {
            Self::Fi | Self::Se => 5,
            Self::No | Self::Dk => 4,
        }
    }

    pub(in crate::simulator) fn top_level_domain(self) -> &'static str {
        match self {
            Self::Fi => "fi",
            Self::Se => "se",
            Self::No => "no",
            Self::Dk => "dk",
        }
    }
}
