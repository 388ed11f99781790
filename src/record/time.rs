//! Dates and timestamps from text.
//!
//! A time with an offset or a time zone is converted to UTC. A time without one is taken as UTC. All parts must agree:
//! a zone with an unknown name, or with another offset than the one given, is rejected.

mod zone;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

use zone::{NOT_A_ZONE, Zone};

const NOT_A_DATE: &str = "not a date YYYY-MM-DD";
const NO_SUCH_DAY: &str = "no such day in the calendar";
const TOO_EARLY: &str = "before the year 1";
const TOO_LATE: &str = "later than 9999-12-30T22:00:00Z, the last time that is kept";
const NOT_A_DATE_AND_TIME: &str = "not an ISO 8601 date and time";
const NOT_A_TIME: &str = "not a time of day HH:MM:SS";
const NO_SUCH_TIME: &str = "no such time of day";
const WITH_TIME: &str = "a date with a time of day";

const DAY: i64 = 86_400;
const MICROS: i64 = 1_000_000;
/// 0001-01-01T00:00:00Z in microseconds. Earlier times are dates of another calendar, and many clients cannot read
/// them.
const FIRST_MICROS: i64 = -719_162 * DAY * MICROS;

/// Days from 1970-01-01 to a date such as `1994-6-8`, which may be followed by the time of midnight. A zone behind it
/// does not change the day.
///
/// # Errors
/// The reason why the text is not a date.
pub(crate) fn days(text: &str) -> Result<i32, &'static str> {
    let (date, rest) = leading_date(text.as_bytes())?;
    match rest {
        [] => {}
        [b'T' | b't' | b' ', time @ ..] => {
            let (clock, rest) = Clock::parse(time)?;
            zone::parse(rest)?;
            if clock != Clock::MIDNIGHT {
                return Err(WITH_TIME);
            }
        }
        _ => {
            zone::parse(rest).map_err(|reason| if reason == NOT_A_ZONE { NOT_A_DATE } else { reason })?;
        }
    }
    Ok(days_of(date))
}

/// Microseconds from 1970-01-01T00:00:00Z to an ISO 8601 date and time, and whether precision was lost: digits finer
/// than a microsecond are cut off, and a leap second becomes the second before it. Without a zone, the time is taken
/// as UTC.
///
/// # Errors
/// The reason why the text is not a date and time.
pub(crate) fn micros(text: &str) -> Result<(i64, bool), &'static str> {
    if !text.contains(['T', 't', ' ']) {
        return Err(NOT_A_DATE_AND_TIME);
    }
    let (date, rest) = leading_date(text.as_bytes())?;
    let [b'T' | b't' | b' ', time @ ..] = rest else { return Err(NOT_A_DATE_AND_TIME) };
    let (clock, rest) = Clock::parse(time)?;
    let local = i64::from(days_of(date)) * DAY + clock.seconds;
    let seconds = local - offset_of(&zone::parse(rest)?, date, &clock, local)?;
    if clock.leap && seconds.rem_euclid(DAY) != DAY - 1 {
        return Err(NO_SUCH_TIME);
    }
    let micros = seconds * MICROS + clock.micros;
    if micros < FIRST_MICROS {
        return Err(TOO_EARLY);
    }
    if micros > Timestamp::MAX.as_microsecond() {
        return Err(TOO_LATE);
    }
    Ok((micros, clock.lost || clock.leap))
}

/// Seconds by which a local time is ahead of UTC. `local` is that time in seconds since 1970-01-01T00:00:00 local
/// time.
fn offset_of(zone: &Zone, date: Date, clock: &Clock, local: i64) -> Result<i64, &'static str> {
    let Some(time_zone) = &zone.name else { return Ok(zone.offset.unwrap_or(0).into()) };
    if let Some(offset) = zone.offset {
        let there = Timestamp::from_second(local - i64::from(offset)).map_err(|_| TOO_LATE)?;
        return if zone.is_utc || zone::has_offset(time_zone, there, offset) {
            Ok(offset.into())
        } else {
            Err("its offset is not that of its time zone")
        };
    }
    let midnight = DateTime::from(date);
    let there = midnight.checked_add(SignedDuration::from_secs(clock.seconds)).map_err(|_| TOO_LATE)?;
    zone::only_offset(time_zone, there).map(i64::from)
}

/// A time of day.
#[derive(Debug, PartialEq, Eq)]
struct Clock {
    /// Seconds since midnight. `24:00:00` is the end of the day; a leap second counts as the second before it.
    seconds: i64,
    micros: i64,
    /// Whether nonzero digits were cut off.
    lost: bool,
    leap: bool,
}

impl Clock {
    const MIDNIGHT: Self = Self { seconds: 0, micros: 0, lost: false, leap: false };

    /// Parses the time of day at the start of a text, and returns the rest: `16`, `16:00`, `16:00:00.123`, and the
    /// same without colons.
    fn parse(text: &[u8]) -> Result<(Self, &[u8]), &'static str> {
        let (parts, given, mut rest) = leading_hours(text).ok_or(NOT_A_TIME)?;
        let (mut micros, mut lost) = (0, false);
        if let [b'.' | b',', behind @ ..] = rest {
            let (fraction, behind) = leading_digits(behind, usize::MAX);
            if fraction.is_empty() || given < 3 {
                return Err(NOT_A_TIME);
            }
            let (kept, cut) = fraction.split_at(fraction.len().min(6));
            micros = kept.iter().copied().chain(std::iter::repeat(b'0')).take(6).fold(0, append);
            lost = cut.iter().any(|digit| *digit != b'0');
            rest = behind;
        }
        let [hours, minutes, seconds] = parts;
        let end_of_day = hours == 24 && minutes == 0 && seconds == 0 && micros == 0 && !lost;
        if (hours > 23 && !end_of_day) || minutes > 59 || seconds > 60 {
            return Err(NO_SUCH_TIME);
        }
        let leap = seconds == 60;
        let seconds = hours * 3600 + minutes * 60 + seconds - i64::from(leap);
        Ok((Self { seconds, micros, lost, leap }, rest))
    }
}

/// Parses `HH`, `HH:MM` or `HH:MM:SS`, or the same without colons, at the start of a text. Returns hours, minutes and
/// seconds, how many of them are written, and the rest; `None` if the text starts otherwise. Ranges are not checked.
fn leading_hours(text: &[u8]) -> Option<([i64; 3], usize, &[u8])> {
    let (run, mut rest) = leading_digits(text, 6);
    let mut parts = [0, 0, 0];
    let mut given = 1;
    match run.len() {
        1 | 2 => {
            parts[0] = number(run);
            for part in parts.iter_mut().skip(1) {
                let [b':', behind @ ..] = rest else { break };
                let (digits, behind) = leading_digits(behind, 2);
                if digits.len() != 2 {
                    return None;
                }
                (*part, rest) = (number(digits), behind);
                given += 1;
            }
        }
        4 | 6 => {
            given = run.len() / 2;
            parts.iter_mut().zip(run.chunks(2)).for_each(|(part, digits)| *part = number(digits));
        }
        _ => return None,
    }
    Some((parts, given, rest))
}

/// Parses the date `YYYY-MM-DD` at the start of a text, and returns the rest. Month and day may have a single digit.
fn leading_date(text: &[u8]) -> Result<(Date, &[u8]), &'static str> {
    let (year, rest) = leading_digits(text, 4);
    let (month, rest) = leading_digits(rest.strip_prefix(b"-").ok_or(NOT_A_DATE)?, 2);
    let (day, rest) = leading_digits(rest.strip_prefix(b"-").ok_or(NOT_A_DATE)?, 2);
    let more = rest.first().is_some_and(u8::is_ascii_digit);
    if year.len() != 4 || month.is_empty() || day.is_empty() || more {
        return Err(NOT_A_DATE);
    }
    let [year, month, day] = [year, month, day].map(number);
    let small = |number: i64| i8::try_from(number).unwrap_or(i8::MAX);
    let date = Date::new(i16::try_from(year).unwrap_or(i16::MAX), small(month), small(day));
    match date {
        Ok(date) if date.year() < 1 => Err(TOO_EARLY),
        Ok(date) => Ok((date, rest)),
        Err(_) => Err(NO_SUCH_DAY),
    }
}

/// Splits a text behind its leading digits, of which it takes at most `most`.
fn leading_digits(text: &[u8], most: usize) -> (&[u8], &[u8]) {
    let digits = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at(digits)
}

/// The number that a few digits represent.
fn number(digits: &[u8]) -> i64 {
    digits.iter().copied().fold(0, append)
}

fn append(number: i64, digit: u8) -> i64 {
    number * 10 + i64::from(digit - b'0')
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The date that many days after 1970-01-01.
pub(crate) fn date(days: i32) -> Date {
    EPOCH.saturating_add(SignedDuration::from_hours(24 * i64::from(days)))
}

fn days_of(date: Date) -> i32 {
    // 9999 years are fewer than four million days.
    i32::try_from(date.duration_since(EPOCH).as_hours() / 24).unwrap_or(0)
}

#[cfg(test)]
mod tests;
