//! Credentials: from the environment or a file, never from the command line.

use std::path::Path;

use crate::api::Credentials;
use crate::error::Error;
use crate::secret::Secret;
use crate::text_file;

/// Environment variable of the API key.
pub(crate) const KEY: &str = "VAINU_API_KEY";
/// Environment variable of the user name.
pub(crate) const USERNAME: &str = "VAINU_USERNAME";
/// Environment variable of the password.
pub(crate) const PASSWORD: &str = "VAINU_PASSWORD";

/// Finds credentials: the key file named, else the key, else user name and password.
///
/// # Errors
/// There are none, or half of them, or the file cannot be read.
pub(crate) fn find(key_file: Option<&Path>) -> Result<Credentials, Error> {
    if let Some(path) = key_file {
        let text = text_file::read(path).map_err(|source| Error::Config { source: source.into() })?;
        return Ok(Credentials::ApiKey(Secret::new(text.trim())));
    }
    if let Some(key) = variable(KEY) {
        return Ok(Credentials::ApiKey(Secret::new(key)));
    }
    match (variable(USERNAME), variable(PASSWORD)) {
        (Some(username), Some(password)) => {
            Ok(Credentials::Basic { username, password: Secret::new(password) })
        }
        (None, None) => Err(Error::NoCredentials),
        (Some(_), None) => Err(Error::HalfCredentials { given: USERNAME, missing: PASSWORD }),
        (None, Some(_)) => Err(Error::HalfCredentials { given: PASSWORD, missing: USERNAME }),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}
