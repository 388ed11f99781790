//! A flag beats the environment, which beats the settings file; each place is taken whole.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::support::{stderr, stdout, vainu_etl};

/// A variable of the environment.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Given {
    Unset,
    Empty,
    Set,
}

/// What a run has to go by.
#[derive(Debug, Clone, Copy)]
struct Case {
    flag: bool,
    key: Given,
    username: Given,
    password: Given,
    file: bool,
}

/// What has to be sent, or said where nothing is.
#[derive(Debug, PartialEq)]
enum Expected {
    Key(&'static str),
    Login,
    Refused(&'static str),
}

const GIVEN: [Given; 3] = [Given::Unset, Given::Empty, Given::Set];

fn cases() -> impl Iterator<Item = Case> {
    let flags = [false, true].into_iter();
    let of_key = flags.flat_map(|flag| GIVEN.map(|key| (flag, key)));
    let of_login = of_key.flat_map(|(flag, key)| GIVEN.map(|username| (flag, key, username)));
    let all =
        of_login.flat_map(|(flag, key, username)| GIVEN.map(|password| (flag, key, username, password)));
    all.flat_map(|(flag, key, username, password)| {
        [false, true].map(|file| Case { flag, key, username, password, file })
    })
}

/// The rule, told once more in other words.
fn expected(case: Case) -> Expected {
    match (case.flag, case.key, case.username, case.password, case.file) {
        (true, ..) => Expected::Key("key-of-the-flag"),
        (_, Given::Set, ..) => Expected::Key("key-of-the-environment"),
        (_, _, Given::Set, Given::Set, _) => Expected::Login,
        (_, _, Given::Set, Given::Unset, _) => {
            Expected::Refused("`VAINU_USERNAME` is set but `VAINU_PASSWORD` is not")
        }
        (_, _, Given::Set, Given::Empty, _) => {
            Expected::Refused("`VAINU_USERNAME` is set but `VAINU_PASSWORD` is empty")
        }
        (_, _, Given::Unset, Given::Set, _) => {
            Expected::Refused("`VAINU_PASSWORD` is set but `VAINU_USERNAME` is not")
        }
        (_, _, Given::Empty, Given::Set, _) => {
            Expected::Refused("`VAINU_PASSWORD` is set but `VAINU_USERNAME` is empty")
        }
        (.., true) => Expected::Key("key-of-the-settings"),
        (.., false) => Expected::Refused("no credentials"),
    }
}

/// An API that answers whoever asks, and keeps the heads of the requests.
struct Api {
    base_url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Api {
    /// Serves until the test ends.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let Ok(mut connection) = connection else { continue };
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).is_ok_and(|read| read == 1) {
                    head.push(byte[0]);
                }
                kept.lock().unwrap().push(String::from_utf8(head).unwrap());
                let body = "{\"count\": 7}";
                let length = body.len();
                let _ = write!(
                    connection,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
            }
        });
        Self { base_url, heads }
    }
}

/// Runs `doctor`, which asks the API once; gives what was sent, or what was said.
fn run(api: &Api, dir: &Path, case: Case) -> (Expected, String) {
    api.heads.lock().unwrap().clear();
    let mut command = vainu_etl(dir);
    command.args(["--base-url", &api.base_url]);
    if case.flag {
        command.args(["--api-key-file", "flag.key"]);
    }
    if case.file {
        command.args(["--config", "with-key.toml"]);
    }
    for (name, given, value) in [
        ("VAINU_API_KEY", case.key, "key-of-the-environment"),
        ("VAINU_USERNAME", case.username, "aino"),
        ("VAINU_PASSWORD", case.password, "pass word"),
    ] {
        match given {
            Given::Unset => {}
            Given::Empty => {
                command.env(name, " ");
            }
            Given::Set => {
                command.env(name, value);
            }
        }
    }
    let output = command.arg("doctor").output().unwrap();
    let said = format!("{}{}", stdout(&output), stderr(&output));
    let received = api.heads.lock().unwrap().clone();
    let header = |name: &str| {
        let lines = received.first().into_iter().flat_map(|head| head.lines());
        let mut values = lines.filter_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        values.next()
    };
    let outcome = match (header("api-key"), header("authorization")) {
        (Some(key), None) => {
            let known = ["key-of-the-flag", "key-of-the-environment", "key-of-the-settings"];
            Expected::Key(known.into_iter().find(|known| *known == key).expect(&key))
        }
        (None, Some(login)) => {
            assert_eq!(login, "Basic YWlubzpwYXNzIHdvcmQ=");
            Expected::Login
        }
        (None, None) => {
            assert_eq!((received.len(), output.status.code()), (0, Some(2)), "{case:?}: {said}");
            let refusals = [
                "`VAINU_USERNAME` is set but `VAINU_PASSWORD` is not",
                "`VAINU_USERNAME` is set but `VAINU_PASSWORD` is empty",
                "`VAINU_PASSWORD` is set but `VAINU_USERNAME` is not",
                "`VAINU_PASSWORD` is set but `VAINU_USERNAME` is empty",
                "no credentials",
            ];
            Expected::Refused(refusals.into_iter().find(|known| said.contains(known)).expect(&said))
        }
        both => panic!("{case:?}: {both:?}"),
    };
    if !matches!(outcome, Expected::Refused(_)) {
        assert_eq!(output.status.code(), Some(0), "{case:?}: {said}");
    }
    (outcome, said)
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_in_every_combination() {
    let api = Api::start();
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("flag.key"), "key-of-the-flag\n").unwrap();
    fs_err::write(dir.path().join("settings.key"), "key-of-the-settings\r\n").unwrap();
    let settings = dir.path().join("settings.key");
    fs_err::write(dir.path().join("with-key.toml"), format!("api_key_file = {settings:?}\n")).unwrap();
    let mut tried = 0;
    for case in cases() {
        let (outcome, said) = run(&api, dir.path(), case);
        assert_eq!(outcome, expected(case), "{case:?}: {said}");
        // Where the credentials were found is said, for who is surprised.
        let origin = match outcome {
            Expected::Key("key-of-the-flag") => "--api-key-file flag.key",
            Expected::Key("key-of-the-environment") => "the credentials of VAINU_API_KEY",
            Expected::Key(_) => "api_key_file of the settings",
            Expected::Login => "VAINU_USERNAME and VAINU_PASSWORD",
            Expected::Refused(what) => what,
        };
        assert!(said.contains(origin), "{case:?}: {said}");
        tried += 1;
    }
    assert_eq!(tried, 2 * 27 * 2);
}

#[test]
fn a_variable_that_is_empty_is_named_where_nothing_else_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = vainu_etl(dir.path());
    command.env("VAINU_API_KEY", "").env("VAINU_PASSWORD", "").arg("sync");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("no credentials: VAINU_API_KEY and VAINU_PASSWORD are empty"), "{said}");
}

#[test]
fn a_key_file_that_cannot_be_read_is_named_as_one() {
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("settings.toml"), "api_key_file = \"no-such.key\"\n").unwrap();
    for arguments in [["--api-key-file", "no-such.key"], ["--config", "settings.toml"]] {
        let output = vainu_etl(dir.path()).args(arguments).arg("sync").output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot read the API key file") && said.contains("no-such.key"), "{said}");
        assert!(!said.contains("cannot read the settings"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_refused_and_not_passed_over() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let dir = tempfile::tempdir().unwrap();
    for name in ["VAINU_API_KEY", "VAINU_USERNAME", "VAINU_PASSWORD"] {
        let mut command = vainu_etl(dir.path());
        command.env(name, OsStr::from_bytes(b"K\xe4rkk\xe4inen")).arg("sync");
        let output = command.output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("`{name}` is not UTF-8")) && !said.contains("rkk"), "{said}");
    }
}
