//! What to load: parses and checks the filters of the user and splits them into lists.
//!
//! A selection is one set of filters. It becomes one or more [`List`]s: one per country, because an id is unique, and
//! therefore the order total, only within a country. Business ids are split into chunks of one hundred per request,
//! because thousands of them do not fit a URL.

mod error;
mod file;
mod ids;
mod scope;
mod value;

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::catalog::api::VAINU;
use crate::catalog::filters::{FilterKind, FilterSet};
use crate::catalog::{CUSTOMER_DATA_FILTERS, PROSPECT_FILTERS};

pub use error::SelectionError;
pub use ids::{country_of, short_id};
pub use scope::{DetailsFor, SelectionUse};

/// Filters by whole ids. The requested ids are counted, and those that no answer contains are reported.
const OF_IDS: &[&str] = &["business_ids", "business_id__in", "business_id__exact"];
/// Business ids in one request.
const IDS_PER_REQUEST: usize = 100;
/// Label of the list of all companies, which has no selection.
pub const ALL: &str = "all";
/// Longest value in a list's label, in bytes. A longer value is replaced by its count and hash.
const LABEL_VALUE: usize = 120;

/// One set of filters. A company must match all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Parameter (field and operator) to values. Several values are sent as a comma-separated list.
    filters: BTreeMap<String, Vec<String>>,
}

/// One list of companies or other records that the API is asked for, page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The filters as text, the same in every run. Names the list in `etl.streams` and `etl.list_members`.
    pub label: String,
    /// Parameters and values, without the parameter that takes [`List::id_chunks`].
    pub parameters: Vec<(String, Vec<String>)>,
    /// Business ids in chunks, one chunk per request. Empty when the list is not selected by id.
    pub id_chunks: Vec<Vec<String>>,
}

impl List {
    /// The list of all companies, or of all records of another stream.
    pub fn all() -> Self {
        Self { label: ALL.to_owned(), parameters: Vec::new(), id_chunks: Vec::new() }
    }

    /// Whether the list has no filter and therefore holds all companies.
    pub fn is_everything(&self) -> bool {
        self.parameters.is_empty() && self.id_chunks.is_empty()
    }
}

impl Selection {
    /// Parses `KEY=VALUE` pairs from the command line. Commas separate values where a list is allowed.
    ///
    /// # Errors
    /// An unknown field or operator (with the nearest known name), a parameter given twice, or a value that does not
    /// fit its field.
    pub fn from_pairs<S: AsRef<str>>(pairs: &[S]) -> Result<Self, SelectionError> {
        let mut selection = Self::default();
        for pair in pairs {
            let pair = pair.as_ref();
            let Some((key, value)) = pair.split_once('=') else {
                return Err(SelectionError::NotAPair { text: pair.to_owned() });
            };
            selection.add(&PROSPECT_FILTERS, key.trim(), value, None)?;
        }
        Ok(selection)
    }

    /// Reads one `[[select]]` table of the configuration file. Several values are written as an array.
    ///
    /// # Errors
    /// As [`Selection::from_pairs`], and for a value that is not text, number, boolean or an array of these.
    pub fn from_table(table: &toml::Table) -> Result<Self, SelectionError> {
        Self::from_table_of(&PROSPECT_FILTERS, table)
    }

    /// The list of customer data that the table `[customer_data]` of the configuration file selects.
    ///
    /// # Errors
    /// As [`Selection::from_table`], with the fields and operators of `customer_data/`.
    pub fn customer_data(table: &toml::Table) -> Result<List, SelectionError> {
        Ok(list(&Self::from_table_of(&CUSTOMER_DATA_FILTERS, table)?.filters, Vec::new()))
    }

    fn from_table_of(set: &'static FilterSet, table: &toml::Table) -> Result<Self, SelectionError> {
        let mut selection = Self::default();
        for (key, value) in table {
            match value {
                toml::Value::Array(items) => {
                    let items = items.iter().map(|item| scalar(key, item)).collect::<Result<Vec<_>, _>>()?;
                    selection.add(set, key, "", Some(items))?;
                }
                other => selection.add(set, key, &scalar(key, other)?, None)?,
            }
        }
        Ok(selection)
    }

    fn add(
        &mut self,
        set: &'static FilterSet,
        key: &str,
        text: &str,
        items: Option<Vec<String>>,
    ) -> Result<(), SelectionError> {
        let (name, operator) = split_operator(set, key)?;
        let filter = set.find(name).ok_or_else(|| error::unknown_field(set, name))?;
        let listed = operator == Some("in") || filter.kind == FilterKind::BusinessIds;
        let values = match items {
            Some(items) if listed => items,
            Some(_) => return Err(SelectionError::NotAList { key: key.to_owned() }),
            None if listed => match text.strip_prefix('@') {
                Some(path) => return self.add_file(key, name, filter.kind, operator, path),
                None => value::split_list(text),
            },
            None => vec![text.trim().to_owned()],
        };
        let values = values
            .iter()
            .map(|value| value::check(key, filter.kind, operator, value))
            .collect::<Result<Vec<_>, _>>()?;
        self.insert(key, values)
    }

    /// Adds the values of a file. An error names the line.
    fn add_file(
        &mut self,
        key: &str,
        name: &str,
        kind: FilterKind,
        operator: Option<&str>,
        path: &str,
    ) -> Result<(), SelectionError> {
        let (path, lines) = file::values(key, name, kind, path)?;
        let checked = |line: &file::Line| {
            let checked = value::check(key, kind, operator, &line.value);
            checked.map_err(|source| SelectionError::InFile {
                path: path.clone(),
                line: line.number,
                source: Box::new(source),
            })
        };
        let values = lines.iter().map(checked).collect::<Result<Vec<_>, _>>()?;
        self.insert(key, values)
    }

    fn insert(&mut self, key: &str, values: Vec<String>) -> Result<(), SelectionError> {
        if values.is_empty() {
            return Err(SelectionError::Empty { key: key.to_owned() });
        }
        if self.filters.insert(key.to_owned(), values).is_some() {
            return Err(SelectionError::Twice { key: key.to_owned() });
        }
        Ok(())
    }

    /// Whether the selection has a country filter. Without one the API is slower, and companies of two countries may
    /// have the same id.
    pub fn has_country(&self) -> bool {
        self.filters.keys().any(|key| key == "country" || key.starts_with("country__"))
    }

    /// The lists of the selection.
    ///
    /// # Errors
    /// A business id whose country prefix contradicts the `country` filter.
    pub fn lists(&self) -> Result<Vec<List>, SelectionError> {
        let mut lists = Vec::new();
        let chosen = self.filters.get("country__in");
        for base in self.by_country() {
            let country = base.get("country").and_then(|values| values.first());
            // With several countries, a country's list takes the ids with its own prefix and those without a prefix. An
            // id with the prefix of a country that is not selected stays in, because it is an error below.
            let is_asked = |id: &&String| {
                value::split_prefix(id).0.is_none_or(|prefix| {
                    chosen.is_none_or(|chosen| {
                        country.is_some_and(|country| country == prefix)
                            || chosen.iter().all(|other| other != prefix)
                    })
                })
            };
            match OF_IDS.iter().find_map(|key| Some((*key, base.get(*key)?))) {
                Some((key, ids)) => {
                    let ids: Vec<String> = ids.iter().filter(is_asked).cloned().collect();
                    lists.extend(by_id_prefix(&base, key, &ids)?);
                }
                None => lists.push(list(&base, Vec::new())),
            }
        }
        Ok(lists)
    }

    /// Splits `country__in=FI,DK` into `country=FI` and `country=DK`.
    fn by_country(&self) -> Vec<BTreeMap<String, Vec<String>>> {
        let Some(countries) = self.filters.get("country__in") else {
            return vec![self.filters.clone()];
        };
        let one = |country: &String| {
            let mut filters = self.filters.clone();
            filters.remove("country__in");
            filters.insert("country".to_owned(), vec![country.clone()]);
            filters
        };
        countries.iter().map(one).collect()
    }
}

/// Groups ids by country prefix into one list per country, so that the same digits in two countries stay separate.
fn by_id_prefix(
    base: &BTreeMap<String, Vec<String>>,
    key: &str,
    ids: &[String],
) -> Result<Vec<List>, SelectionError> {
    let country = base.get("country").and_then(|values| values.first());
    let mut groups: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for id in ids {
        let (prefix, digits) = value::split_prefix(id);
        match (prefix, country) {
            (Some(prefix), Some(country)) if prefix != country => {
                return Err(SelectionError::OtherCountry { id: id.clone(), country: country.clone() });
            }
            _ => {}
        }
        let of = prefix.map(str::to_owned).or_else(|| country.cloned());
        groups.entry(of).or_default().push(digits.to_owned());
    }
    let one = |(country, mut ids): (Option<String>, Vec<String>)| {
        ids.sort();
        ids.dedup();
        warn_of_short(country.as_deref(), &ids);
        let mut filters = base.clone();
        if let Some(country) = country {
            filters.insert("country".to_owned(), vec![country]);
        }
        filters.insert(key.to_owned(), ids.clone());
        list(&filters, ids.chunks(IDS_PER_REQUEST).map(<[String]>::to_vec).collect())
    };
    Ok(groups.into_iter().map(one).collect())
}

/// Number of ids that a warning names.
const NAMED_IDS: usize = 10;

/// Warns of ids that are one digit short. They are requested unchanged: whether a leading zero was dropped is not
/// known.
fn warn_of_short(country: Option<&str>, ids: &[String]) {
    let short: Vec<&str> =
        ids.iter().filter(|id| short_id(country, id).is_some()).map(String::as_str).collect();
    if let Some(reason) = short.first().and_then(|id| short_id(country, id)) {
        tracing::warn!(
            ids = short.len(),
            of = ids.len(),
            first = short.iter().take(NAMED_IDS).copied().collect::<Vec<_>>().join(", "),
            reason,
            "Business ids look cut; they are asked for as they are."
        );
    }
}

fn list(filters: &BTreeMap<String, Vec<String>>, id_chunks: Vec<Vec<String>>) -> List {
    let label: Vec<String> =
        filters.iter().map(|(key, values)| format!("{key}={}", label_value(values))).collect();
    let label = if label.is_empty() { ALL.to_owned() } else { label.join("&") };
    let chosen_by = OF_IDS.iter().find(|key| !id_chunks.is_empty() && filters.contains_key(**key));
    let parameters = filters.iter().filter(|(key, _)| chosen_by.is_none_or(|chosen_by| key != chosen_by));
    List {
        label,
        parameters: parameters.map(|(key, values)| (key.clone(), values.clone())).collect(),
        id_chunks,
    }
}

fn label_value(values: &[String]) -> String {
    let text = values.join(",").replace('%', "%25").replace('&', "%26");
    if text.len() <= LABEL_VALUE {
        return text;
    }
    format!("{} values #{:016x}", values.len(), xxh3_64(text.as_bytes()))
}

/// The lists of several selections, without duplicates.
///
/// # Errors
/// As [`Selection::lists`].
pub fn lists_of(selections: &[Selection]) -> Result<Vec<List>, SelectionError> {
    let mut lists: Vec<List> = Vec::new();
    for selection in selections {
        for list in selection.lists()? {
            if !lists.iter().any(|known| known.label == list.label) {
                lists.push(list);
            }
        }
    }
    Ok(lists)
}

fn split_operator<'k>(
    set: &'static FilterSet,
    key: &'k str,
) -> Result<(&'k str, Option<&'k str>), SelectionError> {
    if VAINU.dialect.pages_by(key) {
        return Err(SelectionError::Reserved { key: key.to_owned() });
    }
    let Some((name, operator)) = key.split_once("__") else {
        return Ok((key, None));
    };
    if set.operators.contains(&operator) {
        return Ok((name, Some(operator)));
    }
    Err(error::unknown_operator(set, key, operator))
}

fn scalar(key: &str, value: &toml::Value) -> Result<String, SelectionError> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        toml::Value::Datetime(time) => Ok(time.to_string()),
        _ => Err(SelectionError::NotAScalar { key: key.to_owned() }),
    }
}

#[cfg(test)]
mod tests;
