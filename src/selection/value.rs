//! Checks the values of filters against the kind of their field.

use super::SelectionError;
use crate::catalog::filters::FilterKind;
use crate::record::company_key::plain_business_id;

/// Splits a list at commas and line ends.
pub(super) fn split_list(text: &str) -> Vec<String> {
    let values = text.split([',', '\n']).map(str::trim);
    values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

/// Splits `FI09704098` into (`FI`, `09704098`). The prefix is `None` for an id without one.
pub(super) fn split_prefix(id: &str) -> (Option<&str>, &str) {
    match id.split_at_checked(2) {
        Some((prefix, rest))
            if prefix.bytes().all(|b| b.is_ascii_uppercase())
                && rest.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            (Some(prefix), rest)
        }
        _ => (None, id),
    }
}

/// Returns the value in the form in which it is sent, or an error when it does not fit the field.
pub(super) fn check(
    key: &str,
    kind: FilterKind,
    operator: Option<&str>,
    value: &str,
) -> Result<String, SelectionError> {
    if value.is_empty() {
        return Err(SelectionError::Empty { key: key.to_owned() });
    }
    if value == "null" {
        return match operator {
            Some("ne") => Ok(value.to_owned()),
            _ => Err(bad(key, value, "a value; `null` goes with `__ne` only")),
        };
    }
    if let Some(operator) = operator
        && !takes(kind, operator)
    {
        return Err(SelectionError::BadOperator { key: key.to_owned(), operator: operator.to_owned() });
    }
    match kind {
        FilterKind::Text => Ok(value.to_owned()),
        FilterKind::Postal => postal(key, operator, value),
        FilterKind::Country => country(key, value),
        FilterKind::Region => region(key, value),
        FilterKind::BusinessId | FilterKind::BusinessIds => business_id(key, value),
        FilterKind::Number => number(key, value),
        FilterKind::Code => digits(key, value),
        FilterKind::Date => date(key, value),
        FilterKind::Datetime => datetime(key, value),
        FilterKind::Status if matches!(value, "active" | "inactive") => Ok(value.to_owned()),
        FilterKind::Status => Err(bad(key, value, "`active` or `inactive`")),
        FilterKind::Boolean if matches!(value, "true" | "false") => Ok(value.to_owned()),
        FilterKind::Boolean => Err(bad(key, value, "`true` or `false`")),
    }
}

/// Whether the operator applies to values of this kind.
pub(super) fn takes(kind: FilterKind, operator: &str) -> bool {
    match kind {
        FilterKind::Country => matches!(operator, "exact" | "in" | "ne"),
        FilterKind::Status => matches!(operator, "exact" | "ne"),
        FilterKind::BusinessIds => false,
        FilterKind::Number | FilterKind::Date | FilterKind::Datetime => operator != "startswith",
        _ => true,
    }
}

pub(super) fn bad(key: &str, value: &str, expected: &'static str) -> SelectionError {
    SelectionError::BadValue { key: key.to_owned(), value: value.to_owned(), expected }
}

fn postal(key: &str, operator: Option<&str>, value: &str) -> Result<String, SelectionError> {
    if let Some((from, to)) = value.split_once('-')
        && operator.is_none()
        && (from.len() != to.len() || from > to)
    {
        return Err(bad(key, value, "a range of postal codes, FROM-TO, of equal length"));
    }
    Ok(value.to_owned())
}

fn country(key: &str, value: &str) -> Result<String, SelectionError> {
    if value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Ok(value.to_ascii_uppercase());
    }
    Err(bad(key, value, "a country code of two letters, such as `FI`"))
}

fn region(key: &str, value: &str) -> Result<String, SelectionError> {
    let good = value.split_once('-').is_some_and(|(country, region)| {
        country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && !region.is_empty()
            && region.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if good { Ok(value.to_owned()) } else { Err(bad(key, value, "an ISO 3166-2 region, such as `FI-18`")) }
}

/// The id as in the tables: `fi 0970409-8` becomes `FI09704098`, with the country prefix in upper case. An id of
/// another form keeps its dashes, as in the source: `HRB-12345`.
fn business_id(key: &str, value: &str) -> Result<String, SelectionError> {
    let refused = || bad(key, value, "a business id of letters and digits");
    let whole = plain_business_id(value, "").ok_or_else(refused)?;
    let prefix = whole.get(..2).filter(|prefix| prefix.bytes().all(|b| b.is_ascii_alphabetic()));
    let of_country = prefix.map(str::to_ascii_uppercase).and_then(|country| {
        let rest = plain_business_id(&whole, &country).filter(|rest| *rest != whole)?;
        Some(format!("{country}{rest}"))
    });
    let id = of_country.unwrap_or(whole);
    // Numbers may be written in groups. Words separated by blanks are not an id.
    if id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        Ok(id)
    } else {
        Err(refused())
    }
}

fn number(key: &str, value: &str) -> Result<String, SelectionError> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let good = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if good(whole) && good(fraction) { Ok(value.to_owned()) } else { Err(bad(key, value, "a number")) }
}

fn digits(key: &str, value: &str) -> Result<String, SelectionError> {
    if value.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(value.to_owned());
    }
    Err(bad(key, value, "digits of an industry code"))
}

fn date(key: &str, value: &str) -> Result<String, SelectionError> {
    value
        .parse::<jiff::civil::Date>()
        .map(|date| date.to_string())
        .map_err(|_| bad(key, value, "a date, YYYY-MM-DD"))
}

fn datetime(key: &str, value: &str) -> Result<String, SelectionError> {
    let good = value.parse::<jiff::Timestamp>().is_ok() || value.parse::<jiff::civil::DateTime>().is_ok();
    if good { Ok(value.to_owned()) } else { Err(bad(key, value, "a datetime, YYYY-MM-DDTHH:MM:SS")) }
}
