//! Parses one JSON value into one cell.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json_text::{self, JsonType, Raw};
use super::number::{NumberError, scaled, whole};
use super::{key, time};
use crate::schema::{DECIMAL_PRECISION, DECIMAL_SCALE, Kind};

/// A value in the type of its column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// For [`Kind::Text`], [`Kind::Code`], [`Kind::BusinessId`], [`Kind::Country`] and [`Kind::Json`].
    Text(Cow<'a, str>),
    /// For [`Kind::Boolean`].
    Boolean(bool),
    /// For [`Kind::Integer`].
    Integer(i64),
    /// For [`Kind::Double`]; finite.
    Double(f64),
    /// For [`Kind::Decimal`]: hundredths, fewer than 10^18 of them.
    Decimal(i64),
    /// For [`Kind::Date`]: days since 1970-01-01.
    Date(i32),
    /// For [`Kind::Timestamp`]: microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
}

/// The result of parsing a JSON value.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<'a> {
    /// The value, or [`Cell::Null`] when there is none or when it does not fit.
    pub cell: Cell<'a>,
    /// Whether the value has another JSON type than the API documents for such a column.
    pub other_type: bool,
    /// Whether the value has more digits than the column. A number was rounded; in a time, digits finer than a
    /// microsecond were cut off.
    pub rounded: bool,
    /// Why the value was rejected; `None` when it was not. The cell of a rejected value is NULL, except where nearly
    /// all of the value could be kept: text with half of a surrogate pair.
    pub reject: Option<&'static str>,
}

impl<'a> Parsed<'a> {
    const NULL: Self = Self { cell: Cell::Null, other_type: false, rounded: false, reject: None };

    fn cell(cell: Cell<'a>) -> Self {
        Self { cell, ..Self::NULL }
    }

    fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::cell(Cell::Text(text.into()))
    }

    fn rejected(reason: &'static str) -> Self {
        Self { reject: Some(reason), ..Self::NULL }
    }

    fn from_result(result: Result<Cell<'a>, &'static str>) -> Self {
        result.map_or_else(Self::rejected, Self::cell)
    }

    /// From a cell, and whether digits were lost.
    fn quantity(result: Result<(Cell<'a>, bool), &'static str>) -> Self {
        match result {
            Ok((cell, rounded)) => Self { cell, rounded, ..Self::NULL },
            Err(reason) => Self::rejected(reason),
        }
    }

    /// The same for a column of a key. A rounded value is rejected there, since it could be the key of another row.
    pub(crate) fn exact(self) -> Self {
        if !self.rounded {
            return self;
        }
        let whole = matches!(self.cell, Cell::Integer(_));
        let reason = if whole { "not a whole number" } else { "more digits than a key has" };
        Self { other_type: self.other_type, ..Self::rejected(reason) }
    }

    fn of_other_type(mut self) -> Self {
        self.other_type = true;
        self
    }

    fn into_owned(self) -> Parsed<'static> {
        let cell = match self.cell {
            Cell::Null => Cell::Null,
            Cell::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Cell::Boolean(value) => Cell::Boolean(value),
            Cell::Integer(value) => Cell::Integer(value),
            Cell::Double(value) => Cell::Double(value),
            Cell::Decimal(value) => Cell::Decimal(value),
            Cell::Date(value) => Cell::Date(value),
            Cell::Timestamp(value) => Cell::Timestamp(value),
        };
        Parsed { cell, other_type: self.other_type, rounded: self.rounded, reject: self.reject }
    }

    fn lossy(mut self, lossy: bool, reason: &'static str) -> Self {
        if lossy {
            self.reject = Some(reason);
        }
        self
    }
}

const LONE_SURROGATE: &str = "half of a surrogate pair; kept as U+FFFD";
/// How other reasons name half of a surrogate pair.
pub(crate) const HALF_PAIR: &str = "half of a surrogate pair";

/// Parses the JSON text of one value into a cell of a column of kind `kind`.
///
/// `country` is the record's country in upper case. Its prefix is removed from a [`Kind::BusinessId`].
///
/// JSON null is NULL for every kind. An empty string is an empty string for [`Kind::Text`] and NULL for every other
/// kind, except that [`Kind::Json`] keeps it as JSON.
pub fn parse<'a>(kind: Kind, value: &'a RawValue, country: Option<&str>) -> Parsed<'a> {
    parse_raw(kind, value.into(), country)
}

/// [`parse`] for a value whose escapes are already counted.
pub(crate) fn parse_raw<'a>(kind: Kind, value: Raw<'a>, country: Option<&str>) -> Parsed<'a> {
    let raw = value.text;
    let json_type = json_text::type_of(raw);
    match (kind, json_type) {
        (_, JsonType::Null) => Parsed::NULL,
        (Kind::Json, _) => json(value),
        (Kind::Code { .. }, JsonType::String) if raw == "\"\"" => Parsed::NULL,
        (Kind::Text | Kind::Code { .. }, JsonType::String) => text(value),
        (Kind::Code { width }, JsonType::Number) => Parsed::from_result(code(raw, width)),
        (Kind::BusinessId, JsonType::Number) => {
            Parsed::from_result(code(raw, 0).map_err(|_| "not a business id")).of_other_type()
        }
        (Kind::Boolean, JsonType::Boolean) => Parsed::cell(Cell::Boolean(raw == "true")),
        (Kind::Text, JsonType::Number | JsonType::Boolean) => Parsed::text(raw).of_other_type(),
        (_, JsonType::Nested) => {
            let reason = if raw.starts_with('[') { "a list" } else { "an object" };
            Parsed::rejected(reason).of_other_type()
        }
        (Kind::Integer | Kind::Double | Kind::Decimal, JsonType::Number) => {
            Parsed::quantity(quantity(kind, raw))
        }
        (_, JsonType::String) => from_string(kind, value, country),
        (_, JsonType::Number) => Parsed::rejected("a number").of_other_type(),
        (_, JsonType::Boolean) => Parsed::rejected("true or false").of_other_type(),
    }
}

/// Parses a string for a kind that is not free text. Blanks around the value are ignored.
fn from_string<'a>(kind: Kind, raw: Raw<'a>, country: Option<&str>) -> Parsed<'a> {
    let content = json_text::content(raw);
    match content.text {
        _ if content.lossy => Parsed::rejected(HALF_PAIR),
        Cow::Borrowed(text) => typed(kind, text.trim(), country),
        Cow::Owned(text) => typed(kind, text.trim(), country).into_owned(),
    }
}

/// Parses text without surrounding blanks into a cell of a column of kind `kind`.
pub(crate) fn typed<'a>(kind: Kind, text: &'a str, country: Option<&str>) -> Parsed<'a> {
    if text.is_empty() {
        return Parsed::NULL;
    }
    match kind {
        Kind::Boolean => boolean(text).of_other_type(),
        Kind::Integer | Kind::Double | Kind::Decimal => Parsed::quantity(quantity(kind, text)),
        Kind::Date => Parsed::from_result(time::days(text).map(Cell::Date)),
        Kind::Timestamp => {
            Parsed::quantity(time::micros(text).map(|(micros, lost)| (Cell::Timestamp(micros), lost)))
        }
        Kind::Country => {
            let code = key::country(text).map(Cell::Text);
            Parsed::from_result(code.ok_or("not a country code of two letters"))
        }
        Kind::BusinessId => Parsed::from_result(key::business_id(text, country).map(Cell::Text)),
        Kind::Text | Kind::Code { .. } | Kind::Json => Parsed::text(text),
    }
}

fn boolean(text: &str) -> Parsed<'_> {
    if text.eq_ignore_ascii_case("true") {
        Parsed::cell(Cell::Boolean(true))
    } else if text.eq_ignore_ascii_case("false") {
        Parsed::cell(Cell::Boolean(false))
    } else {
        Parsed::rejected("neither true nor false")
    }
}

fn text(raw: Raw<'_>) -> Parsed<'_> {
    let content = json_text::content(raw);
    Parsed::text(content.text).lossy(content.lossy, LONE_SURROGATE)
}

fn json(raw: Raw<'_>) -> Parsed<'_> {
    if json_text::too_deep(raw.text) {
        return Parsed::rejected("nested too deep");
    }
    let (mended, lossy) = json_text::mended(raw);
    Parsed::text(mended).lossy(lossy, LONE_SURROGATE)
}

/// A number as text, with leading zeros up to `width` digits.
fn code(raw: &str, width: usize) -> Result<Cell<'_>, &'static str> {
    if raw.len() >= width && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Cell::Text(raw.into()));
    }
    whole(raw).map(|number| Cell::Text(format!("{number:0width$}").into())).ok_or("not a code of digits")
}

/// Smallest number of hundredths that a decimal column cannot hold.
const DECIMAL_LIMIT: u64 = 10_u64.pow(DECIMAL_PRECISION as u32);

/// Parses a number, rounded to the digits of the column, and returns whether digits were lost.
fn quantity(kind: Kind, text: &str) -> Result<(Cell<'static>, bool), &'static str> {
    const NOT_A_NUMBER: &str = "not a number";
    let scaled = |scale, too_large| {
        scaled(text, scale).map_err(|error| match error {
            NumberError::NotANumber => NOT_A_NUMBER,
            NumberError::TooLarge => too_large,
        })
    };
    match kind {
        Kind::Integer => {
            const TOO_LARGE: &str = "a number beyond 64 bits";
            let whole = scaled(0, TOO_LARGE)?;
            let fitting = i64::try_from(whole.value).map_err(|_| TOO_LARGE)?;
            Ok((Cell::Integer(fitting), whole.rounded))
        }
        Kind::Decimal => {
            const TOO_LARGE: &str = "a number beyond DECIMAL(18,2)";
            let hundredths = scaled(i64::from(DECIMAL_SCALE), TOO_LARGE)?;
            let fitting =
                i64::try_from(hundredths.value).ok().filter(|number| number.unsigned_abs() < DECIMAL_LIMIT);
            fitting.map(|number| (Cell::Decimal(number), hundredths.rounded)).ok_or(TOO_LARGE)
        }
        _ => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok((Cell::Double(number), false)),
            Ok(_) => Err("not a finite number"),
            Err(_) => Err(NOT_A_NUMBER),
        },
    }
}
