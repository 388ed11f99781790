//! Dates and points in time from text.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// Days from 1970-01-01 to a date such as `1994-6-8`, which may be followed by the time of midnight.
///
/// # Errors
/// With the reason.
pub(super) fn days(text: &str) -> Result<i32, &'static str> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00"),
    };
    let days = days_of(civil_date(date)?);
    if is_midnight(time) { Ok(days) } else { Err("a date with a time of day") }
}

/// Microseconds from 1970-01-01T00:00:00Z to an ISO 8601 date and time, and whether finer digits were cut off.
/// Without a zone the time is taken as UTC.
///
/// # Errors
/// With the reason.
pub(super) fn micros(text: &str) -> Result<(i64, bool), &'static str> {
    let (date, time) = text.split_once(['T', ' ']).ok_or("not an ISO 8601 date and time")?;
    let padded = format!("{}T{time}", civil_date(date)?);
    let timestamp = padded
        .parse::<Timestamp>()
        .or_else(|_| padded.parse::<DateTime>().and_then(|naive| TimeZone::UTC.to_timestamp(naive)));
    let timestamp = timestamp.map_err(|_| "not an ISO 8601 date and time")?;
    Ok((timestamp.as_microsecond(), timestamp.subsec_nanosecond() % 1000 != 0))
}

/// A date `YYYY-MM-DD` whose month and day may have one digit only.
fn civil_date(text: &str) -> Result<Date, &'static str> {
    const REASON: &str = "not a date YYYY-MM-DD";
    let mut parts = text.split('-');
    let mut part = |widths: std::ops::RangeInclusive<usize>| {
        let digits = parts.next().filter(|part| widths.contains(&part.len()))?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i16>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (part(4..=4), part(1..=2), part(1..=2)) else {
        return Err(REASON);
    };
    if parts.next().is_some() {
        return Err(REASON);
    }
    let small = |number: i16| i8::try_from(number).unwrap_or(i8::MAX);
    Date::new(year, small(month), small(day)).map_err(|_| "no such day in the calendar")
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The date so many days from 1970-01-01.
pub(super) fn date(days: i32) -> Date {
    EPOCH.saturating_add(SignedDuration::from_hours(24 * i64::from(days)))
}

fn days_of(date: Date) -> i32 {
    // 9999 years are fewer than four million days.
    i32::try_from(date.duration_since(EPOCH).as_hours() / 24).unwrap_or(0)
}

/// `00:00`, `00:00:00`, `00:00:00.000`, each also with a `Z`.
fn is_midnight(time: &str) -> bool {
    let time = time.strip_suffix('Z').unwrap_or(time);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    matches!(clock, "00:00" | "00:00:00") && !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_may_be_unpadded() {
        for (text, expected) in [
            ("1970-01-01", Ok(0)),
            ("1970-1-2", Ok(1)),
            ("1994-6-8", Ok(8924)),
            ("2013-12-10", Ok(16_049)),
            ("1969-12-31", Ok(-1)),
            ("9999-12-31", Ok(2_932_896)),
            ("2013-12-10T00:00:00", Ok(16_049)),
            ("2013-12-10 00:00:00.000Z", Ok(16_049)),
            ("2024-02-29", Ok(19_782)),
            ("2023-02-29", Err("no such day in the calendar")),
            ("1994-13-40", Err("no such day in the calendar")),
            ("0000-00-00", Err("no such day in the calendar")),
            ("2013-12-10T12:00:00", Err("a date with a time of day")),
            ("2013-12-10T00:00:00.", Err("a date with a time of day")),
            ("94-6-8", Err("not a date YYYY-MM-DD")),
            ("1994-6-8-", Err("not a date YYYY-MM-DD")),
            ("1994-006-8", Err("not a date YYYY-MM-DD")),
            ("+994-6-8", Err("not a date YYYY-MM-DD")),
            ("8.6.1994", Err("not a date YYYY-MM-DD")),
            ("", Err("not a date YYYY-MM-DD")),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
    }

    #[test]
    fn timestamps_become_utc() {
        let sixteen = 1_461_168_000_000_000;
        for (text, expected) in [
            ("2016-04-20T16:00:00", Ok((sixteen, false))),
            ("2016-4-20 16:00", Ok((sixteen, false))),
            ("2016-04-20T16:00:00Z", Ok((sixteen, false))),
            ("2016-04-20T19:00:00+03:00", Ok((sixteen, false))),
            ("2016-04-20T16:00:00.000001", Ok((sixteen + 1, false))),
            ("2016-04-20T16:00:00.000001999Z", Ok((sixteen + 1, true))),
            ("1969-12-31T23:59:59Z", Ok((-1_000_000, false))),
            ("2016-04-20", Err("not an ISO 8601 date and time")),
            ("2016-04-20T25:00:00", Err("not an ISO 8601 date and time")),
            ("2016-02-30T16:00:00", Err("no such day in the calendar")),
            ("yesterday T", Err("not a date YYYY-MM-DD")),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }
}
