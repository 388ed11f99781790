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
//! use vainu_etl::pipeline::{SyncSettings, Unobserved, sync};
//! use vainu_etl::secret::Secret;
//! use vainu_etl::selection::{Selection, lists_of};
//! use vainu_etl::simulator::{Config, DEMO_API_KEY, Simulator};
//!
//! let simulator = Simulator::start(Config::new(200)).await?;
//! let credentials = Credentials::ApiKey(Secret::new(DEMO_API_KEY));
//! let folder = tempfile::tempdir()?;
//! let client = ClientSettings::new(simulator.base_url().parse()?, credentials);
//! let mut settings = SyncSettings::new(folder.path().join("vainu.duckdb"), client);
//! settings.streams = vec![&PROSPECTS];
//! settings.lists = lists_of(&[Selection::from_pairs(&["country=FI"])?])?;
//! settings.arguments = "an example".into();
//! let report = sync(&settings, &Unobserved, std::future::pending()).await?;
//! assert!(report.lists[0].complete);
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! The API is these modules. [`pipeline`], a whole run, is the one to read first.
//!
//! | modules | for |
//! |---|---|
//! | [`pipeline`], [`report`] | `sync` reads lists and publishes them, `estimate` says what it would request, `rollback` goes back to an earlier generation |
//! | [`api`], [`secret`] | settings of the HTTP client, and the credentials |
//! | [`catalog`], [`schema`] | streams, tables and columns, each declared once |
//! | [`selection`] | filters, and the lists that they become |
//! | [`query`], [`export`], [`views`] | what is published: rows, files, SQL views |
//! | [`erase`], [`rebuild`] | removes a person or company; rebuilds the warehouse from what has landed |
//! | [`workspace`] | the published file, the state folder beside it, the lock |
//! | [`job`] | the state of an import of customer data |
//! | [`error`], [`clock`] | the error of all of these, with exit code and hint; the time, and its replacement in tests |
//! | `simulator` | the API on localhost, for tests; shares no code with the rest |
//!
//! All other modules are public for the binary, tests and benchmarks only, and `cargo doc` does not show them: the steps of
//! a run (`extract`, `landing`, `record`, `normalise`, `staging`, `load`), what they share (`files`, `terminal`,
//! `text_file`), the command line (`cli`), and what serves the tests (`crash`, `fuzzing`).
//!
//! # Features
//!
//! All are in the default.
//!
//! | feature | brings |
//! |---|---|
//! | `bundled` | `DuckDB` compiled in; without it, the library `libduckdb` in the folder `DUCKDB_LIB_DIR` is linked |
//! | `simulator` | the module `simulator` |
//! | `cli` | the module `cli` and the binary, with `simulator` |
//!
//! # Versions
//!
//! Versions follow [Semantic Versioning](https://semver.org/): from 1.0.0 on a breaking change raises the first number, an
//! addition the second, a correction the third. Before that a breaking change raises the second, everything else the
//! third. What breaks the API is as Cargo's [rules](https://doc.rust-lang.org/cargo/reference/semver.html) say. Not
//! breaking are new fields of settings, reports and manifests: start with `new` or `default` and set single fields, as
//! above. Not covered are the simulator's data, switches and faults, and all modules that `cargo doc` does not show.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "of what is private to the crate, the command line uses most")
)]

pub mod api;
pub mod catalog;
pub mod clock;
pub mod erase;
pub mod error;
pub mod export;
pub mod job;
pub mod pipeline;
pub mod query;
pub mod rebuild;
pub mod report;
pub mod schema;
pub mod secret;
pub mod selection;
#[cfg(feature = "simulator")]
pub mod simulator;
pub mod views;
pub mod workspace;

// For the binary, tests and benchmarks. Hidden from rustdoc alone: `missing_docs` does not look into what is always hidden.
#[cfg(feature = "cli")]
#[cfg_attr(doc, doc(hidden))]
pub mod cli;
#[cfg_attr(doc, doc(hidden))]
pub mod crash;
#[cfg_attr(doc, doc(hidden))]
pub mod extract;
#[cfg_attr(doc, doc(hidden))]
pub mod files;
#[cfg_attr(doc, doc(hidden))]
pub mod fuzzing;
#[cfg_attr(doc, doc(hidden))]
pub mod landing;
#[cfg_attr(doc, doc(hidden))]
pub mod load;
#[cfg_attr(doc, doc(hidden))]
pub mod normalise;
#[cfg_attr(doc, doc(hidden))]
pub mod record;
#[cfg_attr(doc, doc(hidden))]
pub mod staging;
#[cfg_attr(doc, doc(hidden))]
pub mod terminal;
#[cfg_attr(doc, doc(hidden))]
pub mod text_file;
