//! What holds for any bytes: one function for each fuzz target, shared by the targets in `fuzz/` and the test that
//! runs their seeds. A function panics when its property does not hold.

use std::str::from_utf8;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use serde_json::value::RawValue;
use vainu_etl::catalog::api::VAINU;
use vainu_etl::catalog::{PROSPECT_FILTERS, PROSPECTS};
use vainu_etl::fuzzing;
use vainu_etl::landing::ledger::{Entry, Lines};
use vainu_etl::landing::runs::LandedRun;
use vainu_etl::normalise::{Counts, LandedPage, Normaliser};
use vainu_etl::record::cell::{Cell, parse};
use vainu_etl::record::{fingerprints, parse_page};
use vainu_etl::schema::Kind;
use vainu_etl::selection::lists_of;

/// The body of a page: the records are those that `serde_json` finds, and an error can be printed.
pub(crate) fn envelope(body: &[u8]) {
    let page = match parse_page(body) {
        Ok(page) => page,
        Err(error) => {
            // What is nearly JSON has facts: those of the text that it becomes.
            if let Ok(facts) = fingerprints(body) {
                let text = fuzzing::repaired(body).expect("what has facts is JSON once it is repaired");
                assert_eq!(fingerprints(text.as_bytes()).expect("facts"), facts);
            }
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
            return;
        }
    };
    let facts = fingerprints(body).expect("a page has facts");
    assert_eq!(facts.rows.len() as u64 + facts.not_objects, page.records.len() as u64);
    assert_eq!(facts.count, page.count);
    assert!(facts.keyless <= facts.rows.len() as u64);
    // `serde_json` refuses lone surrogates and deep nesting in values, which a page may hold.
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let records = value.as_array().or_else(|| value.get("results")?.as_array());
        assert_eq!(page.records.len(), records.map_or(0, Vec::len));
    }
}

/// Records of a page: each becomes a row or a reject, the same whenever it is read, with a key that the pager knows.
pub(crate) fn record(records: &[u8]) {
    let body = [b"[", records, b"]"].concat();
    salvaged(&body);
    let Ok(facts) = fingerprints(&body) else { return };
    let normalised = || {
        let mut normaliser = Normaliser::new(&PROSPECTS);
        let page = LandedPage { number: 1, list: 0, body: body.clone(), ..LandedPage::default() };
        normaliser.read_page(&page, 0).expect("what has facts is a page");
        let mut keys = Vec::new();
        normaliser.mark_newest(|key| {
            keys.push(key);
            true
        });
        let batches = (normaliser.take_rows().expect("rows"), normaliser.take_rejects().expect("rejects"));
        (normaliser.counts(), keys, batches)
    };
    let (counts, keys, (rows, rejects)) = normalised();
    let Counts { records, rows: kept, records_rejected, cells_rejected } = counts;
    assert_eq!(kept + records_rejected, records);
    assert_eq!(rows.num_rows() as u64, kept);
    assert_eq!(rejects.num_rows() as u64, records_rejected + cells_rejected);
    assert_eq!(records, facts.rows.len() as u64 + facts.not_objects);
    assert_eq!(facts.keyless, facts.rows.len() as u64 - kept);
    assert!(keys.iter().all(|key| facts.rows.contains(key)));
    assert_eq!(normalised(), (counts, keys, (rows, rejects)));
}

/// A landed page of which records cannot be read: the same whenever it is read, and nothing is neither row nor reject.
fn salvaged(body: &[u8]) {
    let read = || {
        let mut normaliser = Normaliser::new(&PROSPECTS);
        let page = LandedPage { number: 1, list: 0, body: body.to_vec(), ..LandedPage::default() };
        normaliser.read_page(&page, 0).ok()?;
        normaliser.mark_newest(|_| true);
        Some((
            normaliser.counts(),
            normaliser.take_rows().expect("rows"),
            normaliser.take_rejects().expect("rejects"),
        ))
    };
    let first = read();
    if let Some((counts, rows, rejects)) = &first {
        assert_eq!(rows.num_rows() as u64, counts.rows);
        assert_eq!(rejects.num_rows() as u64, counts.records_rejected + counts.cells_rejected);
    }
    assert_eq!(read(), first);
}

/// Text as a decimal column takes it: the number that the text says, rounded where it has more digits, or a reject.
pub(crate) fn decimal(text: &[u8]) {
    let Ok(text) = from_utf8(text) else { return };
    let json = serde_json::to_string(text).expect("text is JSON");
    let as_string: &RawValue = serde_json::from_str(&json).expect("JSON");
    check_decimal(as_string, text.trim());
    if let Ok(as_number) = serde_json::from_str::<&RawValue>(text)
        && as_number.get().starts_with(|first: char| first == '-' || first.is_ascii_digit())
    {
        check_decimal(as_number, as_number.get());
    }
}

fn check_decimal(value: &RawValue, text: &str) {
    let parsed = parse(Kind::Decimal, value, None);
    match parsed.cell {
        Cell::Decimal(hundredths) => {
            assert_eq!(parsed.reject, None);
            let by_hand = hundredths_by_hand(text);
            assert_eq!(Some((i128::from(hundredths), parsed.rounded)), by_hand, "{text:?}");
            assert!(hundredths.unsigned_abs() < 10_u64.pow(18));
        }
        Cell::Null => assert!(text.is_empty() || parsed.reject.is_some(), "{text:?}"),
        other => panic!("{text:?} became {other:?}"),
    }
}

/// The hundredths in a decimal text, by moving the point in its digits, and whether that left digits behind the point; none
/// when they are too many.
fn hundredths_by_hand(text: &str) -> Option<(i128, bool)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty(), "{text:?}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Some((0, false));
    }
    // An exponent beyond 64 bits leaves nothing of any text.
    let exponent = exponent.parse::<i64>().or(if exponent.starts_with('-') { Ok(-1 << 40) } else { Err(()) });
    let shift = exponent.ok()? + 2 - i64::try_from(fraction.len()).ok()?;
    let (digits, dropped) = if shift < 0 {
        let Some(cut) = significant.len().checked_sub(usize::try_from(-shift).ok()?) else {
            return Some((0, true));
        };
        let (kept, dropped) = significant.split_at(cut);
        (kept.to_owned(), dropped)
    } else {
        let zeros = "0".repeat(usize::try_from(shift).ok().filter(|shift| *shift < 40)?);
        (format!("{significant}{zeros}"), "")
    };
    let number: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let number = number + i128::from(dropped.bytes().next().is_some_and(|first| first >= b'5'));
    let rounded = dropped.bytes().any(|byte| byte != b'0');
    Some((if negative { -number } else { number }, rounded))
}

/// Text as date and timestamp columns take it: the day that the text says, or a reject.
pub(crate) fn date(text: &[u8]) {
    let Ok(text) = from_utf8(text) else { return };
    let json = serde_json::to_string(text).expect("text is JSON");
    let value: &RawValue = serde_json::from_str(&json).expect("JSON");
    let day = |days: i64| {
        // Days to a civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let (day, month) =
            (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
        [year + era * 400 + i64::from(month <= 2), month, day]
    };
    let said = || -> Vec<i64> {
        let number = |part: &str| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse().expect("digits")
        };
        text.trim().splitn(4, '-').take(3).map(number).collect()
    };
    let parsed = parse(Kind::Date, value, None);
    match parsed.cell {
        Cell::Date(days) => assert_eq!(day(days.into()).to_vec(), said(), "{text:?}"),
        Cell::Null => assert!(text.trim().is_empty() || parsed.reject.is_some(), "{text:?}"),
        other => panic!("{text:?} became {other:?}"),
    }
    let parsed = parse(Kind::Timestamp, value, None);
    match parsed.cell {
        Cell::Timestamp(micros) => {
            let days = micros.div_euclid(86_400_000_000);
            // A zone moves the day by one at most.
            let moved = (-2..=2).any(|by| day(days + by).to_vec() == said());
            assert!(moved, "{text:?} became {micros}");
        }
        Cell::Null => assert!(text.trim().is_empty() || parsed.reject.is_some(), "{text:?}"),
        other => panic!("{text:?} became {other:?}"),
    }
}

/// The values of `Retry-After` and, on a second line, `Date`: seconds are taken to the letter, nothing else is waited
/// for without a reason.
pub(crate) fn retry_after(headers: &[u8]) {
    let Ok(text) = from_utf8(headers) else { return };
    let (value, date) = text.split_once('\n').map_or((text, None), |(value, date)| (value, Some(date)));
    let now = UNIX_EPOCH + Duration::from_hours(500_000);
    let wait = fuzzing::wait_of(value, date, now);
    let trimmed = value.trim();
    if !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
        assert_eq!(wait, Some(Duration::from_secs(trimmed.parse().unwrap_or(u64::MAX))));
    } else if let Ok(until) = httpdate::parse_http_date(trimmed) {
        let from = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
        assert_eq!(wait, Some(until.duration_since(from).unwrap_or_default()));
    } else {
        let number = trimmed.parse::<f64>().is_ok();
        assert!(number || wait.is_none(), "{value:?} became {wait:?}");
    }
}

/// A settings file: what is accepted asks for known filters only, with values, and never for what paging sets.
pub(crate) fn config(text: &[u8]) {
    let Ok(text) = from_utf8(text) else { return };
    let Ok(selections) = fuzzing::selections_of(text) else { return };
    let Ok(lists) = lists_of(&selections) else { return };
    assert_eq!(lists.is_empty(), selections.is_empty());
    for list in lists {
        assert!(!list.label.is_empty());
        for (name, values) in &list.parameters {
            let field = name.split_once("__").map_or(name.as_str(), |(field, _)| field);
            assert!(PROSPECT_FILTERS.find(field).is_some() && !VAINU.dialect.pages_by(name), "{name}");
            assert!(!values.is_empty() && values.iter().all(|value| !value.is_empty()), "{name}");
        }
        assert!(list.id_chunks.iter().all(|chunk| (1..=100).contains(&chunk.len())));
    }
}

/// Lines of a ledger: what passes its checksum is what was written, and no damage passes for it.
pub(crate) fn ledger(text: &[u8]) {
    let entries: Vec<Entry> = text.split(|byte| *byte == b'\n').filter_map(fuzzing::entry_of).collect();
    for entry in &entries {
        let line = fuzzing::line_of(entry);
        let line = line.strip_suffix('\n').expect("a line ends").as_bytes();
        assert_eq!(fuzzing::entry_of(line).as_ref(), Some(entry));
        for place in 0..line.len() {
            let mut damaged = line.to_vec();
            damaged[place] ^= 1;
            let read = fuzzing::entry_of(&damaged);
            assert!(read.is_none_or(|read| read == *entry), "a flipped bit at {place}");
        }
    }
    let _ = LandedRun::from_lines(std::path::Path::new("."), Lines { entries, damaged: 0 });
}
