//! Values of every type: least, greatest, odd.

/// What a value is as JSON.
#[derive(Clone, Copy)]
pub(super) enum Json {
    /// The text as it is, unless it is `nan` or infinite: that is a string.
    Number,
    /// A string.
    Text,
    /// The text as it is.
    Same,
    /// This.
    Raw(&'static str),
}

pub(super) struct Value {
    pub(super) sql: &'static str,
    pub(super) json: Json,
    /// Whether Parquet has room for it.
    pub(super) parquet: bool,
}

const fn number(sql: &'static str) -> Value {
    Value { sql, json: Json::Number, parquet: true }
}

const fn text(sql: &'static str) -> Value {
    Value { sql, json: Json::Text, parquet: true }
}

const fn raw(sql: &'static str, json: &'static str) -> Value {
    Value { sql, json: Json::Raw(json), parquet: true }
}

const fn same(sql: &'static str) -> Value {
    Value { sql, json: Json::Same, parquet: true }
}

const fn too_wide(sql: &'static str) -> Value {
    Value { sql, json: Json::Number, parquet: false }
}

/// Each logical type of DuckDB, and values of it.
pub(super) const TYPES: &[(&str, &[Value])] = &[
    ("NULL", &[text("NULL")]),
    ("BOOLEAN", &[same("true"), same("false"), text("NULL::BOOLEAN")]),
    ("TINYINT", &[number("'-128'::TINYINT"), number("127::TINYINT")]),
    ("SMALLINT", &[number("'-32768'::SMALLINT"), number("32767::SMALLINT")]),
    ("INTEGER", &[number("'-2147483648'::INTEGER"), number("2147483647"), text("NULL::INTEGER")]),
    (
        "BIGINT",
        &[
            number("'-9223372036854775808'::BIGINT"),
            number("9223372036854775807"),
            number("999999999999999::BIGINT"),
        ],
    ),
    ("UTINYINT", &[number("0::UTINYINT"), number("255::UTINYINT")]),
    ("USMALLINT", &[number("0::USMALLINT"), number("65535::USMALLINT")]),
    ("UINTEGER", &[number("0::UINTEGER"), number("4294967295::UINTEGER")]),
    ("UBIGINT", &[number("0::UBIGINT"), number("18446744073709551615::UBIGINT")]),
    (
        "HUGEINT",
        &[
            number("0::HUGEINT"),
            number("99999999999999999999999999999999999999::HUGEINT"),
            number("'-99999999999999999999999999999999999999'::HUGEINT"),
            too_wide("170141183460469231731687303715884105727::HUGEINT"),
            too_wide("'-170141183460469231731687303715884105728'::HUGEINT"),
        ],
    ),
    ("UHUGEINT", &[number("0::UHUGEINT"), number("340282366920938463463374607431768211455::UHUGEINT")]),
    (
        "BIGNUM",
        &[
            number("'0'::BIGNUM"),
            number("'-123456789012345678901234567890123456789012345678901234567890'::BIGNUM"),
            number("'7'::BIGNUM"),
        ],
    ),
    (
        "FLOAT",
        &[
            number("0.1::FLOAT"),
            number("'-3.4028235e38'::FLOAT"),
            number("'1e-45'::FLOAT"),
            number("'-0.0'::FLOAT"),
            number("'nan'::FLOAT"),
            number("'infinity'::FLOAT"),
        ],
    ),
    (
        "DOUBLE",
        &[
            number("0.1::DOUBLE + 0.2::DOUBLE"),
            number("33.333333333333336::DOUBLE"),
            number("1.7976931348623157e308::DOUBLE"),
            number("'-5e-324'::DOUBLE"),
            number("'-0.0'::DOUBLE"),
            number("1e15::DOUBLE"),
            number("'nan'::DOUBLE"),
            number("'infinity'::DOUBLE"),
            number("'-infinity'::DOUBLE"),
        ],
    ),
    (
        "DECIMAL",
        &[
            number("9::DECIMAL(1,0)"),
            number("'-999.9'::DECIMAL(4,1)"),
            number("'99999.9999'::DECIMAL(9,4)"),
            number("'-9999999999999999.99'::DECIMAL(18,2)"),
            number("'0.50'::DECIMAL(18,2)"),
            number("'0.5'::DECIMAL(2,2)"),
            number("'9999999999999999999999999999.9999999999'::DECIMAL(38,10)"),
            number("'-0.99999999999999999999999999999999999999'::DECIMAL(38,38)"),
        ],
    ),
    (
        "DATE",
        &[
            text("'5877642-06-25 (BC)'::DATE"),
            text("'5881580-07-10'::DATE"),
            text("'0044-03-15 (BC)'::DATE"),
            text("'1900-02-28'::DATE"),
            text("'1900-03-01'::DATE"),
            text("'2024-02-29'::DATE"),
            text("'9999-12-31'::DATE"),
            text("'infinity'::DATE"),
            text("'-infinity'::DATE"),
        ],
    ),
    ("TIME", &[text("'00:00:00'::TIME"), text("'23:59:59.999999'::TIME"), text("'24:00:00'::TIME")]),
    (
        "TIME WITH TIME ZONE",
        &[
            text("'00:00:00+15:59:59'::TIMETZ"),
            text("'24:00:00-15:59:59'::TIMETZ"),
            text("'12:34:56.789+02'::TIMETZ"),
        ],
    ),
    ("TIME_NS", &[text("'00:00:00'::TIME_NS"), text("'23:59:59.999999999'::TIME_NS")]),
    (
        "TIMESTAMP",
        &[
            text("'290309-12-22 (BC) 00:00:00'::TIMESTAMP"),
            text("'294247-01-10 04:00:54.775806'::TIMESTAMP"),
            text("'1969-12-31 23:59:59.999999'::TIMESTAMP"),
            text("'2026-11-30 12:34:56.123456'::TIMESTAMP"),
            text("'2026-11-30 12:34:56.25'::TIMESTAMP"),
            text("'2026-11-30 00:00:00'::TIMESTAMP"),
            text("'infinity'::TIMESTAMP"),
            text("'-infinity'::TIMESTAMP"),
        ],
    ),
    (
        "TIMESTAMP_S",
        &[
            text("'290309-12-22 (BC) 00:00:00'::TIMESTAMP_S"),
            text("'294247-01-10 04:00:54'::TIMESTAMP_S"),
            text("'2026-11-30 12:34:56'::TIMESTAMP_S"),
            text("'infinity'::TIMESTAMP_S"),
        ],
    ),
    (
        "TIMESTAMP_MS",
        &[
            text("'290309-12-22 (BC) 00:00:00'::TIMESTAMP_MS"),
            text("'294247-01-10 04:00:54.775'::TIMESTAMP_MS"),
            text("'2026-11-30 12:34:56.123'::TIMESTAMP_MS"),
            text("'-infinity'::TIMESTAMP_MS"),
        ],
    ),
    (
        "TIMESTAMP_NS",
        &[
            text("'1677-09-22 00:00:00'::TIMESTAMP_NS"),
            text("'2262-04-11 23:47:16.854775806'::TIMESTAMP_NS"),
            text("'2026-11-30 12:34:56.123456789'::TIMESTAMP_NS"),
            text("'infinity'::TIMESTAMP_NS"),
        ],
    ),
    (
        "TIMESTAMP WITH TIME ZONE",
        &[
            text("'290309-12-22 (BC) 00:00:00+00'::TIMESTAMPTZ"),
            text("'294247-01-10 04:00:54.775806+00'::TIMESTAMPTZ"),
            text("'2026-07-01 12:00:00.5+02'::TIMESTAMPTZ"),
            text("'2026-07-01 12:00:00+00'::TIMESTAMPTZ"),
            text("'infinity'::TIMESTAMPTZ"),
        ],
    ),
    (
        "INTERVAL",
        &[
            text("INTERVAL '1 day'"),
            text("INTERVAL '-1 month 2 days -00:00:00.000001'"),
            text("INTERVAL '0 seconds'"),
            text("INTERVAL '178956970 years 7 months 2147483647 days'"),
        ],
    ),
    (
        "VARCHAR",
        &[
            text("'it''s, [x] {y}: \"z\"'"),
            text("'=1+1'"),
            text("'00001'"),
            text("'_x0041_ https://example.com'"),
        ],
    ),
    (
        "JSON",
        &[
            raw("'{\"a\": [1, null]}'::JSON", "{\"a\": [1, null]}"),
            raw("'\"x\"'::JSON", "\"x\""),
            raw("'1e400'::JSON", "1e400"),
            raw("'null'::JSON", "null"),
        ],
    ),
    ("BLOB", &[text("''::BLOB"), text("'\\x00\\xFF a'::BLOB")]),
    ("BIT", &[text("'0'::BIT"), text("'10101010101'::BIT")]),
    (
        "UUID",
        &[
            text("'00000000-0000-0000-0000-000000000000'::UUID"),
            text("'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID"),
        ],
    ),
    ("ENUM", &[text("'b''c'::ENUM('a', 'b''c')"), text("NULL::ENUM('a')")]),
    (
        "LIST",
        &[raw("[1, NULL]", "[1,null]"), raw("[]", "[]"), raw("[[], [now() - now()]]", "[[],[\"00:00:00\"]]")],
    ),
    ("ARRAY", &[raw("[1, 2]::INTEGER[2]", "[1,2]"), raw("[[0.1], [NULL]]::DOUBLE[1][2]", "[[0.1],[null]]")]),
    (
        "STRUCT",
        &[
            raw("{'a': 1, 'B c': NULL, 'd\"': 'x'}", "{\"a\":1,\"B c\":null,\"d\\\"\":\"x\"}"),
            text("row(1, 'x')"),
            raw("NULL::STRUCT(a INTEGER)", "null"),
        ],
    ),
    ("MAP", &[raw("map {1: 'x', 2: NULL}", "{\"1\":\"x\",\"2\":null}"), raw("map {}", "{}")]),
    (
        "UNION",
        &[text("union_value(num := 170141183460469231731687303715884105727)"), text("union_value(s := 'x')")],
    ),
    ("VARIANT", &[text("1::VARIANT"), text("{'a': [1], 'b': 'x'}::VARIANT")]),
    ("GEOMETRY", &[text("'POINT (1 2)'::GEOMETRY"), text("'POLYGON ((0 0, 1 0, 1 1, 0 0))'::GEOMETRY")]),
    ("TYPE", &[text("get_type(1)"), text("get_type([{'a': 1}])")]),
];
