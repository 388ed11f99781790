//! The SQL that creates a table, with comments that describe it in the file itself.

use super::{Sharing, Table};

/// `text` as an SQL string literal. A statement cannot hold NUL, so a text with NUL becomes an expression with
/// `chr(0)`.
pub fn literal(text: &str) -> String {
    let quoted = format!("'{}'", text.replace('\'', "''"));
    if text.contains('\0') { format!("({})", quoted.replace('\0', "' || chr(0) || '")) } else { quoted }
}

/// `name` as an SQL identifier.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `CREATE TABLE` of `table` in the connection's current database.
///
/// There is no PRIMARY KEY, because its index would stay in memory for as long as the table is open. Uniqueness is
/// checked before a load is published. If it is known whether rows share their texts, the compression is stated: to
/// try every way takes an eighth of the time of a load.
pub fn create_table(table: &Table) -> String {
    let columns: Vec<String> = table
        .all_columns()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            let compression = match column.sharing {
                Sharing::Unknown => "",
                Sharing::Rare => " USING COMPRESSION fsst",
                Sharing::Common => " USING COMPRESSION dictionary",
            };
            format!("    {} {}{null}{compression}", identifier(column.name), column.kind.sql_type())
        })
        .collect();
    format!("CREATE TABLE {} (\n{}\n);\n", table.qualified(), columns.join(",\n"))
}

/// `COMMENT ON` for `table` and each of its columns.
pub fn comments(table: &Table) -> String {
    let name = table.qualified();
    let mut sql = format!("COMMENT ON TABLE {name} IS {};\n", literal(table.doc));
    for column in table.all_columns() {
        let comment = literal(&column.comment());
        sql.push_str(&format!("COMMENT ON COLUMN {name}.{} IS {comment};\n", identifier(column.name)));
    }
    sql
}
