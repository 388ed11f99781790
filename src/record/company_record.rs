//! A record of which only the company is read.
//!
//! Checking the syntax of the page and finding the two fields takes one pass, in half the time of two passes. Only the
//! plain case is handled here; in any other case the caller parses the page in the general way.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::key;

/// A JSON object, reduced to the last value of each of the two fields of a company's key.
#[derive(Debug, Default)]
pub(crate) struct CompanyRecord<'a> {
    country: Option<&'a RawValue>,
    business_id: Option<&'a RawValue>,
}

impl CompanyRecord<'_> {
    /// The company, such as `FI/09704098`; `None` when the record has no usable key.
    pub(crate) fn company(&self) -> Option<String> {
        key::of_record(self.country.map(Into::into), self.business_id.map(Into::into))
    }
}

/// Fails for a value that is not an object, and for a field name that is not text, such as half of a surrogate pair.
impl<'de> Deserialize<'de> for CompanyRecord<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CompanyRecordVisitor)
    }
}

struct CompanyRecordVisitor;

impl<'de> Visitor<'de> for CompanyRecordVisitor {
    type Value = CompanyRecord<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut keyed = CompanyRecord::default();
        while let Some(name) = map.next_key()? {
            match name {
                Name::Country => keyed.country = Some(map.next_value()?),
                Name::BusinessId => keyed.business_id = Some(map.next_value()?),
                Name::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(keyed)
    }
}

/// The name of a field.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    Country,
    BusinessId,
    #[serde(other)]
    Other,
}
