//! The settings file, `vainu-etl.toml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;
use crate::text_file;

/// Name of the file that is read when it exists and no other is named.
pub(crate) const DEFAULT_FILE: &str = "vainu-etl.toml";

/// What the file may hold. Every setting is optional; a flag beats the environment, which beats the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// The published file.
    pub(crate) warehouse: Option<PathBuf>,
    /// Where the API is.
    pub(crate) base_url: Option<String>,
    /// File that holds the API key. The key itself has no place here.
    pub(crate) api_key_file: Option<PathBuf>,
    /// Most requests in flight.
    pub(crate) concurrency: Option<usize>,
    /// Most requests started per second.
    pub(crate) requests_per_second: Option<f64>,
    /// Rows asked for in one request.
    pub(crate) page_size: Option<u32>,
    /// Earlier generations kept.
    pub(crate) keep: Option<usize>,
    /// Runs whose landed pages are kept.
    pub(crate) keep_raw: Option<usize>,
    /// Share of a list's companies that may disappear in one run.
    pub(crate) max_deleted_percent: Option<f64>,
    /// Memory that DuckDB may use while loading, in megabytes.
    pub(crate) memory_limit: Option<u64>,
    /// CSV file of status texts beside those that come with the program.
    pub(crate) status_texts: Option<PathBuf>,
    /// Streams to load when none is named on the command line.
    #[serde(default)]
    pub(crate) streams: Vec<String>,
    /// Names or ids of the target groups to read; all when there are none.
    #[serde(default)]
    pub(crate) target_groups: Vec<String>,
    /// Which companies are asked about by themselves: `selection` or `members`.
    pub(crate) details_for: Option<super::sync::DetailsForArg>,
    /// How old what is known of a single company may be before it is asked for again: `30d`.
    pub(crate) details_max_age: Option<String>,
    /// How old the last whole reading of a list may be before it is read whole again: `7d`.
    pub(crate) full_every: Option<String>,
    /// How far before the last reading the search for what changed begins: `6h`.
    pub(crate) overlap: Option<String>,
    /// Filters of customer data.
    #[serde(default)]
    pub(crate) customer_data: toml::Table,
    /// Selections: a company that matches any of them is loaded.
    #[serde(default)]
    pub(crate) select: Vec<toml::Table>,
}

impl ConfigFile {
    /// Reads `path`, or the default file when it exists.
    ///
    /// # Errors
    /// A named file that does not exist, or contents that are no valid settings.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, Error> {
        let path = match path {
            Some(path) => path,
            None if Path::new(DEFAULT_FILE).exists() => Path::new(DEFAULT_FILE),
            None => return Ok(Self::default()),
        };
        let text = text_file::read(path).map_err(|source| Error::Config { source: source.into() })?;
        let parsed = Self::parse(&text)
            .map_err(|source| Error::ConfigSyntax { path: path.to_owned(), source: Box::new(source) })?;
        Ok(parsed.relative_to(path.parent().unwrap_or(Path::new(""))))
    }

    /// Takes every path in the file as relative to `folder`, where the file lies. Every setting that names a file has to
    /// stand here.
    fn relative_to(mut self, folder: &Path) -> Self {
        let paths = [&mut self.warehouse, &mut self.api_key_file, &mut self.status_texts];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
        for table in self.select.iter_mut().chain([&mut self.customer_data]) {
            for (_, value) in table.iter_mut() {
                files_relative_to(folder, value);
            }
        }
        self
    }

    /// Reads the text of a settings file.
    ///
    /// # Errors
    /// The text is no TOML, or holds what is no setting.
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

/// `@FILE` of a filter: a file of values.
fn files_relative_to(folder: &Path, value: &mut toml::Value) {
    match value {
        toml::Value::String(text) => {
            if let Some(path) = text.strip_prefix('@') {
                *text = format!("@{}", folder.join(path).display());
            }
        }
        toml::Value::Array(values) => values.iter_mut().for_each(|value| files_relative_to(folder, value)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_in_the_file_is_relative_to_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vainu-etl.toml");
        fs_err::write(
            &path,
            "warehouse = 'data/v.duckdb'\napi_key_file = '/run/secrets/vainu'\n\
             [customer_data]\nbusiness_id__in = '@customers.txt'\n\
             [[select]]\nbusiness_ids = '@ids/fi.txt'\ncountry = 'FI'\n[[select]]\nbusiness_ids = ['@a.txt', '1']\n",
        )
        .unwrap();
        let file = ConfigFile::load(Some(&path)).unwrap();
        let at = |name: &str| format!("@{}", dir.path().join(name).display());
        assert_eq!(file.warehouse, Some(dir.path().join("data/v.duckdb")));
        assert_eq!(file.api_key_file, Some("/run/secrets/vainu".into()));
        assert_eq!(file.customer_data["business_id__in"].as_str(), Some(at("customers.txt").as_str()));
        assert_eq!(file.select[0]["business_ids"].as_str(), Some(at("ids/fi.txt").as_str()));
        assert_eq!(file.select[0]["country"].as_str(), Some("FI"));
        assert_eq!(file.select[1]["business_ids"][0].as_str(), Some(at("a.txt").as_str()));
    }
}
