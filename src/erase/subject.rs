//! [`Subject`]: a person or company to erase, and whether a text is about it.

mod search;

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

#[cfg(test)]
mod tests;
