//! What the streams of a run have staged for each table, readable as temporary views.

use crate::catalog::{self, STREAMS, Stream};
use crate::files;
use crate::load::builder::Builder;
use crate::load::{ListResult, LoadError, LoadInput, StreamInput};
use crate::schema::{Disposition, Kind, Table, ddl};
use crate::staging::{StagedTable, row_fields};

/// What one stream has staged for one table.
#[derive(Debug, Clone, Copy)]
pub(in crate::load) struct StagedSource<'a> {
    /// The stream.
    pub(in crate::load) input: &'a StreamInput,
    /// Id of the stream's first list. Ids count through the lists of all streams.
    pub(in crate::load) first_list: usize,
    /// The staged files. `None` if the stream has staged nothing.
    staged: Option<&'a StagedTable>,
    table: &'static Table,
}

/// A table that the run loads.
#[derive(Debug)]
pub(in crate::load) struct TableLoad<'a> {
    /// The table.
    pub(in crate::load) table: &'static Table,
    /// What was staged for the table, in the order of the streams. Empty if only retired lists concern it.
    pub(in crate::load) sources: Vec<StagedSource<'a>>,
}

impl<'a> StagedSource<'a> {
    /// Name of the view of all staged rows.
    pub(in crate::load) fn rows(&self) -> String {
        ddl::identifier(&format!("staged_{}/{}", self.input.stream.name, self.table.name))
    }

    /// Table expression of the staged rows without those that a newer row replaces.
    pub(in crate::load) fn newest(&self) -> String {
        format!("(SELECT * FROM {} WHERE _newest)", self.rows())
    }

    /// Table expression of the scopes that were read, with `_seen_at`. `None` if no scopes are staged; the lists then
    /// say what was read.
    pub(in crate::load) fn scopes(&self) -> Result<Option<String>, LoadError> {
        let files = self.staged.map_or(&[][..], |staged| &staged.scopes);
        if files.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!("(SELECT * FROM {} WHERE _newest)", files::parquet(files)?)))
    }

    /// The stream's lists.
    pub(in crate::load) fn lists(&self) -> &'a [ListResult] {
        &self.input.lists
    }

    /// The table that the rows are for.
    pub(in crate::load) fn table(&self) -> &'static Table {
        self.table
    }

    /// Whether the table is the stream's main one.
    pub(in crate::load) fn is_main(&self) -> bool {
        self.input.stream.table() == self.table
    }

    /// Whether the rows are answers about single companies, which are in no list.
    pub(in crate::load) fn about_companies(&self) -> bool {
        self.input.stream.lists.is_of_answers()
    }

    /// Whether the stream's lists hold companies, and the rows are these companies.
    pub(in crate::load) fn holds_members(&self) -> bool {
        self.table.disposition == Disposition::Merge && self.input.stream.holds_companies()
    }
}

/// The stream with this name: of the run, or else of the catalog.
pub(in crate::load) fn stream_named(input: &LoadInput, name: &str) -> Option<&'static Stream> {
    let of_run = input.streams.iter().map(|stream| stream.stream);
    of_run.chain(STREAMS).find(|stream| stream.name == name)
}

/// Every table of the next generation: the catalog's, and those of the run's streams.
pub(in crate::load) fn all_tables(input: &LoadInput) -> Vec<&'static Table> {
    let mut tables = catalog::tables();
    for target in input.streams.iter().flat_map(|stream| stream.stream.targets) {
        if !tables.contains(&target.table) {
            tables.push(target.table);
        }
    }
    tables
}

/// The tables that the run loads. Companies come first, and a parent table comes before its child tables.
pub(in crate::load) fn loads(input: &LoadInput) -> Vec<TableLoad<'_>> {
    let mut loads: Vec<TableLoad<'_>> = Vec::new();
    let mut first_list = 0;
    for stream in &input.streams {
        let mut add = |table, staged| {
            add_source(&mut loads, table, Some(StagedSource { input: stream, first_list, staged, table }));
        };
        for staged in &stream.staged.tables {
            add(staged.table, Some(staged));
        }
        if stream.staged.tables.is_empty() {
            add(stream.stream.table(), None);
        }
        first_list += stream.lists.len();
    }
    let retired = input.retired.iter().filter_map(|(stream, _)| stream_named(input, stream));
    for target in retired.flat_map(|stream| stream.targets) {
        add_source(&mut loads, target.table, None);
    }
    loads.sort_by_key(|load| match load.table.disposition {
        Disposition::Merge => 0,
        Disposition::Upsert => 1,
        Disposition::Replace { .. } | Disposition::Load => 2,
    });
    loads
}

fn add_source<'a>(loads: &mut Vec<TableLoad<'a>>, table: &'static Table, source: Option<StagedSource<'a>>) {
    match loads.iter_mut().find(|load| load.table == table) {
        Some(load) => load.sources.extend(source),
        None => loads.push(TableLoad { table, sources: source.into_iter().collect() }),
    }
}

/// Creates a view of the staged rows for each source.
pub(in crate::load) fn stage(next: &Builder, loads: &[TableLoad<'_>]) -> Result<(), LoadError> {
    let mut sql = String::new();
    for source in loads.iter().flat_map(|load| &load.sources) {
        let files = source.staged.map_or(&[][..], |staged| &staged.rows);
        let rows = files_or_none(files, || row_types(source.table))?;
        let columns = valid_columns(source.table).join(", ");
        sql.push_str(&format!("CREATE TEMP VIEW {} AS SELECT {columns} FROM {rows};", source.rows()));
    }
    next.batch("reading the staged rows", &sql)
}

/// Name of the view of a stream's staged rejects.
pub(in crate::load) fn rejects_of(stream: &StreamInput) -> String {
    ddl::identifier(&format!("rejects_{}", stream.stream.name))
}

/// SQL expression of a row's key as text, in the form that rejects have: `FI/09704098`.
pub(in crate::load) fn key_text(columns: &[&str], alias: &str) -> String {
    let parts = columns
        .iter()
        .map(|column| format!("coalesce(CAST({alias}.{} AS VARCHAR), '')", ddl::identifier(column)));
    format!("concat_ws('/', {})", parts.collect::<Vec<_>>().join(", "))
}

/// A table expression without rows, with the columns that staged rows of `table` have.
pub(in crate::load) fn no_rows(table: &Table) -> Result<String, LoadError> {
    let rows = files_or_none(&[], || row_types(table))?;
    Ok(format!("(SELECT {} FROM {rows})", valid_columns(table).join(", ")))
}

fn row_types(table: &Table) -> Vec<(&'static str, &'static str)> {
    let declared = table.columns.iter().map(|column| (column.name, column.kind.sql_type()));
    let added = [
        ("_extra", "VARCHAR"),
        ("_present", "UBIGINT"),
        ("_seen_at", "TIMESTAMP"),
        ("_list", "UINTEGER"),
        ("_newest", "BOOLEAN"),
    ];
    declared.chain(added).collect()
}

/// SQL expressions of the columns of a staged row, with all JSON made valid.
///
/// Staged JSON is text. Text that is not valid JSON becomes a JSON string, so that no value fails the load or gets
/// lost.
fn valid_columns(table: &Table) -> Vec<String> {
    let declared = table.columns.iter().map(|column| (column.name.to_owned(), column.kind));
    let added = row_fields().map(|field| {
        let kind = if field.name() == "_extra" { Kind::Json } else { Kind::Text };
        (field.name().clone(), kind)
    });
    let expression = |(name, kind): (String, Kind)| {
        let name = ddl::identifier(&name);
        match kind {
            Kind::Json => format!("coalesce(TRY_CAST({name} AS JSON), to_json({name})) AS {name}"),
            _ => name,
        }
    };
    declared.chain(added).map(expression).collect()
}

/// The staged files as a table expression. Without files, an empty table expression with the same columns.
pub(in crate::load) fn files_or_none(
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
    Ok(files::parquet(files)?)
}
