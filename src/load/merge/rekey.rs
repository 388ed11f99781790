//! Merges rows that two endpoints show under different keys. One endpoint gives the API's own id; the other has no id,
//! and the key is a hash of the row's content. Both rows carry the hash, by which they are known to be the same. The
//! API's id stays as the key.

use crate::load::LoadError;
use crate::load::builder::Builder;
use crate::load::merge::cells::list_of;
use crate::load::merge::replace::Sides;
use crate::load::merge::sticky_columns;
use crate::schema::{Disposition, Table, ddl};

/// The column that holds the hash of a row's content.
const CONTENT_HASH: &str = "content_hash";

/// Keys that are replaced by another key, and the tables that hold them.
#[derive(Debug, Default)]
pub(in crate::load) struct Renamed {
    /// For each table with replaced keys: the table, the only column of its key, and the temporary table that maps
    /// `old` to `new` keys.
    keys: Vec<(&'static Table, &'static str, String)>,
}

impl Renamed {
    /// Looks for rows with two keys in a table that is about to be filled.
    pub(in crate::load) fn find(
        &mut self,
        next: &Builder,
        table: &'static Table,
        sides: &Sides,
    ) -> Result<(), LoadError> {
        let has_hash = table.columns.iter().any(|column| column.name == CONTENT_HASH);
        let (Disposition::Upsert, true, [key]) = (table.disposition, has_hash, table.key) else {
            return Ok(());
        };
        let name = ddl::identifier(&format!("renamed_{}", table.name));
        let column = ddl::identifier(key);
        let doing = "finding rows with two keys";
        let sql = format!(
            "CREATE TEMP TABLE {name} AS WITH known AS ( \
                SELECT {column} AS key, {CONTENT_HASH} AS hash FROM {staged} \
                UNION ALL SELECT {column}, {CONTENT_HASH} FROM {previous}) \
             SELECT h.key AS old, min(a.key) AS new FROM known h \
             JOIN known a ON a.hash = h.hash AND a.key <> a.hash WHERE h.key = h.hash GROUP BY h.key",
            staged = sides.staged,
            previous = sides.previous,
        );
        next.batch(doing, &sql)?;
        if next.number(doing, &format!("SELECT count(*) FROM {name}"))? > 0 {
            self.keys.push((table, key, name));
        }
        Ok(())
    }

    /// Both sides of a table without the replaced keys.
    pub(in crate::load) fn apply(&self, table: &Table, sides: Sides) -> Sides {
        let Sides { staged, previous } = sides;
        Sides { staged: self.without(table, staged), previous: self.without(table, previous) }
    }

    /// Rows of `table` without the replaced keys. Rows of the table itself are dropped. Rows of its child tables get
    /// the new key, unless there is a row with that key already.
    fn without(&self, table: &Table, rows: String) -> String {
        for (parent, key, map) in &self.keys {
            let column = ddl::identifier(key);
            if *parent == table {
                return format!("(SELECT * FROM {rows} WHERE {column} NOT IN (SELECT old FROM {map}))");
            }
            if (table.disposition == Disposition::Replace { scope: parent.key }) {
                let key = list_of(table.key);
                let known = sticky_columns::columns(table).into_iter().map(|column| {
                    format!("coalesce({column}, max({column}) OVER (PARTITION BY {key})) AS {column}")
                });
                let known: Vec<_> = known.collect();
                let known =
                    if known.is_empty() { String::new() } else { format!(" REPLACE ({})", known.join(", ")) };
                // Only rows with a replaced key are dropped as duplicates. A key that was staged twice has to stay
                // visible to the checks.
                return format!(
                    "(SELECT * EXCLUDE (given_up){known} FROM ( \
                        SELECT r.* REPLACE (coalesce(m.new, r.{column}) AS {column}), m.new IS NOT NULL AS given_up \
                        FROM {rows} r LEFT JOIN {map} m ON m.old = r.{column}) \
                      QUALIFY NOT given_up OR row_number() OVER (PARTITION BY {key} ORDER BY given_up) = 1)"
                );
            }
        }
        rows
    }
}
