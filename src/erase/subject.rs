//! [`Subject`]: a person or company to erase, and whether a text is about it.

use std::fmt;

use crate::record::company_key::{plain_business_id, separates};

/// Text that replaces an e-mail address within a longer text, and NULL where a column is not nullable.
pub const ERASED: &str = "[erased]";

/// A person or a company to erase.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A person, identified by an e-mail address.
    Person {
        /// The address in lower case, without surrounding whitespace.
        email: String,
    },
    /// A company, identified by its key in the tables.
    Company {
        /// Country code of two letters, upper case.
        country: String,
        /// Business id without the country prefix and without dashes.
        business_id: String,
    },
}

/// Why a text does not name a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// Not an e-mail address.
    #[error("`{text}` is no e-mail address")]
    Email {
        /// The text as given.
        text: String,
    },
    /// Not a business id with its country.
    #[error("`{text}` is no business id with its country in front")]
    BusinessId {
        /// The text as given.
        text: String,
    },
}

impl SubjectError {
    /// What the user can do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Email { .. } => "write for example `--contact jane@example.com`",
            Self::BusinessId { .. } => {
                "write for example `--business-id FI09704098`, or, as tables have it, `--business-id DE/HRB-12345`: the same \
                 id in another country is another company"
            }
        }
    }
}

impl Subject {
    /// The person with this e-mail address. Case and surrounding whitespace do not matter.
    ///
    /// # Errors
    /// [`SubjectError::Email`] unless the text is a name, one `@` and a domain, without whitespace, control characters,
    /// quotes and backslashes. A shorter text would match other persons, too.
    pub fn person(text: &str) -> Result<Self, SubjectError> {
        let email = text.trim().to_lowercase();
        let fits = email
            .split_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'));
        if !fits || email.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\')) {
            return Err(SubjectError::Email { text: text.to_owned() });
        }
        Ok(Self::Person { email })
    }

    /// The company with this id or key. An id has the country in front and may have dashes, in either case:
    /// `FI09704098`, `FI0970409-8`. A key is a country and an id of any form, separated by a slash: `DE/HRB-12345`.
    ///
    /// # Errors
    /// [`SubjectError::BusinessId`] if there is no country in front, or if a text without a slash has other characters
    /// than letters, digits, `-` and `_`.
    pub fn company(text: &str) -> Result<Self, SubjectError> {
        let error = || SubjectError::BusinessId { text: text.to_owned() };
        let text = text.trim();
        if let Some((country, id)) = text.split_once('/') {
            if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                return Err(error());
            }
            let country = country.to_ascii_uppercase();
            let business_id = plain_business_id(id, &country).ok_or_else(error)?;
            return Ok(Self::Company { country, business_id });
        }
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let (country, rest) = text.split_at_checked(2).ok_or_else(error)?;
        if !country.bytes().all(|byte| byte.is_ascii_alphabetic())
            || !rest.bytes().any(|byte| byte.is_ascii_digit())
            || !text.bytes().all(good)
        {
            return Err(error());
        }
        let country = country.to_ascii_uppercase();
        let business_id = plain_business_id(text, &country).ok_or_else(error)?;
        Ok(Self::Company { country, business_id })
    }

    /// Whether the whole text is the subject: the address, or the id prefixed with its country.
    pub(super) fn is(&self, text: &str) -> bool {
        match self {
            Self::Person { email } => text.trim().to_lowercase() == *email,
            Self::Company { country, business_id } => {
                let text = text.trim();
                let prefixed = text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(country));
                let is_it = |text: &str| plain_business_id(text, country).as_deref() == Some(business_id);
                let behind = || text.get(2..).map(|rest| rest.trim_start_matches(separates));
                prefixed && (is_it(text) || behind().is_some_and(is_it))
            }
        }
    }

    /// The text with every occurrence of the person's address replaced by [`ERASED`]. `None` if there is none. An
    /// occurrence within a longer address does not count: that is another person. Always `None` for a company: digits
    /// within a text may mean anything.
    pub(super) fn replaced_in(&self, text: &str) -> Option<String> {
        let Self::Person { email } = self else { return None };
        let mut out = String::new();
        let (mut rest, mut before) = (text, None);
        let mut found = false;
        while let Some(next) = rest.chars().next() {
            match begins_with(rest, email) {
                Some(length)
                    if can_start_after(before) && can_end_before(rest.get(length..).unwrap_or_default()) =>
                {
                    out.push_str(ERASED);
                    found = true;
                    before = rest.get(..length).and_then(|part| part.chars().next_back());
                    rest = rest.get(length..).unwrap_or_default();
                }
                _ => {
                    out.push(next);
                    before = Some(next);
                    rest = rest.get(next.len_utf8()..).unwrap_or_default();
                }
            }
        }
        found.then_some(out)
    }

    /// False if the JSON text cannot name the subject in any spelling. True means that it has to be parsed to know.
    /// Cheap.
    pub(super) fn may_be_in(&self, json: &str) -> bool {
        // An escape such as `\u0040` can stand for any ASCII character. Others, such as `\u00e4`, cannot.
        let escapes = json.match_indices("\\u").any(|(at, _)| {
            let ascii = json.get(at + 2..at + 5).is_some_and(|start| {
                start.starts_with("00") && start.ends_with(|digit: char| ('0'..='7').contains(&digit))
            });
            ascii || !self.is_ascii()
        });
        escapes
            || match self {
                Self::Person { email } => json
                    .char_indices()
                    .any(|(at, _)| begins_with(json.get(at..).unwrap_or_default(), email).is_some()),
                Self::Company { business_id, .. } => holds_id(json, business_id),
            }
    }

    fn is_ascii(&self) -> bool {
        match self {
            Self::Person { email } => email.is_ascii(),
            Self::Company { business_id, .. } => business_id.is_ascii(),
        }
    }
}

impl fmt::Display for Subject {
    /// A person as the address, a company as country and id: `FI/09704098`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { email } => f.write_str(email),
            Self::Company { country, business_id } => write!(f, "{country}/{business_id}"),
        }
    }
}

/// Length in bytes of the prefix of `text` that equals `lower`, ignoring case. `lower` is in lower case. `None` if
/// `text` does not start with it.
fn begins_with(text: &str, lower: &str) -> Option<usize> {
    let mut wanted = lower.chars();
    for (at, found) in text.char_indices() {
        for found in found.to_lowercase() {
            if wanted.next() != Some(found) {
                return None;
            }
        }
        if wanted.as_str().is_empty() {
            return Some(at + found.len_utf8());
        }
    }
    None
}

/// Whether an address can start after this character.
fn can_start_after(before: Option<char>) -> bool {
    before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '%' | '+' | '-'))
}

/// Whether an address can end before this text. A full stop at the end of a sentence does not continue the domain.
fn can_end_before(after: &str) -> bool {
    let rest = after.trim_start_matches(['.', '-']);
    let goes_on = rest.starts_with(char::is_alphanumeric);
    !goes_on
}

/// Whether the JSON text may hold the id, whatever separates its letters and digits.
fn holds_id(json: &str, id: &str) -> bool {
    let id = letters(id);
    id.is_empty() || letters(json).windows(id.len()).any(|part| part == id)
}

/// The ASCII letters and digits of a JSON text, in lower case. Escapes are skipped: [`Subject::may_be_in`] looks for
/// those of ASCII characters itself, and the others can only stand for separators.
fn letters(json: &str) -> Vec<u8> {
    let mut letters = Vec::new();
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.next() == Some(b'u') => bytes.by_ref().take(4).for_each(drop),
            _ if byte.is_ascii_alphanumeric() => letters.push(byte.to_ascii_lowercase()),
            _ => {}
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_accepted_as_filters_accept_them() {
        let nokia = Subject::Company { country: "FI".into(), business_id: "01120389".into() };
        for text in ["FI01120389", "FI0112038-9", "fi01120389", " FI01120389 "] {
            assert_eq!(Subject::company(text), Ok(nokia.clone()), "{text}");
        }
        let american = Subject::Company { country: "US".into(), business_id: "US_DE6240535".into() };
        assert_eq!(Subject::company("US_DE6240535"), Ok(american));
        let german = Subject::Company { country: "DE".into(), business_id: "HRB 12345-ä".into() };
        assert_eq!(Subject::company(" de/HRB\u{a0}12345\u{2013}ä "), Ok(german.clone()));
        assert_eq!(Subject::company("FI/0112038-9"), Ok(nokia.clone()));
        assert_eq!(Subject::company(&german.to_string()), Ok(german.clone()));
        assert!(german.is("DE HRB 12345-ä") && german.is("DE-HRB 12345-ä") && german.is("DEHRB 12345-ä"));
        assert!(!german.is("HRB 12345-ä") && !german.is("FI HRB 12345-ä") && nokia.is("FI 0112038-9"));
        for text in [
            "01120389",
            "0112038-9",
            "FI",
            "F",
            "FI 01120389",
            "FI-",
            "",
            "ÄI1",
            "FI/",
            "FI/ - ",
            "/1",
            "FIN/1",
            "F1/1",
        ] {
            assert!(Subject::company(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_one_whatever_its_capitals_and_never_a_part_of_another() {
        let jane = Subject::person(" Jane@Example.com ").unwrap();
        assert!(jane.is("JANE@EXAMPLE.COM\n") && !jane.is("jane@example.com.au"));
        for (text, wanted) in [
            ("write to Jane@example.com.", Some("write to [erased].")),
            ("<jane@example.com>, jane@example.com", Some("<[erased]>, [erased]")),
            ("mailto:JANE@EXAMPLE.COM?x", Some("mailto:[erased]?x")),
            ("mary.jane@example.com", None),
            ("maryjane@example.com", None),
            ("jane@example.com.au", None),
            ("jane@example.community", None),
            ("", None),
        ] {
            assert_eq!(jane.replaced_in(text).as_deref(), wanted, "{text}");
        }
        for text in ["", "jane", "@", "jane@", "@example.com", "a b@c", "a@b@c", "a\"@b"] {
            assert!(Subject::person(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_quick_look_never_misses_what_is_there() {
        let jane = Subject::person("jane@example.com").unwrap();
        let nokia = Subject::company("FI01120389").unwrap();
        for (subject, json, may) in [
            (&jane, r#"{"email":"JANE@example.com"}"#, true),
            (&jane, r#"{"email":"jane\u0040example.com"}"#, true),
            (&jane, r#"{"email":"joan@example.com","name":"\u00e4"}"#, false),
            (&nokia, r#"{"business_id":"0112038-9"}"#, true),
            (&nokia, r#"{"business_id":"\u00301120389"}"#, true),
            (&nokia, r#"{"business_id":"0112038-8"}"#, false),
            (&nokia, r#"{"business_id":"FI 011 20389"}"#, true),
            (&nokia, "{\"business_id\":\"0112038\u{2013}9\"}", true),
            (&nokia, r#"{"business_id":"0112038\u20139"}"#, true),
            (&nokia, r#"{"business_id":"0112038\t9"}"#, true),
            (&nokia, r#"{"business_id":"\u00a00112038-9"}"#, true),
            (&nokia, r#"{"name":"\u00e4","business_id":"0112038-8"}"#, false),
        ] {
            assert_eq!(subject.may_be_in(json), may, "{json}");
        }
        assert!(Subject::person("jäne@example.com").unwrap().may_be_in(r#""j\u00e4ne@example.com""#));
    }
}
