//! Code lists that views join. They are loaded from `sql/reference/*.csv`, which are part of the binary.

use duckdb::Connection;

use super::{comment_on_column, header::ColumnDoc};
use crate::schema::ddl::{identifier, literal};

/// A code list as a table. All columns are text and never NULL. The first column is the key; that of `status_texts` is
/// the first column together with the country.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceTable {
    /// Name of the table, and the stem of its file in `sql/reference`.
    pub name: &'static str,
    /// What the list is and where it comes from.
    pub doc: &'static str,
    columns: &'static [(&'static str, &'static str)],
    csv: &'static str,
}

/// Every code list.
pub const REFERENCE_TABLES: &[ReferenceTable] = &[
    ReferenceTable {
        name: "nace_sections",
        doc: "Sections of NACE Rev. 2 (Regulation (EC) No 1893/2006), English titles.",
        columns: &[("section", "Letter of the section, A to U."), ("section_name", "English title.")],
        csv: include_str!("../../sql/reference/nace_sections.csv"),
    },
    ReferenceTable {
        name: "nace_divisions",
        doc: "Divisions of NACE Rev. 2 (Regulation (EC) No 1893/2006), English titles; TOL 2008, SNI 2007, SIC 2007 \
              and DB07 share them.",
        columns: &[
            ("division", "Two digits as text, leading zero kept."),
            ("division_name", "English title."),
            ("section", "Letter of the section that the division belongs to."),
        ],
        csv: include_str!("../../sql/reference/nace_divisions.csv"),
    },
    ReferenceTable {
        name: "status_texts",
        doc: "What the status texts of registers mean, in English, Finnish, Swedish, Norwegian and Danish; the user's own \
              texts of the setting `status_texts` are among them and go first. A text that is not here is unknown.",
        columns: &[
            (
                "status_text",
                "The text in lower case, one blank between words, without blanks around it and without a full stop at its end.",
            ),
            (
                "country",
                "Country whose companies it is about, two upper-case letters; empty for every country.",
            ),
            ("language", "Language of the text (ISO 639-1), or several with blanks between; may be empty."),
            (
                "status_class",
                "`live`: registered and in business; `dissolving`: still registered, but being wound up, insolvent, \
                 restructured or at rest; `gone`: dissolved, struck off, merged or ended; `unknown`.",
            ),
        ],
        csv: include_str!("../../sql/reference/status_texts.csv"),
    },
];

impl ReferenceTable {
    /// Names and descriptions of the columns, in order.
    pub fn columns(&self) -> Vec<ColumnDoc> {
        self.columns
            .iter()
            .map(|(name, doc)| ColumnDoc { name: (*name).to_owned(), doc: (*doc).to_owned() })
            .collect()
    }

    /// The entries, in the file's order.
    pub fn rows(&self) -> Vec<Vec<String>> {
        self.csv.lines().skip(1).map(split_csv_line).collect()
    }

    /// Creates or replaces the table, with `rows` and its comments.
    pub(super) fn install(&self, conn: &Connection, rows: &[Vec<String>]) -> duckdb::Result<()> {
        let name = identifier(self.name);
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(column, _)| format!("{} VARCHAR NOT NULL", identifier(column)))
            .collect();
        conn.execute_batch(&format!("CREATE OR REPLACE TABLE {name} ({})", columns.join(", ")))?;
        let row = |row: &Vec<String>| {
            format!("({})", row.iter().map(|field| literal(field)).collect::<Vec<_>>().join(", "))
        };
        let rows: Vec<String> = rows.iter().map(row).collect();
        conn.execute_batch(&format!("INSERT INTO {name} VALUES {}", rows.join(", ")))?;
        let mut comments = format!("COMMENT ON TABLE {name} IS {};\n", literal(self.doc));
        for (column, doc) in self.columns {
            comments.push_str(&comment_on_column(self.name, column, doc));
        }
        conn.execute_batch(&comments)
    }
}

/// Splits one CSV line into fields. A field in double quotes may hold commas. Quotes and line feeds in fields are not
/// supported, because the lists have none.
fn split_csv_line(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => {
                if let Some(field) = fields.last_mut() {
                    field.push(other);
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn rows(name: &str) -> Vec<Vec<String>> {
        REFERENCE_TABLES.iter().find(|table| table.name == name).unwrap().rows()
    }

    #[test]
    fn lists_have_the_columns_they_declare_and_unique_keys() {
        for table in REFERENCE_TABLES {
            let declared: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
            assert_eq!(table.csv.lines().next().unwrap(), declared.join(","));
            assert!(table.rows().iter().all(|row| row.len() == declared.len()), "{}", table.name);
            let keys: BTreeSet<String> = table.rows().into_iter().map(|row| row[0].clone()).collect();
            assert_eq!(keys.len(), table.rows().len());
        }
    }

    #[test]
    fn nace_rev_2_is_complete() {
        let sections: BTreeSet<String> =
            rows("nace_sections").into_iter().map(|row| row[0].clone()).collect();
        let divisions = rows("nace_divisions");
        assert_eq!((sections.len(), divisions.len()), (21, 88));
        let used: BTreeSet<String> = divisions.iter().map(|row| row[2].clone()).collect();
        assert_eq!(used, sections);
        assert_eq!(
            divisions[0],
            ["01", "Crop and animal production, hunting and related service activities", "A"]
        );
        assert_eq!(divisions[87], ["99", "Activities of extraterritorial organisations and bodies", "U"]);
    }
}
