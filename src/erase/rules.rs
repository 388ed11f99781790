//! The rules of what happens to each column. Tables are read as they are in the file, so that a table or column that a
//! later version adds follows the same rules.
//!
//! | column | about a person | about a company |
//! |---|---|---|
//! | `email` | equal: the row is removed | as any other text |
//! | `country` with `business_id`, or with a column that ends in `_business_id` | | equal: the row is removed; equal without a country: it stays and is reported |
//! | `raw` and `key` of `etl.rejects` | contained: the row is removed | the company's key, or JSON about it: the row is removed |
//! | `sample` of `etl.schema_drift` | contained: NULL | JSON about it: NULL |
//! | `list`, `arguments` in schema `etl` | contained: stays and is reported, as these are selections as the user wrote them | the id prefixed with the country, or both anywhere: same |
//! | JSON, and text that is a JSON object or array | cut as [`json`](super::json) says | same |
//! | any other text | equal: NULL; within a longer text: replaced | equal with the country in front: NULL |
//!
//! `[erased]` stands in place of NULL if the column is not nullable.

use super::json::{self, Cut, PERSON_FIELD};
use super::subject::{ERASED, Subject};
use super::tally::Tally;
use crate::record::company_key::plain_business_id;

/// How a column is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An e-mail address; the row is about the person with that address.
    Address,
    /// The raw value of a reject.
    Quarantined,
    /// The key of a rejected record.
    QuarantinedKey,
    /// A sample of a value as received.
    Sample,
    /// A selection as the user wrote it.
    Selection,
    /// Any other text, or JSON.
    Text,
}

/// What happens to a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The cell stays.
    Keep,
    /// The cell's row is removed.
    Row,
    /// The cell gets this value; `None` is NULL.
    Cell(Option<String>),
    /// The cell stays although it names a subject, and is reported.
    Left,
}

/// A column of a table as it is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// SQL type, such as `VARCHAR` or `JSON`.
    pub(super) kind: String,
    pub(super) nullable: bool,
}

impl Column {
    /// How the column is treated. `None` if its type is neither text nor JSON.
    pub(super) fn role(&self, schema: &str, table: &str) -> Option<Role> {
        if !matches!(self.kind.as_str(), "VARCHAR" | "JSON") {
            return None;
        }
        Some(match (schema, table, self.name.as_str()) {
            ("etl", "rejects", "raw") => Role::Quarantined,
            ("etl", "rejects", "key") => Role::QuarantinedKey,
            ("etl", "schema_drift", "sample") => Role::Sample,
            ("etl", _, "list" | "arguments") => Role::Selection,
            (_, _, PERSON_FIELD) => Role::Address,
            _ => Role::Text,
        })
    }

    /// Whether the column, together with `country`, names the company that the row is about.
    pub(super) fn is_company_key(&self) -> bool {
        self.kind == "VARCHAR" && (self.name == "business_id" || self.name.ends_with("_business_id"))
    }
}

/// Whether a row's key is the company's. `own` is the country of the row, `id` the business id as written in the row;
/// `country` and `business_id` are the company's. `None` if the ids match and the row's country is not known.
pub(super) fn is_key_of(own: Option<&str>, id: &str, country: &str, business_id: &str) -> Option<bool> {
    if plain_business_id(id, country).as_deref() != Some(business_id) && id != business_id {
        return Some(false);
    }
    own.map(|own| own.trim().eq_ignore_ascii_case(country))
}

/// What happens to a cell that holds `text`. `country` is that of the cell's row.
pub(super) fn judge(
    column: &Column,
    role: Role,
    text: &str,
    country: Option<&str>,
    subjects: &[Subject],
    tally: &mut Tally,
) -> Judgement {
    let hit = |tally: &mut Tally, fits: &dyn Fn(&Subject) -> bool| {
        let found: Vec<usize> =
            (0..).zip(subjects).filter(|(_, subject)| fits(subject)).map(|(at, _)| at).collect();
        tally.found.extend(&found);
        !found.is_empty()
    };
    match role {
        Role::Address => {
            let is_theirs = |subject: &Subject| matches!(subject, Subject::Person { .. }) && subject.is(text);
            if hit(tally, &is_theirs) {
                return Judgement::Row;
            }
        }
        Role::QuarantinedKey => {
            let is_theirs = |subject: &Subject| match subject {
                Subject::Person { .. } => subject.is(text) || subject.replaced_in(text).is_some(),
                Subject::Company { .. } => {
                    let key = subject.to_string();
                    text.strip_prefix(&key).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                }
            };
            return if hit(tally, &is_theirs) { Judgement::Row } else { Judgement::Keep };
        }
        Role::Selection => {
            let names = |subject: &Subject| selection_names(text, subject);
            return if hit(tally, &names) { Judgement::Left } else { Judgement::Keep };
        }
        Role::Quarantined | Role::Sample | Role::Text => {}
    }
    let is_received = matches!(role, Role::Quarantined | Role::Sample);
    let now = rest_of(text, is_received, country, subjects, tally);
    match (now, role) {
        (Rest::Same, _) => Judgement::Keep,
        (_, Role::Quarantined) => Judgement::Row,
        (Rest::Text(text), role) if role != Role::Sample => Judgement::Cell(Some(text)),
        _ => Judgement::Cell((!column.nullable).then(|| ERASED.to_owned())),
    }
}

/// Whether a selection as the user wrote it names the subject: by the address, by the id prefixed with the country, or
/// by the id with the country anywhere in the selection.
pub(super) fn selection_names(text: &str, subject: &Subject) -> bool {
    let Subject::Company { country, .. } = subject else { return subject.replaced_in(text).is_some() };
    let words = || text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_'));
    let has_country = words().any(|word| word == country);
    words().any(|word| subject.is(word) || (has_country && subject.is(&format!("{country}{word}"))))
}

/// What is left of a text.
enum Rest {
    Same,
    Text(String),
    Nothing,
}

/// Removes the subjects from a text. `is_received` says that the text is as the API sent it, or the beginning of that,
/// and may be a record that cannot be read.
fn rest_of(
    text: &str,
    is_received: bool,
    country: Option<&str>,
    subjects: &[Subject],
    tally: &mut Tally,
) -> Rest {
    // A string as received is in quotes.
    if text.trim_start().starts_with(['{', '[', '"']) {
        match json::cut(text, subjects, country, tally) {
            Ok(Cut::Same) => return Rest::Same,
            Ok(Cut::Text(text)) => return Rest::Text(text),
            Ok(Cut::Gone) => return Rest::Nothing,
            Err(_) => {}
        }
        // It cannot be told whom an unreadable record is about, so it is removed if it may name a subject.
        if is_received && text.trim_start().starts_with(['{', '[']) {
            let named = (0..).zip(subjects).filter(|(_, subject)| subject.may_be_in(text));
            let named: Vec<usize> = named.map(|(index, _)| index).collect();
            if !named.is_empty() {
                tally.found.extend(named);
                return Rest::Nothing;
            }
        }
    }
    let mut now = None;
    for (index, subject) in subjects.iter().enumerate() {
        if subject.is(text) {
            tally.found.insert(index);
            return Rest::Nothing;
        }
        if let Some(new) = subject.replaced_in(now.as_deref().unwrap_or(text)) {
            tally.found.insert(index);
            now = Some(new);
        }
    }
    now.map_or(Rest::Same, Rest::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(
        schema: &str,
        table: &str,
        name: &str,
        nullable: bool,
        text: &str,
        subject: &str,
    ) -> Judgement {
        let column = Column { name: name.to_owned(), kind: "VARCHAR".to_owned(), nullable };
        let subject = Subject::company(subject).or_else(|_| Subject::person(subject)).unwrap();
        let role = column.role(schema, table).unwrap();
        judge(&column, role, text, Some("FI"), &[subject], &mut Tally::default())
    }

    #[test]
    fn each_rule_for_a_person() {
        let jane = "jane@b.example";
        let cell = |text: &str| Judgement::Cell(Some(text.to_owned()));
        for (schema, table, column, nullable, text, wanted) in [
            ("main", "contacts", "email", true, " Jane@B.example", Judgement::Row),
            ("main", "contacts", "email", true, "to jane@b.example", cell("to [erased]")),
            ("main", "customer_data", "owner_email", true, "JANE@b.example", Judgement::Cell(None)),
            ("main", "customer_data", "owner_email", false, "JANE@b.example", cell("[erased]")),
            ("main", "customer_data", "notes", true, "ask jane@b.example.", cell("ask [erased].")),
            ("main", "customer_data", "notes", true, "ask mary.jane@b.example", Judgement::Keep),
            (
                "main",
                "contacts",
                "_extra",
                true,
                r#"{"a":1,"mail":"jane@b.example"}"#,
                cell(r#"{"a":1,"mail":null}"#),
            ),
            ("etl", "rejects", "raw", false, r#"{"x":"jane@b.example","y":"#, Judgement::Row),
            ("etl", "rejects", "raw", false, r#""jane@b.example""#, Judgement::Row),
            ("etl", "rejects", "key", true, "jane@b.example", Judgement::Row),
            ("etl", "schema_drift", "sample", true, r#"{"x":"to jane@b.example"}"#, Judgement::Cell(None)),
            ("etl", "schema_drift", "sample", true, r#"{"x":"jane@b.example","cut o"#, Judgement::Cell(None)),
            ("etl", "changes", "before", true, "jane@b.example", Judgement::Cell(None)),
            ("etl", "streams", "list", false, "owner_email=jane@b.example", Judgement::Left),
        ] {
            assert_eq!(
                verdict(schema, table, column, nullable, text, jane),
                wanted,
                "{table}.{column}: {text}"
            );
        }
    }

    #[test]
    fn each_rule_for_a_company() {
        for (schema, table, column, text, wanted) in [
            ("etl", "rejects", "key", "FI/01120389", Judgement::Row),
            ("etl", "rejects", "key", "FI/01120389/3", Judgement::Row),
            ("etl", "rejects", "key", "FI/011203891", Judgement::Keep),
            ("etl", "rejects", "key", "DK/01120389", Judgement::Keep),
            ("etl", "rejects", "raw", r#"{"country":"FI","business_id":"0112038-9"}"#, Judgement::Row),
            ("etl", "rejects", "raw", r#"{"phone":"01120389"}"#, Judgement::Keep),
            ("etl", "rejects", "raw", r#"{"business_id":"0112038-9",}"#, Judgement::Row),
            ("etl", "rejects", "raw", r#"{"business_id":NaN,"link":"x"}"#, Judgement::Keep),
            ("etl", "rejects", "raw", "{\"business_id\":\"01120389\",\"n\":\"\u{fffd}", Judgement::Row),
            ("main", "customer_data", "notes", "[01120389 called]", Judgement::Keep),
            ("etl", "runs", "arguments", "business_ids=FI01120389,FI2", Judgement::Left),
            ("etl", "streams", "list", "country=FI&business_ids=0112038-9", Judgement::Left),
            ("etl", "streams", "list", "country=DK&business_ids=01120389", Judgement::Keep),
            ("main", "customer_data", "unique_id", "FI0112038-9", Judgement::Cell(None)),
            ("main", "customer_data", "unique_id", "01120389", Judgement::Keep),
            ("main", "prospects", "mother", r#"{"business_id":"01120389"}"#, Judgement::Cell(None)),
        ] {
            assert_eq!(
                verdict(schema, table, column, true, text, "FI01120389"),
                wanted,
                "{table}.{column}: {text}"
            );
        }
    }
}
