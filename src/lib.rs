//! Exports the Vainu company-data API into `DuckDB` and Parquet, with segmentation views.
//!
//! # What it does
//!
//! A run requests lists of companies from the API page by page and keeps every page on disk. It proves that each list
//! is complete, turns the pages into typed rows, and publishes them as one `DuckDB` file that readers can open at any
//! time. The binary `vainu-etl` is a thin layer over this library.
//!
//! # A whole run
//!
#![cfg_attr(feature = "simulator", doc = "```")]
#![cfg_attr(not(feature = "simulator"), doc = "```ignore")]
//! # #[tokio::main(flavor = "multi_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use vainu_etl::api::{ClientSettings, Credentials};
//! use vainu_etl::catalog::PROSPECTS;
//! use vainu_etl::extract::Unobserved;
//! use vainu_etl::pipeline::{SyncSettings, sync};
//! use vainu_etl::secret::Secret;
//! use vainu_etl::selection::{Selection, lists_of};
//! use vainu_etl::simulator::{Config, DEMO_API_KEY, Simulator};
//!
//! let simulator = Simulator::start(Config { companies: 200, ..Config::default() }).await?;
//! let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
//! let folder = tempfile::tempdir()?;
//! let client = ClientSettings::new(simulator.base_url().parse()?, credentials);
//! let settings = SyncSettings {
//!     streams: vec![&PROSPECTS],
//!     lists: lists_of(&[Selection::from_pairs(&["country=FI"])?])?,
//!     arguments: "an example".to_owned(),
//!     ..SyncSettings::new(folder.path().join("vainu.duckdb"), client)
//! };
//! let report = sync(&settings, &Unobserved, std::future::pending()).await?;
//! assert!(report.lists[0].complete);
//! # Ok(())
//! # }
//! ```
//!
//! # Where to read on
//!
//! [`pipeline`] is the whole run on one page. [`catalog`] declares the streams of the API, [`schema`] the types of
//! tables. [`api`] sends requests, [`extract`] lands pages and proves lists, [`normalise`] builds rows, [`load`]
//! publishes them, and [`views`] installs the SQL views. [`simulator`] is the API on localhost and shares no code with
//! the rest.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "of what is private to the crate, the command line uses most")
)]

pub mod api;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clock;
pub mod crash;
pub mod erase;
pub mod error;
pub mod export;
pub mod extract;
pub mod files;
#[doc(hidden)]
pub mod fuzzing;
pub mod job;
pub mod landing;
pub mod load;
pub mod normalise;
pub mod pipeline;
pub mod query;
pub mod rebuild;
pub mod record;
pub mod report;
pub mod schema;
pub mod secret;
pub mod selection;
#[cfg(feature = "simulator")]
pub mod simulator;
pub mod staging;
pub mod terminal;
pub mod text_file;
pub mod views;
pub mod workspace;
