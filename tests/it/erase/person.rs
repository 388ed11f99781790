//! A person.

use vainu_etl::landing::read_page;
use vainu_etl::landing::runs::LandedRun;

use super::rig::{JANE, PAGES, Rig, dump, layout, lines, texts};
use crate::support::open;

/// The landed pages without the person, all else byte for byte.
fn pages_without_jane() -> [String; 2] {
    [
        PAGES[0]
            .replace(r#""staff_number":"Jane@b.example""#, r#""staff_number":null"#)
            .replace(r#"{"email":"Jane@B.example","phone":"+358 1"}, "#, "")
            .replace(r#""owner_email":"JANE@b.example""#, r#""owner_email":null"#),
        PAGES[1].replace("ask jane@b.example.", "ask [erased]."),
    ]
}

fn landed_pages(rig: &Rig) -> Vec<String> {
    let run = LandedRun::read(&rig.landed("20260101T000000Z-0000")).unwrap();
    let page = |at| String::from_utf8(read_page(&run.folder, at).unwrap()).unwrap();
    run.pages.values().map(|(_, at)| page(at)).collect()
}

#[test]
fn a_person_is_in_no_file_any_more_and_everything_else_is_as_it_was() {
    let rig = Rig::new();
    assert!(rig.files_that_say(JANE).len() >= 5, "{:?}", rig.files_that_say(JANE));
    let layouts: Vec<_> = rig.files().iter().map(|path| layout(path)).collect();
    let before = dump(&rig.warehouse());
    let outcome = rig.erase(&[" Jane@B.Example "]);
    assert_eq!(outcome.problems, Vec::<String>::new());
    let touched = lines(&outcome);
    for line in [
        "generation 1 prospects 2 changed",
        "generation 2 etl.rejects 1 removed",
        "published file contacts 1 removed",
        "published file customer_data 1 changed",
        "published file etl.changes 1 changed",
        "published file etl.schema_drift 2 changed",
        "landing 20260101T000000Z-0000 prospects 1 removed",
        "landing 20260101T000000Z-0000 prospects 3 changed",
    ] {
        assert!(touched.contains(&line.to_owned()), "{line} is not among {touched:#?}");
    }
    // Another person's longer address is none of ours.
    let said = rig.files_that_say(JANE);
    assert_eq!(said, ["vainu.duckdb"], "only the table with `jane@b.example.com`");
    let connection = open(&rig.warehouse());
    assert_eq!(texts(&connection, "SELECT email FROM contacts"), ["x@b.example", "jane@b.example.com"]);
    assert_eq!(texts(&connection, "SELECT owner_email FROM customer_data"), ["[erased]", "x"]);
    assert_eq!(texts(&connection, "SELECT notes FROM customer_data"), ["call [erased]", "NULL"]);
    assert_eq!(texts(&connection, "SELECT before FROM etl.changes"), ["1", "NULL"]);
    assert_eq!(
        texts(&connection, "SELECT _extra FROM prospects WHERE business_id = '00000002'"),
        [r#"{"contacts":[{"email":"john@b.example"}],"owner_email":null}"#]
    );
    let untouched = [
        "main.nace_sections",
        "main.nace_divisions",
        "main.status_texts",
        "etl.runs",
        "etl.streams",
        "etl.list_members",
    ];
    let after = dump(&rig.warehouse());
    for table in untouched {
        assert_eq!(after[table], before[table], "{table}");
    }
    assert_eq!(after["main.prospects"].len(), before["main.prospects"].len());
    for (path, layout_before) in rig.files().iter().zip(&layouts) {
        assert_eq!(&layout(path), layout_before, "{}", path.display());
    }
    assert_eq!(landed_pages(&rig), pages_without_jane());
}

#[test]
fn a_rebuild_afterwards_works_and_does_not_bring_the_person_back() {
    let rig = Rig::new();
    rig.erase(&[JANE]);
    rig.rebuild();
    let connection = open(&rig.warehouse());
    assert_eq!(texts(&connection, "SELECT CAST(count(*) AS VARCHAR) FROM prospects"), ["4"]);
    assert_eq!(texts(&connection, "SELECT reason FROM etl.rejects"), Vec::<String>::new());
    let all = format!("{:?}", dump(&rig.warehouse())).to_lowercase();
    assert!(!all.contains(JANE), "{all}");
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let rig = Rig::new();
    rig.erase(&[JANE]);
    let bytes = |rig: &Rig| rig.files().iter().map(|path| fs_err::read(path).unwrap()).collect::<Vec<_>>();
    let before = bytes(&rig);
    let again = rig.erase(&[JANE]);
    assert!(again.touched.is_empty() && again.found.is_empty(), "{again:?}");
    assert!(bytes(&rig) == before, "no file is written when nothing is found");
}
