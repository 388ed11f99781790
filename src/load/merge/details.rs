//! Finds when the details of companies were read, from the scopes of the streams that ask about single companies.

use crate::load::LoadError;
use crate::load::builder::Builder;
use crate::load::merge::sources::TableLoad;
use crate::schema::{Disposition, Role, Table};

/// Table expression with `country`, `business_id` and `_seen_at`. If several streams have read a company's details, the
/// earliest time of the run counts, so that no detail is older than `_details_at` says. `None` if no details were read.
pub(in crate::load) fn read(
    next: &Builder,
    companies: &TableLoad<'_>,
    loads: &[TableLoad<'_>],
) -> Result<Option<String>, LoadError> {
    if !companies.table.has(Role::Details) {
        return Ok(None);
    }
    let mut parts = Vec::new();
    let sources = loads.iter().filter(|load| names_companies(load.table)).flat_map(|load| &load.sources);
    for source in sources.filter(|source| source.about_companies()) {
        let scopes = source.scopes()?;
        parts.extend(scopes.map(|scopes| format!("SELECT country, business_id, _seen_at FROM {scopes}")));
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT country, business_id, min(_seen_at) AS _seen_at FROM ({}) GROUP BY country, business_id",
        parts.join(" UNION ALL ")
    );
    let name = format!("details_{}", companies.table.name);
    next.joining(|| next.store("finding the details read", &name, &sql)).map(Some)
}

/// Whether the scopes of a table are companies.
fn names_companies(table: &Table) -> bool {
    match table.disposition {
        Disposition::Merge => true,
        Disposition::Replace { scope } => ["country", "business_id"].iter().all(|name| scope.contains(name)),
        Disposition::Upsert | Disposition::Load => false,
    }
}
