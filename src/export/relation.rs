//! Tables and views to export, with the types they get.

use duckdb::Connection;

use super::{ExportError, ManifestColumn, ManifestFile, ManifestTable};
use crate::schema::ddl::identifier;

/// The view that is exported without being asked for.
const DEFAULT_VIEW: &str = "companies";

/// Rows of a table with this key are sorted by it; other tables by all their columns.
const KEY: [&str; 2] = ["country", "business_id"];

/// A table or view of schema `main`.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// DuckDB's type in the file.
    exported: String,
    /// Whether the type differs from the warehouse's.
    cast: bool,
    comment: Option<String>,
}

impl Relation {
    /// The relations called `names`, or all tables and the view `companies`; in the order of their names.
    pub(super) fn select(conn: &Connection, names: &[String]) -> Result<Vec<Self>, ExportError> {
        let all = relations(conn).map_err(ExportError::Catalog)?;
        for name in names {
            if !all.iter().any(|(known, _)| known == name) {
                let known = all.into_iter().map(|(known, _)| known).collect();
                return Err(ExportError::NoRelation { name: name.clone(), known });
            }
        }
        let wanted = |name: &String, is_view: bool| {
            if names.is_empty() { !is_view || name == DEFAULT_VIEW } else { names.contains(name) }
        };
        all.into_iter()
            .filter(|(name, is_view)| wanted(name, *is_view))
            .map(|(name, _)| {
                let columns = columns(conn, &name).map_err(|source| ExportError::table(&name, source))?;
                Ok(Self { name, columns })
            })
            .collect()
    }

    pub(super) fn has_country(&self) -> bool {
        self.columns.iter().any(|column| column.name == "country")
    }

    /// The SELECT whose rows a file gets: all columns but `country` when it stands in the path, rows that meet
    /// `condition`, sorted.
    pub(super) fn select_sql(&self, country_in_path: bool, condition: Option<&str>) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .filter(|column| !(country_in_path && column.name == "country"))
            .map(Column::select)
            .collect();
        let order: Vec<String> = self
            .sorted_by()
            .iter()
            .map(|column| format!("source.{} NULLS LAST", identifier(column)))
            .collect();
        let condition = condition.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
        // Qualified, so that the order is by the warehouse's columns and not by a cast of the same name.
        format!(
            "SELECT {} FROM \"main\".{} AS source{condition} ORDER BY {}",
            columns.join(", "),
            identifier(&self.name),
            order.join(", "),
        )
    }

    fn sorted_by(&self) -> Vec<String> {
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        if KEY.iter().all(|key| names.iter().any(|name| name == key)) {
            // Child rows follow their company in the order that their own key gives.
            let own = |name: &&String| ["position", "year", "technology"].contains(&name.as_str());
            return KEY
                .iter()
                .map(|key| (*key).to_owned())
                .chain(names.iter().filter(own).cloned())
                .collect();
        }
        names
    }

    pub(super) fn manifest(
        &self,
        files: Vec<ManifestFile>,
        by_country: bool,
        whole_because: Option<String>,
    ) -> ManifestTable {
        let column = |column: &Column| ManifestColumn {
            name: column.name.clone(),
            data_type: column.exported.clone(),
            comment: column.comment.clone(),
        };
        let partitioned_by = if by_country { vec!["country".to_owned()] } else { Vec::new() };
        ManifestTable {
            name: self.name.clone(),
            rows: files.iter().map(|file| file.rows).sum(),
            sorted_by: self.sorted_by(),
            partitioned_by,
            whole_because,
            columns: self.columns.iter().map(column).collect(),
            files,
        }
    }

    /// Column comments as JSON, for the files' own metadata.
    pub(super) fn comments(&self) -> String {
        let comments = self.columns.iter().filter_map(|column| {
            column
                .comment
                .as_ref()
                .map(|comment| (column.name.clone(), serde_json::Value::from(comment.as_str())))
        });
        serde_json::Value::Object(comments.collect()).to_string()
    }
}

impl Column {
    fn select(&self) -> String {
        let name = identifier(&self.name);
        if self.cast { format!("CAST({name} AS {}) AS {name}", self.exported) } else { name }
    }
}

/// The type that a column of DuckDB type `data_type` gets in the files: itself, unless Spark reads it as another type
/// or not at all.
fn exported_type(data_type: &str) -> Option<&'static str> {
    Some(match data_type {
        "HUGEINT" => "DECIMAL(38,0)", // would be written as DOUBLE
        "UBIGINT" => "DECIMAL(20,0)",
        "UINTEGER" => "BIGINT",
        "USMALLINT" => "INTEGER",
        "UTINYINT" => "SMALLINT",
        "TIMESTAMP_NS" => "TIMESTAMP",
        "JSON" | "UHUGEINT" | "UUID" | "TIME" | "TIME WITH TIME ZONE" | "TIME_NS" | "INTERVAL" | "BIT" => {
            "VARCHAR"
        }
        _ => return None,
    })
}

fn relations(conn: &Connection) -> duckdb::Result<Vec<(String, bool)>> {
    let sql = "SELECT view_name AS name, true FROM duckdb_views() \
               WHERE NOT internal AND database_name = current_database() AND schema_name = 'main' \
               UNION ALL SELECT table_name, false FROM duckdb_tables() \
               WHERE NOT internal AND database_name = current_database() AND schema_name = 'main' ORDER BY name";
    conn.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn columns(conn: &Connection, relation: &str) -> duckdb::Result<Vec<Column>> {
    let sql = "SELECT column_name, data_type, comment FROM duckdb_columns() \
               WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ? \
               ORDER BY column_index";
    conn.prepare(sql)?
        .query_map([relation], |row| {
            let data_type: String = row.get(1)?;
            let exported = exported_type(&data_type);
            Ok(Column {
                name: row.get(0)?,
                cast: exported.is_some(),
                exported: exported.map_or(data_type, str::to_owned),
                comment: row.get(2)?,
            })
        })?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_selected_in_order_with_types_that_spark_reads() {
        let column = |name: &str, data_type: &str| Column {
            name: name.to_owned(),
            cast: exported_type(data_type).is_some(),
            exported: exported_type(data_type).unwrap_or(data_type).to_owned(),
            comment: None,
        };
        let mut relation = Relation {
            name: "p".into(),
            columns: vec![
                column("country", "VARCHAR"),
                column("business_id", "VARCHAR"),
                column("n", "HUGEINT"),
            ],
        };
        assert_eq!(
            relation.select_sql(true, Some("country = 'FI'")),
            "SELECT \"business_id\", CAST(\"n\" AS DECIMAL(38,0)) AS \"n\" FROM \"main\".\"p\" AS source \
             WHERE country = 'FI' ORDER BY source.\"country\" NULLS LAST, source.\"business_id\" NULLS LAST"
        );
        relation.columns.push(column("year", "BIGINT"));
        assert_eq!(relation.sorted_by(), ["country", "business_id", "year"]);
        relation.columns.remove(1);
        assert_eq!(relation.sorted_by(), ["country", "n", "year"]);
    }
}
