//! The configuration of a simulator.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::simulator::{DEMO_API_KEY, Switches};

/// The configuration of a simulator. Start with [`Config::new`] or the default and set single fields.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Number of companies, at most 5 000 000. Default 1000.
    pub companies: u32,
    /// Seed of the generated data. Default 1.
    pub seed: u64,
    /// Port on 127.0.0.1. 0 (the default) for any free one.
    pub port: u16,
    /// The right value of the header `API-Key`. Default [`DEMO_API_KEY`].
    pub api_key: String,
    /// User name for Basic authentication.
    pub username: String,
    /// Password for Basic authentication.
    pub password: String,
    /// Countries (ISO 3166-1, any case) that the account may not see.
    pub forbidden_countries: Vec<String>,
    /// False if requests with right credentials get 403.
    pub api_enabled: bool,
    /// The current time of the simulator: there are leads up to this moment. `None` (the default) for the time of the
    /// start.
    ///
    /// A later time, set with [`Simulator::reconfigure`](crate::simulator::Simulator::reconfigure), adds leads and
    /// changes no existing one. The days of leads are counted from the time of the start.
    pub now: Option<Timestamp>,
    /// Readings of the document, and faults.
    pub switches: Switches,
    /// File to which every request is appended as one JSON line. `None` for no file.
    pub request_log: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            companies: 1000,
            seed: 1,
            port: 0,
            api_key: DEMO_API_KEY.to_owned(),
            username: "demo@example.com".to_owned(),
            password: "demo-password".to_owned(),
            forbidden_countries: Vec::new(),
            api_enabled: true,
            now: None,
            switches: Switches::default(),
            request_log: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Config");
        shown.field("companies", &self.companies).field("seed", &self.seed).field("port", &self.port);
        shown.field("forbidden_countries", &self.forbidden_countries).field("api_enabled", &self.api_enabled);
        shown
            .field("now", &self.now)
            .field("switches", &self.switches)
            .field("request_log", &self.request_log)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// The default of each field but `companies`, which is at most 5 000 000.
    pub fn new(companies: u32) -> Self {
        Self { companies, ..Self::default() }
    }

    /// The current time of the simulator, in milliseconds since 1970 (UTC).
    pub(in crate::simulator) fn now(&self) -> i64 {
        self.now.unwrap_or_else(Timestamp::now).as_millisecond()
    }

    /// True if the account may not see the companies of this country (ISO 3166-1 code).
    pub(in crate::simulator) fn forbids(&self, country: &str) -> bool {
        self.forbidden_countries.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(country))
    }
}
