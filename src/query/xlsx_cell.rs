//! How a value is written to a cell of a spreadsheet: as a number only if the number is the exact value, else as text.

use jiff::civil::{Date, DateTime, date};

use super::types::Type;

/// Number of digits of a number that every spreadsheet keeps.
const DIGITS: usize = 15;
const DAY_NANOSECONDS: f64 = 86_400e9;

/// How a column's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Boolean,
    Integer,
    Decimal {
        scale: u8,
    },
    Float,
    Date,
    /// A timestamp with or without a zone; the zone is UTC.
    Timestamp,
    Text,
}

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    Boolean(bool),
    /// A number, or a date or timestamp as days since 1899-12-30.
    Number(f64),
    /// A timestamp with a fraction of a second, as days since 1899-12-30.
    Fraction(f64),
    /// A text, as DuckDB wrote it.
    Text,
}

impl Form {
    pub(super) fn of(kind: &Type) -> Self {
        match kind {
            Type::Boolean => Self::Boolean,
            Type::Integer(_) => Self::Integer,
            Type::Decimal { scale, .. } => Self::Decimal { scale: *scale },
            Type::Float(_) => Self::Float,
            Type::Date => Self::Date,
            Type::Timestamp(_) | Type::TimestampTz => Self::Timestamp,
            _ => Self::Text,
        }
    }

    /// The cell for a value that DuckDB writes as `text`.
    pub(super) fn cell(self, text: &str) -> Cell {
        let found = match self {
            Self::Boolean => text.parse().ok().map(Cell::Boolean),
            Self::Integer | Self::Decimal { .. } if digits(text) > DIGITS => None,
            Self::Integer | Self::Decimal { .. } | Self::Float => number(text),
            Self::Date => text.parse().ok().and_then(days).map(Cell::Number),
            Self::Timestamp => text.strip_suffix("+00").unwrap_or(text).parse().ok().and_then(time),
            Self::Text => None,
        };
        found.unwrap_or(Cell::Text)
    }
}

fn number(text: &str) -> Option<Cell> {
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(Cell::Number(number))
}

/// Number of digits of a number, without leading zeros.
fn digits(text: &str) -> usize {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    digits.skip_while(|digit| *digit == b'0').count()
}

/// Days since 1899-12-30. `None` before March 1900, because spreadsheets differ there: Excel has a 29 February 1900.
fn days(day: Date) -> Option<f64> {
    if day < date(1900, 3, 1) {
        return None;
    }
    let days = date(1899, 12, 30).until(day).ok()?.get_days();
    Some(f64::from(days))
}

/// The cell for a timestamp. `None` if the number would not give the same microseconds back, as with nanoseconds or in
/// the far future, and before March 1900.
fn time(at: DateTime) -> Option<Cell> {
    let days = days(at.date())?;
    let nanoseconds = at.time().duration_since(jiff::civil::Time::midnight()).as_nanos();
    let nanoseconds = i64::try_from(nanoseconds).ok()?;
    if nanoseconds % 1_000 != 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "less than 2^47, which a double holds")]
    let of_day = nanoseconds as f64;
    let number = days + of_day / DAY_NANOSECONDS;
    let back = ((number - days) * DAY_NANOSECONDS / 1e3).round() * 1e3;
    if (back - of_day).abs() > 0.5 {
        return None;
    }
    let whole = nanoseconds % 1_000_000_000 == 0;
    Some(if whole { Cell::Number(number) } else { Cell::Fraction(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_up_to_the_digits_that_are_kept() {
        for (form, text, number) in [
            (Form::Integer, "-1", Some(-1.0)),
            (Form::Integer, "999999999999999", Some(999_999_999_999_999.0)),
            (Form::Integer, "1000000000000000", None),
            (Form::Integer, "170141183460469231731687303715884105727", None),
            (Form::Decimal { scale: 2 }, "-0.05", Some(-0.05)),
            (Form::Decimal { scale: 2 }, "9999999999999.99", Some(9_999_999_999_999.99)),
            (Form::Decimal { scale: 2 }, "99999999999999.99", None),
            (Form::Float, "1.7976931348623157e+308", Some(f64::MAX)),
            (Form::Float, "nan", None),
            (Form::Float, "-inf", None),
            (Form::Text, "00000001", None),
        ] {
            assert_eq!(form.cell(text), number.map_or(Cell::Text, Cell::Number), "{text}");
        }
    }

    #[test]
    fn dates_and_times_are_numbers_where_all_spreadsheets_agree() {
        for (form, text, cell) in [
            (Form::Date, "1900-02-28", Cell::Text),
            (Form::Date, "1900-03-01", Cell::Number(61.0)),
            (Form::Date, "2026-01-02", Cell::Number(46_024.0)),
            (Form::Date, "9999-12-31", Cell::Number(2_958_465.0)),
            (Form::Date, "10000-01-01", Cell::Text),
            (Form::Date, "0044-03-15 (BC)", Cell::Text),
            (Form::Date, "infinity", Cell::Text),
            (Form::Timestamp, "2026-01-02 12:00:00", Cell::Number(46_024.5)),
            (Form::Timestamp, "2026-01-02 06:00:00+00", Cell::Number(46_024.25)),
            (Form::Timestamp, "1899-12-31 23:59:59", Cell::Text),
            (Form::Timestamp, "2026-01-02 00:00:00.123456789", Cell::Text),
            (Form::Timestamp, "9999-12-31 23:59:59.999999", Cell::Text),
            (Form::Timestamp, "-infinity", Cell::Text),
        ] {
            assert_eq!(form.cell(text), cell, "{text}");
        }
        for micros in ["000001", "123456", "999999", "500000"] {
            let cell = Form::Timestamp.cell(&format!("2026-11-30 23:59:59.{micros}"));
            assert!(matches!(cell, Cell::Fraction(_)), "{micros}");
        }
    }
}
