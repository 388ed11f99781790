//! How exported CSV files are written: their delimiter, and the apostrophe in front of formulas.

use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::query::FORMULA;
use crate::schema::ddl::literal;

/// The default delimiter.
pub(super) const COMMA: char = ',';

/// The delimiter of a CSV file: the character after the name of the first column in the header line. [`COMMA`] if there
/// is no such character.
///
/// # Errors
/// The file cannot be read.
pub(super) fn delimiter(path: &Path, first_column: &str) -> std::io::Result<char> {
    let mut header = String::new();
    BufReader::new(fs_err::File::open(path)?).read_line(&mut header)?;
    Ok(delimiter_after(&header, first_column))
}

/// The field without the apostrophe that an export writes in front of text that a spreadsheet would take for a formula.
pub(super) fn unguarded(field: &str) -> &str {
    field.strip_prefix('\'').filter(|text| text.starts_with(FORMULA)).unwrap_or(field)
}

/// [`unguarded`] as an SQL expression.
pub(super) fn unguarded_sql(column: &str) -> String {
    let signs: Vec<String> = FORMULA.iter().map(|sign| literal(&format!("'{sign}"))).collect();
    format!(
        "CASE WHEN left({column}, 2) IN ({}) THEN substr({column}, 2) ELSE {column} END",
        signs.join(", ")
    )
}

fn delimiter_after(header: &str, first_column: &str) -> char {
    let header = header.trim_start_matches('\u{feff}');
    let quoted = format!("\"{}\"", first_column.replace('"', "\"\""));
    let rest = header.strip_prefix(&quoted).or_else(|| header.strip_prefix(first_column));
    match rest.and_then(|rest| rest.chars().next()) {
        Some(found) if found.is_ascii() && !matches!(found, '\r' | '\n' | '"') => found,
        _ => COMMA,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_disarmed_is_as_it_was() {
        let connection = duckdb::Connection::open_in_memory().unwrap();
        for (field, text) in [
            ("'-A1", "-A1"),
            ("'＝x", "＝x"),
            ("'\tb", "\tb"),
            ("'a", "'a"),
            ("-A1", "-A1"),
            ("'", "'"),
            ("", ""),
        ] {
            assert_eq!(unguarded(field), text, "{field}");
            let sql = format!("SELECT {} FROM (SELECT {} AS c)", unguarded_sql("c"), literal(field));
            let found: String = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(found, text, "{field}");
        }
    }

    #[test]
    fn the_delimiter_stands_behind_the_first_column() {
        for (header, first, wanted) in [
            ("country,business_id\r\n", "country", ','),
            ("\u{feff}country;business_id\r\n", "country", ';'),
            ("\"a;b\"\tc\r\n", "a;b", '\t'),
            ("\"a\"\"b\"|c\n", "a\"b", '|'),
            ("country\r\n", "country", ','),
            ("", "country", ','),
            ("other,x\n", "country", ','),
        ] {
            assert_eq!(delimiter_after(header, first), wanted, "{header}");
        }
    }
}
