//! Parses the header `Retry-After` in both of its forms.

use std::time::{Duration, SystemTime};

/// The pause that the server asks for: zero for a time in the past, `None` when `value` has neither form.
///
/// `value` is a number of seconds or an HTTP date. A date is compared with the server's own `Date` header, so that a
/// wrong clock on this computer does not matter, or with `now` when that header is missing.
pub(crate) fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large for `u64` is a very long time; the cap shortens it.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    if let Ok(seconds) = value.parse::<f64>() {
        // Not in the standard, but used by some servers: "1.5", "-1".
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let from = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
    Some(until.duration_since(from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "Tue, 01 Jul 2025 12:00:00 GMT";

    fn read(value: &str, date: Option<&str>) -> Option<u64> {
        let now = httpdate::parse_http_date(NOON).unwrap();
        retry_after(value, date, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(read("7", None), Some(7));
        assert_eq!(read(" 0 ", None), Some(0));
        assert_eq!(read("Tue, 01 Jul 2025 12:00:30 GMT", None), Some(30));
        assert_eq!(read("Tuesday, 01-Jul-25 12:00:30 GMT", None), Some(30));
    }

    #[test]
    fn a_date_is_measured_by_the_servers_clock() {
        assert_eq!(read("Tue, 01 Jul 2025 12:00:30 GMT", Some("Tue, 01 Jul 2025 12:00:20 GMT")), Some(10));
        assert_eq!(read("Tue, 01 Jul 2025 12:00:30 GMT", Some("yesterday")), Some(30));
    }

    #[test]
    fn past_absurd_and_unreadable_values() {
        assert_eq!(read("Tue, 01 Jul 2025 11:59:00 GMT", None), Some(0));
        assert_eq!(read("-5", None), Some(0));
        assert_eq!(read("99999999999999999999999", None), Some(u64::MAX));
        assert_eq!(read("1.5", None), Some(1));
        assert_eq!(read("inf", None), None);
        assert_eq!(read("soon", None), None);
        assert_eq!(read("", None), None);
    }
}
