//! A flag beats the environment, which beats the settings file, for what a run of the binary shows of it. What the
//! others say together is tried where they are put together (`cli::settings`).

use super::{Server, with_key};
use crate::support::{stderr, stdout, vainu_etl};

#[test]
fn the_warehouse_of_a_flag_beats_that_of_the_environment_which_beats_that_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("vainu-etl.toml"), "warehouse = \"of-the-file.duckdb\"\n").unwrap();
    let cases = [
        (None, None, "of-the-file.duckdb"),
        (None, Some(""), "of-the-file.duckdb"),
        (None, Some("of-the-environment.duckdb"), "of-the-environment.duckdb"),
        (Some("of-the-flag.duckdb"), None, "of-the-flag.duckdb"),
        (Some("of-the-flag.duckdb"), Some("of-the-environment.duckdb"), "of-the-flag.duckdb"),
    ];
    for (flag, variable, expected) in cases {
        let mut command = vainu_etl(dir.path());
        command.envs(variable.map(|value| ("VAINU_WAREHOUSE", value)));
        command.args(flag.iter().flat_map(|value| ["--warehouse", value]));
        let output = command.arg("status").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let shown = stdout(&output);
        assert!(
            shown.contains(&format!("/{expected}: nothing published yet")),
            "{flag:?} {variable:?}: {shown}"
        );
    }
    fs_err::remove_file(dir.path().join("vainu-etl.toml")).unwrap();
    let output = vainu_etl(dir.path()).env("VAINU_WAREHOUSE", "").arg("status").output().unwrap();
    assert!(stdout(&output).contains("/vainu.duckdb: nothing published yet"), "{}", stdout(&output));
}

#[test]
fn the_api_of_a_flag_beats_that_of_the_environment_which_beats_that_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let servers: Vec<Server> = ["31", "32", "33"]
        .map(|companies| Server::start(dir.path(), &["--companies", companies]))
        .into_iter()
        .collect();
    let [of_flag, of_variable, of_file] = [0, 1, 2].map(|index: usize| servers[index].url.as_str());
    fs_err::write(dir.path().join("vainu-etl.toml"), format!("base_url = \"{of_file}\"\n")).unwrap();
    let cases = [
        (None, None, of_file),
        (None, Some(""), of_file),
        (None, Some(of_variable), of_variable),
        (Some(of_flag), None, of_flag),
        (Some(of_flag), Some(of_variable), of_flag),
    ];
    for (flag, variable, expected) in cases {
        let flags: Vec<&str> = flag.into_iter().flat_map(|value| ["--base-url", value]).collect();
        let mut command = with_key(dir.path(), &flags);
        command.envs(variable.map(|value| ("VAINU_BASE_URL", value)));
        let output = command.arg("doctor").output().unwrap();
        let shown = stdout(&output);
        assert!(
            shown.contains(&format!("{expected} accepts the credentials")),
            "{flag:?} {variable:?}: {shown}"
        );
    }
}
