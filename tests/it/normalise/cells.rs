//! Every kind of column against every form that a value was seen or feared in.

use serde_json::value::RawValue;
use vainu_etl::record::cell::{Cell, parse};
use vainu_etl::schema::Kind;

/// The cell, whether the JSON type is another than documented, and the reason of a reject.
type Expected<'a> = (Cell<'a>, bool, Option<&'static str>);

fn check(kind: Kind, cases: &[(&str, Expected<'_>)]) {
    for (raw, (cell, other_type, reject)) in cases {
        let value: &RawValue = serde_json::from_str(raw).unwrap();
        let parsed = parse(kind, value, Some("FI"));
        assert_eq!(parsed.cell, *cell, "{kind:?} {raw}");
        assert_eq!(parsed.other_type, *other_type, "{kind:?} {raw}: drift of type");
        assert_eq!(parsed.reject, *reject, "{kind:?} {raw}: reject");
        assert!(!parsed.rounded, "{kind:?} {raw}: rounded");
    }
}

fn text(text: &str) -> Expected<'_> {
    (Cell::Text(text.into()), false, None)
}

fn converted(text: &str) -> Expected<'_> {
    (Cell::Text(text.into()), true, None)
}

const NULL: Expected<'_> = (Cell::Null, false, None);

fn reject(reason: &'static str) -> Expected<'static> {
    (Cell::Null, false, Some(reason))
}

fn other_type(reason: &'static str) -> Expected<'static> {
    (Cell::Null, true, Some(reason))
}

#[test]
fn text_is_kept_as_received() {
    check(
        Kind::Text,
        &[
            ("null", NULL),
            (r#""""#, text("")),
            (r#""  ""#, text("  ")),
            (r#""Yhtiö Oy""#, text("Yhtiö Oy")),
            (r#""a\"b\\c\u00e4\ud83d\ude00""#, text("a\"b\\cä😀")),
            (r#""a\u0000b""#, text("a\0b")),
            (
                r#""x\ud800y""#,
                (Cell::Text("x\u{fffd}y".into()), false, Some("half of a surrogate pair; kept as U+FFFD")),
            ),
            ("1.50", converted("1.50")),
            ("-1e3", converted("-1e3")),
            ("true", converted("true")),
            ("false", converted("false")),
            ("{}", other_type("an object")),
            ("[]", other_type("a list")),
        ],
    );
}

#[test]
fn codes_get_their_leading_zeros_back() {
    check(
        Kind::Code { width: 5 },
        &[
            ("null", NULL),
            (r#""""#, NULL),
            (r#""01110""#, text("01110")),
            (r#""1110""#, text("1110")),
            (r#""A-1""#, text("A-1")),
            ("1110", text("01110")),
            ("62010", text("62010")),
            ("620100", text("620100")),
            ("0", text("00000")),
            ("62010.0", text("62010")),
            ("-1", reject("not a code of digits")),
            ("1.5", reject("not a code of digits")),
            ("1e99", reject("not a code of digits")),
            ("true", other_type("true or false")),
            ("[62010]", other_type("a list")),
        ],
    );
    check(Kind::Code { width: 2 }, &[("1", text("01")), ("62", text("62"))]);
}

#[test]
fn business_ids_lose_prefix_and_dash() {
    check(
        Kind::BusinessId,
        &[
            ("null", NULL),
            (r#""""#, NULL),
            (r#""  ""#, NULL),
            (r#""09704098""#, text("09704098")),
            (r#""0970409-8""#, text("09704098")),
            (r#""FI09704098""#, text("09704098")),
            (r#"" fi0970409-8 ""#, text("09704098")),
            (r#""\u0046I09704098""#, text("09704098")),
            (r#""SE09704098""#, text("SE09704098")),
            (r#""FIX09704098""#, text("FIX09704098")),
            (r#""FI-1""#, text("1")),
            (r#""FI-A1""#, text("FI-A1")),
            (r#""FI""#, text("FI")),
            (r#""12-a""#, text("12-a")),
            (r#""1231234""#, text("1231234")),
            (r#""--""#, reject("not a business id")),
            (r#""1\ud800""#, reject("half of a surrogate pair")),
            ("9704098", converted("9704098")),
            ("123456789012345678901234567890", converted("123456789012345678901234567890")),
            ("12.0", converted("12")),
            ("-5", other_type("not a business id")),
            ("1.5", other_type("not a business id")),
            ("true", other_type("true or false")),
            ("{}", other_type("an object")),
        ],
    );
}

#[test]
fn countries_are_two_letters() {
    let not_two = reject("not a country code of two letters");
    check(
        Kind::Country,
        &[
            ("null", NULL),
            (r#""""#, NULL),
            (r#""FI""#, text("FI")),
            (r#"" fi ""#, text("FI")),
            (r#""FIN""#, not_two.clone()),
            (r#""F1""#, not_two.clone()),
            (r#""Å""#, not_two),
            ("1", other_type("a number")),
        ],
    );
}

#[test]
fn booleans() {
    check(
        Kind::Boolean,
        &[
            ("null", NULL),
            (r#""""#, (Cell::Null, false, None)),
            ("true", (Cell::Boolean(true), false, None)),
            ("false", (Cell::Boolean(false), false, None)),
            (r#""True""#, (Cell::Boolean(true), true, None)),
            (r#"" FALSE ""#, (Cell::Boolean(false), true, None)),
            (r#""yes""#, other_type("neither true nor false")),
            ("1", other_type("a number")),
            ("{}", other_type("an object")),
        ],
    );
}

#[test]
fn whole_numbers() {
    let whole = |number| (Cell::Integer(number), false, None);
    check(
        Kind::Integer,
        &[
            ("null", NULL),
            (r#""""#, NULL),
            (r#"" ""#, NULL),
            ("111", whole(111)),
            (r#""399""#, whole(399)),
            (r#""12.0""#, whole(12)),
            ("1e3", whole(1000)),
            (r#""-7""#, whole(-7)),
            ("9223372036854775807", whole(i64::MAX)),
            (r#""-9223372036854775808""#, whole(i64::MIN)),
            ("9223372036854775808", reject("a number beyond 64 bits")),
            ("1e99", reject("a number beyond 64 bits")),
            (r#""12 345""#, reject("not a number")),
            (r#""10-19""#, reject("not a number")),
            ("true", other_type("true or false")),
            ("[1]", other_type("a list")),
        ],
    );
}

#[test]
fn doubles_are_finite() {
    let double = |number| (Cell::Double(number), false, None);
    check(
        Kind::Double,
        &[
            ("null", NULL),
            (r#""""#, NULL),
            ("0.1", double(0.1)),
            (r#""-2.5e-3""#, double(-0.0025)),
            ("1e999", reject("not a finite number")),
            (r#""NaN""#, reject("not a finite number")),
            (r#""inf""#, reject("not a finite number")),
            (r#""high""#, reject("not a number")),
            ("false", other_type("true or false")),
        ],
    );
}

#[test]
fn decimals_are_exact() {
    let hundredths = |number| (Cell::Decimal(number), false, None);
    check(
        Kind::Decimal,
        &[
            ("null", NULL),
            (r#""""#, NULL),
            (r#""93116557.0""#, hundredths(9_311_655_700)),
            (r#""-12.2""#, hundredths(-1220)),
            ("8.0", hundredths(800)),
            (r#""0.07""#, hundredths(7)),
            (r#""+1.5""#, hundredths(150)),
            (r#""1.2300""#, hundredths(123)),
            ("1.5e2", hundredths(15_000)),
            (r#""9999999999999999.99""#, hundredths(999_999_999_999_999_999)),
            (r#""-9999999999999999.99""#, hundredths(-999_999_999_999_999_999)),
            ("10000000000000000", reject("a number beyond DECIMAL(18,2)")),
            ("1e400", reject("a number beyond DECIMAL(18,2)")),
            (r#""1,5""#, reject("not a number")),
            (r#""1 000""#, reject("not a number")),
            ("true", other_type("true or false")),
            ("{\"eur\": 5}", other_type("an object")),
        ],
    );
}

#[test]
fn dates_and_times() {
    let date = |days| (Cell::Date(days), false, None);
    check(
        Kind::Date,
        &[
            ("null", NULL),
            (r#""""#, NULL),
            (r#""1994-6-8""#, date(8924)),
            (r#""2013-12-10""#, date(16_049)),
            (r#""2013-12-10T00:00:00""#, date(16_049)),
            (r#""1994-13-40""#, reject("no such day in the calendar")),
            (r#""2013-12-10T08:00:00""#, reject("a date with a time of day")),
            (r#""10.12.2013""#, reject("not a date YYYY-MM-DD")),
            ("20131210", other_type("a number")),
        ],
    );
    let time = |micros| (Cell::Timestamp(micros), false, None);
    check(
        Kind::Timestamp,
        &[
            ("null", NULL),
            (r#""""#, NULL),
            (r#""2016-04-20T16:00:00""#, time(1_461_168_000_000_000)),
            (r#""2016-04-20T19:00:00.5+03:00""#, time(1_461_168_000_500_000)),
            (r#""1970-01-01T00:00:00Z""#, time(0)),
            (r#""2018-06-15T11:47:39[Europe/Helsinki]""#, time(1_529_052_459_000_000)),
            (r#""2018-06-15T11:47:39[Europe/Atlantis]""#, reject("a time zone that is not known")),
            (
                r#""9999-12-31T23:59:59""#,
                reject("later than 9999-12-30T22:00:00Z, the last time that is kept"),
            ),
            (r#""2016-04-20""#, reject("not an ISO 8601 date and time")),
            ("1461168000", other_type("a number")),
        ],
    );
}

#[test]
fn json_is_kept_as_received() {
    check(
        Kind::Json,
        &[
            ("null", NULL),
            (r#""""#, text(r#""""#)),
            ("1e999", text("1e999")),
            (r#"{ "a": [1,  2] }"#, text(r#"{ "a": [1,  2] }"#)),
            (
                r#"["\ud800"]"#,
                (Cell::Text(r#"["\ufffd"]"#.into()), false, Some("half of a surrogate pair; kept as U+FFFD")),
            ),
        ],
    );
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    check(Kind::Json, &[(&deep, reject("nested too deep"))]);
}

#[test]
fn digits_beyond_those_of_the_column_are_rounded_and_said_to_be() {
    let hundredths = Cell::Decimal;
    for (kind, number, cell) in [
        (Kind::Decimal, "33.333333333333336", hundredths(3333)),
        (Kind::Decimal, "604000.0000000001", hundredths(60_400_000)),
        (Kind::Decimal, "1e-7", hundredths(0)),
        (Kind::Decimal, "-1e-7", hundredths(0)),
        (Kind::Decimal, "-12.345", hundredths(-1235)),
        (Kind::Decimal, "0.005", hundredths(1)),
        (Kind::Decimal, "-0.005", hundredths(-1)),
        (Kind::Decimal, "0.0049999999999999999999999999999999999999999999", hundredths(0)),
        (Kind::Decimal, "9.995", hundredths(1000)),
        (Kind::Decimal, "3.205", hundredths(321)),
        (Kind::Decimal, "9999999999999999.994", hundredths(999_999_999_999_999_999)),
        (Kind::Integer, "399.4", Cell::Integer(399)),
        (Kind::Integer, "12.5", Cell::Integer(13)),
        (Kind::Integer, "-0.5", Cell::Integer(-1)),
        (Kind::Integer, "9223372036854775807.49", Cell::Integer(i64::MAX)),
    ] {
        for raw in [number.to_owned(), format!("\"{number}\""), format!("\" {number} \"")] {
            let value: &RawValue = serde_json::from_str(&raw).unwrap();
            let parsed = parse(kind, value, None);
            assert_eq!((parsed.cell, parsed.rounded, parsed.reject), (cell.clone(), true, None), "{raw}");
        }
    }
    let time: &RawValue = serde_json::from_str(r#""1970-01-01T00:00:00.0000019Z""#).unwrap();
    let parsed = parse(Kind::Timestamp, time, None);
    assert_eq!((parsed.cell, parsed.rounded, parsed.reject), (Cell::Timestamp(1), true, None));
    // Too many digits before the point, also when only rounding brings them; and a code has no nearest one.
    for (kind, raw, reason) in [
        (Kind::Decimal, "9999999999999999.995", "a number beyond DECIMAL(18,2)"),
        (Kind::Decimal, "-9999999999999999.995", "a number beyond DECIMAL(18,2)"),
        (Kind::Integer, "9223372036854775807.5", "a number beyond 64 bits"),
        (Kind::Code { width: 5 }, "1110.5", "not a code of digits"),
        (Kind::BusinessId, "1110.5", "not a business id"),
    ] {
        let value: &RawValue = serde_json::from_str(raw).unwrap();
        let parsed = parse(kind, value, None);
        assert_eq!((parsed.cell, parsed.rounded, parsed.reject), (Cell::Null, false, Some(reason)), "{raw}");
    }
}
