//! What a load of many rows takes. Prints figures, asserts on counts only:
//! `COMPANIES=1000000 cargo test --test it -- --ignored --nocapture measures_a_load`.

use serde_json::{Value, json};
use vainu_etl::load::{Counts, LoadInput, publish};

use super::rig::{NO_HOOKS, Rig, complete};
use crate::staged_fixture::StagedFixture;

/// Rows that the fixture makes at a time, so that its own memory does not count.
const PART: u32 = 5000;

/// A company with the columns that the list endpoint fills.
fn values(number: u32, changed: bool) -> Value {
    let n = u64::from(number);
    let turn_over = if changed { n * 3 } else { n * 2 };
    json!({
        "company_name": format!("Company number {n} Oy"), "status": "Aktiivinen",
        "registration_date": format!("{}-{:02}-{:02}", 1950 + n % 70, 1 + n % 12, 1 + n % 28),
        "link": format!("www.company{n}.fi"), "phone": format!("+358 9 {}", 1_000_000 + n),
        "industry_code": format!("{:05}", n % 90_000), "industry_division": format!("{:02}", n % 99),
        "address": format!("Mannerheimintie {}", n % 500), "postal": format!("{:05}", n % 99_999),
        "city": format!("City {}", n % 300), "municipality": format!("City {}", n % 300),
        "visiting_address": format!("Mannerheimintie {}", n % 500), "visiting_postal": format!("{:05}", n % 99_999),
        "visiting_city": format!("City {}", n % 300), "visiting_municipality": format!("City {}", n % 300),
        "currency_code": "EUR", "turn_over_eur": format!("{turn_over}.00"),
        "turn_over_local": format!("{turn_over}.00"), "turn_over_is_estimate": n % 2 == 0,
        "profit_percent": format!("{}.5", n % 30), "turn_over_growth_percent": format!("{}.1", n % 70),
        "staff_number": n % 1000, "staff_number_is_estimate": false,
        "vainu_link": format!("https://vainu.io/company/{n}/profile"), "linkedin_id": format!("{}", n * 13),
        "twitter_link": (n % 3 == 0).then(|| format!("https://twitter.com/company{n}")),
        "facebook_link": (n % 3 == 1).then(|| format!("https://facebook.com/company{n}")),
    })
}

/// A load of as many companies.
pub(super) fn input(rig: &Rig, run: &str, companies: u32, is_changed: impl Fn(u32) -> bool) -> LoadInput {
    let mut input = rig.input(run, StagedFixture::new(), vec![complete("all")]);
    for first in (0..companies).step_by(PART as usize) {
        let mut part = StagedFixture::new();
        for company in first..companies.min(first + PART) {
            part = part.row(0, "FI", &format!("{:08}", company * 7), values(company, is_changed(company)));
        }
        let part = part.write(&rig.dir.path().join(format!("{run}-{first}")));
        input.streams[0].staged.tables[0].rows.extend(part.tables.into_iter().flat_map(|table| table.rows));
    }
    input
}

/// Highest resident memory of this process since the last call, in megabytes; 0 where it cannot be told.
fn peak_mb() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let _ = fs_err::write("/proc/self/clear_refs", "5");
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Processor time of this process so far, in seconds; 0 where it cannot be told.
fn processor_s() -> f64 {
    let stat = fs_err::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // User and system time, in ticks of a hundredth of a second.
    after_name.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

#[test]
#[ignore = "takes long and prints figures; asked for by name"]
fn measures_a_load() {
    let number = |name: &str, default: u32| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let (companies, memory, threads) =
        (number("COMPANIES", 200_000), number("MEMORY_MB", 200), number("THREADS", 2));
    let mut rig = Rig::new();
    rig.settings.memory_limit_mb = memory.into();
    rig.settings.threads = threads as usize;
    let all = u64::from(companies);
    let tenth = all.div_ceil(10);
    let runs = [
        ("r1", false, Counts { inserted: all, ..Counts::default() }),
        ("r2", false, Counts { unchanged: all, ..Counts::default() }),
        ("r3", true, Counts { updated: tenth - 1, unchanged: all - tenth + 1, ..Counts::default() }),
    ];
    for (run, changed, expected) in runs {
        let input = input(&rig, run, companies, |company| changed && company % 10 == 0);
        peak_mb();
        let before_s = processor_s();
        let published = publish(&rig.workspace, &rig.lock, &input, &rig.settings, NO_HOOKS).unwrap();
        let total: u128 = published.steps.iter().map(|step| step.elapsed.as_millis()).sum();
        let (processor_s, peak_mb, file_kb) = (processor_s() - before_s, peak_mb(), published.bytes / 1024);
        println!("{run}: {total} ms, {processor_s:.2} s of processor, peak {peak_mb} MB, file {file_kb} kB");
        for step in &published.steps {
            println!("  {:20} {:6} ms", step.name, step.elapsed.as_millis());
        }
        assert_eq!(published.totals, expected);
    }
}
