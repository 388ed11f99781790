//! A stream: what is loaded from an endpoint, and the tables that it feeds.

use super::PROSPECTS_TABLE;
use super::endpoint::Endpoint;
use super::filters::FilterSet;
use crate::schema::{Disposition, Table};

/// One thing that can be loaded. Two streams are the same if they have the same name.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    /// Name on the command line and in `etl.streams`.
    pub name: &'static str,
    /// Description in one sentence, for `--help` and the data dictionary.
    pub doc: &'static str,
    /// Plural name of the things that its lists hold, which `distinct_keys` counts.
    pub things: &'static str,
    /// The endpoint of its records.
    pub endpoint: Endpoint,
    /// The filters of the endpoint. `None` when it has none.
    pub filters: Option<&'static FilterSet>,
    /// How its records are divided into lists.
    pub lists: Lists,
    /// Whether it is loaded when the user names no stream.
    pub by_default: bool,
    /// Tables that its records feed, the stream's main table first.
    pub targets: &'static [Target],
}

/// How the records of a stream are divided into lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// One or more lists for each selection of the user.
    Selections,
    /// One list of all records, or of those that filters of the settings select.
    Whole,
    /// One list for each parent, found by reading the list of all parents.
    EachOf(&'static Parent),
    /// One list, with one request for each parent that the lists of the other streams bring.
    AnswersOf(&'static Parent),
}

/// The records of another stream that requests are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// Name of the stream whose records are the parents. Where other streams bring such records too, the first of them.
    pub stream: &'static str,
    /// What one of them is called, for people: `target group`.
    pub noun: &'static str,
    /// The parameter of the endpoint's path that names one, without braces.
    pub parameter: &'static str,
    /// The key of a parent: for each part the column of the children's tables, and the column of the parent's table.
    pub columns: &'static [(&'static str, &'static str)],
    /// Column of the parent's table by which people may choose some of the parents, besides the key. `None` when they
    /// cannot.
    pub name: Option<&'static str>,
}

/// One table that the records of a stream feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The table.
    pub table: &'static Table,
    /// The part of a record that is a row of the table.
    pub at: At,
    /// Which of the table's fields the API's document shows in every record of the endpoint.
    pub documented: Documented,
}

/// The part of a record that is a row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The record itself.
    Record,
    /// Each element of the array in the field of this name.
    Elements(&'static str),
}

/// The documented fields of a table's rows, with that of the array whose elements they are. An absent one is reported as
/// drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documented {
    /// All of them, except these.
    AllBut(&'static [&'static str]),
    /// Only these.
    Only(&'static [&'static str]),
}

impl Stream {
    /// The stream's main table.
    pub fn table(&self) -> &'static Table {
        self.targets.first().map_or(&PROSPECTS_TABLE, |target| target.table)
    }

    /// Whether the records in its lists are companies.
    pub fn holds_companies(&self) -> bool {
        let companies =
            |target: &Target| target.at == At::Record && target.table.disposition == Disposition::Merge;
        matches!(self.lists, Lists::Selections | Lists::EachOf(_)) && self.targets.iter().any(companies)
    }

    /// Fields that the API's document shows in every record of the endpoint. Those of an array's elements have the
    /// array's name in front: `contacts.phone`.
    pub fn documented(&self) -> Vec<String> {
        let mut fields: Vec<String> = self.targets.iter().flat_map(Target::documented_paths).collect();
        fields.sort();
        fields.dedup();
        fields
    }

    /// Whether the API's document shows the field in every record.
    pub fn documents(&self, field: &str) -> bool {
        self.targets.iter().any(|target| target.documented_in_record().any(|own| own == field))
    }
}

impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Stream {}

impl Lists {
    /// What requests of the stream are about, besides its lists. `None` for a stream whose requests are about nothing else.
    pub fn parent(self) -> Option<&'static Parent> {
        match self {
            Self::EachOf(parent) | Self::AnswersOf(parent) => Some(parent),
            Self::Selections | Self::Whole => None,
        }
    }

    /// Whether each answer is about one parent.
    pub fn is_of_answers(self) -> bool {
        matches!(self, Self::AnswersOf(_))
    }
}

impl Parent {
    /// The parent with that key, such as `FI/09704098`, as columns of the children's tables and their values. The last
    /// column takes what is left, so that an id may hold a slash. `None` when the key has too few parts.
    pub fn values(&self, key: &str) -> Option<Vec<(&'static str, String)>> {
        let parts: Vec<&str> = key.splitn(self.columns.len(), '/').collect();
        let values = self.columns.iter().zip(&parts).map(|((column, _), part)| (*column, (*part).to_owned()));
        (parts.len() == self.columns.len()).then(|| values.collect())
    }
}

impl Documented {
    fn has(self, field: &str) -> bool {
        match self {
            Self::AllBut(others) => !others.contains(&field),
            Self::Only(these) => these.contains(&field),
        }
    }
}

impl Target {
    /// Feeds the table with the record itself, all of whose fields are documented.
    pub const fn record(table: &'static Table) -> Self {
        Self { table, at: At::Record, documented: Documented::AllBut(&[]) }
    }

    /// Feeds the table with the elements of an array, all of whose fields are documented.
    pub const fn elements(table: &'static Table, array: &'static str) -> Self {
        Self { table, at: At::Elements(array), documented: Documented::AllBut(&[]) }
    }

    /// The same target, except that the API's document does not show these fields.
    #[must_use]
    pub const fn without(mut self, fields: &'static [&'static str]) -> Self {
        self.documented = Documented::AllBut(fields);
        self
    }

    /// The same target, except that the API's document shows only these fields.
    #[must_use]
    pub const fn only(mut self, fields: &'static [&'static str]) -> Self {
        self.documented = Documented::Only(fields);
        self
    }

    /// The fields that feed the table's columns, as the document names them within the row.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.table.columns.iter().flat_map(|column| column.sources().0.iter().copied())
    }

    /// The documented ones of [`Target::fields`].
    pub fn documented_fields(&self) -> impl Iterator<Item = &'static str> {
        let documented = self.documented;
        self.fields().filter(move |field| documented.has(field))
    }

    /// The documented fields of the record itself: those that feed the table, or that of the array whose elements do.
    pub fn documented_in_record(&self) -> impl Iterator<Item = &'static str> {
        let array = match self.at {
            At::Elements(array) => Some(array).filter(|array| self.documented.has(array)),
            At::Record => None,
        };
        self.documented_fields().filter(|_| self.at == At::Record).chain(array)
    }

    fn documented_paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.documented_in_record().map(str::to_owned).collect();
        if let At::Elements(array) = self.at {
            paths.extend(self.documented_fields().map(|field| format!("{array}.{field}")));
        }
        paths
    }
}
