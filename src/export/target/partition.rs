//! Partitioning by country: the folder of each country, and the tables that cannot be partitioned.
//!
//! The name of a folder is text, and readers differ in the value that they read from it. Tried with pandas 3.1,
//! pyarrow 26, polars 2.1, `PySpark` 4.3 and DuckDB 1.5:
//!
//! | country | folder | read as |
//! |---|---|---|
//! | NULL | `__HIVE_DEFAULT_PARTITION__` | NULL, but pandas refuses the whole table |
//! | empty | `country=` | empty, but Spark refuses the whole table |
//! | `é` | `country=%C3%A9` | `Ã©` by Spark |
//! | `02`, `1e5`, `2020-01-01`, `true`, `NaN` | unchanged | a number, a time or a boolean by some |
//! | `NULL` | unchanged | NULL by DuckDB |
//!
//! No name gives these values to all readers. A table with such a value is therefore not partitioned: the country
//! stays in the file, where all of them read it unchanged.

use duckdb::Connection;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::export::{ExportError, relation::Relation};
use crate::schema::ddl::{identifier, literal};

/// Characters that become `%XX` in a path: all but ASCII letters, digits, `_` and `-`. So no value can leave its
/// folder, and all file systems accept the name.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-');

/// Longest name of a folder, in bytes. File systems allow 255.
const MAX_NAME: usize = 200;

/// Words, in lower case, that some reader does not read as text.
const WORDS: [&str; 8] =
    ["null", "nan", "inf", "infinity", "true", "false", "epoch", "__hive_default_partition__"];

/// How a table is divided into files.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::export) enum Parts {
    /// One file, with the country in it. Holds the reason why the table is not partitioned; `None` if partitioning was
    /// not requested, or if the table has no rows.
    Whole(Option<String>),
    /// One folder for each of these countries.
    Countries(Vec<String>),
}

/// Finds out how `relation` can be partitioned by country.
pub(in crate::export) fn parts(conn: &Connection, relation: &Relation) -> Result<Parts, ExportError> {
    let list = || -> duckdb::Result<Vec<(Option<String>, u64)>> {
        let name = identifier(&relation.name);
        let sql = format!(
            "SELECT CAST(country AS VARCHAR), count(*) FROM \"main\".{name} GROUP BY country ORDER BY country NULLS FIRST"
        );
        conn.prepare(&sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let countries = list().map_err(|source| ExportError::table(&relation.name, source))?;
    Ok(divided(countries))
}

fn divided(countries: Vec<(Option<String>, u64)>) -> Parts {
    let refused = countries.iter().find_map(|(country, rows)| {
        let why = match country.as_deref() {
            None => "no country",
            Some("") => "an empty text as country",
            Some(country) if !is_read_back(country) => {
                return Some(format!(
                    "{} `{country}` as country, which not every reader takes from the name of a folder",
                    rows_have(*rows)
                ));
            }
            Some(_) => return None,
        };
        Some(format!("{} {why}, which not every reader takes from the name of a folder", rows_have(*rows)))
    });
    match refused {
        Some(why) => Parts::Whole(Some(why)),
        // A table without rows still gets one file, from which the columns can be read.
        None if countries.is_empty() => Parts::Whole(None),
        None => Parts::Countries(countries.into_iter().filter_map(|(country, _)| country).collect()),
    }
}

fn rows_have(rows: u64) -> String {
    if rows == 1 { "1 row has".to_owned() } else { format!("{rows} rows have") }
}

/// Whether every reader gets `country` back unchanged from the name of its folder.
fn is_read_back(country: &str) -> bool {
    let core = country.trim().trim_start_matches(['+', '-', '.']);
    country.is_ascii()
        && !country.is_empty()
        && !core.starts_with(|first: char| first.is_ascii_digit())
        && !WORDS.contains(&core.to_ascii_lowercase().as_str())
        && folder(country).len() <= MAX_NAME
}

/// Name of the folder of a country.
pub(in crate::export) fn folder(country: &str) -> String {
    format!("country={}", encode(country))
}

/// The SQL condition that selects the rows of a country.
pub(in crate::export) fn condition(country: &str) -> String {
    format!("country = {}", literal(country))
}

/// Percent-encodes `value` as one component of a path.
pub(in crate::export) fn encode(value: &str) -> String {
    utf8_percent_encode(value, IN_PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_cannot_leave_its_folder() {
        assert_eq!(folder("FI"), "country=FI");
        assert_eq!(folder("../../x"), "country=%2E%2E%2F%2E%2E%2Fx");
        assert_eq!(folder("C:\\é"), "country=C%3A%5C%C3%A9");
    }

    #[test]
    fn a_table_is_divided_when_every_country_is_read_back_from_a_folder() {
        let of = |countries: &[Option<&str>]| {
            divided(countries.iter().map(|country| (country.map(str::to_owned), 2)).collect())
        };
        let some =
            ["DK", "FI", "NO", "no", "Finland", "United States", "../../x", " ", "a=b", "x1", "-", "t"];
        let all: Vec<Option<&str>> = some.into_iter().map(Some).collect();
        assert_eq!(of(&all), Parts::Countries(some.map(str::to_owned).to_vec()));
        assert_eq!(of(&[]), Parts::Whole(None));
        for odd in [
            "1",
            "02",
            "1e5",
            "1d",
            " 1",
            "+5",
            "-3",
            ".5",
            "0x10",
            "2020-01-01",
            "10:00",
            "12:30:00",
            "true",
            "FALSE",
            "NaN",
            "-inf",
            "Infinity",
            "null",
            "NULL",
            "epoch",
            "__HIVE_DEFAULT_PARTITION__",
            "é",
            "😀",
            "١",
            "",
        ] {
            let Parts::Whole(Some(why)) = of(&[Some("FI"), Some(odd)]) else { panic!("{odd} is a folder") };
            assert!(why.starts_with("2 rows have ") && why.contains(odd), "{why}");
        }
        let long = "x".repeat(MAX_NAME);
        assert!(matches!(of(&[Some(&long)]), Parts::Whole(Some(_))));
        let why = "2 rows have no country, which not every reader takes from the name of a folder";
        assert_eq!(of(&[None, Some("FI")]), Parts::Whole(Some(why.to_owned())));
    }
}
