//! The tables and views to export, and the types of their columns in the files.

use duckdb::Connection;

use super::{ExportError, ExportFormat, ManifestColumn, ManifestFile, ManifestTable};
use crate::query::{self, Reader, Type};
use crate::schema::ddl::identifier;
use crate::views::REFERENCE_TABLES;

/// The view that is exported by default.
const DEFAULT_VIEW: &str = "companies";

/// Sort key of tables that have both columns. Other tables are sorted by all their columns.
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
    kind: Type,
    /// Type in the file, by its DuckDB name.
    exported: String,
    /// Whether the type in the file differs from the type in the warehouse.
    cast: bool,
    comment: Option<String>,
}

impl Relation {
    /// The relations called `names`, or all tables and the view `companies` if `names` is empty. Sorted by name.
    ///
    /// # Errors
    /// [`ExportError::NoRelation`] if a name is unknown; else an error from DuckDB.
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

    /// Whether each row belongs to a country. A reference table does not count: its column `country` limits an entry
    /// to one country, and is empty for an entry that holds for all.
    pub(super) fn has_country(&self) -> bool {
        let is_reference = REFERENCE_TABLES.iter().any(|table| table.name == self.name);
        !is_reference && self.columns.iter().any(|column| column.name == "country")
    }

    /// The columns of a file: all of them, but without `country` if that is in the path.
    pub(super) fn in_file(&self, country_in_path: bool) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(move |column| !(country_in_path && column.name == "country"))
    }

    /// The SELECT for the rows of one file: those that meet `condition` (`None` for all), sorted.
    pub(super) fn select_sql(
        &self,
        country_in_path: bool,
        condition: Option<&str>,
        format: ExportFormat,
    ) -> String {
        let columns: Vec<String> =
            self.in_file(country_in_path).map(|column| column.select(format)).collect();
        let order: Vec<String> = self
            .sorted_by()
            .iter()
            .map(|column| format!("source.{} NULLS LAST", identifier(column)))
            .collect();
        let condition = condition.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
        // The names are qualified, so that the rows are ordered by the warehouse's columns and not by casts of the
        // same name.
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
            // Child rows of a company are sorted by the rest of their own key.
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

    /// Column comments as a JSON object, for the metadata of Parquet files.
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
    /// The column as the writers of `query` take it.
    pub(super) fn described(&self) -> query::Column {
        query::Column { name: self.name.clone(), kind: self.kind.clone() }
    }

    fn select(&self, format: ExportFormat) -> String {
        let name = identifier(&self.name);
        match format {
            ExportFormat::Parquet if !self.cast => name,
            ExportFormat::Parquet => format!("CAST({name} AS {}) AS {name}", self.exported),
            // The writers of `query` take every value as DuckDB's text.
            ExportFormat::Csv | ExportFormat::Xlsx => format!("CAST({name} AS VARCHAR) AS {name}"),
        }
    }
}

fn relations(conn: &Connection) -> duckdb::Result<Vec<(String, bool)>> {
    let sql = "SELECT view_name AS name, true FROM duckdb_views() \
               WHERE NOT internal AND database_name = current_database() AND schema_name = 'main' \
               UNION ALL SELECT table_name, false FROM duckdb_tables() \
               WHERE NOT internal AND database_name = current_database() AND schema_name = 'main' ORDER BY name";
    conn.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn columns(conn: &Connection, relation: &str) -> duckdb::Result<Vec<Column>> {
    let all = conn.prepare(&format!("FROM \"main\".{}", identifier(relation)))?;
    let sql = "SELECT column_name, data_type, comment FROM duckdb_columns() \
               WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ? \
               ORDER BY column_index";
    let described: Vec<(String, String, Option<String>)> = conn
        .prepare(sql)?
        .query_map([relation], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<duckdb::Result<_>>()?;
    let column = |(index, (name, data_type, comment))| {
        let kind = Type::of(&all.column_logical_type(index));
        // `None` if Spark reads the type as it is.
        let exported = kind.in_file(Reader::Spark);
        Column { name, cast: exported.is_some(), exported: exported.unwrap_or(data_type), comment, kind }
    };
    Ok(described.into_iter().enumerate().map(column).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_selected_in_order_with_types_that_spark_reads() {
        let column = |name: &str, kind: Type| Column {
            name: name.to_owned(),
            cast: kind.in_file(Reader::Spark).is_some(),
            exported: kind.in_file(Reader::Spark).unwrap_or_else(|| "VARCHAR".to_owned()),
            comment: None,
            kind,
        };
        let mut relation = Relation {
            name: "p".into(),
            columns: vec![
                column("country", Type::Text),
                column("business_id", Type::Text),
                column("n", Type::Integer("HUGEINT")),
            ],
        };
        assert_eq!(
            relation.select_sql(true, Some("country = 'FI'"), ExportFormat::Parquet),
            "SELECT \"business_id\", CAST(\"n\" AS DECIMAL(38,0)) AS \"n\" FROM \"main\".\"p\" AS source \
             WHERE country = 'FI' ORDER BY source.\"country\" NULLS LAST, source.\"business_id\" NULLS LAST"
        );
        assert_eq!(
            relation.select_sql(true, None, ExportFormat::Xlsx),
            "SELECT CAST(\"business_id\" AS VARCHAR) AS \"business_id\", CAST(\"n\" AS VARCHAR) AS \"n\" \
             FROM \"main\".\"p\" AS source ORDER BY source.\"country\" NULLS LAST, source.\"business_id\" NULLS LAST"
        );
        relation.columns.push(column("year", Type::Integer("BIGINT")));
        assert_eq!(relation.sorted_by(), ["country", "business_id", "year"]);
        relation.columns.remove(1);
        assert_eq!(relation.sorted_by(), ["country", "n", "year"]);
    }
}
