//! Every setting of the file, beside the flag that beats it.

use clap::Parser as _;
use toml::Table;

use super::config::ConfigFile;
use super::settings::Settings;
use super::{Cli, Command, sync};
use crate::pipeline::SyncSettings;

/// A setting: its line of the file, the flags that beat it, and what a run goes by, in the file's words.
struct Setting {
    name: &'static str,
    in_file: &'static str,
    flags: &'static [&'static str],
    shown: fn(&SyncSettings) -> String,
    /// Without either, from the file, from the flags though the file says otherwise.
    expected: [&'static str; 3],
}

fn labels(settings: &SyncSettings) -> String {
    settings.lists.iter().map(|list| list.label.as_str()).collect::<Vec<_>>().join(" or ")
}

/// All of them but `api_key_file`, of which a run shows more, and `status_texts`, which names a file and has no flag
/// (`tests/it/command_line`, `tests/it/outside/statuses.rs`).
const SETTINGS: &[Setting] = &[
    Setting {
        name: "warehouse",
        in_file: "warehouse = \"file.duckdb\"",
        flags: &["--warehouse", "flag.duckdb"],
        // The folder of the settings file stands before the one that it names.
        shown: |settings| settings.warehouse.file_name().unwrap_or_default().display().to_string(),
        expected: ["vainu.duckdb", "file.duckdb", "flag.duckdb"],
    },
    Setting {
        name: "base_url",
        in_file: "base_url = \"https://file.example/api/v1\"",
        flags: &["--base-url", "https://flag.example/api/v1"],
        shown: |settings| settings.client.base_url.to_string(),
        expected: [
            "https://api.vainu.io/api/v1",
            "https://file.example/api/v1",
            "https://flag.example/api/v1",
        ],
    },
    Setting {
        name: "concurrency",
        in_file: "concurrency = 3",
        flags: &["--concurrency", "5"],
        shown: |settings| settings.client.concurrency.to_string(),
        expected: ["8", "3", "5"],
    },
    Setting {
        name: "requests_per_second",
        in_file: "requests_per_second = 2.5",
        flags: &["--requests-per-second", "7"],
        shown: |settings| format!("{:?}", settings.client.requests_per_second),
        expected: ["None", "Some(2.5)", "Some(7.0)"],
    },
    Setting {
        name: "page_size",
        in_file: "page_size = 100",
        flags: &["--page-size", "200"],
        shown: |settings| settings.extract.page_size.to_string(),
        expected: ["1000", "100", "200"],
    },
    Setting {
        name: "keep",
        in_file: "keep = 0",
        flags: &["--keep", "9"],
        shown: |settings| settings.keep.to_string(),
        expected: ["3", "0", "9"],
    },
    Setting {
        name: "keep_raw",
        in_file: "keep_raw = 1",
        flags: &["--keep-raw", "9"],
        shown: |settings| settings.keep_raw.to_string(),
        expected: ["3", "1", "9"],
    },
    Setting {
        name: "max_deleted_percent",
        in_file: "max_deleted_percent = 0",
        flags: &["--max-deleted-percent", "100"],
        shown: |settings| settings.max_deleted_percent.to_string(),
        expected: ["50", "0", "100"],
    },
    Setting {
        name: "memory_limit",
        in_file: "memory_limit = 200",
        flags: &["--memory-limit", "300"],
        shown: |settings| settings.load.memory_limit_mb.to_string(),
        expected: ["130", "200", "300"],
    },
    Setting {
        name: "streams",
        in_file: "streams = [\"contacts\"]",
        flags: &["prospects", "technologies"],
        shown: |settings| settings.streams.iter().map(|stream| stream.name).collect::<Vec<_>>().join(" "),
        expected: [
            "prospects target_groups target_group_members financial_statements leads customer_data",
            "contacts",
            "prospects technologies",
        ],
    },
    Setting {
        name: "target_groups",
        in_file: "target_groups = [\"Customers\"]",
        flags: &["--target-group", "Prospects", "--target-group", "Partners"],
        shown: |settings| settings.target_groups.join(" and "),
        expected: ["", "Customers", "Prospects and Partners"],
    },
    Setting {
        name: "details_for",
        in_file: "details_for = \"members\"",
        flags: &["--details-for", "selection"],
        shown: |settings| settings.details_for.label().to_owned(),
        expected: ["selection", "members", "selection"],
    },
    Setting {
        name: "details_max_age",
        in_file: "details_max_age = \"30d\"",
        flags: &["--details-max-age", "2h"],
        shown: |settings| format!("{:?}", settings.details_max_age),
        expected: ["None", "Some(2592000s)", "Some(7200s)"],
    },
    Setting {
        name: "full_every",
        in_file: "full_every = \"7d\"",
        flags: &["--full-every", "12h"],
        shown: |settings| format!("{:?}", settings.full_every),
        expected: ["None", "Some(604800s)", "Some(43200s)"],
    },
    Setting {
        name: "overlap",
        in_file: "overlap = \"1h\"",
        flags: &["--overlap", "2d"],
        shown: |settings| format!("{:?}", settings.overlap),
        expected: ["21600s", "3600s", "172800s"],
    },
    Setting {
        name: "customer_data",
        in_file: "customer_data = { won_deals_count__gte = 1 }",
        flags: &[],
        shown: |settings| settings.customer_lists.iter().map(|list| list.label.clone()).collect(),
        expected: ["", "won_deals_count__gte=1", "won_deals_count__gte=1"],
    },
    Setting {
        name: "select",
        in_file: "select = [{ country = \"SE\" }, { country = \"NO\" }]",
        flags: &["--filter", "country=FI", "--filter", "nstatus=active"],
        shown: labels,
        expected: ["all", "country=SE or country=NO", "country=FI&nstatus=active"],
    },
];

/// What a run goes by, with this file and these flags.
fn settings(file: &str, flags: &[&str]) -> SyncSettings {
    let dir = tempfile::tempdir().unwrap();
    let (config, key) = (dir.path().join("settings.toml"), dir.path().join("key"));
    fs_err::write(&config, file).unwrap();
    fs_err::write(&key, "a-key").unwrap();
    let fixed =
        ["vainu-etl", "--config", config.to_str().unwrap(), "--api-key-file", key.to_str().unwrap(), "sync"];
    let command = Cli::try_parse_from(fixed.iter().chain(flags)).unwrap();
    let Command::Sync(args) = &command.command else { panic!("{flags:?} is a sync") };
    let global = Settings::load(command.global.clone()).unwrap();
    sync::settings(args, &global).unwrap()
}

#[test]
fn every_setting_of_the_file_is_beaten_by_its_flag() {
    for Setting { name, in_file, flags, shown, expected } in SETTINGS {
        let found = [settings("", &[]), settings(in_file, &[]), settings(in_file, flags)];
        assert_eq!(found.each_ref().map(shown), *expected, "{name}");
        if !flags.is_empty() {
            assert_eq!(shown(&settings("", flags)), expected[2], "{name}");
        }
    }
}

#[test]
fn no_setting_of_the_file_is_left_out() {
    // The parser names them all when it meets one that it does not know.
    let refusal = ConfigFile::parse("no_such_setting = 1").unwrap_err().to_string();
    let named: Vec<&str> =
        refusal.split('`').skip(1).step_by(2).filter(|name| *name != "no_such_setting").collect();
    let tried: Vec<&str> =
        SETTINGS.iter().map(|setting| setting.name).chain(["api_key_file", "status_texts"]).collect();
    assert!(named.len() >= 15, "{refusal}");
    for name in named.iter().filter(|name| **name != "no_such_setting = 1") {
        assert!(tried.contains(name), "{name} is not tried: {named:?}");
    }
    for Setting { name, in_file, .. } in SETTINGS {
        assert!(in_file.parse::<Table>().unwrap().contains_key(*name), "{name}");
    }
}
