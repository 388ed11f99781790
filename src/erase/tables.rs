//! Searches the tables of a file or of an export for the subjects. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use duckdb::Connection;

use super::rules::{self, Column, Judgement, Role};
use super::subject::Subject;
use super::tally::Tally;
use crate::record::company_key::separates;
use crate::schema::ddl::{identifier, literal};

/// A table of a database, or the files of an exported table.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// What follows FROM in a query of its rows.
    pub(super) source: String,
    /// SQL name of the column with the row's number.
    pub(super) row: &'static str,
}

/// What a relation holds of the subjects. Rows are given by their number.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Rows to be removed.
    pub(super) rows: BTreeSet<i64>,
    /// New values of cells in rows that stay, by column and row. `None` is NULL.
    pub(super) cells: BTreeMap<String, BTreeMap<i64, Option<String>>>,
    /// Rows that stay although they may be about a subject, because their country is not known.
    pub(super) without_country: u64,
    /// Cells that stay although they name a subject, because they are selections.
    pub(super) selections: u64,
    /// Indexes of the subjects that were found.
    pub(super) subjects: BTreeSet<usize>,
}

impl Found {
    /// Whether no row changes.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.cells.is_empty()
    }

    /// Number of rows that stay with other values.
    pub(super) fn changed_rows(&self) -> u64 {
        let rows: BTreeSet<_> = self.cells.values().flat_map(BTreeMap::keys).collect();
        rows.len() as u64
    }
}

/// The tables of the database that `connection` has open, in the order of their creation.
pub(super) fn relations(connection: &Connection) -> duckdb::Result<Vec<Relation>> {
    let sql = "SELECT t.schema_name, t.table_name, c.column_name, c.data_type, c.is_nullable \
               FROM duckdb_tables() t JOIN duckdb_columns() c USING (database_oid, table_oid) \
               WHERE t.database_name = current_database() AND NOT t.internal AND NOT t.temporary \
               ORDER BY t.table_oid, c.column_index";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut all: Vec<Relation> = Vec::new();
    while let Some(row) = rows.next()? {
        let (schema, name): (String, String) = (row.get(0)?, row.get(1)?);
        let column = Column { name: row.get(2)?, kind: row.get(3)?, nullable: row.get(4)? };
        if let Some(last) = all.last_mut().filter(|last| last.schema == schema && last.name == name) {
            last.columns.push(column);
            continue;
        }
        let source = format!("{}.{}", identifier(&schema), identifier(&name));
        all.push(Relation { schema, name, columns: vec![column], source, row: "rowid" });
    }
    Ok(all)
}

impl Relation {
    /// Name of the table for people, with its schema unless that is `main`.
    pub(super) fn label(&self) -> String {
        if self.schema == "main" { self.name.clone() } else { format!("{}.{}", self.schema, self.name) }
    }

    /// Searches the relation for the subjects.
    pub(super) fn find(&self, connection: &Connection, subjects: &[Subject]) -> duckdb::Result<Found> {
        let mut found = Found::default();
        for (index, subject) in subjects.iter().enumerate() {
            if let Subject::Company { country, business_id } = subject {
                self.find_company(connection, country, business_id, index, &mut found)?;
            }
        }
        self.find_in_cells(connection, subjects, &mut found)?;
        // Cells of rows that are removed need no new value.
        for cells in found.cells.values_mut() {
            cells.retain(|row, _| !found.rows.contains(row));
        }
        found.cells.retain(|_, cells| !cells.is_empty());
        Ok(found)
    }

    fn has_country(&self) -> bool {
        self.columns.iter().any(|column| column.name == "country" && column.kind == "VARCHAR")
    }

    /// Finds the rows whose key is the company's.
    fn find_company(
        &self,
        connection: &Connection,
        country: &str,
        business_id: &str,
        index: usize,
        found: &mut Found,
    ) -> duckdb::Result<()> {
        let own = if self.has_country() { "country" } else { "CAST(NULL AS VARCHAR)" };
        for key in self.columns.iter().filter(|column| column.is_company_key()) {
            let name = identifier(&key.name);
            let sql = format!(
                "SELECT {}, {own}, {name} FROM {} WHERE contains({}, {})",
                self.row,
                self.source,
                plain(&name),
                literal(&digits(business_id)),
            );
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (own, id): (Option<String>, String) = (row.get(1)?, row.get(2)?);
                match rules::is_key_of(own.as_deref(), &id, country, business_id) {
                    Some(true) => drop(found.rows.insert(row.get(0)?)),
                    Some(false) => continue,
                    None => found.without_country += 1,
                }
                found.subjects.insert(index);
            }
        }
        Ok(())
    }

    /// Finds cells that name a subject, in one pass over the rows. The query selects all cells that may name one; the
    /// rules decide.
    fn find_in_cells(
        &self,
        connection: &Connection,
        subjects: &[Subject],
        found: &mut Found,
    ) -> duckdb::Result<()> {
        let roles = self.columns.iter().map(|column| (column, column.role(&self.schema, &self.name)));
        let columns: Vec<(&Column, Role)> =
            roles.filter_map(|(column, role)| role.map(|role| (column, role))).collect();
        if columns.is_empty() {
            return Ok(());
        }
        let conditions: Vec<String> =
            columns.iter().map(|(column, _)| may_name_one(&text(column), subjects)).collect();
        // Only cells that may name a subject are fetched: in most rows that are selected, only one column does.
        let cells = columns
            .iter()
            .zip(&conditions)
            .map(|((column, _), condition)| format!("CASE WHEN {condition} THEN {} END", text(column)));
        let sql = format!(
            "SELECT {}, CAST({} AS VARCHAR), {} FROM {} WHERE {}",
            self.row,
            if self.has_country() { "country" } else { "NULL" },
            cells.collect::<Vec<_>>().join(", "),
            self.source,
            conditions.join(" OR "),
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (number, country): (i64, Option<String>) = (row.get(0)?, row.get(1)?);
            for ((column, role), index) in columns.iter().zip(2..) {
                let Some(text) = row.get::<_, Option<String>>(index)? else { continue };
                let mut tally = Tally::default();
                match rules::judge(column, *role, &text, country.as_deref(), subjects, &mut tally) {
                    Judgement::Keep => {}
                    Judgement::Row => drop(found.rows.insert(number)),
                    Judgement::Left => found.selections += 1,
                    Judgement::Cell(value) => {
                        found.cells.entry(column.name.clone()).or_default().insert(number, value);
                    }
                }
                found.subjects.extend(tally.found);
            }
        }
        Ok(())
    }
}

fn text(column: &Column) -> String {
    format!("CAST({} AS VARCHAR)", identifier(&column.name))
}

/// An SQL condition that is true for every text that names a subject, and for some others.
fn may_name_one(text: &str, subjects: &[Subject]) -> String {
    let named = subjects.iter().map(|subject| match subject {
        Subject::Person { email } => format!("contains(lower({text}), {})", literal(email)),
        Subject::Company { business_id, .. } => format!(
            "contains({}, {})",
            plain(text),
            literal(&business_id.replace(separates, "").to_lowercase())
        ),
    });
    // A value as received may contain JSON escapes.
    let escaped = format!("contains({text}, '\\')");
    std::iter::once(escaped).chain(named).collect::<Vec<_>>().join(" OR ")
}

/// An SQL expression: the text in lower case, without the characters that separate letters and digits of an id.
fn plain(text: &str) -> String {
    static SEPARATORS: LazyLock<String> =
        LazyLock::new(|| ('\u{1}'..='\u{ffff}').filter(|c| separates(*c)).collect());
    format!("lower(translate({text}, {}, ''))", literal(&SEPARATORS))
}

/// The part of an id that all its spellings have in common. Leading zeros may be missing.
fn digits(business_id: &str) -> String {
    business_id.replace(separates, "").to_lowercase().trim_start_matches('0').to_owned()
}
