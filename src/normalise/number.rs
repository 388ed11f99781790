//! Exact numbers from text: no step goes through a float.

/// Parses a decimal number and multiplies it by ten to the power of `scale`.
///
/// Accepts what a JSON number can be, and also a leading `+` and a point at either end (`.5`, `5.`).
///
/// # Errors
/// With the reason, when the text is no number, when digits would be left after `scale` decimals, or when the
/// result has more digits than 128 bits hold.
pub(super) fn scaled(text: &str, scale: i64) -> Result<i128, NumberError> {
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
        return Ok(0);
    }
    let shift = exponent + digits.exponent + scale;
    if shift < 0 {
        return Err(NumberError::TooManyDecimals);
    }
    let power = u32::try_from(shift).ok().and_then(|shift| 10_i128.checked_pow(shift));
    let value = power.and_then(|power| digits.value.checked_mul(power)).ok_or(NumberError::TooLarge)?;
    Ok(if negative { -value } else { value })
}

/// Why text is not a number that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberError {
    NotANumber,
    TooManyDecimals,
    TooLarge,
}

/// Digits without trailing zeros: `value * 10^exponent`.
#[derive(Debug)]
struct Mantissa {
    value: i128,
    exponent: i64,
}

impl Mantissa {
    fn parse(text: &[u8]) -> Result<Self, NumberError> {
        let (mut value, mut zeros, mut decimals) = (0_i128, 0_u32, 0_i64);
        let (mut any, mut point) = (false, false);
        for byte in text {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    decimals += i64::from(point);
                    if *byte == b'0' {
                        zeros = zeros.saturating_add(1);
                    } else {
                        let digit = i128::from(byte - b'0');
                        let power =
                            if value == 0 { Some(1) } else { 10_i128.checked_pow(zeros.saturating_add(1)) };
                        value = power
                            .and_then(|power| value.checked_mul(power)?.checked_add(digit))
                            .ok_or(NumberError::TooLarge)?;
                        zeros = 0;
                    }
                }
                b'.' if !point => point = true,
                _ => return Err(NumberError::NotANumber),
            }
        }
        if any {
            Ok(Self { value, exponent: i64::from(zeros) - decimals })
        } else {
            Err(NumberError::NotANumber)
        }
    }
}

/// The exponent after `e`; beyond a billion it is cut, which no value of ours can tell apart.
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

    #[test]
    fn numbers_are_exact() {
        use NumberError::{NotANumber, TooLarge, TooManyDecimals};
        for (text, scale, expected) in [
            ("0", 2, Ok(0)),
            ("-0.000", 2, Ok(0)),
            ("604000.0", 2, Ok(60_400_000)),
            ("-42387687.0", 2, Ok(-4_238_768_700)),
            ("0.10", 2, Ok(10)),
            ("0.07", 2, Ok(7)),
            ("+4.2", 2, Ok(420)),
            (".5", 2, Ok(50)),
            ("5.", 2, Ok(500)),
            ("1e3", 2, Ok(100_000)),
            ("1.25E+2", 0, Ok(125)),
            ("1250e-2", 2, Ok(1250)),
            ("12.0", 0, Ok(12)),
            ("100200300", 0, Ok(100_200_300)),
            ("0.001e1", 2, Ok(1)),
            ("1.005", 2, Err(TooManyDecimals)),
            ("12.5", 0, Err(TooManyDecimals)),
            ("1e-400", 2, Err(TooManyDecimals)),
            ("1e40", 2, Err(TooLarge)),
            ("1e99999999999999999999", 2, Err(TooLarge)),
            ("9999999999999999999999999999999999999999", 0, Err(TooLarge)),
            ("", 2, Err(NotANumber)),
            ("-", 2, Err(NotANumber)),
            (".", 2, Err(NotANumber)),
            ("+-1", 2, Err(NotANumber)),
            ("1.2.3", 2, Err(NotANumber)),
            ("1e", 2, Err(NotANumber)),
            ("1e5.", 2, Err(NotANumber)),
            ("1 000", 2, Err(NotANumber)),
            ("1,5", 2, Err(NotANumber)),
            ("0x10", 2, Err(NotANumber)),
            ("NaN", 2, Err(NotANumber)),
        ] {
            assert_eq!(scaled(text, scale), expected, "{text}");
        }
        assert_eq!(scaled(&format!("1{}e-99999", "0".repeat(99_999)), 0), Ok(1));
        assert_eq!(scaled(&format!("{}1", "0".repeat(100)), 0), Ok(1));
    }
}
