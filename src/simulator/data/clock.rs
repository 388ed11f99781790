//! Points in time, in milliseconds since 1970 (UTC), and the formats in which answers show them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// One day in milliseconds.
pub(in crate::simulator) const DAY: i64 = 86_400_000;

/// The start of the day (UTC) that contains `time`.
pub(in crate::simulator) fn midnight(time: i64) -> i64 {
    time - time.rem_euclid(DAY)
}

/// Parses a date, a time without a zone (read as UTC) or a time with a zone, in ISO 8601. `None` for any other text.
pub(in crate::simulator) fn parse(text: &str) -> Option<i64> {
    let naive = || TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    text.parse::<Timestamp>().ok().or_else(naive).map(Timestamp::as_millisecond)
}

/// `2015-08-20T08:52:50`
pub(in crate::simulator) fn seconds(time: i64) -> String {
    show(time, "%Y-%m-%dT%H:%M:%S")
}

/// `2015-12-04T13:18:43.611`
pub(in crate::simulator) fn milliseconds(time: i64) -> String {
    show(time, "%Y-%m-%dT%H:%M:%S.%3f")
}

/// `2018-06-15T11:47:39.479000`
pub(in crate::simulator) fn microseconds(time: i64) -> String {
    show(time, "%Y-%m-%dT%H:%M:%S.%6f")
}

/// `2018-06-08T12:30:39.923Z`
pub(in crate::simulator) fn zulu(time: i64) -> String {
    show(time, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

fn show(time: i64, format: &str) -> String {
    Timestamp::from_millisecond(time).map_or_else(|_| String::new(), |time| time.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_documents_forms_and_writes_them() {
        let time = parse("2015-12-04T13:18:43.611").unwrap();
        assert_eq!(milliseconds(time), "2015-12-04T13:18:43.611");
        assert_eq!(seconds(time), "2015-12-04T13:18:43");
        assert_eq!(microseconds(time), "2015-12-04T13:18:43.611000");
        assert_eq!(zulu(time), "2015-12-04T13:18:43.611Z");
        assert_eq!(parse("2015-12-04T13:18:43.611Z"), Some(time));
        assert_eq!(parse("2015-12-04T15:18:43.611+02:00"), Some(time));
        assert_eq!(parse("2015-12-04"), Some(midnight(time)));
        assert_eq!(parse("yesterday"), None);
    }
}
