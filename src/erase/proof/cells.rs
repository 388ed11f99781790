//! Decides whether a row is about a subject, cell by cell, whatever kind of file it was read from.

use super::super::rules::{self, Column, Judgement, Role};
use super::super::subject::Subject;
use super::super::tally::Tally;

/// The text columns of a table.
pub(super) struct Cells<'s> {
    columns: Vec<(Column, Role)>,
    /// Index of the column `country`. `None` if the table has no such column.
    country: Option<usize>,
    subjects: &'s [Subject],
}

impl<'s> Cells<'s> {
    /// The columns named `names`, all of type text, in the order of the indexes that [`Cells::are_about`] passes to
    /// `cell`.
    pub(super) fn new(schema: &str, table: &str, names: &[String], subjects: &'s [Subject]) -> Self {
        let column = |name: &String| {
            let column = Column { name: name.clone(), kind: "VARCHAR".to_owned(), nullable: true };
            let role = column.role(schema, table).unwrap_or(Role::Text);
            (column, role)
        };
        let country = names.iter().position(|name| name == "country");
        Self { columns: names.iter().map(column).collect(), country, subjects }
    }

    /// Whether a row is about a subject. `cell` returns the text of a column by its index, `None` for NULL. `country`
    /// is the country of the row; it counts only if the table has no column `country`.
    pub(super) fn are_about<'t>(
        &self,
        country: Option<&'t str>,
        cell: impl Fn(usize) -> Option<&'t str>,
    ) -> bool {
        let country = self.country.map_or(country, &cell);
        (0..).zip(&self.columns).any(|(index, (column, role))| {
            let Some(text) = cell(index) else { return false };
            (column.is_company_key() && self.subjects.iter().any(|subject| is_key(subject, country, text)))
                || (self.may_name(text) && self.must_go(column, *role, text, country))
        })
    }

    /// False if the text cannot name a subject. A cheap test that rules out nearly all texts.
    fn may_name(&self, text: &str) -> bool {
        let escaped = text.contains('\\');
        self.subjects.iter().any(|subject| match subject {
            Subject::Person { .. } => (escaped || text.contains('@')) && subject.may_be_in(text),
            Subject::Company { business_id, .. } => {
                let letters = business_id.bytes().filter(u8::is_ascii_alphanumeric).count();
                (escaped || text.len() >= letters) && subject.may_be_in(text)
            }
        })
    }

    fn must_go(&self, column: &Column, role: Role, text: &str, country: Option<&str>) -> bool {
        let verdict = rules::judge(column, role, text, country, self.subjects, &mut Tally::default());
        matches!(verdict, Judgement::Row | Judgement::Cell(_))
    }
}

fn is_key(subject: &Subject, own: Option<&str>, id: &str) -> bool {
    match subject {
        Subject::Company { country, business_id } => {
            rules::is_key_of(own, id, country, business_id) == Some(true)
        }
        Subject::Person { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_about_a_subject_by_its_key_or_by_a_text_in_it() {
        let subjects = [Subject::company("FI01120389").unwrap(), Subject::person("jane@b.example").unwrap()];
        let names = ["country", "business_id", "_extra", "phone"].map(str::to_owned);
        let cells = Cells::new("main", "prospects", &names, &subjects);
        for (row, about) in [
            ([Some("FI"), Some("01120389"), None, None], true),
            ([Some("fi"), Some("0112038-9"), None, None], true),
            ([Some("DK"), Some("01120389"), None, None], false),
            ([None, Some("01120389"), None, None], false),
            ([Some("SE"), Some("1"), Some(r#"{"a":"jane@b.example"}"#), None], true),
            ([Some("SE"), Some("1"), Some(r#"{"a":"jane\u0040b.example"}"#), None], true),
            ([Some("SE"), Some("1"), Some(r#"{"a":"joan@b.example"}"#), Some("01120389")], false),
            ([Some("SE"), Some("1"), Some(r#"{"country":"FI","business_id":"01120389"}"#), None], true),
        ] {
            assert_eq!(cells.are_about(None, |index| row[index]), about, "{row:?}");
        }
        let cells = Cells::new("main", "prospects", &names[1..], &subjects);
        assert!(cells.are_about(Some("FI"), |index| [Some("01120389"), None, None][index]));
        assert!(!cells.are_about(Some("DK"), |index| [Some("01120389"), None, None][index]));
        let cells = Cells::new("etl", "streams", &["list".to_owned()], &subjects);
        assert!(!cells.are_about(None, |_| Some("owner_email=jane@b.example")), "a selection stays");
    }
}
