//! [`Credentials`]: the two ways to authenticate (the API's document, section Authentication).

use super::ApiError;
use crate::secret::Secret;

/// The example key of the API's document, section Authentication.
const DOCUMENTED_EXAMPLE: &str = "c031d56b97320ab3c0690850d52d8059d998f4d7851b3c15e2586b5594745aee";

/// How the client authenticates. Checked by [`Client::new`](super::Client::new).
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An API key from Settings, API Keys. Sent in the header `API-Key`.
    ApiKey(Secret),
    /// The user's own login. Sent as HTTP Basic authentication.
    Basic {
        /// The login name. It must not contain a colon, which ends the name in Basic authentication.
        username: String,
        /// The password.
        password: Secret,
    },
}

impl Credentials {
    /// Returns the credentials without whitespace around a key or a user name and without line ends around a password.
    /// A password may begin or end with a blank; a line end comes from the file it was read from.
    ///
    /// # Errors
    /// [`ApiError::InvalidCredentials`] when they cannot work: they are empty, contain characters that a header cannot
    /// carry, or are the example key of the API's document.
    pub fn checked(&self) -> Result<Self, ApiError> {
        match self {
            Self::ApiKey(key) => checked_key(key.expose().trim()),
            Self::Basic { username, password } => {
                checked_login(username.trim(), password.expose().trim_matches(['\r', '\n']))
            }
        }
        .map_err(|reason| ApiError::InvalidCredentials { reason })
    }
}

fn checked_key(key: &str) -> Result<Credentials, &'static str> {
    if key.is_empty() {
        return Err("the API key is empty");
    }
    if key.eq_ignore_ascii_case(DOCUMENTED_EXAMPLE) {
        return Err("this API key is the example printed in the API's documentation, not a key of yours");
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the API key holds a blank, a line end or a character that is not ASCII");
    }
    Ok(Credentials::ApiKey(Secret::new(key)))
}

fn checked_login(username: &str, password: &str) -> Result<Credentials, &'static str> {
    if username.is_empty() {
        return Err("the username is empty");
    }
    if password.is_empty() {
        return Err("the password is empty");
    }
    if username.contains(':') {
        return Err("the username holds a colon, which Basic authentication cannot carry");
    }
    if username.chars().chain(password.chars()).any(char::is_control) {
        return Err("the username or the password holds a line end or another control character");
    }
    Ok(Credentials::Basic { username: username.to_owned(), password: Secret::new(password) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Credentials, String> {
        Credentials::ApiKey(Secret::new(text)).checked().map_err(|error| error.to_string())
    }

    fn login(username: &str, password: &str) -> Result<Credentials, String> {
        let credentials = Credentials::Basic { username: username.into(), password: Secret::new(password) };
        credentials.checked().map_err(|error| error.to_string())
    }

    #[test]
    fn blanks_around_a_key_and_line_ends_around_a_password_go() {
        let Credentials::ApiKey(trimmed) = key(" abc123\r\n").unwrap() else { panic!("a key stays a key") };
        assert_eq!(trimmed.expose(), "abc123");
        let Credentials::Basic { username, password } = login(" aino ", " pass wörd \n").unwrap() else {
            panic!("a login stays a login")
        };
        assert_eq!((username.as_str(), password.expose()), ("aino", " pass wörd "));
    }

    #[test]
    fn the_example_of_the_documentation_is_refused_by_name() {
        let error = key(&format!("{DOCUMENTED_EXAMPLE}\n")).unwrap_err();
        assert!(error.contains("example printed in the API's documentation"), "{error}");
        assert!(!error.contains(DOCUMENTED_EXAMPLE));
    }

    #[test]
    fn credentials_that_cannot_work_are_refused_without_being_quoted() {
        for bad in ["", "  \n", "pla nted", "pla\nnted", "plänted"] {
            assert!(!key(bad).unwrap_err().contains("nted"));
        }
        for (username, password) in
            [("", "planted"), ("aino", ""), ("ai:no", "planted"), ("aino", "pla\nnted")]
        {
            assert!(!login(username, password).unwrap_err().contains("nted"));
        }
    }

    #[test]
    fn debug_prints_the_username_only() {
        let shown = format!("{:?}", login("aino", "planted").unwrap());
        assert_eq!(shown, r#"Basic { username: "aino", password: [redacted] }"#);
    }
}
