//! Many answers at once that are far too large. The client's memory stays below its limit.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use vainu_etl::simulator::{Config, DEMO_API_KEY, Simulator, Switches};

use crate::support::{stderr, vainu_etl, value, with};

/// The documented memory limit of `sync`, in KiB.
const MOST_KIB: u64 = 300 << 10;

/// Peak memory of the process so far, in KiB. `None` if it has ended.
fn peak_kib(child: &Child) -> Option<u64> {
    let status = fs_err::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Runs `sync` to its end. Returns its exit code, its stderr and its peak memory in KiB.
fn watched(dir: &Path, url: &str) -> (Option<i32>, String, u64) {
    let mut command = vainu_etl(dir);
    command.env("VAINU_API_KEY", DEMO_API_KEY).args([
        "--base-url",
        url,
        "sync",
        "prospects",
        "--page-size",
        "100",
    ]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut peak = 0;
    // The status of a process that has ended, but was not waited for, has no line about memory.
    while let Some(now) = peak_kib(&child) {
        peak = now;
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(peak > 0);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), stderr(&output), peak)
}

async fn sync_under(switches: &[&str], companies: u32) -> (tempfile::TempDir, Option<i32>, String, u64) {
    let mut chosen = Switches::default();
    for switch in switches {
        chosen.set(switch).unwrap();
    }
    let simulator =
        Simulator::start(with(Config::new(companies), |config| config.switches = chosen)).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (path, url) = (dir.path().to_owned(), simulator.base_url());
    let (code, said, peak) = tokio::task::spawn_blocking(move || watched(&path, &url)).await.unwrap();
    (dir, code, said, peak)
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_bodies_of_a_gibibyte_at_once() {
    let (_dir, code, said, peak) = sync_under(&["fault=huge@5+"], 2000).await;
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("more than 67108864 bytes"), "{said}");
    assert!(peak < MOST_KIB, "{peak} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_gzip_bombs_at_once() {
    let (_dir, code, said, peak) = sync_under(&["fault=bomb@5+"], 2000).await;
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("more than 67108864 bytes"), "{said}");
    assert!(peak < MOST_KIB, "{peak} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_brotli_bombs_at_once() {
    let (_dir, code, said, peak) = sync_under(&["fault=br-bomb@5+"], 2000).await;
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("more than 67108864 bytes"), "{said}");
    assert!(peak < MOST_KIB, "{peak} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_zstandard_bombs_at_once() {
    let (_dir, code, said, peak) = sync_under(&["fault=zstd-bomb@5+"], 2000).await;
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("more than 67108864 bytes"), "{said}");
    assert!(peak < MOST_KIB, "{peak} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_list_in_one_answer() {
    let (dir, code, said, peak) = sync_under(&["limit-ignored=true"], 40_000).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(value::<i64>(&dir.path().join("vainu.duckdb"), "SELECT count(*) FROM prospects"), 40_000);
    assert!(peak < MOST_KIB, "{peak} KiB");
}
