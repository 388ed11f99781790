//! Checks the length of business ids by country.

/// Number of digits of the business ids of each country (notes on the API: FI09704098, DK, NO and SE organisation
/// numbers).
const DIGITS: &[(&str, usize)] = &[("DK", 8), ("FI", 8), ("NO", 9), ("SE", 10)];

/// Why an id without country prefix and dash looks wrong: it has one digit less than the ids of its country, as after a
/// spreadsheet read it as a number and dropped the leading zero. `None` when the length is right or the country is
/// unknown.
pub fn short_id(country: Option<&str>, id: &str) -> Option<String> {
    if !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let short_of = |digits: usize| id.len() + 1 == digits;
    if let Some(country) = country {
        let (_, digits) = DIGITS.iter().find(|(known, _)| *known == country)?;
        return short_of(*digits).then(|| {
            format!("one digit short: ids of {country} have {digits}; a spreadsheet drops leading zeros")
        });
    }
    // Ids of eight and nine digits are complete in some country.
    let shortest = DIGITS.iter().map(|(_, digits)| *digits).min()?;
    short_of(shortest).then(|| {
        format!("one digit short: no country has ids of {}; a spreadsheet drops leading zeros", id.len())
    })
}

/// The country in the label of a list. `None` when it has no country filter.
pub fn country_of(label: &str) -> Option<&str> {
    label
        .split('&')
        .find_map(|filter| filter.strip_prefix("country=").or_else(|| filter.strip_prefix("country__exact=")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_one_digit_short_of_its_country_is_said_to_be_so() {
        for (country, id, short) in [
            (Some("FI"), "9704098", true),
            (Some("FI"), "09704098", false),
            (Some("FI"), "970409", false),
            (Some("DK"), "1234567", true),
            (Some("NO"), "12345678", true),
            (Some("NO"), "123456789", false),
            (Some("SE"), "123456789", true),
            (Some("SE"), "1234567890", false),
            (Some("DE"), "1234567", false),
            (Some("FI"), "HRB1234", false),
            (None, "9704098", true),
            (None, "12345678", false),
            (None, "123456789", false),
        ] {
            assert_eq!(short_id(country, id).is_some(), short, "{country:?} {id}");
        }
    }

    #[test]
    fn a_label_names_its_country() {
        assert_eq!(country_of("business_ids=1,2&country=FI"), Some("FI"));
        assert_eq!(country_of("business_ids=1,2"), None);
    }
}
