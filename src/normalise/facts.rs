//! What the pager has to know of a page: how many companies it holds, and which.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::envelope::{Envelope, EnvelopeError, parse_page};
use super::fields::Fields;
use super::json_text;
use super::key;

/// The facts of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFacts {
    /// Which envelope the body is.
    pub envelope: Envelope,
    /// Length of the whole list, where the server says it.
    pub count: Option<u64>,
    /// One fingerprint for each JSON object of the page, in their order: of country and business id as the
    /// warehouse writes them, so that `FI09704098`, `0970409-8` and `09704098` of FI are one company; of the
    /// whole text for an object without a usable key.
    pub rows: Vec<u64>,
    /// How many of [`PageFacts::rows`] have no usable key.
    pub keyless: u64,
    /// Elements that are no objects, such as the placeholder `"..."`; they are not in [`PageFacts::rows`].
    pub not_objects: u64,
}

/// Keeps the fingerprints of records without a key apart from those of keys.
const KEYLESS_SEED: u64 = 1;

/// Reads the facts of a page in one pass over its records.
///
/// # Errors
/// When the body is none of the [`Envelope`]s.
pub fn fingerprints(body: &[u8]) -> Result<PageFacts, EnvelopeError> {
    let page = parse_page(body)?;
    let mut facts = PageFacts {
        envelope: page.envelope,
        count: page.count,
        rows: Vec::with_capacity(page.records.len()),
        keyless: 0,
        not_objects: 0,
    };
    for record in page.records {
        let raw = record.get();
        let Some(fields) = Fields::new(raw) else {
            facts.not_objects += 1;
            continue;
        };
        let (mut country, mut business_id) = (None, None);
        for (name, value) in fields {
            match &*json_text::content(name).text {
                "country" => country = Some(value),
                "business_id" => business_id = Some(value),
                _ => {}
            }
        }
        let key = key::of_record(country, business_id);
        facts.keyless += u64::from(key.is_none());
        let keyless = || xxh3_64_with_seed(raw.as_bytes(), KEYLESS_SEED);
        facts.rows.push(key.map_or_else(keyless, |key| key::fingerprint(&key)));
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use crate::catalog::PROSPECTS_TABLE;

    #[test]
    fn the_key_fields_are_those_of_the_table() {
        let fields: Vec<_> = PROSPECTS_TABLE
            .columns
            .iter()
            .filter(|column| PROSPECTS_TABLE.key.contains(&column.name))
            .flat_map(|column| column.fields.iter().copied())
            .collect();
        assert_eq!(fields, ["country", "business_id"]);
    }
}
