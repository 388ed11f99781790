//! Reads the values of a filter from a file, `@FILE`: one value per line.
//!
//! Accepts what spreadsheets add: a header line, quotes, separators at the end of a line, further columns.

use std::path::PathBuf;

use super::SelectionError;
use crate::catalog::filters::FilterKind;
use crate::text_file;

/// Tests for the names of columns with business ids, most certain first. A name is compared without blanks and
/// punctuation.
const ID_NAMES: &[fn(&str) -> bool] = &[
    // A bare `tunnus` is not among the exact names: customers and parent companies have one too.
    |name| {
        matches!(
            name,
            "businessid"
                | "businessids"
                | "ytunnus"
                | "orgnr"
                | "organisasjonsnummer"
                | "organisationsnummer"
                | "cvr"
                | "cvrnr"
                | "cvrnummer"
        )
    },
    |name| name.contains("businessid") || name.contains("tunnus") || name.contains("cvr"),
    |name| {
        let number = ["nr", "no", "num", "id", "code"];
        (name.contains("org") || name.contains("business") || name.contains("registration"))
            && number.iter().any(|word| name.ends_with(word) || name.contains("num"))
    },
];

/// A value and the number of its line, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) value: String,
}

/// Reads the values of a file. Logs a warning when it skips a header line.
pub(super) fn values(
    key: &str,
    name: &str,
    kind: FilterKind,
    path: &str,
) -> Result<(PathBuf, Vec<Line>), SelectionError> {
    let file = PathBuf::from(path);
    let text = text_file::read(&file)
        .map_err(|error| SelectionError::ValueFile { key: key.to_owned(), reason: error.to_string() })?;
    let lines = (1..).zip(text.lines().map(clean)).filter(|(_, line)| !line.is_empty());
    let mut lines: Vec<(usize, &str)> = lines.collect();
    let header = lines.first().copied().filter(|(_, line)| is_header(name, kind, line));
    if let Some((_, line)) = header {
        tracing::warn!(
            file = %file.display(),
            line,
            "The first line is taken for a header and skipped."
        );
        lines.remove(0);
    }
    let is_ids = matches!(kind, FilterKind::BusinessId | FilterKind::BusinessIds);
    let column = match header {
        Some((number, line)) if is_ids && cells(line).len() > 1 => {
            let names = cells(line);
            let sure = names.iter().enumerate().filter_map(|(at, name)| Some((id_column_rank(name)?, at)));
            let column = sure.min().map(|(_, at)| at);
            Some(column.ok_or_else(|| SelectionError::NoIdColumn { path: file.clone(), line: number })?)
        }
        _ => None,
    };
    let of_line = |(number, line): (usize, &str)| -> Vec<Line> {
        let value = |value: String| Line { number, value };
        match column {
            Some(column) => cells(line)
                .into_iter()
                .nth(column)
                .filter(|cell| !cell.is_empty())
                .map(value)
                .into_iter()
                .collect(),
            None if is_ids => cells(line).into_iter().filter(|cell| !cell.is_empty()).map(value).collect(),
            None => vec![value(unquoted(line.trim_end_matches(';').trim_end()))],
        }
    };
    let values: Vec<Line> =
        lines.into_iter().flat_map(of_line).filter(|line| !line.value.is_empty()).collect();
    if is_ids && let Some(line) = values.iter().find(|line| !has_digit(&line.value)) {
        let source = super::value::bad(key, &line.value, "a business id: it has no digit");
        return Err(SelectionError::InFile { path: file, line: line.number, source: Box::new(source) });
    }
    Ok((file, values))
}

/// The line without whitespace, byte order marks and zero-width spaces at its ends.
fn clean(line: &str) -> &str {
    line.trim_matches(|char: char| char.is_whitespace() || matches!(char, '\u{feff}' | '\u{200b}'))
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether the first line is a header: it has no digit where every value has one, or is the name of the filter.
fn is_header(name: &str, kind: FilterKind, line: &str) -> bool {
    let own = unquoted(line.trim_end_matches(';')).eq_ignore_ascii_case(name);
    match kind {
        // Names of other columns may contain a year.
        FilterKind::BusinessId | FilterKind::BusinessIds => {
            let names_ids = |cell: &String| !has_digit(cell) && id_column_rank(cell).is_some();
            // A company's name may look like a header: `0970409-8;Business Center Oy`.
            let is_id = |cell: &String| {
                cell.bytes().filter(u8::is_ascii_digit).count() > 5
                    && super::value::check(name, kind, None, cell).is_ok()
            };
            let cells = cells(line);
            clean(line) != "null"
                && (!has_digit(line) || cells.iter().any(names_ids) && !cells.iter().any(is_id))
        }
        FilterKind::Number | FilterKind::Code | FilterKind::Date | FilterKind::Datetime => {
            !has_digit(line) && clean(line) != "null"
        }
        // Some countries have postal codes without a digit, but not the countries of the API.
        FilterKind::Postal => !has_digit(line),
        _ => own,
    }
}

/// Rank of a column name: 0 is the most certain to hold business ids. `None` when it does not seem to.
fn id_column_rank(name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    let plain: String = name.chars().filter(|char| char.is_alphanumeric()).collect();
    let words: Vec<&str> = name.split(|char: char| !char.is_alphanumeric()).collect();
    let has = |any: &[&str]| words.iter().any(|word| any.contains(word));
    let sure = ID_NAMES.iter().position(|names_ids| names_ids(&plain));
    sure.or_else(|| has(&["vat", "org", "business"]).then_some(ID_NAMES.len()))
        .or_else(|| has(&["id"]).then_some(ID_NAMES.len() + 1))
}

/// The cells of a line, split at `;`, `,` or tab outside quotes. Empty cells at the end are dropped.
fn cells(line: &str) -> Vec<String> {
    let mut is_quoted = false;
    let ends = |char: char| {
        is_quoted ^= char == '"';
        !is_quoted && matches!(char, ';' | ',' | '\t')
    };
    let mut cells: Vec<String> = line.split(ends).map(|cell| unquoted(clean(cell))).collect();
    while cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    cells
}

/// The cell without its quotes and without the marks by which a spreadsheet keeps it as text: `="0123"`, `'0123`.
fn unquoted(cell: &str) -> String {
    let cell = cell.strip_prefix('=').filter(|rest| rest.starts_with('"')).unwrap_or(cell);
    let inner = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or_else(
        || cell.strip_prefix('\'').filter(|rest| has_digit(rest)).unwrap_or(cell).to_owned(),
        |inner| clean(&inner.replace("\"\"", "\"")).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: FilterKind, name: &str, text: &str) -> Result<Vec<(usize, String)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("values.csv");
        fs_err::write(&path, text).unwrap();
        let lines = values(name, name, kind, path.to_str().unwrap());
        lines
            .map(|(_, lines)| lines.into_iter().map(|line| (line.number, line.value)).collect())
            .map_err(|error| error.to_string().replace(path.to_str().unwrap(), "values.csv"))
    }

    #[test]
    fn ids_are_found_in_whatever_a_spreadsheet_writes() {
        let both =
            |first: usize| Ok(vec![(first, "0970409-8".to_owned()), (first + 1, "03575029".to_owned())]);
        for (text, first) in [
            ("0970409-8\n03575029\n", 1),
            ("business_id\n0970409-8\n03575029", 2),
            ("Y-tunnus\n\"0970409-8\"\n\"03575029\"", 2),
            ("orgnr;\n0970409-8;\n03575029;;\n", 2),
            ("\"Y-tunnus\";\"Nimi\"\n\"0970409-8\";\"Samlink; Oy\"\n03575029;Nokia", 2),
            ("Name\tCVR\tCity\nx\t0970409-8\tHki\ny\t03575029\tTku", 2),
            ("id;business_id;name\n77;0970409-8;x\n78;03575029;y", 2),
            ("Organisation,Private,Org. nr\nx,yes,0970409-8\ny,no,03575029", 2),
            ("Kommun Borg;Y-tunnus;Liikevaihto 2023\nx;0970409-8;1\ny;03575029;2", 2),
            ("ID,Name\n0970409-8,x\n03575029,y", 2),
            ("Asiakastunnus;Y-tunnus\n1001;0970409-8\n1002;03575029", 2),
            ("=\"0970409-8\"\n'03575029", 1),
            ("\u{feff}0970409-8 \n\u{a0}03575029\t", 1),
            ("0970409-8,\n03575029,", 1),
        ] {
            assert_eq!(read(FilterKind::BusinessIds, "business_ids", text), both(first), "{text:?}");
        }
        assert_eq!(
            read(FilterKind::BusinessIds, "business_ids", "\n\n0970409-8;03575029\n\n"),
            Ok(vec![(3, "0970409-8".to_owned()), (3, "03575029".to_owned())])
        );
    }

    #[test]
    fn what_cannot_be_an_id_is_named_with_its_line() {
        for (text, words) in [
            ("0970409-8\nSamlink Oy\n", "`values.csv`, line 2: value `Samlink Oy`"),
            ("0970409-8;ID Center Oy\n03575029;Nokia\n", "`values.csv`, line 1: value `ID Center Oy`"),
            ("Name;City\n0970409-8;Hki\n", "`values.csv`, line 1: it has several columns"),
        ] {
            let error = read(FilterKind::BusinessIds, "business_ids", text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_name_is_a_header_only_where_it_is_the_filters_own() {
        let names = |text| read(FilterKind::Text, "company_name", text).unwrap();
        assert_eq!(
            names("Oy\n\"A \"\"B\"\", C\"\nD;\n"),
            [(1, "Oy".to_owned()), (2, "A \"B\", C".to_owned()), (3, "D".to_owned())]
        );
        assert_eq!(names("Company_Name\nOy"), [(2, "Oy".to_owned())]);
        assert_eq!(read(FilterKind::Code, "industry_code", "TOL\n62010").unwrap(), [(2, "62010".to_owned())]);
    }
}
