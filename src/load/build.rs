//! Fills the tables of the next generation.

use super::next::{Next, sql_path};
use super::{Counts, ListCounts, LoadError, LoadInput, Steps, StreamInput, members, merge, record, verify};
use crate::schema::{self, Kind, Table, ddl, etl};
use crate::staging;

/// What was built.
#[derive(Debug)]
pub(super) struct Built {
    /// What happened in each list, streams and lists in the order of the input.
    pub(super) lists: Vec<ListCounts>,
    /// What happened to companies.
    pub(super) totals: Counts,
    /// Rows of each table for people, by qualified name: what the finished file has to hold.
    pub(super) rows: Vec<(String, u64)>,
}

/// Fills all tables from the staged rows and the previous generation.
pub(super) fn fill(
    next: &Next,
    input: &LoadInput,
    generation: u64,
    steps: &mut Steps,
) -> Result<Built, LoadError> {
    for stream in &input.streams {
        stage(next, stream)?;
    }
    members::stage(next, &input.streams)?;
    members::guard(next, input.max_deleted_percent)?;
    members::write(next)?;
    steps.done("members");

    let mut built = Built { lists: Vec::new(), totals: Counts::default(), rows: Vec::new() };
    let mut first_list = 0;
    for stream in &input.streams {
        let rows = merge::rows(next, stream.stream.table(), stream.stream.name, &input.run)?;
        steps.done("rows");
        merge::changes(next, stream.stream.table(), &input.run)?;
        steps.done("changes");
        let counted = members::counts(next, stream, first_list, &input.run.run_id)?;
        verify::rows_add_up(next, stream, rows, counted.totals)?;
        built.lists.extend(counted.lists);
        built.totals.add(counted.totals);
        built.rows.push((stream.stream.table().qualified(), rows));
        first_list += stream.lists.len();
        steps.done("counts");
    }
    let loaded = |table: &Table| input.streams.iter().any(|stream| stream.stream.table() == table);
    for table in schema::tables() {
        let merged = [etl::WAREHOUSE, etl::SCHEMA_DRIFT, etl::LIST_MEMBERS].contains(table);
        if !loaded(table) && !merged {
            next.copy_previous(table)?;
        }
    }
    record::write(next, input, generation, &built)?;
    steps.done("records");
    Ok(built)
}

/// Makes the staged files readable as the temporary views `staged_STREAM` and `rejects_STREAM`.
fn stage(next: &Next, stream: &StreamInput) -> Result<(), LoadError> {
    let table = stream.stream.table();
    // Staged JSON is text. What is not valid JSON becomes a JSON string, so that no value can fail the load or
    // get lost.
    let declared = table.columns.iter().map(|column| (column.name, column.kind));
    let staged = staging::row_fields();
    let added = staged.iter().map(|field| {
        let kind = if field.name() == "_extra" { Kind::Json } else { Kind::Text };
        (field.name().as_str(), kind)
    });
    let columns: Vec<_> = declared
        .chain(added)
        .map(|(name, kind)| {
            let name = ddl::identifier(name);
            match kind {
                Kind::Json => format!("coalesce(TRY_CAST({name} AS JSON), to_json({name})) AS {name}"),
                _ => name,
            }
        })
        .collect();
    let rows = source(stream.staged.tables.first().map_or(&[][..], |table| &table.rows), || {
        let declared = table.columns.iter().map(|column| (column.name, column.kind.sql_type()));
        let added = [
            ("_extra", "VARCHAR"),
            ("_present", "UBIGINT"),
            ("_seen_at", "TIMESTAMP"),
            ("_list", "UINTEGER"),
            ("_newest", "BOOLEAN"),
        ];
        declared.chain(added).collect()
    })?;
    let rejects = source(&stream.staged.rejects, || {
        let text = ["reject_id", "table_name", "key", "field", "raw", "reason"].map(|name| (name, "VARCHAR"));
        text.into_iter().chain([("list", "UINTEGER"), ("page", "BIGINT")]).collect()
    })?;
    let name = stream.stream.name;
    let sql = format!(
        "CREATE TEMP VIEW {} AS SELECT {} FROM {rows}; CREATE TEMP VIEW {} AS SELECT * FROM {rejects};",
        ddl::identifier(&format!("staged_{name}")),
        columns.join(", "),
        ddl::identifier(&format!("rejects_{name}")),
    );
    next.batch("reading the staged rows", &sql)
}

/// The staged files as a table expression; without files, an empty one of the same columns.
fn source(
    files: &[std::path::PathBuf],
    columns: impl Fn() -> Vec<(&'static str, &'static str)>,
) -> Result<String, LoadError> {
    if files.is_empty() {
        let columns: Vec<_> = columns()
            .into_iter()
            .map(|(name, kind)| format!("CAST(NULL AS {kind}) AS {}", ddl::identifier(name)))
            .collect();
        return Ok(format!("(SELECT {} WHERE false)", columns.join(", ")));
    }
    let files = files.iter().map(|file| sql_path(file)).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("read_parquet([{}])", files.join(", ")))
}

impl Counts {
    /// Adds the counts of another list or stream.
    pub(super) fn add(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.deleted += other.deleted;
        self.rejected += other.rejected;
    }
}
