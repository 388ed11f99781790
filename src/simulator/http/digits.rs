//! Integers as text, without `format!`, which took a quarter of the time of an answer.

/// Most digits of a 64-bit number.
const MOST: usize = 20;

/// Appends the number, padded with zeros to at least `width` digits (at most 20).
pub(in crate::simulator) fn push_digits(number: impl Into<u64>, width: usize, out: &mut String) {
    let mut digits = [b'0'; MOST];
    let (mut rest, mut start) = (number.into(), MOST);
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        start = place;
        if rest == 0 {
            break;
        }
    }
    let from = start.min(MOST.saturating_sub(width));
    out.push_str(digits.get(from..).and_then(|digits| str::from_utf8(digits).ok()).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers_are_written_as_format_does(number: u64, shift in 0..64_u32, width in 0..=20_usize) {
            let number = number >> shift;
            let mut text = "x".to_owned();
            push_digits(number, width, &mut text);
            prop_assert_eq!(text, format!("x{number:0width$}"));
        }
    }
}
