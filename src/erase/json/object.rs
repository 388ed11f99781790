//! Members of a JSON object, and whether the object is a company.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::subject::Subject;
use crate::record::company_key::{business_id_of, string_of};

/// Keys and values of an object as written in the text, in their order.
pub(super) type Members<'t> = Vec<(&'t RawValue, &'t RawValue)>;

/// Whether an object is the company that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Yes,
    No,
    /// It has the company's id, but its country is not known.
    Perhaps,
}

impl Is {
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Perhaps,
        }
    }
}

pub(super) fn is_company(
    own: &Members<'_>,
    code: &str,
    id: &str,
    subject: &Subject,
    country: Option<&str>,
) -> Is {
    let Some(value) = member(own, "business_id") else { return Is::No };
    if business_id_of(value, code).as_deref() != Some(id) {
        return Is::No;
    }
    let prefixed = string_of(value.get()).is_some_and(|said| subject.is(&said));
    match country {
        Some(country) if country == code => Is::Yes,
        _ if prefixed => Is::Yes,
        Some(_) => Is::No,
        None => Is::Perhaps,
    }
}

pub(super) fn member<'t>(members: &Members<'t>, name: &str) -> Option<&'t RawValue> {
    let found = members.iter().find(|(key, _)| string_of(key.get()).as_deref() == Some(name));
    found.map(|(_, value)| *value)
}

pub(super) fn members(raw: &RawValue) -> Result<Members<'_>, serde_json::Error> {
    struct All;
    impl<'de> Visitor<'de> for All {
        type Value = Members<'de>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(key) = map.next_key::<&RawValue>()? {
                all.push((key, map.next_value()?));
            }
            Ok(all)
        }
    }
    serde_json::Deserializer::from_str(raw.get()).deserialize_map(All)
}
