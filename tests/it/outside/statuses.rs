//! What a company's status text means: the texts that come with the program, the user's own, and those that nobody knows.

use vainu_etl::simulator::{DEMO_API_KEY, Simulator};
use vainu_etl::views::{REFERENCE_TABLES, plain_status};

use crate::fixture_warehouse::Warehouse;
use crate::support::{Job, simulator, stderr, stdout, vainu_etl};

/// A warehouse whose one live company has that status.
fn with_status(statuses: &[(&str, &str)]) -> Warehouse {
    let rows = statuses.iter().enumerate().map(|(number, (country, status))| {
        format!(
            "('{country}', 's{number:04}', {status}, 'run-1', TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-01')"
        )
    });
    Warehouse::with(&format!(
        "DELETE FROM prospects; INSERT INTO prospects \
         (country, business_id, status, _run_id, _first_seen_at, _last_seen_at) VALUES {}",
        rows.collect::<Vec<_>>().join(", ")
    ))
}

fn classes(statuses: &[(&str, &str)]) -> Vec<String> {
    let sql = "SELECT status_class, coalesce(CAST(is_active AS VARCHAR), 'none') FROM companies ORDER BY business_id";
    with_status(statuses).rows(sql)
}

#[test]
fn a_text_means_what_it_says_in_every_language_and_spelling() {
    let cases = [
        ("'active'", "live,true"),
        ("'Active'", "live,true"),
        ("' ACTIVE '", "live,true"),
        ("'active.'", "live,true"),
        ("'Aktiv'", "live,true"),
        ("'AKTIV.'", "live,true"),
        ("'Aktivt'", "live,true"),
        ("'Kaupparekisterissä'", "live,true"),
        ("'KAUPPAREKISTERISSÄ'", "live,true"),
        ("'Kaupparekisterissa' || chr(776)", "live,true"),
        ("'Bolaget är aktivt'", "live,true"),
        ("'Bolaget är' || chr(160) || 'aktivt' || chr(160)", "live,true"),
        ("'Bolaget  är   aktivt'", "live,true"),
        ("chr(9) || 'Bolaget är aktivt' || chr(13) || chr(10)", "live,true"),
        ("'Bolaget a' || chr(776) || 'r aktivt . '", "live,true"),
        ("'Registrert i Foretaksregisteret'", "live,true"),
        ("'NORMAL'", "live,true"),
        ("'Normal'", "live,true"),
        ("'Toiminnassa'", "live,true"),
        ("'Konkurssissa'", "dissolving,false"),
        ("'Konkurs'", "dissolving,false"),
        ("'Likvidation'", "dissolving,false"),
        ("'I likvidation'", "dissolving,false"),
        ("'Under avvikling'", "dissolving,false"),
        ("'Under konkurs'", "dissolving,false"),
        ("'UNDER FRIVILLIG LIKVIDATION'", "dissolving,false"),
        ("'Selvitystilassa'", "dissolving,false"),
        ("'Saneerauksessa'", "dissolving,false"),
        ("'Liquidation'", "dissolving,false"),
        ("'Bankrupt'", "dissolving,false"),
        ("'Dormant'", "dissolving,false"),
        ("'Lopettanut'", "gone,false"),
        ("'Opløst'", "gone,false"),
        ("'OPLØST EFTER KONKURS'", "gone,false"),
        ("'Tvangsopløst'", "gone,false"),
        ("'Ophørt'", "gone,false"),
        ("'Slettet'", "gone,false"),
        ("'Avregistrerad'", "gone,false"),
        ("'Purettu'", "gone,false"),
        ("'Fusionerad'", "gone,false"),
        ("'Dissolved'", "gone,false"),
        ("'Inactive'", "gone,false"),
        ("'Konkurs avslutad'", "gone,false"),
        ("NULL", "unknown,none"),
        ("''", "unknown,none"),
        ("' . '", "unknown,none"),
        ("chr(160)", "unknown,none"),
        ("'Something else'", "unknown,none"),
        ("'inactively active'", "unknown,none"),
        ("'aktiv aktiv'", "unknown,none"),
        ("'1'", "unknown,none"),
        ("repeat('aktiv', 10000)", "unknown,none"),
    ];
    let statuses: Vec<(&str, &str)> = cases.iter().map(|(status, _)| ("SE", *status)).collect();
    for ((status, expected), found) in cases.iter().zip(classes(&statuses)) {
        assert_eq!(found, *expected, "{status}");
    }
}

#[test]
fn every_text_of_the_list_is_found_by_the_view_as_it_is_written_there_and_in_capitals() {
    let table = REFERENCE_TABLES.iter().find(|table| table.name == "status_texts").unwrap();
    let rows = table.rows();
    assert!(rows.len() > 200);
    for row in &rows {
        assert_eq!(row[0], plain_status(&row[0]), "{row:?}");
        assert!(["live", "dissolving", "gone"].contains(&row[3].as_str()) && row[1].is_empty(), "{row:?}");
    }
    let quoted: Vec<String> = rows
        .iter()
        .flat_map(|row| [row[0].clone(), row[0].to_uppercase(), format!(" {}.", row[0])])
        .map(|text| format!("'{text}'"))
        .collect();
    let statuses: Vec<(&str, &str)> = quoted.iter().map(|text| ("XX", text.as_str())).collect();
    for (number, found) in classes(&statuses).iter().enumerate() {
        let class = &rows[number / 3][3];
        let active = if class == "live" { "true" } else { "false" };
        assert_eq!(*found, format!("{class},{active}"), "{}", quoted[number]);
    }
}

fn command(job: &Job, simulator: &Simulator, verb: &[&str]) -> (i32, String, String) {
    let mut command = vainu_etl(job.dir.path());
    command.env("VAINU_API_KEY", DEMO_API_KEY).args(["--base-url", &simulator.base_url()]).args(verb);
    let output = command.output().unwrap();
    (output.status.code().unwrap(), stdout(&output), stderr(&output))
}

fn classed(job: &Job) -> Vec<String> {
    super::rows(
        job,
        "SELECT DISTINCT status, status_class, coalesce(CAST(is_active AS VARCHAR), 'none') FROM companies \
         WHERE status IN ('active', 'Lakannut', 'Toiminta keskeytetty') ORDER BY ALL",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_the_users_own_go_first_and_stay_with_every_generation() {
    let simulator = simulator(400, &[]).await;
    let job = Job::new();
    let folder = job.dir.path();
    assert_eq!(command(&job, &simulator, &["sync", "prospects"]).0, 0);
    let as_they_come = ["Lakannut|gone|false", "Toiminta keskeytetty|dissolving|false", "active|live|true"];
    assert_eq!(classed(&job), as_they_come);

    fs_err::create_dir(folder.join("settings")).unwrap();
    fs_err::write(folder.join("settings/vainu-etl.toml"), "status_texts = \"own.csv\"\n").unwrap();
    let own = "\u{feff}status_text,country,status_class\r\nTOIMINTA KESKEYTETTY.,fi,gone\r\nLakannut,SE,live\r\nactive,,unknown\r\n";
    fs_err::write(folder.join("settings/own.csv"), own).unwrap();
    let with_own = ["Lakannut|gone|false", "Toiminta keskeytetty|gone|false", "active|unknown|none"];
    for verb in [&["sync", "prospects"][..], &["sync", "prospects"], &["rebuild"]] {
        let (code, _, said) =
            command(&job, &simulator, &[&["--config", "settings/vainu-etl.toml"][..], verb].concat());
        assert_eq!((code, classed(&job)), (0, with_own.map(str::to_owned).to_vec()), "{verb:?}: {said}");
    }
    // Without the setting it is as it was before.
    assert_eq!(command(&job, &simulator, &["sync", "prospects"]).0, 0);
    assert_eq!(classed(&job), as_they_come);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_cannot_be_used_are_an_error_before_the_first_request() {
    let simulator = simulator(10, &[]).await;
    let job = Job::new();
    let folder = job.dir.path();
    fs_err::write(folder.join("vainu-etl.toml"), "status_texts = \"own.csv\"\n").unwrap();
    for (own, message) in [
        (None, "own.csv` cannot be read"),
        (
            Some("status_text,status_class\nAktiv,alive\n"),
            "line 2 of the status texts `own.csv` is not usable: `alive`",
        ),
        (
            Some("Aktiv,live\n"),
            "line 1 of the status texts `own.csv` is not usable: the header has no column `status_text`",
        ),
        (Some(""), "the header has no column `status_text`"),
        (Some("status_text,status_class\n,live\n"), "names no text"),
    ] {
        if let Some(own) = own {
            fs_err::write(folder.join("own.csv"), own).unwrap();
        }
        for verb in ["sync", "rebuild"] {
            let (code, _, said) = command(&job, &simulator, &[verb]);
            assert_eq!(code, 2, "{own:?} {verb}: {said}");
            assert!(said.contains(message) && said.contains("status_text,status_class"), "{said}");
        }
    }
    assert_eq!(simulator.requests().len(), 0);
    assert!(!job.warehouse().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_lists_texts_that_nobody_knows_and_how_to_add_them() {
    let simulator = simulator(400, &[]).await;
    let job = Job::new();
    assert_eq!(command(&job, &simulator, &["sync", "prospects"]).0, 0);
    let line = |out: &str| out.lines().find(|line| line.contains("statuses")).unwrap().to_owned();
    let (code, out, _) = command(&job, &simulator, &["doctor", "--offline"]);
    assert_eq!((code, line(&out).as_str()), (0, "ok    statuses     all known"));
    fs_err::write(job.dir.path().join("vainu-etl.toml"), "status_texts = \"own.csv\"\n").unwrap();
    fs_err::write(
        job.dir.path().join("own.csv"),
        "status_text,status_class\nactive,unknown\nKonkurs,unknown\n",
    )
    .unwrap();
    assert_eq!(command(&job, &simulator, &["sync", "prospects"]).0, 0);
    let (code, out, _) = command(&job, &simulator, &["doctor", "--offline"]);
    let line = line(&out);
    let active = super::rows(&job, "SELECT count(*) FROM prospects WHERE status = 'active'");
    assert_eq!(code, 0);
    let start = format!("ok    statuses     2 unknown: `active` ({} companies), `Konkurs` (", active[0]);
    assert!(line.starts_with(&start), "{line}");
    assert!(
        line.contains("status_text,status_class") && line.contains("status_texts = \"own.csv\""),
        "{line}"
    );
}
