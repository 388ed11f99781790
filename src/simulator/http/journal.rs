//! The log of all requests: in memory, and as JSON lines in a file.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use fs_err::File;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::simulator::Config;

/// A request and its answer. Credentials are not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Request {
    /// Number of the request since the start or the last `reconfigure`, from 1, in order of arrival.
    pub sequence: u64,
    /// Time of arrival.
    #[serde(serialize_with = "as_text")]
    pub time: Timestamp,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path without the query, as sent.
    pub path: String,
    /// The decoded pairs of the query, in their order in the URL.
    pub query: Vec<(String, String)>,
    /// The body. Empty if there was none.
    pub body: String,
    /// True if the credentials were right.
    pub authenticated: bool,
    /// HTTP status of the answer. 0 if the connection was closed without an answer.
    pub status: u16,
    /// Number of rows in the answer. `None` if the answer was not a list.
    pub rows: Option<usize>,
    /// The fault, or the changes to the answer's bytes, by name. `None` for a regular answer.
    pub fault: Option<String>,
}

impl Request {
    /// The value of a query parameter. The last one if it occurs several times.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn as_text<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// The log of requests.
#[derive(Debug)]
pub(in crate::simulator) struct Journal {
    requests: Mutex<Vec<Request>>,
    file: Option<Mutex<File>>,
    /// Texts to replace in all records.
    secrets: Vec<String>,
}

impl Journal {
    /// Opens the log file for appending, if the configuration has one.
    pub(in crate::simulator) fn open(config: &Config) -> std::io::Result<Self> {
        let open =
            |path: &Path| fs_err::OpenOptions::new().create(true).append(true).open(path).map(Mutex::new);
        let secrets = [&config.api_key, &config.password]
            .into_iter()
            .filter(|secret| !secret.is_empty())
            .cloned()
            .collect();
        Ok(Self {
            requests: Mutex::default(),
            file: config.request_log.as_deref().map(open).transpose()?,
            secrets,
        })
    }

    /// Records a request. A credential in a path, query or body is replaced by `***`.
    ///
    /// If the log file cannot be written (a full disk), the simulator goes on: the log in memory is complete.
    pub(in crate::simulator) fn record(&self, mut request: Request) {
        let pairs = request.query.iter_mut().flat_map(|(name, value)| [name, value]);
        for text in pairs.chain([&mut request.path, &mut request.body]) {
            for secret in
                self.secrets.iter().filter(|secret| text.contains(secret.as_str())).collect::<Vec<_>>()
            {
                *text = text.replace(secret.as_str(), "***");
            }
        }
        if let Some(file) = &self.file
            && let Ok(mut line) = serde_json::to_string(&request)
        {
            line.push('\n');
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = file.write_all(line.as_bytes()).and_then(|()| file.flush());
        }
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    }

    /// All requests, in order of arrival.
    pub(in crate::simulator) fn requests(&self) -> Vec<Request> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        requests.sort_by_key(|request| request.sequence);
        requests
    }

    pub(in crate::simulator) fn clear(&self) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
