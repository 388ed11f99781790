//! Errors in filters, and suggestions of the nearest valid name.

use std::path::PathBuf;

use super::value::takes;
use crate::catalog::PROSPECT_FILTERS;
use crate::catalog::filters::FilterSet;

/// Why a filter cannot be sent.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectionError {
    /// The text has no equals sign.
    #[error("filter `{text}` is not KEY=VALUE")]
    NotAPair {
        /// The text as given.
        text: String,
    },
    /// The field is not documented for this endpoint.
    #[error("unknown filter `{name}`")]
    UnknownField {
        /// The name as given.
        name: String,
        /// The nearest known field, if one is near.
        nearest: Option<&'static str>,
        /// The valid filters.
        set: &'static FilterSet,
    },
    /// The operator is not documented for this endpoint.
    #[error("unknown operator `__{operator}` in filter `{key}`")]
    UnknownOperator {
        /// The key as given: field and operator.
        key: String,
        /// The operator without underscores.
        operator: String,
        /// The nearest known operator, if one is near.
        nearest: Option<&'static str>,
        /// The valid filters.
        set: &'static FilterSet,
    },
    /// The parameter belongs to paging: `limit`, `offset`, `order`, `count` and others.
    #[error("`{key}` is set by paging and cannot be a filter")]
    Reserved {
        /// The key as given.
        key: String,
    },
    /// The same parameter twice in one selection. The API's document does not say how it would combine them.
    #[error("filter `{key}` is given twice")]
    Twice {
        /// The key as given.
        key: String,
    },
    /// The value does not fit its field.
    #[error("value `{value}` of filter `{key}` is not {expected}")]
    BadValue {
        /// The filter.
        key: String,
        /// The value as given.
        value: String,
        /// Description of valid values.
        expected: &'static str,
    },
    /// The operator does not apply to the field.
    #[error("operator `__{operator}` does not apply to filter `{key}`")]
    BadOperator {
        /// The filter.
        key: String,
        /// The operator.
        operator: String,
    },
    /// The filter has no value.
    #[error("filter `{key}` has no value")]
    Empty {
        /// The filter.
        key: String,
    },
    /// Several values where the filter takes one.
    #[error("filter `{key}` takes one value")]
    NotAList {
        /// The filter.
        key: String,
    },
    /// A table or another TOML value that cannot be the value of a filter.
    #[error("value of `{key}` is neither text, number, boolean nor a list of these")]
    NotAScalar {
        /// The filter.
        key: String,
    },
    /// The country prefix of an id contradicts the country filter: `business_ids=DK…` with `country=FI`.
    #[error("business id `{id}` is not of country `{country}`")]
    OtherCountry {
        /// The id as given.
        id: String,
        /// The value of the country filter.
        country: String,
    },
    /// A value in a file does not fit its field.
    #[error("`{}`, line {line}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The error of the value.
        source: Box<SelectionError>,
    },
    /// A file of ids has several columns, and no header names one of them as business ids.
    #[error("`{}`, line {line}: it has several columns, and none is named as one of business ids", path.display())]
    NoIdColumn {
        /// The file.
        path: PathBuf,
        /// The line of the header, from 1.
        line: usize,
    },
    /// The file of a value `@FILE` cannot be read.
    #[error("cannot read the values of filter `{key}`: {reason}")]
    ValueFile {
        /// The filter.
        key: String,
        /// The reason, with the path.
        reason: String,
    },
}

impl SelectionError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownField { nearest: Some(name), .. } => format!("did you mean `{name}`?"),
            Self::UnknownField { set, .. } => {
                let names: Vec<&str> = set.filters.iter().map(|filter| filter.name).collect();
                format!("the filters are {}", names.join(", "))
            }
            Self::UnknownOperator { nearest: Some(operator), .. } => format!("did you mean `__{operator}`?"),
            Self::UnknownOperator { set, .. } => {
                format!("the operators are __{}", set.operators.join(", __"))
            }
            Self::BadOperator { key, .. } => match operators_of(key) {
                operators if operators.is_empty() => {
                    format!("write `{}=` without an operator", field_of(key))
                }
                operators => format!("it takes the operators __{}", operators.join(", __")),
            },
            Self::Reserved { .. } => "leave it out; `--page-size` sets the rows of a request".to_owned(),
            Self::Twice { key } | Self::NotAList { key } => several_hint(key),
            Self::NotAPair { .. } => "write for example `--filter country=FI`".to_owned(),
            Self::BadValue { .. } | Self::Empty { .. } | Self::NotAScalar { .. } => {
                "correct the value; nothing was sent".to_owned()
            }
            Self::OtherCountry { .. } => "leave the country out, or the id".to_owned(),
            Self::InFile { source, .. } => source.hint(),
            Self::NoIdColumn { .. } => {
                "keep the column of the ids alone, or name it `business_id`".to_owned()
            }
            Self::ValueFile { .. } => {
                "check the path behind `@`; the file has one value per line, UTF-8, or UTF-16 with a byte order mark"
                    .to_owned()
            }
        }
    }
}

/// The field of a key, without its operator.
fn field_of(key: &str) -> &str {
    key.split_once("__").map_or(key, |(field, _)| field)
}

/// The operators that the field of a key takes. Empty for a field of customer data, which belongs to another endpoint.
fn operators_of(key: &str) -> Vec<&'static str> {
    let kind = PROSPECT_FILTERS.find(field_of(key)).map(|filter| filter.kind);
    let takes = |operator: &&&str| kind.is_some_and(|kind| takes(kind, operator));
    PROSPECT_FILTERS.operators.iter().filter(takes).copied().collect()
}

/// The hint for several values where one was expected.
fn several_hint(key: &str) -> String {
    let field = field_of(key);
    let equals = key == field || key.ends_with("__exact") || key.ends_with("__in");
    if field == "business_ids" {
        "give all ids at once: `business_ids=A,B`, or `business_ids=@FILE`".to_owned()
    } else if PROSPECT_FILTERS.find(field).is_none() {
        "give one value".to_owned()
    } else if equals && operators_of(key).contains(&"in") {
        format!("give several values at once: `{field}__in=A,B`")
    } else {
        "give it once; for alternatives write a `[[select]]` for each in the settings file".to_owned()
    }
}

/// The nearest of `known`, `None` when none is near enough for a typing error.
fn nearest(text: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    known
        .map(|name| (strsim::damerau_levenshtein(text, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min()
        .map(|(_, name)| name)
}

pub(super) fn unknown_field(set: &'static FilterSet, name: &str) -> SelectionError {
    let nearest = nearest(name, set.filters.iter().map(|filter| filter.name));
    SelectionError::UnknownField { name: name.to_owned(), nearest, set }
}

pub(super) fn unknown_operator(set: &'static FilterSet, key: &str, operator: &str) -> SelectionError {
    let nearest = nearest(operator, set.operators.iter().copied());
    SelectionError::UnknownOperator { key: key.to_owned(), operator: operator.to_owned(), nearest, set }
}
