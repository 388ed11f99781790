//! A disk that is full, read-only, or refuses: exit code 6, a message with a path and a way out, and nothing lost.
//!
//! Room is limited in two ways that need no disk: a limit on file sizes (`ulimit -f`), which meets each kind of file
//! at another size, and a small file system in memory, mounted in a namespace of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vainu_etl::landing::ledger::path_in;
use vainu_etl::landing::runs;
use vainu_etl::simulator::DEMO_API_KEY;

use super::dump::dump;
use super::files::{copy, folder};
use super::rig::{Load, Rig};
use crate::support::{stderr, vainu_etl};

/// A warehouse with one generation, an API that has changed since, and what the next generation has to hold.
fn second_load() -> (Rig, Vec<u8>) {
    let rig = Rig::new(Load::Prospects);
    rig.succeed();
    rig.change();
    let published = fs_err::read(rig.warehouse()).unwrap();
    (rig, published)
}

/// What a run without room says: the file or folder, the reason, and what to do.
fn assert_explains(code: Option<i32>, text: &str, reasons: &[&str]) {
    assert_eq!(code, Some(6), "{text}");
    assert!(text.contains("error: ") && text.contains("hint: "), "{text}");
    assert!(text.contains("vainu.duckdb"), "no path: {text}");
    assert!(reasons.iter().any(|reason| text.contains(reason)), "none of {reasons:?} in: {text}");
    assert!(!text.contains("internal error") && !text.contains("terminate called"), "{text}");
}

/// What `ulimit -f` of a POSIX shell counts in.
const BLOCK: u64 = 512;

fn ledger_of(rig: &Rig) -> PathBuf {
    let runs = runs::list(&rig.state().join("landing")).unwrap();
    path_in(&runs.last().unwrap().folder)
}

/// The command with files limited to so many blocks of 512 bytes.
fn limited(command: &Command, blocks: u64) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f $0 && exec \"$@\"", &blocks.to_string()]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.output().unwrap()
}

#[test]
fn a_write_that_is_refused_is_explained_whichever_file_it_meets() {
    let (rig, published) = second_load();
    // Limits that a page, the ledger of most of the run, a staged file and the next generation do not fit in.
    for (mut blocks, file) in [(2, "pages-"), (0, "ledger.jsonl"), (128, "rows-"), (1024, "staging")] {
        if file == "ledger.jsonl" {
            // All pages, but not the count after them.
            let stopped = rig.sync().args(["--max-requests", "22"]).output().unwrap();
            assert_eq!(stopped.status.code(), Some(8), "{}", stderr(&stopped));
            blocks = fs_err::metadata(ledger_of(&rig)).unwrap().len() / BLOCK;
        }
        rig.forget_requests();
        let output = limited(&rig.sync(), blocks);
        let text = stderr(&output);
        assert_explains(output.status.code(), &text, &["File too large"]);
        assert!(text.contains(file), "{blocks} blocks: {text}");
        assert!(fs_err::read(rig.warehouse()).unwrap() == published, "the published file is unchanged");
        // What cannot be kept is not asked for: what was in flight, and no more.
        let landed = rig.landed();
        let lost = rig.asked().iter().filter(|part| !landed.contains(part)).count();
        assert!(lost <= 4, "{lost} pages were fetched and lost: {text}");
        assert_eq!(super::files::names(&rig.state().join("staging")), Vec::<String>::new());
    }
    rig.succeed();
    rig.assert_equal_to_source();
    rig.assert_tidy();
}

/// Runs the command for each size of a small file system that already holds the warehouse, then with room enough.
/// Prints `exit N` and `kept` or `changed` after each, its messages before.
const SCRIPT: &str = r#"
mount -t tmpfs -o size=64m tmpfs "$MOUNT" && cp -a "$BASE/." "$MOUNT" && cd "$MOUNT" || { echo cannot mount; exit; }
run() {
    "$@" 2>&1
    echo "exit $?"
    cmp -s vainu.duckdb "$BASE/vainu.duckdb" && echo kept || echo changed
}
used=$(df -k --output=used . | tail -1)
for more in $MORE; do
    mount -o remount,size=$((used + more))k "$MOUNT" && run "$@"
done
mount -o remount,ro "$MOUNT" && run "$@"
mount -o remount,rw,size=64m "$MOUNT" && run "$@"
cp -a "$MOUNT/." "$OUT"
"#;

#[test]
fn a_full_disk_and_a_read_only_one_are_explained_and_the_run_goes_on_when_there_is_room() {
    let probe = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        println!("skipped: this system lets nobody mount a file system in a namespace (`unshare -rm`)");
        return;
    }
    let (rig, _) = second_load();
    let (mount, out) = (folder(), folder());
    let sync = rig.sync();
    // Kilobytes above what is used: from not even a ledger to not quite the next generation.
    let sizes = [0, 8, 24, 40, 150, 700, 2300];
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", SCRIPT, "sh"])
        .arg(sync.get_program())
        .args(sync.get_args())
        .env("MORE", sizes.map(|size: u32| size.to_string()).join(" "))
        .envs([("MOUNT", mount.path()), ("BASE", rig.path()), ("OUT", out.path())])
        .env("VAINU_API_KEY", DEMO_API_KEY)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let runs: Vec<&str> = text.split_inclusive("exit ").collect();
    assert_eq!(runs.len(), sizes.len() + 3, "{text}\n{}", stderr_of(&output.stderr));
    for (run, next) in runs.iter().zip(&runs[1..]).take(sizes.len()) {
        assert_explains(code(next), run, &["No space left on device", "not enough disk space"]);
        assert!(next.lines().nth(1) == Some("kept"), "{text}");
    }
    let (read_only, last) = (runs[sizes.len()], runs[sizes.len() + 1]);
    assert_explains(code(last), read_only, &["Read-only file system"]);
    assert_eq!(last.lines().nth(1), Some("kept"), "{text}");
    assert_eq!(code(runs[sizes.len() + 2]), Some(0), "{text}");
    let loaded = Rig::like(&rig);
    fs_err::remove_dir_all(loaded.state()).unwrap();
    copy(out.path(), loaded.path());
    loaded.assert_equal_to_source();
    loaded.assert_tidy();
    assert!(dump(&loaded.warehouse()).is_some());
}

fn code(text: &str) -> Option<i32> {
    text.lines().next()?.trim().parse().ok()
}

fn stderr_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn output_that_cannot_be_written_is_an_error_and_no_device_is_replaced() {
    let rig = Rig::new(Load::Prospects);
    let report = rig.sync().args(["--report", "/dev/full"]).output().unwrap();
    assert_eq!(report.status.code(), Some(6), "{}", stderr(&report));
    assert!(
        stderr(&report).contains("/dev/full") && stderr(&report).contains("hint: "),
        "{}",
        stderr(&report)
    );
    // The run itself was published, and says so.
    assert!(stderr(&report).contains("Published generation 1"), "{}", stderr(&report));
    rig.assert_equal_to_source();
    assert!(!fs_err::metadata("/dev/full").unwrap().is_file());
    assert!(!Path::new("/dev/full.tmp").exists() && !Path::new("/dev/tmp").exists());
    for arguments in [&["schema"][..], &["query", "SELECT * FROM prospects"]] {
        let full = fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = vainu_etl(rig.path()).args(arguments).stdout(full.into_parts().0).output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("hint: "), "{arguments:?}: {}", stderr(&output));
    }
}
