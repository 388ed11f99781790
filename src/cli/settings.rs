//! Settings of every command: flag beats environment beats file.

use std::path::PathBuf;

use url::Url;

use super::config::ConfigFile;
use super::{Global, credentials};
use crate::api::Credentials;
use crate::catalog::api::VAINU;
use crate::error::Error;

/// The published file when nothing else is said.
pub(super) const DEFAULT_WAREHOUSE: &str = "vainu.duckdb";

/// What the global options, the environment and the settings file say together.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The published file.
    pub(crate) warehouse: PathBuf,
    /// Where the API is.
    pub(crate) base_url: String,
    /// The file of `--api-key-file`, which comes before the environment; that of the settings file comes after it.
    api_key_file: Option<PathBuf>,
    /// The rest of the settings file.
    pub(crate) file: ConfigFile,
}

impl Settings {
    pub(crate) fn load(global: Global) -> Result<Self, Error> {
        let mut file = ConfigFile::load(global.config.as_deref())?;
        let warehouse = global.warehouse.or_else(|| file.warehouse.take());
        let base_url = global.base_url.or_else(|| file.base_url.take());
        Ok(Self {
            warehouse: warehouse.unwrap_or_else(|| DEFAULT_WAREHOUSE.into()),
            base_url: base_url.unwrap_or_else(|| VAINU.origin.to_owned()),
            api_key_file: global.api_key_file,
            file,
        })
    }

    /// What the API knows the caller by, and where it was found.
    ///
    /// # Errors
    /// As [`credentials::find`].
    pub(crate) fn credentials(&self) -> Result<(Credentials, credentials::Origin), Error> {
        credentials::find(self.api_key_file.as_deref(), self.file.api_key_file.as_deref())
    }

    /// Where the API is, as a URL.
    ///
    /// # Errors
    /// The text is not a URL.
    pub(crate) fn base_url(&self) -> Result<Url, Error> {
        Url::parse(&self.base_url).map_err(|error| Error::Usage {
            message: format!("base URL `{}` is not a URL: {error}", self.base_url),
            hint: format!("write for example {}", VAINU.origin),
        })
    }
}
