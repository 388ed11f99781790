//! Ids and countries in every spelling, in each stream that has them.

use vainu_etl::catalog::{CUSTOMER_DATA, PROSPECTS, TARGET_GROUP_MEMBERS, TARGET_GROUPS};

use super::{Job, json, list, load, numbered, quoted, rows, server};

/// What becomes of a company.
#[derive(Debug)]
enum Then {
    /// It is loaded under this key.
    Loaded(&'static str, &'static str),
    /// Its record is rejected for this reason.
    Rejected(&'static str),
}
use Then::{Loaded, Rejected};

const NO_ID: &str = "no usable key: business_id is not a business id";
const NO_COUNTRY: &str = "no usable key: country is not a country code of two letters";
const CONTROL: &str = "no usable key: business_id is a text with control characters";
const LONG: &str = "no usable key: business_id is longer than 200 characters";
const NO_TEXT: &str = "no usable key: business_id is missing or empty";
const FI: &str = "\"FI\"";

/// Country and business id as JSON, and what becomes of the company.
fn cases() -> Vec<(String, String, Then)> {
    let ids = [
        ("HRB-12345", Loaded("FI", "HRB-12345")),
        ("FI-0970409-8", Loaded("FI", "09704098")),
        (" 0970409-8 ", Loaded("FI", "09704098")),
        ("FI 0970409-8", Loaded("FI", "09704098")),
        ("0970409\u{2013}8", Loaded("FI", "09704098")),
        ("FI\u{a0}0970409\u{a0}8", Loaded("FI", "09704098")),
        ("fi0970409-8", Loaded("FI", "09704098")),
        ("FI09704098", Loaded("FI", "09704098")),
        ("\u{feff}0970409-8", Loaded("FI", "09704098")),
        ("FIHRB-12345", Loaded("FI", "FIHRB-12345")),
        ("1-2-3x", Loaded("FI", "1-2-3x")),
        ("--x", Loaded("FI", "--x")),
        ("\u{1f3e2}", Loaded("FI", "\u{1f3e2}")),
        ("a/b", Loaded("FI", "a/b")),
        ("../x", Loaded("FI", "../x")),
        ("'; DROP TABLE prospects; --", Loaded("FI", "'; DROP TABLE prospects; --")),
        ("", Rejected(NO_TEXT)),
        (" ", Rejected(NO_TEXT)),
        ("\u{a0}", Rejected(NO_TEXT)),
        ("-", Rejected(NO_ID)),
        (" -- ", Rejected(NO_ID)),
        ("\u{200b}", Rejected(NO_ID)),
        ("0970409\08", Rejected(CONTROL)),
        ("\u{1b}[2J", Rejected(CONTROL)),
    ];
    let mut cases: Vec<_> = ids.into_iter().map(|(id, then)| (FI.to_owned(), quoted(id), then)).collect();
    for long in ["9", "a", "\u{1f3e2}"] {
        cases.push((FI.to_owned(), quoted(&long.repeat(10_000)), Rejected(LONG)));
    }
    for (id, then) in [
        ("null", Rejected(NO_TEXT)),
        ("[1]", Rejected("no usable key: business_id is a list")),
        ("{}", Rejected("no usable key: business_id is an object")),
        ("true", Rejected("no usable key: business_id is true or false")),
        ("9704098", Loaded("FI", "9704098")),
        ("-9704098", Rejected("no usable key: business_id is not a business id")),
        ("1.5", Rejected("no usable key: business_id is not a business id")),
        ("1e400", Rejected("no usable key: business_id is not a business id")),
        (r#""\ud800""#, Rejected("no usable key: business_id is half of a surrogate pair")),
    ] {
        cases.push((FI.to_owned(), id.to_owned(), then));
    }
    for (country, then) in [
        (r#""fi""#, Loaded("FI", "09704098")),
        (r#"" FI ""#, Loaded("FI", "09704098")),
        ("\"\u{a0}fi\"", Loaded("FI", "09704098")),
        (r#""XX""#, Loaded("XX", "09704098")),
        (r#""fin""#, Rejected(NO_COUNTRY)),
        (r#""Finland""#, Rejected(NO_COUNTRY)),
        (r#""U1""#, Rejected(NO_COUNTRY)),
        (r#""F\u0000""#, Rejected(NO_COUNTRY)),
        (r#""""#, Rejected("no usable key: country is missing or empty")),
        ("null", Rejected("no usable key: country is missing or empty")),
        ("358", Rejected("no usable key: country is a number")),
        ("[]", Rejected("no usable key: country is a list")),
        ("false", Rejected("no usable key: country is true or false")),
    ] {
        cases.push((country.to_owned(), quoted("0970409-8"), then));
    }
    cases
}

/// Eleven companies that nothing is wrong with.
fn eleven() -> Vec<String> {
    (0..11).map(|n| format!(r#"{{"country":"FI","business_id":"{n:07}-0","company_name":"C"}}"#)).collect()
}

/// Each by itself among companies that nothing is wrong with.
mod a_company_with_any_id_is_loaded_or_set_aside_and_the_others_are_published {
    use super::each_alone;

    #[tokio::test(flavor = "multi_thread")]
    async fn texts() {
        each_alone(|country, id| country == super::FI && id.starts_with('"')).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn other_values() {
        each_alone(|_, id| !id.starts_with('"')).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn countries() {
        each_alone(|country, _| country != super::FI).await;
    }
}

async fn each_alone(is_tried: impl Fn(&str, &str) -> bool) {
    let tried: Vec<_> = cases().into_iter().filter(|(country, id, _)| is_tried(country, id)).collect();
    assert!(tried.len() >= 8);
    for (country, id, then) in tried {
        let case = format!("{country:.40} {id:.60}");
        let odd = format!(r#"{{"country":{country},"business_id":{id},"company_name":"Odd"}}"#);
        let mut records = eleven();
        records.insert(5, odd.clone());
        let server = server(move |request| list(&records, request)).await;
        let job = Job { streams: vec![&PROSPECTS], ..Job::new() };
        let report = load(&job, &server).await.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert_eq!(report.exit_code, 0, "{case}: {:?}", report.lists);
        assert_eq!(
            rows(&job, "SELECT count(*) FROM prospects WHERE company_name = 'C' AND _deleted_at IS NULL"),
            ["11"],
            "{case}"
        );
        let loaded = rows(&job, "SELECT country, business_id FROM companies WHERE company_name = 'Odd'");
        let rejected = rows(
            &job,
            "SELECT DISTINCT table_name, raw = $$RAW$$, reason FROM etl.rejects"
                .replace("$$RAW$$", &sql_text(&odd))
                .as_str(),
        );
        match &then {
            Loaded(country, id) => {
                assert_eq!(loaded, [format!("{country}|{id}")], "{case}");
                assert_eq!(rejected, Vec::<String>::new(), "{case}");
            }
            Rejected(reason) => {
                assert_eq!(loaded, Vec::<String>::new(), "{case}");
                assert_eq!(rejected, [format!("prospects|true|{reason}")], "{case}");
            }
        }
    }
}

/// A text as SQL; the texts here hold no NUL.
fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// All at once, two nights: as many rows and rejects as there are, and `status` says so.
#[tokio::test(flavor = "multi_thread")]
async fn all_odd_companies_in_one_list_cost_only_themselves() {
    let mut records = eleven();
    let mut keys: Vec<String> = (0..11).map(|n| format!("FI|{n:07}0")).collect();
    let mut rejected = 0;
    for (country, id, then) in cases() {
        match then {
            Loaded(country, id) if keys.contains(&format!("{country}|{id}")) => continue,
            Loaded(country, id) => keys.push(format!("{country}|{id}")),
            Rejected(_) => rejected += 1,
        }
        records.push(format!(r#"{{"country":{country},"business_id":{id},"x":{}}}"#, records.len()));
    }
    let server = server(move |request| list(&records, request)).await;
    let job = Job::new();
    keys.sort();
    for night in 1..=2 {
        let report = load(&job, &server).await.unwrap();
        assert_eq!((report.exit_code, report.rejects), (0, rejected), "night {night}: {:?}", report.lists);
        assert_eq!(
            rows(&job, "SELECT country, business_id FROM companies ORDER BY country || '|' || business_id"),
            keys
        );
    }
    let output = crate::support::vainu_etl(job.dir.path()).arg("status").output().unwrap();
    assert!(crate::support::stdout(&output).contains(&format!("{rejected} rejects")), "{output:?}");
}

/// The list holds one company twice: it is one row, and the list is not taken for complete, so that nothing is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn two_spellings_of_one_company_in_a_page_are_one_row() {
    let mut records = eleven();
    records.push(r#"{"country":"FI","business_id":"0970409-8","company_name":"one"}"#.to_owned());
    records.push(r#"{"country":"fi","business_id":"FI 0970409-8","company_name":"other"}"#.to_owned());
    let server = server(move |request| list(&records, request)).await;
    let job = Job::new();
    let report = load(&job, &server).await.unwrap();
    assert_eq!(report.exit_code, 4, "{:?}", report.lists);
    assert_eq!(
        rows(&job, "SELECT count(*), count(*) FILTER (business_id = '09704098') FROM prospects"),
        ["12|1"]
    );
}

/// Ids that are no company's: the table, the field in the answer, and a record with that id.
#[tokio::test(flavor = "multi_thread")]
async fn ids_of_groups_and_customers_are_loaded_or_set_aside() {
    const NO_ID: &str = "no usable key: id is missing or empty";
    let id_cases: [(&str, Result<&str, &str>); 12] = [
        (r#""g1""#, Ok("g1")),
        (r#"" g2 ""#, Ok("g2")),
        (r#""G1""#, Ok("G1")),
        ("12", Ok("12")),
        (r#""..""#, Ok("..")),
        (r#""a/b?c=d#e""#, Ok("a/b?c=d#e")),
        (r#""it's""#, Ok("it's")),
        (r#""n\u0000ul""#, Ok("n\0ul")),
        ("\"\u{1f3e2}\"", Ok("\u{1f3e2}")),
        (r#""""#, Err(NO_ID)),
        (r#""  ""#, Err(NO_ID)),
        ("null", Err(NO_ID)),
    ];
    let records = |name: &str| -> Vec<String> {
        id_cases
            .iter()
            .enumerate()
            .map(|(n, (id, _))| format!(r#"{{"id":{id},"{name}":"N{n}"}}"#))
            // Two that nobody could tell apart.
            .chain([format!(r#"{{"id":"","{name}":"again"}}"#)])
            .collect()
    };
    let (groups, customers) = (records("name"), records("notes"));
    let server = server(move |request| match request.url.path().trim_start_matches("/api/v1/") {
        "target_groups/" => json(format!("[{}]", groups.join(","))),
        "customer_data/" => numbered(&customers, request),
        path if path.starts_with("target_group/") => {
            list(&[r#"{"country":"FI","business_id":"0970409-8"}"#.to_owned()], request)
        }
        _ => list(&[], request),
    })
    .await;
    let job = Job { streams: vec![&TARGET_GROUPS, &TARGET_GROUP_MEMBERS, &CUSTOMER_DATA], ..Job::new() };
    for night in 1..=2 {
        let report = load(&job, &server).await.unwrap_or_else(|error| panic!("night {night}: {error:?}"));
        assert_eq!(report.exit_code, 0, "night {night}: {:?}", report.lists);
        let mut ids: Vec<String> = id_cases.iter().filter_map(|(_, then)| then.ok()).map(hexed).collect();
        ids.sort();
        for sql in [
            "SELECT hex(id) FROM target_groups ORDER BY 1",
            "SELECT hex(target_group_id) FROM target_group_members ORDER BY 1",
            "SELECT hex(id) FROM customer_data ORDER BY 1",
        ] {
            assert_eq!(rows(&job, sql), ids, "{sql}, night {night}");
        }
        for table in ["target_groups", "customer_data"] {
            let sql = format!("SELECT DISTINCT raw, reason FROM etl.rejects WHERE table_name = '{table}'");
            let rejects = rows(&job, &sql);
            assert_eq!(rejects.len(), 4, "{rejects:?}");
            assert!(rejects.iter().all(|reject| reject.ends_with(NO_ID)), "{rejects:?}");
        }
    }
}

fn hexed(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat()
}

/// A server may claim any number of rows, and call a field like the path of another.
#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_total_of_any_size_and_fields_called_like_others_are_published() {
    for claimed in ["18446744073709551615", "9223372036854775808", "0"] {
        let records = eleven();
        let server = server(move |request| {
            if super::parameter(request, "count").as_deref() == Some("true") {
                return json(format!(r#"{{"count":{claimed}}}"#));
            }
            list(&records, request)
        })
        .await;
        let job = Job::new().select(&[&["country=FI"], &["country=SE"]]);
        let report = load(&job, &server).await.unwrap_or_else(|error| panic!("{claimed}: {error:?}"));
        assert_eq!(rows(&job, "SELECT count(*) FROM prospects"), ["11"], "{claimed}: {:?}", report.lists);
    }
    let records = vec![
        r#"{"id":"1","prospect_info":{"x":1},"prospect_info.x":2}"#.to_owned(),
        r#"{"id":"2","prospect_info":{"x":"a"},"prospect_info.x":[],"\u0000":1,"":2}"#.to_owned(),
    ];
    let server = server(move |request| numbered(&records, request)).await;
    let job = Job { streams: vec![&CUSTOMER_DATA], ..Job::new() };
    load(&job, &server).await.unwrap();
    assert_eq!(rows(&job, "SELECT id FROM customer_data ORDER BY id"), ["1", "2"]);
}
