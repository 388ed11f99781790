//! Files and who may do what with them: owners, groups, permissions, mount points, and what others put into the file.
#![cfg(unix)]

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use tokio::runtime::Runtime;
use vainu_etl::simulator::{DEMO_API_KEY, Simulator};

use crate::support::{assert_equal_rows, expected, prospects, simulator, stderr, stdout, vainu_etl, value};

/// A user who is nobody else.
const NIGHTLY: u32 = 47_112;

/// A warehouse, and an API of a few companies.
struct Place {
    dir: tempfile::TempDir,
    simulator: Simulator,
    /// The simulator runs in it.
    _runtime: Runtime,
}

impl Place {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(simulator(120, &[]));
        Self { dir: tempfile::tempdir().unwrap(), simulator, _runtime: runtime }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn warehouse(&self) -> PathBuf {
        self.path().join("vainu.duckdb")
    }

    fn state(&self) -> PathBuf {
        self.path().join("vainu.duckdb.etl")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = vainu_etl(self.path());
        command.env("VAINU_API_KEY", DEMO_API_KEY).env("NO_COLOR", "1");
        command.args(["--base-url", &self.simulator.base_url()]).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn sync(&self) -> Command {
        self.command(&["sync", "prospects", "--page-size", "50"])
    }

    /// A sync that ends well; what it says.
    fn succeed(&self) -> String {
        ended(&self.sync().output().unwrap(), 0)
    }

    /// The same command by another user.
    fn as_nightly(command: &Command) -> Output {
        let mut other = nightly();
        other.arg(command.get_program()).args(command.get_args());
        other.current_dir(command.get_current_dir().unwrap());
        other.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        other.output().unwrap()
    }

    /// Gives everything to the nightly user.
    fn give_away(&self) {
        let id = NIGHTLY.to_string();
        let done = Command::new("chown").args(["-R", &format!("{id}:{id}")]).arg(self.path()).status();
        assert!(done.unwrap().success());
        fs_err::set_permissions(self.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn assert_equal_to_source(&self) {
        assert_equal_rows(&prospects(&self.warehouse()), &expected(self.simulator.companies()));
    }

    /// A command that has to be refused before anything is asked of the API.
    fn refused(&self, output: &Output, parts: &[&str]) {
        let text = ended(output, 6);
        for part in parts {
            assert!(text.contains(part), "no `{part}` in: {text}");
        }
        assert!(text.contains("hint: "), "{text}");
        assert_eq!(self.simulator.requests().len(), 0, "refused before the first request: {text}");
    }
}

/// What a command says that ends with this code.
fn ended(output: &Output, code: i32) -> String {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn mode(path: &Path) -> u32 {
    fs_err::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Starts a command as the nightly user. The library that the binary is linked with may lie where only root can read it:
/// she gets a copy.
fn nightly() -> Command {
    let id = NIGHTLY.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).env_clear();
    if let Some(copy) = library() {
        command.env("LD_LIBRARY_PATH", copy);
    }
    command
}

/// A copy of the library that everybody can read; none when it is part of the binary.
fn library() -> Option<&'static Path> {
    static COPY: LazyLock<Option<tempfile::TempDir>> = LazyLock::new(|| {
        let from = Path::new(option_env!("DUCKDB_LIB_DIR")?).join("libduckdb.so");
        let dir = tempfile::tempdir().unwrap();
        set_mode(dir.path(), 0o755);
        fs_err::copy(from, dir.path().join("libduckdb.so")).ok()?;
        Some(dir)
    });
    COPY.as_ref().map(tempfile::TempDir::path)
}

/// Whether the test may act as several users; says so when it may not.
#[expect(clippy::print_stdout, reason = "a test that is skipped says why")]
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    let mut version = nightly();
    version.arg(env!("CARGO_BIN_EXE_vainu-etl")).arg("--version");
    let several = root && version.output().is_ok_and(|output| output.status.success());
    if !several {
        println!("skipped: only root can be several users (with `setpriv`), who all can reach the binary");
    }
    several
}

#[test]
fn the_state_folder_is_its_owners_alone_and_one_that_was_not_is_closed_and_said_once() {
    let place = Place::new();
    assert!(!place.succeed().contains("state folder"));
    assert_eq!(mode(&place.state()), 0o700);
    for open in [0o755, 0o750, 0o777, 0o701] {
        set_mode(&place.state(), open);
        let text = place.succeed();
        assert!(text.contains("could be read by other users") && text.contains("vainu.duckdb.etl"), "{text}");
        assert_eq!(mode(&place.state()), 0o700);
        assert!(!place.succeed().contains("could be read"), "said once");
    }
}

#[test]
fn a_new_generation_has_the_mode_owner_group_access_list_and_attributes_of_the_earlier_one() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};

    let place = Place::new();
    place.succeed();
    let file = place.warehouse();
    for kept in [0o644, 0o640, 0o600, 0o664] {
        set_mode(&file, kept);
        place.succeed();
        assert_eq!(mode(&file), kept);
    }
    set_mode(&file, 0o640);
    // Version 2; owner rw, user 4711 r, group r, mask r, others none.
    let entry = |tag: u16, rights: u16, id: u32| {
        [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    let none = u32::MAX;
    let list = [
        2_u32.to_le_bytes().to_vec(),
        entry(1, 6, none),
        entry(2, 4, 4711),
        entry(4, 4, none),
        entry(0x10, 4, none),
        entry(0x20, 0, none),
    ]
    .concat();
    let has_list = setxattr(&file, "system.posix_acl_access", &list, XattrFlags::empty()).is_ok();
    let has_attributes = setxattr(&file, "user.note", b"for BI", XattrFlags::empty()).is_ok();
    let is_root = is_root();
    if is_root {
        chown(&file, Some(4711), Some(4712)).unwrap();
    }
    let text = place.succeed();
    assert!(!text.contains("earlier file"), "{text}");
    let read = |name: &str| {
        let mut value = vec![0; 1000];
        let length = getxattr(&file, name, &mut value[..]).unwrap();
        value.truncate(length);
        value
    };
    assert_eq!(mode(&file), 0o640);
    if has_list {
        assert_eq!(read("system.posix_acl_access"), list);
    } else {
        println!("skipped in part: the file system has no access lists");
    }
    if has_attributes {
        assert_eq!(read("user.note"), b"for BI");
    }
    if has_list {
        // The folder lets the same user into every new file; the published file was closed to him by hand.
        let mut list = list.clone();
        // Its owner can enter folders, too.
        list[6] = 7;
        let state = place.state();
        for folder in [place.path(), &state, &state.join("staging")] {
            setxattr(folder, "system.posix_acl_default", &list, XattrFlags::empty()).unwrap();
        }
        rustix::fs::removexattr(&file, "system.posix_acl_access").unwrap();
        set_mode(&file, 0o640);
        place.succeed();
        let mut value = vec![0; 1000];
        assert!(getxattr(&file, "system.posix_acl_access", &mut value[..]).is_err(), "he is let in again");
        assert_eq!(mode(&file), 0o640);
    }
    if is_root {
        let found = fs_err::metadata(&file).unwrap();
        assert_eq!((found.uid(), found.gid()), (4711, 4712));
    }
    place.assert_equal_to_source();
}

#[test]
fn who_can_no_longer_read_the_file_is_named_with_the_command_that_mends_it() {
    if !is_root() {
        return;
    }
    for (kept, says) in [(0o640, true), (0o644, false), (0o600, false), (0o440, true)] {
        let place = Place::new();
        place.give_away();
        ended(&Place::as_nightly(&place.sync()), 0);
        chown(place.warehouse(), Some(0), Some(4712)).unwrap();
        // The nightly user is one of those who may read it, else the warehouse is no longer hers.
        let readable = if kept & 0o004 == 0 { chown(place.warehouse(), Some(NIGHTLY), None) } else { Ok(()) };
        readable.unwrap();
        set_mode(&place.warehouse(), kept);
        let text = ended(&Place::as_nightly(&place.sync()), 0);
        assert_eq!(
            text.contains("of the group `4712`") && text.contains("sudo chgrp 4712 "),
            says,
            "{kept:o}: {text}"
        );
        assert_eq!(mode(&place.warehouse()), kept);
        assert!(!ended(&Place::as_nightly(&place.sync()), 0).contains("4712"), "said once");
        place.assert_equal_to_source();
    }
}

#[cfg_attr(not(debug_assertions), ignore = "only a build with debug assertions has points to fail at")]
#[test]
fn what_root_left_by_hand_stops_no_nightly_load() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.give_away();
    ended(&Place::as_nightly(&place.sync()), 0);
    // Root's runs: one that ends at each place where something of root's lies, and one that is published.
    for point in
        ["landing-created", "page-written", "next-filled", "generation-begun", "run-set-aside", "renamed"]
    {
        let mut by_root = place.command(&["sync", "prospects", "--page-size", "50", "--keep-raw", "1"]);
        let killed = by_root.env("VAINU_ETL_CRASH", format!("{point}:kill")).output().unwrap();
        assert_eq!(killed.status.code(), None, "{point}: {}", stderr(&killed));
        let text = ended(&Place::as_nightly(&place.sync()), 0);
        place.assert_equal_to_source();
        if ["landing-created", "page-written"].contains(&point) {
            assert!(text.contains(&format!("sudo chown -R {NIGHTLY} ")), "{point}: {text}");
        }
    }
    place.succeed();
    place.succeed();
    let published = fs_err::metadata(place.warehouse()).unwrap();
    assert_eq!(published.uid(), NIGHTLY, "root gives the file back");
    ended(&Place::as_nightly(&place.command(&["sync", "prospects", "--keep", "1", "--keep-raw", "1"])), 0);
    place.assert_equal_to_source();
    let mended =
        Command::new("chown").args(["-R", &NIGHTLY.to_string()]).arg(place.state()).status().unwrap();
    assert!(mended.success());
    let text = ended(
        &Place::as_nightly(&place.command(&["sync", "prospects", "--keep", "1", "--keep-raw", "1"])),
        0,
    );
    assert!(!text.contains("sudo"), "once mended, nothing is said: {text}");
    assert_eq!(fs_err::read_dir(place.state().join("staging")).unwrap().count(), 0);
}

#[test]
fn a_lock_or_a_state_folder_of_another_user_is_not_another_run_at_work() {
    if !is_root() {
        return;
    }
    for (what, kept) in [
        ("lock", 0o600),
        ("", 0o700),
        ("vainu-etl.json", 0o600),
        ("landing", 0o755),
        ("staging", 0o755),
        ("generations", 0o755),
    ] {
        let place = Place::new();
        place.give_away();
        ended(&Place::as_nightly(&place.sync()), 0);
        place.simulator.clear_requests();
        let path = place.state().join(what);
        chown(&path, Some(0), Some(0)).unwrap();
        set_mode(&path, kept);
        let output = Place::as_nightly(&place.sync());
        place.refused(&output, &[&format!("sudo chown -R {NIGHTLY} ")]);
        assert!(!stderr(&output).contains("another run is at work"), "{}", stderr(&output));
    }
    // One that can be read can be locked, which is all that it is for.
    let place = Place::new();
    place.give_away();
    ended(&Place::as_nightly(&place.sync()), 0);
    chown(place.state().join("lock"), Some(0), Some(0)).unwrap();
    set_mode(&place.state().join("lock"), 0o644);
    let text = ended(&Place::as_nightly(&place.sync()), 0);
    assert!(text.contains("The lock file is another user's") && text.contains("sudo chown"), "{text}");
}

#[test]
fn a_file_of_another_user_in_a_sticky_folder_is_refused_before_the_first_request() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.give_away();
    ended(&Place::as_nightly(&place.sync()), 0);
    place.simulator.clear_requests();
    chown(place.warehouse(), Some(0), Some(0)).unwrap();
    chown(place.path(), Some(0), Some(0)).unwrap();
    set_mode(place.path(), 0o1777);
    place.refused(&Place::as_nightly(&place.sync()), &["cannot be replaced", "sticky folder"]);
    let doctor = Place::as_nightly(&place.command(&["doctor", "--offline"]));
    assert!(
        stdout(&doctor).contains("FAIL  folder") && doctor.status.code() == Some(6),
        "{}",
        stdout(&doctor)
    );
}

/// Mounts the published file over itself and runs commands, each with its exit code behind it.
const MOUNTED: &str = r#"
mount --bind vainu.duckdb vainu.duckdb || { echo cannot mount; exit; }
"$@" sync prospects 2>&1; echo "exit $?"
"$@" doctor --offline 2>&1; echo "exit $?"
: > empty.duckdb
mount --bind empty.duckdb empty.duckdb
"$@" --warehouse empty.duckdb sync prospects 2>&1; echo "exit $?"
"#;

#[cfg(target_os = "linux")]
#[test]
fn a_published_file_that_is_a_mount_point_is_refused_before_the_first_request_with_the_remedy() {
    let place = Place::new();
    place.succeed();
    place.simulator.clear_requests();
    let command = place.command(&[]);
    let mut own = Command::new("unshare");
    own.args(["-rm", "sh", "-c", MOUNTED, "sh"]).arg(command.get_program()).args(command.get_args());
    own.current_dir(place.path()).env("VAINU_API_KEY", DEMO_API_KEY);
    let text = match own.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => error.to_string(),
    };
    if !text.contains("exit ") {
        println!("skipped: this system lets nobody mount a file in a namespace (`unshare -rm`): {text}");
        return;
    }
    let said: Vec<&str> = text.split("exit 6\n").collect();
    assert_eq!(said.len(), 4, "{text}");
    for (said, what) in [(said[0], "sync"), (said[1], "doctor"), (said[2], "an empty file")] {
        assert!(
            said.contains("is a mount point by itself") && said.contains("mount the folder"),
            "{what}: {text}"
        );
    }
    assert_eq!(place.simulator.requests().len(), 0);
    place.assert_equal_to_source();
}

#[test]
fn what_people_put_into_the_published_file_is_named_before_it_is_gone() {
    let place = Place::new();
    let ours = place.succeed();
    assert!(!ours.contains("did not make"), "{ours}");
    let writer = duckdb::Connection::open(place.warehouse()).unwrap();
    writer
        .execute_batch(
            "CREATE TABLE budget (country VARCHAR); CREATE VIEW my_segments AS SELECT 1 AS x; CREATE SCHEMA scratch; \
             CREATE TABLE scratch.plan (i INTEGER); CREATE MACRO twice(x) AS 2 * x; CREATE SEQUENCE numbers; CHECKPOINT",
        )
        .unwrap();
    drop(writer);
    let all = [
        "table budget",
        "view my_segments",
        "schema scratch",
        "table scratch.plan",
        "macro twice",
        "sequence numbers",
    ];
    let doctor = stdout(&place.run(&["doctor", "--offline"]));
    let text = place.succeed();
    for name in all {
        assert!(doctor.contains(name), "doctor, {name}: {doctor}");
        assert!(text.contains(name), "sync, {name}: {text}");
    }
    assert!(text.contains("not carried over") && doctor.contains("attaches this one"), "{text}{doctor}");
    let doctor = stdout(&place.run(&["doctor", "--offline"]));
    assert!(!doctor.contains("did not make") && !place.succeed().contains("did not make"), "{doctor}");
}

#[test]
fn doctor_sees_a_write_ahead_log_that_was_left() {
    let place = Place::new();
    place.succeed();
    fs_err::write(place.path().join("vainu.duckdb.wal"), "log").unwrap();
    let output = place.run(&["doctor", "--offline"]);
    assert_eq!(output.status.code(), Some(6), "{}", stdout(&output));
    let text = stdout(&output);
    assert!(text.contains("FAIL  warehouse") && text.contains("vainu.duckdb.wal"), "{text}");
}

#[test]
fn who_may_only_read_the_published_file_still_sees_what_is_published() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.succeed();
    set_mode(place.path(), 0o755);
    let status = Place::as_nightly(&place.command(&["status"]));
    let text = stdout(&status);
    assert_eq!(status.status.code(), Some(0), "{text}{}", stderr(&status));
    assert!(
        text.contains("generation 1") && text.contains("the state folder is its owner's alone"),
        "{text}"
    );
    let query =
        Place::as_nightly(&place.command(&["query", "SELECT count(*) FROM companies", "--format", "csv"]));
    assert!(stdout(&query).contains("120"), "{}", stderr(&query));
    let doctor = stdout(&Place::as_nightly(&place.command(&["doctor", "--offline"])));
    assert!(doctor.contains("FAIL  folder") && doctor.contains("ok    warehouse"), "{doctor}");
    assert!(doctor.contains("FAIL  lock") && !doctor.contains("free\n"), "{doctor}");
    let sync = Place::as_nightly(&place.sync());
    assert!(ended(&sync, 6).contains("cannot be written"), "{}", stderr(&sync));
}

fn generation(place: &Place) -> i64 {
    value(&place.warehouse(), "SELECT generation FROM etl.warehouse")
}

#[test]
fn a_published_file_that_is_gone_comes_back_from_the_newest_kept_generation() {
    let place = Place::new();
    for _ in 0..3 {
        place.succeed();
    }
    fs_err::remove_file(place.warehouse()).unwrap();
    let status = stdout(&place.run(&["status"]));
    assert!(status.contains("gone; `sync` goes on from generation 2"), "{status}");
    let doctor = place.run(&["doctor", "--offline"]);
    assert!(stdout(&doctor).contains("is gone; `sync` goes on from generation 2"), "{}", stdout(&doctor));
    let query = place.run(&["query", "SELECT 1"]);
    assert!(ended(&query, 6).contains("an earlier generation is kept"), "{}", stderr(&query));
    let text = place.succeed();
    assert!(text.contains("The published file was gone") && text.contains("--restart-history"), "{text}");
    // The third was published, and its number is not given a second time.
    assert_eq!(generation(&place), 4);
    assert_eq!(value::<i64>(&place.warehouse(), "SELECT count(*) FROM etl.runs"), 3);
    let unchanged = "SELECT unchanged FROM etl.streams ORDER BY run_id DESC LIMIT 1";
    assert_eq!(value::<i64>(&place.warehouse(), unchanged), 120, "the companies were known");

    fs_err::remove_file(place.warehouse()).unwrap();
    let rolled = place.run(&["rollback"]);
    assert!(ended(&rolled, 0).contains("Generation 2 is published again"), "{}", stderr(&rolled));
    fs_err::remove_file(place.warehouse()).unwrap();
    let rebuilt = place.run(&["rebuild"]);
    let text = ended(&rebuilt, 0);
    assert!(
        text.contains("The published file was gone") && text.contains("Published generation 5"),
        "{text}"
    );
    place.assert_equal_to_source();
}

#[test]
fn restart_history_begins_anew_with_a_number_of_its_own_whether_the_file_is_gone_or_not() {
    let place = Place::new();
    for gone in [false, true] {
        for _ in 0..2 {
            place.succeed();
        }
        let before = generation(&place);
        if gone {
            fs_err::remove_file(place.warehouse()).unwrap();
        }
        let text = ended(&place.run(&["sync", "prospects", "--restart-history"]), 0);
        assert!(!text.contains("was gone"), "{text}");
        assert_eq!(generation(&place), before + 1);
        assert_eq!(value::<i64>(&place.warehouse(), "SELECT count(*) FROM etl.runs"), 1);
        assert_eq!(value::<i64>(&place.warehouse(), "SELECT inserted FROM etl.streams"), 120);
        place.assert_equal_to_source();
    }
}

#[test]
fn an_unfinished_run_goes_on_after_the_published_file_was_removed() {
    let place = Place::new();
    for _ in 0..2 {
        place.succeed();
    }
    let stopped = place.run(&["sync", "prospects", "--page-size", "50", "--max-requests", "2"]);
    ended(&stopped, 8);
    fs_err::remove_file(place.warehouse()).unwrap();
    let text = place.succeed();
    assert!(
        text.contains("Resuming the unfinished run") && text.contains("The published file was gone"),
        "{text}"
    );
    assert_eq!(generation(&place), 3);
    place.assert_equal_to_source();
}

#[test]
fn paths_in_the_settings_file_are_relative_to_it_and_others_to_the_current_folder() {
    let place = Place::new();
    for folder in ["etc", "etc/data", "other"] {
        fs_err::create_dir(place.path().join(folder)).unwrap();
    }
    let finnish: Vec<String> = place
        .simulator
        .companies()
        .filter(|company| company["country"] == "FI")
        .take(3)
        .map(|company| company["business_id"].as_str().unwrap().to_owned())
        .collect();
    fs_err::write(place.path().join("etc/ids.txt"), finnish.join("\n")).unwrap();
    fs_err::write(place.path().join("etc/key"), DEMO_API_KEY).unwrap();
    let settings = "warehouse = 'data/v.duckdb'\napi_key_file = 'key'\nstreams = ['prospects']\n\
                    [[select]]\ncountry = 'FI'\nbusiness_ids = '@ids.txt'\n";
    fs_err::write(place.path().join("etc/vainu-etl.toml"), settings).unwrap();
    let sync = |arguments: &[&str]| {
        let mut command = vainu_etl(&place.path().join("other"));
        command.args(["--base-url", &place.simulator.base_url(), "--config", "../etc/vainu-etl.toml"]);
        ended(&command.args(arguments).output().unwrap(), 0);
    };
    sync(&["sync"]);
    let rows = |path: &str| value::<i64>(&place.path().join(path), "SELECT count(*) FROM prospects");
    assert_eq!(rows("etc/data/v.duckdb"), 3);
    sync(&["--warehouse", "own.duckdb", "sync"]);
    assert_eq!(rows("other/own.duckdb"), 3);
}
