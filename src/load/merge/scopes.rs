//! Which part of a table was read again: the scopes whose earlier rows are replaced as a whole by the staged ones.

use duckdb::params;

use crate::catalog::{At, Lists, Target};
use crate::load::builder::Builder;
use crate::load::merge::cells::{list_of, same, same_key};
use crate::load::merge::members;
use crate::load::merge::sources::{StagedSource, TableLoad, stream_named};
use crate::load::{ListResult, LoadError, LoadInput};
use crate::schema::{Disposition, Table, ddl};

const DOING: &str = "finding what was read";

/// What the run has read of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::load) enum Read {
    /// Single rows only. No earlier row is removed.
    Rows,
    /// The whole table.
    Whole,
    /// Scopes of the table. The temporary table also has `id`, the list that was about the scope, and `source`, the
    /// position of the source that has read it. `id` is NULL if the scope was staged, and both are NULL for a retired
    /// list.
    Scopes {
        /// Name of the temporary table.
        read: String,
        /// The columns that identify a scope.
        columns: &'static [&'static str],
    },
}

impl Read {
    /// Condition on the row `o` of the source at `position`: no earlier source has read the row's scope.
    pub(in crate::load) fn first_in_scope(&self, table: &Table, position: usize) -> String {
        match self {
            Self::Rows | Self::Whole => "true".to_owned(),
            Self::Scopes { read, columns } => {
                let scope = same(table, columns, "r", "o");
                format!("NOT EXISTS (SELECT 1 FROM {read} r WHERE r.source < {position} AND {scope})")
            }
        }
    }

    /// A join that looks up the scope of the earlier row `p` as `r`, and the condition that it was not read.
    pub(in crate::load) fn unread(&self, table: &Table) -> (String, String) {
        match self {
            Self::Rows => (String::new(), "true".to_owned()),
            Self::Whole => (String::new(), "false".to_owned()),
            Self::Scopes { read, columns } => (
                format!(
                    " LEFT JOIN (SELECT DISTINCT {}, true AS read FROM {read}) r ON {}",
                    list_of(columns),
                    same(table, columns, "r", "p"),
                ),
                "r.read IS NULL".to_owned(),
            ),
        }
    }
}

/// Finds which part of a table the run has read.
pub(in crate::load) fn read(
    next: &Builder,
    input: &LoadInput,
    load: &TableLoad<'_>,
) -> Result<Read, LoadError> {
    let Disposition::Replace { scope } = load.table.disposition else { return Ok(Read::Rows) };
    if scope.is_empty() {
        let mut lists = load.sources.iter().flat_map(StagedSource::lists).peekable();
        let whole = lists.peek().is_some() && lists.all(|list| list.verdict.complete);
        return Ok(if whole { Read::Whole } else { Read::Rows });
    }
    let read = ddl::identifier(&format!("read_{}", load.table.name));
    let types = load.table.columns.iter().filter(|column| scope.contains(&column.name));
    let types: Vec<_> = types
        .map(|column| format!(", {} {}", ddl::identifier(column.name), column.kind.sql_type()))
        .collect();
    next.batch(DOING, &format!("CREATE TEMP TABLE {read} (id UINTEGER, source UINTEGER{})", types.concat()))?;
    let insert = format!("INSERT INTO {read} (id, source, {})", list_of(scope));
    for (position, source) in load.sources.iter().enumerate() {
        if let Some(scopes) = source.scopes()? {
            let sql = format!("{insert} SELECT NULL, {position}, {} FROM {scopes}", list_of(scope));
            next.batch(DOING, &sql)?;
        }
    }
    let values = scopes_of_complete_lists(load, scope).into_iter().chain(retired(input, load.table, scope));
    let values: Vec<_> = values.collect();
    if !values.is_empty() {
        next.batch(DOING, &format!("{insert} VALUES {}", values.join(", ")))?;
    }
    Ok(Read::Scopes { read, columns: scope })
}

/// The scopes that complete lists were about, as SQL rows with the id of the list and the position of the source.
fn scopes_of_complete_lists(load: &TableLoad<'_>, scope: &[&str]) -> Vec<String> {
    let row = |(position, id, list): (usize, usize, &ListResult)| {
        let value = |column: &&str| list.parent.iter().find(|(name, _)| name == column);
        let values: Option<Vec<_>> = scope.iter().map(value).collect();
        let values: Vec<_> = values?.into_iter().map(|(_, value)| ddl::literal(value)).collect();
        list.verdict.complete.then(|| format!("({id}, {position}, {})", values.join(", ")))
    };
    let lists = load.sources.iter().enumerate().flat_map(|(position, source)| {
        (source.first_list..).zip(source.lists()).map(move |(id, list)| (position, id, list))
    });
    lists.filter_map(row).collect()
}

/// The scopes of retired lists, which are empty now, as SQL rows.
fn retired(input: &LoadInput, table: &Table, scope: &[&str]) -> Vec<String> {
    let concerns = |stream: &str| {
        stream_named(input, stream).is_some_and(|stream| {
            let is_record = |target: &Target| target.table == table && target.at == At::Record;
            matches!(stream.lists, Lists::EachOf(_)) && stream.targets.iter().any(is_record)
        })
    };
    let retired = input.retired.iter().filter(|(stream, _)| scope.len() == 1 && concerns(stream));
    retired.map(|(_, list)| format!("(NULL, NULL, {})", ddl::literal(list))).collect()
}

/// A query that counts, for each list's id, the earlier rows of its scope (`known`) and those of them that are not in
/// `rows` (`lost`). `None` if there is no previous generation, or if the lists do not say which part of the table was
/// read.
fn lost(next: &Builder, load: &TableLoad<'_>, read: &Read, rows: &str) -> Result<Option<String>, LoadError> {
    let (table, Some(previous)) = (load.table, next.previous(load.table)?) else { return Ok(None) };
    let about_companies = load.sources.iter().find(|source| source.about_companies());
    let id = match (read, about_companies.or(load.sources.first())) {
        (Read::Scopes { .. } | Read::Whole, None) | (Read::Rows, _) => return Ok(None),
        (Read::Scopes { read, columns }, Some(_)) if about_companies.is_none() => {
            let scope = same(table, columns, "r", "p");
            let lists = format!("(SELECT DISTINCT * FROM {read} WHERE id IS NOT NULL)");
            format!("r.id AS id FROM ({previous}) p JOIN {lists} r ON {scope}")
        }
        (_, Some(source)) => format!("{}::UINTEGER AS id FROM ({previous}) p", source.first_list),
    };
    let key = list_of(table.key);
    Ok(Some(format!(
        "SELECT id, count(*) AS known, count(*) FILTER (there IS NULL) AS lost FROM ( \
            SELECT q.there, {id} LEFT JOIN (SELECT DISTINCT {key}, true AS there FROM {rows}) q ON {same}) \
         GROUP BY id",
        same = same_key(table, "q", "p"),
    )))
}

/// Number of rows that each list has lost, by the list's id. Run it after the table is filled.
pub(in crate::load) fn deleted(
    next: &Builder,
    load: &TableLoad<'_>,
    read: &Read,
) -> Result<Vec<(usize, u64)>, LoadError> {
    let filled = format!("next.{}", load.table.qualified());
    let Some(lost) = lost(next, load, read, &filled)? else { return Ok(Vec::new()) };
    next.rows("counting what changed", &lost, [], |row| Ok((row.get(0)?, row.get(2)?)))
}

/// Refuses a load in which a complete list loses too many rows of its scope, as [`members::guard`] does for companies.
pub(in crate::load) fn guard(
    next: &Builder,
    load: &TableLoad<'_>,
    read: &Read,
    staged: &str,
    max_deleted_percent: f64,
) -> Result<(), LoadError> {
    let guarded = |source: &StagedSource<'_>| {
        matches!(source.input.stream.lists, Lists::Whole | Lists::EachOf(_)) && source.is_main()
    };
    if !load.sources.iter().all(guarded) {
        return Ok(());
    }
    let Some(losses) = lost(next, load, read, staged)? else { return Ok(()) };
    let sql = format!(
        "SELECT id, known, lost FROM ({losses}) \
         WHERE known >= ? AND lost * 100.0 > known * CAST(? AS DOUBLE) ORDER BY lost / known DESC, id LIMIT 1"
    );
    let params = params![members::GUARDED_FROM, max_deleted_percent];
    let worst: Vec<(usize, u64, u64)> =
        next.rows(DOING, &sql, params, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let Some((id, known, gone)) = worst.into_iter().next() else { return Ok(()) };
    let named = |source: &StagedSource<'_>| {
        let found = source.lists().get(id.checked_sub(source.first_list)?)?;
        Some(found.list.clone())
    };
    let list = load.sources.iter().find_map(named).unwrap_or_default();
    Err(LoadError::TooManyDeleted { list, of: "rows", known, lost: gone, limit_percent: max_deleted_percent })
}
