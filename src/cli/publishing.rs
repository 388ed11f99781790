//! What `sync` and `rebuild` are told about publishing: which checks a person accepts, and the user's own status texts.

use std::error::Error as _;

use super::config::ConfigFile;
use crate::error::Error;
use crate::load;
use crate::views::{self, CHECKS, StatusText};

/// Names of checks as given, each of which has to be one.
///
/// # Errors
/// A name that no check has.
pub(super) fn accepted_checks(given: &[String]) -> Result<Vec<String>, Error> {
    let known: Vec<String> =
        CHECKS.iter().map(|check| check.name.to_owned()).chain(load::check_names()).collect();
    let unknown = given.iter().find(|name| !known.contains(name));
    if let Some(name) = unknown {
        return Err(Error::Usage {
            message: format!("there is no check `{name}`"),
            hint: format!(
                "name those that the message of the refused load names; there are {}",
                known.join(", ")
            ),
        });
    }
    Ok(given.to_vec())
}

/// The status texts in the file that the settings name; none when they name none.
///
/// # Errors
/// The file cannot be used.
pub(super) fn status_texts(file: &ConfigFile) -> Result<Vec<StatusText>, Error> {
    let Some(path) = &file.status_texts else { return Ok(Vec::new()) };
    views::read_status_texts(path).map_err(|error| {
        let cause = error.source().map_or_else(String::new, |source| format!(": {source}"));
        Error::Usage { message: format!("{error}{cause}"), hint: error.hint() }
    })
}
