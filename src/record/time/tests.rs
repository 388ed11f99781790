//! Which texts are a date or a timestamp, and why others are rejected.

use super::*;

/// 2016-04-20T16:00:00Z.
const SIXTEEN: i64 = 1_461_168_000_000_000;
const ZONE: &str = "no time zone that is Z, an offset or a name in brackets";
const NO_OFFSET: &str = "no such offset from UTC";
const UNKNOWN: &str = "a time zone that is not known";
const OTHER: &str = "its offset is not that of its time zone";
const CRITICAL: &str = "an annotation marked as critical that is not known";
const TWICE: &str = "a time that comes twice in its time zone, as the clocks go back";
const SKIPPED: &str = "a time that its time zone skips, as the clocks go forward";

#[test]
fn dates_may_be_unpadded() {
    for (text, expected) in [
        ("1970-01-01", Ok(0)),
        ("1970-1-2", Ok(1)),
        ("1994-6-8", Ok(8924)),
        ("2013-12-10", Ok(16_049)),
        ("1969-12-31", Ok(-1)),
        ("0001-01-01", Ok(-719_162)),
        ("9999-12-31", Ok(2_932_896)),
        ("2024-02-29", Ok(19_782)),
        ("2023-02-29", Err(NO_SUCH_DAY)),
        ("1994-13-40", Err(NO_SUCH_DAY)),
        ("0000-00-00", Err(NO_SUCH_DAY)),
        ("0000-01-01", Err(TOO_EARLY)),
        ("94-6-8", Err(NOT_A_DATE)),
        ("1994-6-8-", Err(NOT_A_DATE)),
        ("1994-006-8", Err(NOT_A_DATE)),
        ("1994-6-081", Err(NOT_A_DATE)),
        ("+994-6-8", Err(NOT_A_DATE)),
        ("-0044-03-15", Err(NOT_A_DATE)),
        ("10000-01-01", Err(NOT_A_DATE)),
        ("8.6.1994", Err(NOT_A_DATE)),
        ("24.12.2019", Err(NOT_A_DATE)),
        ("2019/12/24", Err(NOT_A_DATE)),
        ("20191224", Err(NOT_A_DATE)),
        ("2016-W16-3", Err(NOT_A_DATE)),
        ("1994-6-8x", Err(NOT_A_DATE)),
        ("", Err(NOT_A_DATE)),
    ] {
        assert_eq!(days(text), expected, "{text}");
    }
}

#[test]
fn a_date_with_the_time_of_midnight_is_the_day_that_is_written_in_whatever_zone() {
    for (text, expected) in [
        ("2013-12-10T00:00:00", Ok(16_049)),
        ("2013-12-10t00:00", Ok(16_049)),
        ("2013-12-10 00:00:00.000Z", Ok(16_049)),
        ("2013-12-10T00:00:00+03:00", Ok(16_049)),
        ("2013-12-10T00:00:00-11:00", Ok(16_049)),
        ("2013-12-10T00:00:00[Europe/Helsinki]", Ok(16_049)),
        ("2013-12-10Z", Ok(16_049)),
        ("2013-12-10-03:00", Ok(16_049)),
        ("2013-12-10[Europe/Helsinki]", Ok(16_049)),
        // The day depends on the zone: 2013-12-10T22:00:00Z is the 11th in Helsinki.
        ("2013-12-10T22:00:00Z", Err(WITH_TIME)),
        ("2013-12-10T12:00:00", Err(WITH_TIME)),
        ("2013-12-10T24:00:00", Err(WITH_TIME)),
        ("2013-12-10T00:00:00.0000001", Err(WITH_TIME)),
        ("9999-12-31T23:59:59", Err(WITH_TIME)),
        ("2013-12-10T00:00:00.", Err(NOT_A_TIME)),
        ("2013-12-10Tx", Err(NOT_A_TIME)),
        ("2013-12-10T25:00:00", Err(NO_SUCH_TIME)),
        ("2013-12-10T00:00:00[Europe/Atlantis]", Err(UNKNOWN)),
        ("2013-12-10[Europe/Atlantis]", Err(UNKNOWN)),
        ("2013-12-10T00:00:00 EET", Err(ZONE)),
    ] {
        assert_eq!(days(text), expected, "{text}");
    }
}

#[test]
fn timestamps_become_utc() {
    for (text, expected) in [
        ("2016-04-20T16:00:00", Ok((SIXTEEN, false))),
        ("2016-4-20 16:00", Ok((SIXTEEN, false))),
        ("2016-04-20t16", Ok((SIXTEEN, false))),
        ("2016-04-20T160000", Ok((SIXTEEN, false))),
        ("2016-04-20T1600", Ok((SIXTEEN, false))),
        ("1969-12-31T23:59:59Z", Ok((-1_000_000, false))),
        ("2016-04-20", Err(NOT_A_DATE_AND_TIME)),
        ("2016-04-20T", Err(NOT_A_TIME)),
        ("2016-04-20T16:0:00", Err(NOT_A_TIME)),
        ("2016-04-20T16000", Err(NOT_A_TIME)),
        ("2016-04-20T16.5", Err(NOT_A_TIME)),
        ("2016-04-20T16:00:00.", Err(NOT_A_TIME)),
        ("2016-04-20T04:00 PM", Err(ZONE)),
        ("2016-04-20T25:00:00", Err(NO_SUCH_TIME)),
        ("2016-04-20T12:60:00", Err(NO_SUCH_TIME)),
        ("2016-04-20T12:00:61", Err(NO_SUCH_TIME)),
        ("2016-02-30T16:00:00", Err(NO_SUCH_DAY)),
        ("yesterday T", Err(NOT_A_DATE)),
        ("-2016-04-20T16:00:00", Err(NOT_A_DATE)),
    ] {
        assert_eq!(micros(text), expected, "{text}");
    }
}

#[test]
fn an_offset_is_taken_off_in_each_of_its_forms() {
    for (text, expected) in [
        ("2016-04-20T16:00:00Z", Ok((SIXTEEN, false))),
        ("2016-04-20t16:00:00z", Ok((SIXTEEN, false))),
        ("2016-04-20 16:00:00 UTC", Ok((SIXTEEN, false))),
        ("2016-04-20 16:00:00GMT", Ok((SIXTEEN, false))),
        ("2016-04-20T19:00:00+03:00", Ok((SIXTEEN, false))),
        ("2016-04-20T19:00:00+0300", Ok((SIXTEEN, false))),
        ("2016-04-20T19:00:00+03", Ok((SIXTEEN, false))),
        ("2016-04-20T19:00:00+3", Ok((SIXTEEN, false))),
        ("2016-04-20 19:00:00 +0300", Ok((SIXTEEN, false))),
        ("2016-04-20T21:45:00+05:45", Ok((SIXTEEN, false))),
        ("2016-04-20T16:00:30+00:00:30", Ok((SIXTEEN, false))),
        ("2016-04-20T13:00:00-03:00", Ok((SIXTEEN, false))),
        ("2016-04-20T16:00:00-00:00", Ok((SIXTEEN, false))),
        ("2016-04-21T06:00:00.000+14:00", Ok((SIXTEEN, false))),
        ("2016-04-20T16:00:00+24:00", Err(NO_OFFSET)),
        ("2016-04-20T16:00:00+03:60", Err(NO_OFFSET)),
        ("2016-04-20T16:00:00+030", Err(ZONE)),
        ("2016-04-20T16:00:00+", Err(ZONE)),
        ("2016-04-20T16:00:00+03:0", Err(ZONE)),
        ("2016-04-20T16:00:00+03:00x", Err(ZONE)),
        ("2016-04-20T16:00:00 EET", Err(ZONE)),
        ("2016-04-20T16:00:00 Europe/Helsinki", Err(ZONE)),
        ("2016-04-20T16:00:00UTC+3", Err(ZONE)),
    ] {
        assert_eq!(micros(text), expected, "{text}");
    }
}

#[test]
fn a_zone_in_brackets_is_honoured_or_rejected_and_never_read_as_utc() {
    let at = |text: &str| Ok((text.parse::<Timestamp>().unwrap().as_microsecond(), false));
    for (text, expected) in [
        // Summer and winter, other places, a zone without summer time, an offset of long ago.
        ("2018-06-15T11:47:39[Europe/Helsinki]", at("2018-06-15T08:47:39Z")),
        ("2018-01-15T11:47:39[Europe/Helsinki]", at("2018-01-15T09:47:39Z")),
        ("2018-06-15T11:47:39[europe/helsinki]", at("2018-06-15T08:47:39Z")),
        ("2018-06-15 11:47[America/New_York]", at("2018-06-15T15:47:00Z")),
        ("2018-06-15T11:47:39[Asia/Kolkata]", at("2018-06-15T06:17:39Z")),
        ("2050-07-01T12:00:00[Europe/Oslo]", at("2050-07-01T10:00:00Z")),
        ("1900-01-01T00:00:00[Europe/Helsinki]", at("1899-12-31T22:20:11Z")),
        ("2018-06-15T24:00:00[Europe/Helsinki]", at("2018-06-15T21:00:00Z")),
        ("2018-06-15T11:47:39[UTC]", at("2018-06-15T11:47:39Z")),
        ("2018-06-15T11:47:39[+03:00]", at("2018-06-15T08:47:39Z")),
        // With an offset, which must be that of the zone. `Z` says nothing about the place.
        ("2018-06-15T11:47:39+03:00[Europe/Helsinki]", at("2018-06-15T08:47:39Z")),
        ("2018-06-15T11:47:39+0300[!Europe/Helsinki]", at("2018-06-15T08:47:39Z")),
        ("2018-06-15T08:47:39Z[Europe/Helsinki]", at("2018-06-15T08:47:39Z")),
        ("1900-01-01T00:00:00+01:40[Europe/Helsinki]", at("1899-12-31T22:20:00Z")),
        ("2018-06-15T11:47:39+02:00[Europe/Helsinki]", Err(OTHER)),
        ("2018-06-15T11:47:39+00:00[Europe/Helsinki]", Err(OTHER)),
        ("2018-06-15T11:47:39+03:00[+02:00]", Err(OTHER)),
        // The hour that comes twice, and the one that is skipped. With an offset, each is unambiguous.
        ("2018-10-28T03:30:00[Europe/Helsinki]", Err(TWICE)),
        ("2018-10-28T03:30:00+02:00[Europe/Helsinki]", at("2018-10-28T01:30:00Z")),
        ("2018-10-28T03:30:00+03:00[Europe/Helsinki]", at("2018-10-28T00:30:00Z")),
        ("2018-03-25T03:30:00[Europe/Helsinki]", Err(SKIPPED)),
        // Names that are not zones.
        ("2018-06-15T11:47:39[Europe/Atlantis]", Err(UNKNOWN)),
        ("2018-06-15T11:47:39Z[Europe/Atlantis]", Err(UNKNOWN)),
        ("2018-06-15T11:47:39[]", Err(UNKNOWN)),
        ("2018-06-15T11:47:39[Etc/Unknown]", Err(UNKNOWN)),
        ("2018-06-15T11:47:39[Factory]", Err(UNKNOWN)),
        ("2018-06-15T11:47:39[../../etc/passwd]", Err(UNKNOWN)),
        ("2018-06-15T11:47:39[ä]", Err(UNKNOWN)),
        ("2018-06-15T11:47:39[Europe/Helsinki", Err(ZONE)),
        ("2018-06-15T11:47:39[Europe/Helsinki]x", Err(ZONE)),
        ("2018-06-15T11:47:39[Europe/Helsinki][Europe/Oslo]", Err(ZONE)),
        // Other annotations.
        ("2018-06-15T11:47:39[Europe/Helsinki][u-ca=gregory]", at("2018-06-15T08:47:39Z")),
        ("2018-06-15T11:47:39Z[u-ca=hebrew][x=1]", at("2018-06-15T11:47:39Z")),
        ("2018-06-15T11:47:39Z[!x=1]", Err(CRITICAL)),
    ] {
        assert_eq!(micros(text), expected, "{text}");
    }
}

#[test]
fn what_is_finer_than_a_microsecond_is_cut_off_and_noted() {
    for (text, expected) in [
        ("2016-04-20T16:00:00.000001", Ok((SIXTEEN + 1, false))),
        ("2016-04-20T16:00:00,5", Ok((SIXTEEN + 500_000, false))),
        ("2016-04-20T16:00:00.000001000", Ok((SIXTEEN + 1, false))),
        ("2016-04-20T16:00:00.000001999Z", Ok((SIXTEEN + 1, true))),
        ("2016-04-20T16:00:00.9999999", Ok((SIXTEEN + 999_999, true))),
        ("2016-04-20T16:00:00.12345678901234567890123", Ok((SIXTEEN + 123_456, true))),
        ("1969-12-31T23:59:59.9999999Z", Ok((-1, true))),
    ] {
        assert_eq!(micros(text), expected, "{text}");
    }
}

#[test]
fn the_ends_of_days_and_of_time() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
    for (text, expected) in [
        ("2016-04-19T24:00:00", Ok((at("2016-04-20T00:00:00Z"), false))),
        ("2016-04-20T24:00:01", Err(NO_SUCH_TIME)),
        ("2016-04-20T24:00:00.0000001", Err(NO_SUCH_TIME)),
        // A leap second is the last second of a day in UTC.
        ("2016-12-31T23:59:60Z", Ok((at("2016-12-31T23:59:59Z"), true))),
        ("2017-01-01T01:59:60+02:00", Ok((at("2016-12-31T23:59:59Z"), true))),
        ("2016-12-31T23:59:60.5", Ok((at("2016-12-31T23:59:59.5Z"), true))),
        ("2016-12-31T22:59:60Z", Err(NO_SUCH_TIME)),
        ("2016-12-31T23:59:60+02:00", Err(NO_SUCH_TIME)),
        ("0001-01-01T00:00:00", Ok((at("0001-01-01T00:00:00Z"), false))),
        ("0001-01-01T00:00:00+00:01", Err(TOO_EARLY)),
        ("0000-12-31T00:00:00", Err(TOO_EARLY)),
        ("9999-12-30T22:00:00Z", Ok((at("9999-12-30T22:00:00Z"), false))),
        ("9999-12-31T23:59:59", Err(TOO_LATE)),
        ("9999-12-31T23:59:59.999999Z", Err(TOO_LATE)),
        ("9999-12-31T24:00:00", Err(TOO_LATE)),
        ("9999-12-31T23:59:59[Europe/Helsinki]", Err(TOO_LATE)),
        ("9999-12-31T24:00:00[Europe/Helsinki]", Err(TOO_LATE)),
        ("9999-12-31T23:59:59-03:00[Europe/Helsinki]", Err(TOO_LATE)),
    ] {
        assert_eq!(micros(text), expected, "{text}");
    }
}
