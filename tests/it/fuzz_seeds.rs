//! The fuzz targets without a fuzzer: every seed and every kept regression of `fuzz/seeds/`, each also damaged in many
//! ways that follow from a fixed number.
//!
//! `SOAK=100` damages each a hundred times as often. The targets themselves: see `CONTRIBUTING.md`.

mod properties;

use std::path::PathBuf;

type Property = fn(&[u8]);

/// How often each seed is damaged when nothing else is asked for.
const DAMAGES: u64 = 300;

/// Runs the property on all seeds of a target.
#[expect(clippy::print_stderr, reason = "says why it skips, and which seed it was when one fails")]
fn run(target: &str, property: Property) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    if !folder.exists() {
        eprintln!("skipped: the package leaves `fuzz/` out");
        return;
    }
    let mut seeds: Vec<(PathBuf, Vec<u8>)> = fs_err::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs_err::read(path).unwrap()))
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 5, "{target} has seeds");
    let soak: u64 = std::env::var("SOAK").map_or(1, |times| times.parse().unwrap());
    for (path, seed) in &seeds {
        eprintln!("{}", path.display());
        property(seed);
        for number in 0..DAMAGES * soak {
            let other = &seeds[usize::try_from(mixed(number)).unwrap() % seeds.len()].1;
            property(&damaged(seed, other, number));
        }
    }
}

/// The seed with one to four damages: bytes changed, cut out, doubled, or taken from another seed.
fn damaged(seed: &[u8], other: &[u8], number: u64) -> Vec<u8> {
    const TELLING: &[u8] = b"\"\\{}[],:-+.eE0919TZ/%\0\n\r \xff\xc3\xed\xa0";
    let mut bytes = seed.to_vec();
    let mut random = mixed(number ^ seed.len() as u64);
    let mut below = |most: usize| {
        random = mixed(random);
        usize::try_from(random >> 16).unwrap() % most.max(1)
    };
    for _ in 0..=below(4) {
        let at = below(bytes.len() + 1);
        let until = (at + below(8)).min(bytes.len());
        match below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..until)),
            2 => bytes.insert(at, TELLING[below(TELLING.len())]),
            3 => bytes.splice(at..at, seed[..until.min(seed.len())].to_vec()).for_each(drop),
            4 => {
                let from = below(other.len());
                bytes.splice(at..until, other[from..].to_vec()).for_each(drop);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(below(256)).unwrap();
                }
            }
        }
    }
    bytes
}

/// Splitmix64.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[test]
fn envelope() {
    run("envelope", properties::envelope);
}

#[test]
fn record() {
    run("record", properties::record);
}

#[test]
fn decimal() {
    run("decimal", properties::decimal);
}

#[test]
fn date() {
    run("date", properties::date);
}

#[test]
fn retry_after() {
    run("retry_after", properties::retry_after);
}

#[test]
fn config() {
    run("config", properties::config);
}

#[test]
fn ledger() {
    run("ledger", properties::ledger);
}
