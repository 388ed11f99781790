//! Whatever happens to the file of a ledger: it reads as entries that were written, in their order, or not at all.

use proptest::prelude::*;
use vainu_etl::landing::LandingError;
use vainu_etl::landing::ledger::{
    self, Ask, CompanyAnswers, Entry, Header, LEDGER_VERSION, LandedAt, Ledger, RequestKey, RunList, Spent,
    Verdict,
};
use vainu_etl::selection::SelectionUse;

fn list(label: &str) -> RunList {
    RunList {
        stream: "prospects".to_owned(),
        label: label.to_owned(),
        serves: vec!["prospects".to_owned()],
        parent: label.strip_prefix('4').map(str::to_owned),
        window_from_us: Some(3),
        window_to_us: None,
    }
}

fn header() -> Header {
    Header {
        version: LEDGER_VERSION,
        run_id: "20260131T235959Z-4f2a".to_owned(),
        started_at_us: 1,
        lists: vec![list("country=FI\n"), list("ä\"")],
        arguments: "--filter country=FI".to_owned(),
        fingerprint: "f".to_owned(),
        selection: SelectionUse::default(),
    }
}

prop_compose! {
    fn key()(list in 0..3_u32, sweep in 1..4_u32, slice in "[0-9#\n\"é]{0,4}", ask in ask()) -> RequestKey {
        RequestKey { list, sweep, slice, ask }
    }
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        Just(Ask::CountBefore),
        Just(Ask::CountAfter),
        Just(Ask::CountAgain),
        (any::<u64>(), any::<u32>(), 0..5_u32, any::<bool>())
            .prop_map(|(offset, limit, again, with_count)| Ask::Page { offset, limit, again, with_count }),
        (any::<u64>(), any::<u32>()).prop_map(|(page, size)| Ask::Numbered { page, size, again: 1 }),
        (0..3_u32).prop_map(|again| Ask::Whole { again }),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let at = (any::<u64>(), any::<u32>(), any::<u64>(), any::<i64>()).prop_map(
        |(number, segment, checksum, fetched_at_us)| LandedAt {
            number,
            segment,
            position: checksum / 3,
            length: checksum / 5,
            raw_length: checksum / 7,
            checksum,
            fetched_at_us,
        },
    );
    let verdict = (any::<u64>(), any::<Option<u64>>(), ".{0,20}").prop_map(|(rows, total, reason)| Verdict {
        list: 0,
        rows_received: rows,
        distinct_keys: rows,
        total_before: total,
        total_after: total,
        effective_page_size: 20,
        sweeps: 1,
        complete: false,
        reasons: vec![reason],
        accepted: vec![("7".to_owned(), 2)],
        not_found: rows / 3,
        outside: rows / 5,
        ids_asked: rows / 7,
        missing_ids: vec!["9704098".to_owned(); usize::from(rows % 2 == 0)],
        unreadable: rows / 5,
        unfiltered: false,
    });
    prop_oneof![
        (key(), any::<Option<u64>>()).prop_map(|(key, total)| Entry::Counted { key, total }),
        (key(), at.clone()).prop_map(|(key, at)| Entry::Landed { key, at }),
        (at, "[A-Z]{2}/[0-9 \"é]{0,9}").prop_map(|(at, company)| {
            let not_found = if at.number % 2 == 0 { vec!["FI/404".to_owned()] } else { Vec::new() };
            let at = (at.number % 3 > 0).then_some(at);
            Entry::Answered(CompanyAnswers {
                list: 2,
                companies: vec![company],
                not_found,
                refused: Vec::new(),
                rows: 9,
                unreadable: 2,
                at,
            })
        }),
        any::<u64>().prop_map(|number| Entry::AnswersDamaged { number }),
        (3..9_u32, "[0-9#\n\"é]{0,9}").prop_map(|(index, label)| Entry::Found { index, list: list(&label) }),
        key().prop_map(|key| Entry::PastEnd { key }),
        key().prop_map(|key| Entry::Damaged { key }),
        any::<u64>().prop_map(|bytes| Entry::Spent(Spent { requests: bytes / 9, retries: 1, bytes })),
        verdict.prop_map(Entry::Judged),
        any::<u64>().prop_map(|generation| Entry::Published { generation }),
        Just(Entry::Abandoned),
    ]
}

/// What happens to a file; positions are shares of its length.
#[derive(Debug, Clone)]
enum Damage {
    Cut(f64),
    Flip(f64, u8),
    Remove(f64, f64),
    Insert(f64, Vec<u8>),
    Repeat(f64, f64),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || 0.0..1.0_f64;
    prop_oneof![
        place().prop_map(Damage::Cut),
        (place(), 1..=255_u8).prop_map(|(place, bits)| Damage::Flip(place, bits)),
        (place(), place()).prop_map(|(from, to)| Damage::Remove(from.min(to), from.max(to))),
        (place(), proptest::collection::vec(any::<u8>(), 0..60))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (place(), place()).prop_map(|(from, to)| Damage::Repeat(from.min(to), from.max(to))),
    ]
}

fn hurt(bytes: &mut Vec<u8>, damage: &Damage) {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a position in a small file"
    )]
    let at = |share: f64| ((bytes.len() as f64 * share) as usize).min(bytes.len().saturating_sub(1));
    match damage {
        _ if bytes.is_empty() => {}
        Damage::Cut(place) => bytes.truncate(at(*place)),
        Damage::Flip(place, bits) => {
            let place = at(*place);
            bytes[place] ^= bits;
        }
        Damage::Remove(from, to) => {
            let range = at(*from)..at(*to);
            bytes.drain(range);
        }
        Damage::Insert(place, new) => {
            let place = at(*place);
            bytes.splice(place..place, new.iter().copied());
        }
        Damage::Repeat(from, to) => {
            let part = bytes[at(*from)..at(*to)].to_vec();
            let end = at(*to);
            bytes.splice(end..end, part);
        }
    }
}

/// Whether each of `found` was written; and, as nothing but a repeated part can do that, none comes too early.
fn were_written(found: &[Entry], written: &[Entry]) -> bool {
    found.iter().all(|entry| written.contains(entry))
}

fn write(folder: &std::path::Path, entries: &[Entry]) -> Vec<u8> {
    let _ = fs_err::remove_file(ledger::path_in(folder));
    let mut ledger = Ledger::create(folder, &header()).unwrap();
    ledger.append(entries).unwrap();
    fs_err::read(ledger::path_in(folder)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn every_prefix_reads_as_the_entries_before_the_cut(entries in proptest::collection::vec(entry(), 0..12)) {
        let dir = super::files::folder();
        let whole = write(dir.path(), &entries);
        let mut all = vec![Entry::Opened(header())];
        all.extend(entries);
        let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
        for length in (0..whole.len()).step_by(7).chain(ends.iter().copied()).chain([whole.len()]) {
            fs_err::write(ledger::path_in(dir.path()), &whole[..length]).unwrap();
            // A line is whole without its newline.
            let lines = ends.iter().filter(|end| **end <= length).count();
            match ledger::read(dir.path()) {
                Ok(found) => prop_assert_eq!(&found, &all[..lines]),
                Err(LandingError::Ledger { .. }) => prop_assert_eq!(lines, 0),
                Err(error) => prop_assert!(false, "{error}"),
            }
        }
    }

    #[test]
    fn any_damage_loses_entries_and_invents_none_and_appending_goes_on(
        entries in proptest::collection::vec(entry(), 0..12),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let dir = super::files::folder();
        let mut bytes = write(dir.path(), &entries);
        for damage in &damages {
            hurt(&mut bytes, damage);
        }
        fs_err::write(ledger::path_in(dir.path()), &bytes).unwrap();
        let mut written = vec![Entry::Opened(header())];
        written.extend(entries);
        match Ledger::resume(dir.path()) {
            Err(LandingError::Ledger { .. }) => {}
            Err(error) => prop_assert!(false, "{error}"),
            Ok((mut ledger, mut found)) => {
                prop_assert!(were_written(&found, &written), "{found:?} of {written:?}");
                ledger.append(&[Entry::Abandoned]).unwrap();
                found.push(Entry::Abandoned);
                let lines = ledger::read_lines(dir.path()).unwrap();
                prop_assert_eq!((lines.entries, lines.damaged), (found, 0));
            }
        }
    }
}
