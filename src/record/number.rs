//! Exact numbers from text, without floating point.

/// A number multiplied by a power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scaled {
    pub(crate) value: i128,
    /// Whether nonzero digits followed the last decimal that was asked for. The value is then the nearest one; of two
    /// equally near ones, the one farther from zero.
    pub(crate) rounded: bool,
}

impl Scaled {
    const ZERO: Self = Self { value: 0, rounded: false };
}

/// Parses a decimal number and multiplies it by ten to the power of `scale`.
///
/// Accepts every JSON number, and also a leading `+` and a point at either end (`.5`, `5.`).
///
/// # Errors
/// The text is not a number, or the result has more digits than 128 bits hold.
pub(crate) fn scaled(text: &str, scale: i64) -> Result<Scaled, NumberError> {
    let (negative, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let split = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match split.and_then(|at| unsigned.split_at_checked(at)) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let digits = Mantissa::parse(mantissa)?;
    if digits.value == 0 {
        return Ok(Scaled::ZERO);
    }
    let shift = exponent + digits.exponent + scale;
    let size = if shift < 0 {
        Scaled { value: shortened(digits.value, shift.unsigned_abs()), rounded: true }
    } else {
        let power = u32::try_from(shift).ok().and_then(|shift| 10_i128.checked_pow(shift));
        let value = power.and_then(|power| digits.value.checked_mul(power));
        // The digits that were cut must be worth less than half a unit.
        let value = value.filter(|value| !digits.cut || *value < SURELY_BEFORE_THE_CUT);
        Scaled { value: value.ok_or(NumberError::TooLarge)?, rounded: digits.cut }
    };
    Ok(if negative { Scaled { value: -size.value, ..size } } else { size })
}

/// A whole number that is not negative; `None` for a negative number, for decimals other than zeros, and for other
/// text.
pub(crate) fn whole(text: &str) -> Option<u64> {
    let number = scaled(text, 0).ok().filter(|number| !number.rounded)?;
    u64::try_from(number.value).ok()
}

/// A smaller number has all its digits, and at least one more, among the 37 that are never cut.
const SURELY_BEFORE_THE_CUT: i128 = 10_i128.pow(36);

/// A positive number without its last `digits` digits, rounded half up. Digits that were cut before are worth less
/// than one, so they cannot turn less than a half into a half.
fn shortened(value: i128, digits: u64) -> i128 {
    let power = u32::try_from(digits).ok().and_then(|digits| 10_i128.checked_pow(digits));
    // The largest value of 128 bits is less than half of the smallest power of ten that they cannot hold.
    let Some(power) = power else { return 0 };
    value / power + i128::from(value % power >= power / 2)
}

/// Why text is not a number that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    NotANumber,
    TooLarge,
}

/// Digits without trailing zeros: `value * 10^exponent`. `cut` says whether there were more digits than 128 bits hold.
/// The digits that were cut follow the ones kept, which are 37 or more.
#[derive(Debug)]
struct Mantissa {
    value: i128,
    exponent: i64,
    cut: bool,
}

impl Mantissa {
    fn parse(text: &[u8]) -> Result<Self, NumberError> {
        let (mut value, mut zeros, mut decimals) = (0_i128, 0_u32, 0_i64);
        let (mut any, mut point, mut cut) = (false, false, false);
        for byte in text {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    decimals += i64::from(point);
                    if *byte == b'0' || cut {
                        zeros = zeros.saturating_add(1);
                        continue;
                    }
                    let digit = i128::from(byte - b'0');
                    let power =
                        if value == 0 { Some(1) } else { 10_i128.checked_pow(zeros.saturating_add(1)) };
                    let longer = power.and_then(|power| value.checked_mul(power)?.checked_add(digit));
                    if let Some(longer) = longer {
                        (value, zeros) = (longer, 0);
                    } else {
                        (cut, zeros) = (true, zeros.saturating_add(1));
                    }
                }
                b'.' if !point => point = true,
                _ => return Err(NumberError::NotANumber),
            }
        }
        if any {
            Ok(Self { value, exponent: i64::from(zeros) - decimals, cut })
        } else {
            Err(NumberError::NotANumber)
        }
    }
}

/// The exponent after `e`, limited to a billion. A larger one makes no difference to any value here.
fn parse_exponent(text: &[u8]) -> Result<i64, NumberError> {
    let (negative, digits) = match text {
        [b'e' | b'E', b'-', digits @ ..] => (true, digits),
        [b'e' | b'E', b'+', digits @ ..] | [b'e' | b'E', digits @ ..] => (false, digits),
        _ => return Err(NumberError::NotANumber),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::NotANumber);
    }
    let size =
        digits.iter().fold(0_i64, |size, digit| (size * 10 + i64::from(digit - b'0')).min(1_000_000_000));
    Ok(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "compared with what `scaled` returns")]
    fn exact(value: i128) -> Result<Scaled, NumberError> {
        Ok(Scaled { value, rounded: false })
    }

    #[expect(clippy::unnecessary_wraps, reason = "compared with what `scaled` returns")]
    fn rounded(value: i128) -> Result<Scaled, NumberError> {
        Ok(Scaled { value, rounded: true })
    }

    #[test]
    fn numbers_are_exact() {
        use NumberError::{NotANumber, TooLarge};
        for (text, scale, expected) in [
            ("0", 2, exact(0)),
            ("-0.000", 2, exact(0)),
            ("604000.0", 2, exact(60_400_000)),
            ("-42387687.0", 2, exact(-4_238_768_700)),
            ("0.10", 2, exact(10)),
            ("0.07", 2, exact(7)),
            ("+4.2", 2, exact(420)),
            (".5", 2, exact(50)),
            ("5.", 2, exact(500)),
            ("1e3", 2, exact(100_000)),
            ("1.25E+2", 0, exact(125)),
            ("1E+2", 2, exact(10_000)),
            ("1250e-2", 2, exact(1250)),
            ("12.0", 0, exact(12)),
            ("100200300", 0, exact(100_200_300)),
            ("0.001e1", 2, exact(1)),
            ("0e-400", 2, exact(0)),
            ("1e40", 2, Err(TooLarge)),
            ("1e99999999999999999999", 2, Err(TooLarge)),
            ("9999999999999999999999999999999999999999", 0, Err(TooLarge)),
            ("1234567890123456789012345678901234567890.5", 2, Err(TooLarge)),
            ("99999999999999999999999999999999999999.99", 0, Err(TooLarge)),
            ("", 2, Err(NotANumber)),
            ("-", 2, Err(NotANumber)),
            (".", 2, Err(NotANumber)),
            ("+-1", 2, Err(NotANumber)),
            ("1.2.3", 2, Err(NotANumber)),
            ("1e", 2, Err(NotANumber)),
            ("1e5.", 2, Err(NotANumber)),
            ("1 000", 2, Err(NotANumber)),
            ("1,5", 2, Err(NotANumber)),
            ("1'000.123456", 2, Err(NotANumber)),
            ("0.00000000000000000000000000000000000000000000001x", 2, Err(NotANumber)),
            ("0x10", 2, Err(NotANumber)),
            ("NaN", 2, Err(NotANumber)),
        ] {
            assert_eq!(scaled(text, scale), expected, "{text}");
        }
        assert_eq!(scaled(&format!("1{}e-99999", "0".repeat(99_999)), 0), exact(1));
        assert_eq!(scaled(&format!("{}1", "0".repeat(100)), 0), exact(1));
    }

    #[test]
    fn digits_beyond_the_scale_are_rounded_half_away_from_zero() {
        for (text, scale, expected) in [
            ("33.333333333333336", 2, rounded(3333)),
            ("33.333", 2, rounded(3333)),
            ("604000.0000000001", 2, rounded(60_400_000)),
            ("1e-7", 2, rounded(0)),
            ("-1e-7", 2, rounded(0)),
            ("-12.345", 2, rounded(-1235)),
            ("12.345", 2, rounded(1235)),
            ("12.3449999999999999999", 2, rounded(1234)),
            ("0.005", 2, rounded(1)),
            ("-0.005", 2, rounded(-1)),
            ("0.00499999999999999999999999999999999999999999999999999999", 2, rounded(0)),
            ("0.0050000000000000000000000000000000000000000000000000001", 2, rounded(1)),
            ("9.995", 2, rounded(1000)),
            ("1.005", 2, rounded(101)),
            ("2.675", 2, rounded(268)),
            ("12.5", 0, rounded(13)),
            ("-12.5", 0, rounded(-13)),
            ("399.4", 0, rounded(399)),
            ("0.5", 0, rounded(1)),
            ("0.49", 0, rounded(0)),
            ("1234.5e-3", 2, rounded(123)),
            ("1e-400", 2, rounded(0)),
            ("5e-99999999999999999999", 2, rounded(0)),
            // More digits than 128 bits hold.
            ("1.0000000000000000000000000000000000000000000000001", 2, rounded(100)),
            ("33.33333333333333333333333333333333333333333333333333333", 2, rounded(3333)),
            ("0.15555555555555555555555555555555555555555555555555555", 2, rounded(16)),
            ("-170141183460469231731687303715884105727.5e-30", 2, rounded(-17_014_118_346)),
        ] {
            assert_eq!(scaled(text, scale), expected, "{text}");
        }
        let long = |tail: &str| format!("0.125{}{tail}", "0".repeat(100_000));
        assert_eq!(scaled(&long("1"), 2), rounded(13));
        assert_eq!(scaled(&long(""), 2), rounded(13));
        assert_eq!(scaled(&long(""), 3), exact(125));
        assert_eq!(scaled(&long("1"), 3), rounded(125));
    }
}
