//! Column types, as far as the writers need them, and the types that replace them in files.

use arrow::datatypes::DataType;
use duckdb::core::{LogicalTypeHandle, LogicalTypeId};

use crate::schema::ddl::identifier;

/// A DuckDB type. Types without special treatment by a writer are [`Type::Other`]; their values are written as
/// DuckDB's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Boolean,
    /// An integer type, by its DuckDB name.
    Integer(&'static str),
    /// FLOAT or DOUBLE.
    Float(&'static str),
    Decimal {
        width: u8,
        scale: u8,
    },
    Date,
    /// A type for the time of day, by its DuckDB name.
    Time(&'static str),
    /// A timestamp type without a zone, by its DuckDB name.
    Timestamp(&'static str),
    TimestampTz,
    Interval,
    Text,
    Json,
    Blob,
    /// BIT, ENUM, GEOMETRY, UNION, UUID, VARIANT and types that a later DuckDB adds.
    Other,
    List {
        of: Box<Type>,
        /// Whether it is an ARRAY of fixed length, a type that only DuckDB's own file format has.
        fixed: bool,
    },
    Struct(Vec<(String, Type)>),
    Map(Box<Type>, Box<Type>),
}

/// The programs that have to be able to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Programs that read all types of Arrow and Parquet.
    Arrow,
    /// Spark, which has no unsigned integers and no nanoseconds.
    Spark,
}

impl Type {
    pub(crate) fn of(handle: &LogicalTypeHandle) -> Self {
        match handle.id() {
            LogicalTypeId::Boolean => Self::Boolean,
            LogicalTypeId::Tinyint => Self::Integer("TINYINT"),
            LogicalTypeId::Smallint => Self::Integer("SMALLINT"),
            LogicalTypeId::Integer => Self::Integer("INTEGER"),
            LogicalTypeId::Bigint => Self::Integer("BIGINT"),
            LogicalTypeId::UTinyint => Self::Integer("UTINYINT"),
            LogicalTypeId::USmallint => Self::Integer("USMALLINT"),
            LogicalTypeId::UInteger => Self::Integer("UINTEGER"),
            LogicalTypeId::UBigint => Self::Integer("UBIGINT"),
            LogicalTypeId::Hugeint => Self::Integer("HUGEINT"),
            LogicalTypeId::UHugeint => Self::Integer("UHUGEINT"),
            LogicalTypeId::Bignum => Self::Integer("BIGNUM"),
            LogicalTypeId::Float => Self::Float("FLOAT"),
            LogicalTypeId::Double => Self::Float("DOUBLE"),
            LogicalTypeId::Decimal => {
                Self::Decimal { width: handle.decimal_width(), scale: handle.decimal_scale() }
            }
            LogicalTypeId::Date => Self::Date,
            LogicalTypeId::Time => Self::Time("TIME"),
            LogicalTypeId::TimeTZ => Self::Time("TIME WITH TIME ZONE"),
            LogicalTypeId::TimeNs => Self::Time("TIME_NS"),
            LogicalTypeId::Timestamp => Self::Timestamp("TIMESTAMP"),
            LogicalTypeId::TimestampS => Self::Timestamp("TIMESTAMP_S"),
            LogicalTypeId::TimestampMs => Self::Timestamp("TIMESTAMP_MS"),
            LogicalTypeId::TimestampNs => Self::Timestamp("TIMESTAMP_NS"),
            LogicalTypeId::TimestampTZ => Self::TimestampTz,
            LogicalTypeId::Interval => Self::Interval,
            LogicalTypeId::Varchar if handle.get_alias().as_deref() == Some("JSON") => Self::Json,
            LogicalTypeId::Varchar => Self::Text,
            LogicalTypeId::Blob => Self::Blob,
            LogicalTypeId::List => Self::List { of: Box::new(Self::of(&handle.child(0))), fixed: false },
            LogicalTypeId::Array => Self::List { of: Box::new(Self::of(&handle.child(0))), fixed: true },
            LogicalTypeId::Map => {
                Self::Map(Box::new(Self::of(&handle.child(0))), Box::new(Self::of(&handle.child(1))))
            }
            LogicalTypeId::Struct => {
                let field = |index| (handle.child_name(index), Self::of(&handle.child(index)));
                let fields: Vec<_> = (0..handle.num_children()).map(field).collect();
                // The fields of `row(1, 2)` have no names, and SQL cannot name such a type.
                if fields.iter().all(|(name, _)| !name.is_empty()) {
                    Self::Struct(fields)
                } else {
                    Self::Other
                }
            }
            _ => Self::Other,
        }
    }

    /// The type of a column that does not come from DuckDB.
    pub(super) fn of_arrow(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean,
            integer if integer.is_integer() => Self::Integer("BIGINT"),
            DataType::Float32 | DataType::Float64 => Self::Float("DOUBLE"),
            _ => Self::Text,
        }
    }

    /// Whether the values are numbers. Numbers are aligned right and never treated as formulas.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Float(_) | Self::Decimal { .. })
    }

    /// Whether a value may have a decimal point.
    pub(crate) fn has_point(&self) -> bool {
        matches!(self, Self::Float(_) | Self::Decimal { .. })
    }

    /// Whether a value may begin with any character, so that a spreadsheet could read it as a formula. True also for
    /// JSON, lists and enums; false for numbers, dates, times and booleans.
    pub(crate) fn is_text(&self) -> bool {
        !(self.is_number()
            || matches!(
                self,
                Self::Boolean
                    | Self::Date
                    | Self::Time(_)
                    | Self::Timestamp(_)
                    | Self::TimestampTz
                    | Self::Interval
            ))
    }

    /// The SQL type with the same nesting and VARCHAR for each value in it, for the JSON writers.
    pub(super) fn as_texts(&self) -> String {
        match self {
            Self::List { of, .. } => format!("{}[]", of.as_texts()),
            Self::Struct(fields) => struct_of(fields.iter().map(|(name, of)| (name, of.as_texts()))),
            Self::Map(_, value) => format!("MAP(VARCHAR, {})", value.as_texts()),
            _ => "VARCHAR".to_owned(),
        }
    }

    /// The SQL type that replaces this one in a Parquet file for `reader`; `None` if this type is kept. Types that
    /// Parquet does not have become VARCHAR, with DuckDB's text.
    pub(crate) fn in_file(&self, reader: Reader) -> Option<String> {
        let spark = reader == Reader::Spark;
        let other = match self {
            Self::Integer("HUGEINT") => "DECIMAL(38,0)", // DuckDB would write a DOUBLE, Arrow would drop a digit
            Self::Integer("UBIGINT") if spark => "DECIMAL(20,0)",
            Self::Integer("UINTEGER") if spark => "BIGINT",
            Self::Integer("USMALLINT") if spark => "INTEGER",
            Self::Integer("UTINYINT") if spark => "SMALLINT",
            Self::Timestamp("TIMESTAMP_NS") if spark => "TIMESTAMP",
            Self::Timestamp("TIMESTAMP_S" | "TIMESTAMP_MS") => "TIMESTAMP",
            Self::Integer("UHUGEINT" | "BIGNUM")
            | Self::Time(_)
            | Self::Interval
            | Self::Json
            | Self::Other => "VARCHAR",
            Self::List { of, fixed } => {
                let inner = of.in_file(reader);
                return (*fixed || inner.is_some())
                    .then(|| format!("{}[]", inner.unwrap_or_else(|| of.sql())));
            }
            Self::Struct(fields) => {
                let differs = fields.iter().any(|(_, of)| of.in_file(reader).is_some());
                let inside = |of: &Self| of.in_file(reader).unwrap_or_else(|| of.sql());
                return differs.then(|| struct_of(fields.iter().map(|(name, of)| (name, inside(of)))));
            }
            Self::Map(key, value) => {
                let (new_key, new_value) = (key.in_file(reader), value.in_file(reader));
                return (new_key.is_some() || new_value.is_some()).then(|| {
                    let key = new_key.unwrap_or_else(|| key.sql());
                    format!("MAP({key}, {})", new_value.unwrap_or_else(|| value.sql()))
                });
            }
            _ => return None,
        };
        Some(other.to_owned())
    }

    /// DuckDB's name of the type; VARCHAR for [`Type::Other`].
    fn sql(&self) -> String {
        match self {
            Self::Boolean => "BOOLEAN".to_owned(),
            Self::Integer(name) | Self::Float(name) | Self::Time(name) | Self::Timestamp(name) => {
                (*name).to_owned()
            }
            Self::Decimal { width, scale } => format!("DECIMAL({width},{scale})"),
            Self::Date => "DATE".to_owned(),
            Self::TimestampTz => "TIMESTAMP WITH TIME ZONE".to_owned(),
            Self::Interval => "INTERVAL".to_owned(),
            Self::Json => "JSON".to_owned(),
            Self::Blob => "BLOB".to_owned(),
            Self::Text | Self::Other => "VARCHAR".to_owned(),
            Self::List { of, .. } => format!("{}[]", of.sql()),
            Self::Struct(fields) => struct_of(fields.iter().map(|(name, of)| (name, of.sql()))),
            Self::Map(key, value) => format!("MAP({}, {})", key.sql(), value.sql()),
        }
    }
}

fn struct_of<'a>(fields: impl Iterator<Item = (&'a String, String)>) -> String {
    let fields: Vec<String> = fields.map(|(name, of)| format!("{} {of}", identifier(name))).collect();
    format!("STRUCT({})", fields.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use duckdb::Connection;

    fn type_of(value: &str) -> Type {
        let conn = Connection::open_in_memory().unwrap();
        let statement = conn.prepare(&format!("SELECT {value}")).unwrap();
        Type::of(&statement.column_logical_type(0))
    }

    #[test]
    fn types_of_files_hold_what_arrow_and_spark_know() {
        for (value, arrow, spark) in [
            ("1", None, None),
            ("1::UINTEGER", None, Some("BIGINT")),
            ("1::UBIGINT", None, Some("DECIMAL(20,0)")),
            ("1::HUGEINT", Some("DECIMAL(38,0)"), Some("DECIMAL(38,0)")),
            ("1::BIGNUM", Some("VARCHAR"), Some("VARCHAR")),
            ("'x'::JSON", Some("VARCHAR"), Some("VARCHAR")),
            ("uuid()", Some("VARCHAR"), Some("VARCHAR")),
            ("now()", None, None),
            ("'2026-01-01'::TIMESTAMP_S", Some("TIMESTAMP"), Some("TIMESTAMP")),
            ("[1]", None, None),
            ("[1]::INTEGER[1]", Some("INTEGER[]"), Some("INTEGER[]")),
            ("[union_value(a := 1)]", Some("VARCHAR[]"), Some("VARCHAR[]")),
            ("{'a': 1, 'b\"': '1'::BIT}", Some(r#"STRUCT("a" INTEGER, "b""" VARCHAR)"#), None),
            ("map {'k': 1::HUGEINT}", Some("MAP(VARCHAR, DECIMAL(38,0))"), None),
            ("row(1, 2)", Some("VARCHAR"), Some("VARCHAR")),
        ] {
            let found = type_of(value);
            assert_eq!(found.in_file(Reader::Arrow).as_deref(), arrow, "{value}");
            let spark = spark.or(arrow.filter(|other| other.starts_with(['S', 'M'])));
            assert_eq!(found.in_file(Reader::Spark).as_deref(), spark, "{value}");
        }
    }

    #[test]
    fn json_gets_the_nesting_with_texts_in_it() {
        assert_eq!(type_of("1").as_texts(), "VARCHAR");
        assert_eq!(
            type_of("[{'a': 1, 'm': map {1: now()}}]").as_texts(),
            r#"STRUCT("a" VARCHAR, "m" MAP(VARCHAR, VARCHAR))[]"#
        );
    }
}
