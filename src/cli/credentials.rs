//! Credentials: a flag beats the environment, which beats the settings file. Never on the command line themselves.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

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

/// Where credentials were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The file named by `--api-key-file`.
    Flag(PathBuf),
    /// The variable of the API key.
    KeyVariable,
    /// The variables of user name and password.
    LoginVariables,
    /// The file that the settings file names.
    Settings(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(path) => write!(f, "--api-key-file {}", path.display()),
            Self::KeyVariable => f.write_str(KEY),
            Self::LoginVariables => write!(f, "{USERNAME} and {PASSWORD}"),
            Self::Settings(path) => write!(f, "api_key_file of the settings, {}", path.display()),
        }
    }
}

/// Finds credentials: the key file of the flag, else what the environment has, else the key file of the settings.
///
/// Each place is taken whole. In the environment the key comes before user name and password, and half a login is an
/// error, even where the settings file has a key: whoever set a user name meant it to be used. A variable that is empty
/// or blank counts as not set.
///
/// # Errors
/// There are none, or half of them, a variable is not UTF-8, or the key file cannot be read.
pub(crate) fn find(flag: Option<&Path>, file: Option<&Path>) -> Result<(Credentials, Origin), Error> {
    if let Some(path) = flag {
        return Ok((key_of(path)?, Origin::Flag(path.to_owned())));
    }
    if let Some(key) = variable(KEY)?.set() {
        return Ok((Credentials::ApiKey(Secret::new(key)), Origin::KeyVariable));
    }
    let (username, password) = (variable(USERNAME)?, variable(PASSWORD)?);
    let half = |given, missing, empty| Error::HalfCredentials { given, missing, empty };
    match (username.clone().set(), password.clone().set()) {
        (Some(username), Some(password)) => {
            let password = Secret::new(password);
            return Ok((Credentials::Basic { username, password }, Origin::LoginVariables));
        }
        (Some(_), None) => return Err(half(USERNAME, PASSWORD, password == Variable::Empty)),
        (None, Some(_)) => return Err(half(PASSWORD, USERNAME, username == Variable::Empty)),
        (None, None) => {}
    }
    if let Some(path) = file {
        return Ok((key_of(path)?, Origin::Settings(path.to_owned())));
    }
    let names = [KEY, USERNAME, PASSWORD].into_iter();
    let empty = names.filter(|name| matches!(variable(name), Ok(Variable::Empty))).collect();
    Err(Error::NoCredentials { empty })
}

fn key_of(path: &Path) -> Result<Credentials, Error> {
    let text = text_file::read(path).map_err(|source| Error::KeyFile { source })?;
    Ok(Credentials::ApiKey(Secret::new(text.trim())))
}

/// An environment variable. One that is there but blank is what `docker run --env-file` and CI leave of a secret that
/// is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Variable {
    Unset,
    Empty,
    Set(String),
}

impl Variable {
    fn of(value: Option<OsString>) -> Result<Self, OsString> {
        match value.map(OsString::into_string).transpose()? {
            None => Ok(Self::Unset),
            Some(text) if text.trim().is_empty() => Ok(Self::Empty),
            Some(text) => Ok(Self::Set(text)),
        }
    }

    fn set(self) -> Option<String> {
        if let Self::Set(text) = self { Some(text) } else { None }
    }
}

fn variable(name: &str) -> Result<Variable, Error> {
    // The value is a secret, so that only the name is said.
    Variable::of(std::env::var_os(name)).map_err(|_| Error::Usage {
        message: format!("the environment variable `{name}` is not UTF-8"),
        hint: "set it again, in a shell or a file whose encoding is UTF-8".to_owned(),
    })
}
