//! Parses the comment at the top of a view or check.
//!
//! `-- key: value` starts an entry, `--        more` continues it, `-- column: NAME = doc` describes a column. The
//! header ends at the first line that is not a comment.

/// The entries of the header of a view or check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Name of the view or check.
    pub name: String,
    /// What one row stands for.
    pub grain: String,
    /// What a check asserts; empty for views.
    pub doc: String,
    /// Tables and views read, separated by commas.
    pub reads: String,
    /// Units of the columns.
    pub units: String,
    /// Rules and exceptions that a reader has to know; empty if there are none.
    pub notes: String,
    /// Every column, in the view's order.
    pub columns: Vec<ColumnDoc>,
}

/// One column's description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDoc {
    /// Name in the view.
    pub name: String,
    /// One sentence: the meaning, the unit, and the meaning of NULL if the column can be NULL.
    pub doc: String,
}

impl Header {
    /// Parses the header of `sql`. Unknown keys are ignored; entries that are missing stay empty.
    pub(super) fn parse(sql: &str) -> Self {
        let mut entries: Vec<(&str, String)> = Vec::new();
        for line in sql.lines().map_while(|line| line.strip_prefix("--")) {
            match (line.strip_prefix("    "), entries.last_mut()) {
                (Some(more), Some((_, value))) => {
                    value.push(' ');
                    value.push_str(more.trim());
                }
                _ => {
                    if let Some((key, value)) = line.split_once(':') {
                        entries.push((key.trim(), value.trim().to_owned()));
                    }
                }
            }
        }
        let mut header = Self::default();
        for (key, value) in entries {
            match key {
                "view" | "check" => header.name = value,
                "grain" => header.grain = value,
                "doc" => header.doc = value,
                "reads" => header.reads = value,
                "units" => header.units = value,
                "notes" => header.notes = value,
                "column" => header.columns.extend(value.split_once(" = ").map(|(name, doc)| ColumnDoc {
                    name: name.trim().to_owned(),
                    doc: doc.trim().to_owned(),
                })),
                _ => {}
            }
        }
        header
    }

    /// The view's comment in the database: grain, then units, then notes.
    pub fn summary(&self) -> String {
        let mut summary = format!("Grain: {}. Units: {}.", self.grain, self.units);
        if !self.notes.is_empty() {
            summary.push(' ');
            summary.push_str(&self.notes);
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_with_continued_lines_and_columns() {
        let header = Header::parse(
            "-- view:  v\n-- grain: one row\n-- reads: a, b\n-- units: none\n-- notes: First: this.\n\
             --        Then that.\n-- column: x = The x, as a = b.\nCREATE VIEW v AS\n-- column: y = not in the header\n",
        );
        assert_eq!(header.name, "v");
        assert_eq!(header.notes, "First: this. Then that.");
        assert_eq!(header.columns, [ColumnDoc { name: "x".into(), doc: "The x, as a = b.".into() }]);
        assert_eq!(header.summary(), "Grain: one row. Units: none. First: this. Then that.");
    }
}
