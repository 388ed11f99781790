//! Offsets and time zones behind a time of day, in the format of RFC 9557: `Z`, `+03:00`, `[Europe/Helsinki]`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::leading_hours;

pub(crate) const NOT_A_ZONE: &str = "no time zone that is Z, an offset or a name in brackets";
const NO_SUCH_OFFSET: &str = "no such offset from UTC";
const NOT_KNOWN: &str = "a time zone that is not known";
const CRITICAL: &str = "an annotation marked as critical that is not known";
const TWICE: &str = "a time that comes twice in its time zone, as the clocks go back";
const SKIPPED: &str = "a time that its time zone skips, as the clocks go forward";

/// The zone of a time, as written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Zone {
    /// Seconds ahead of UTC; `None` when no offset is given.
    pub(crate) offset: Option<i32>,
    /// Whether the offset means UTC without naming a place, as `Z` does.
    pub(crate) is_utc: bool,
    /// The zone in brackets; `None` when there is none.
    pub(crate) name: Option<TimeZone>,
}

/// Parses everything behind a time of day. Empty text gives an empty zone.
///
/// # Errors
/// The reason why the text is not a zone.
pub(crate) fn parse(text: &[u8]) -> Result<Zone, &'static str> {
    let text = text.trim_ascii_start();
    let (offset, mut rest) = match text {
        [] => return Ok(Zone::default()),
        [b'Z' | b'z', rest @ ..] => (Some((0, true)), rest),
        [b'+' | b'-', ..] => {
            let (seconds, rest) = offset(text)?;
            (Some((seconds, false)), rest)
        }
        [b'[', ..] => (None, text),
        _ => match text.split_at_checked(3) {
            Some((name, rest)) if name.eq_ignore_ascii_case(b"UTC") || name.eq_ignore_ascii_case(b"GMT") => {
                (Some((0, true)), rest)
            }
            _ => return Err(NOT_A_ZONE),
        },
    };
    let mut zone = Zone {
        offset: offset.map(|(seconds, _)| seconds),
        is_utc: offset.is_some_and(|(_, is_utc)| is_utc),
        name: None,
    };
    let mut first = true;
    while let [b'[', behind @ ..] = rest {
        let end = behind.iter().position(|byte| *byte == b']').ok_or(NOT_A_ZONE)?;
        let (inside, behind) = behind.split_at(end);
        let (critical, inside) = inside.strip_prefix(b"!").map_or((false, inside), |inside| (true, inside));
        match inside.split(|byte| *byte == b'=').collect::<Vec<_>>().as_slice() {
            [name] if first => zone.name = Some(time_zone(name)?),
            [_] => return Err(NOT_A_ZONE),
            // Says how the date is displayed and does not change it.
            [b"u-ca", b"iso8601" | b"gregory"] => {}
            _ if critical => return Err(CRITICAL),
            _ => {}
        }
        (first, rest) = (false, behind.strip_prefix(b"]").unwrap_or(behind));
    }
    if rest.is_empty() { Ok(zone) } else { Err(NOT_A_ZONE) }
}

/// Parses an offset `+03`, `+0300`, `+03:00` or `+03:00:00` into seconds, and returns the rest of the text.
fn offset(text: &[u8]) -> Result<(i32, &[u8]), &'static str> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => return Err(NOT_A_ZONE),
    };
    let ([hours, minutes, seconds], _, rest) = leading_hours(digits).ok_or(NOT_A_ZONE)?;
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Err(NO_SUCH_OFFSET);
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60 + seconds).map_err(|_| NO_SUCH_OFFSET)?;
    Ok((sign * seconds, rest))
}

/// The time zone for a name in brackets: one of the IANA database, which the program contains, or an offset.
fn time_zone(name: &[u8]) -> Result<TimeZone, &'static str> {
    if matches!(name, [b'+' | b'-', ..]) {
        let (seconds, rest) = offset(name)?;
        let offset = Offset::from_seconds(seconds).map_err(|_| NO_SUCH_OFFSET)?;
        return if rest.is_empty() { Ok(offset.to_time_zone()) } else { Err(NOT_A_ZONE) };
    }
    // Names that mean "no zone", which the database treats as UTC.
    let is_none = [&b"Factory"[..], b"Etc/Unknown"].iter().any(|none| name.eq_ignore_ascii_case(none));
    let zone = std::str::from_utf8(name).ok().and_then(|name| TimeZone::get(name).ok());
    zone.filter(|zone| !is_none && !zone.is_unknown()).ok_or(NOT_KNOWN)
}

/// Whether a zone is that many seconds ahead of UTC at that moment. Offsets of long ago have seconds, which texts
/// often leave out, so the offset to the minute is accepted too.
pub(crate) fn has_offset(zone: &TimeZone, at: Timestamp, seconds: i32) -> bool {
    let own = zone.to_offset(at).seconds();
    let to_the_minute = |seconds: i32| (seconds + 30 * seconds.signum()) / 60 * 60;
    own == seconds || to_the_minute(own) == seconds
}

/// Seconds by which a local time is ahead of UTC in a zone.
///
/// # Errors
/// The clocks change just then, so that the local time does not exist or exists twice.
pub(crate) fn only_offset(zone: &TimeZone, local: DateTime) -> Result<i32, &'static str> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => Ok(offset.seconds()),
        AmbiguousOffset::Gap { .. } => Err(SKIPPED),
        AmbiguousOffset::Fold { .. } => Err(TWICE),
    }
}
