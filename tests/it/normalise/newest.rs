//! Which rows of a key, and which rows that belong together, are the newest.

use vainu_etl::catalog::{COMPANY_LEADS, TARGET_GROUP_MEMBERS};
use vainu_etl::normalise::LandedPage;

use super::support::{answer, page, try_stage_of};

fn of_group(number: u64, id: &str, body: &str) -> LandedPage {
    LandedPage { parent: vec![("target_group_id", id.to_owned())], ..page(number, body) }
}

fn member(id: &str, name: &str) -> String {
    format!(r#"{{"country":"FI","business_id":"{id}","company_name":"{name}"}}"#)
}

#[test]
fn each_table_of_a_record_has_its_own_newest_row() {
    let pages = || {
        vec![
            of_group(4, "b", &format!("[{},{}]", member("2", "b2"), member("3", "b3"))),
            of_group(3, "a", &format!("[{},{}]", member("1", "a1"), member("2", "a2"))),
            // The list moved while it was read: the company came twice.
            of_group(2, "a", &format!("[{}]", member("1", "older"))),
            of_group(1, "c", &format!("[{},{}]", member("1", "c1"), member("1", "c1 again"))),
        ]
    };
    for workers in [1, 4] {
        let staging = try_stage_of(&TARGET_GROUP_MEMBERS, None, pages(), workers).unwrap();
        assert_eq!(
            staging
                .lines("SELECT target_group_id, business_id, _newest FROM target_group_members ORDER BY ALL"),
            [
                "a | 1 | false",
                "a | 1 | true",
                "a | 2 | true",
                "b | 2 | true",
                "b | 3 | true",
                "c | 1 | false",
                "c | 1 | true",
            ]
        );
        assert_eq!(
            staging.lines("SELECT company_name FROM prospects WHERE _newest ORDER BY ALL"),
            ["a1", "b2", "b3"]
        );
        assert_eq!(staging.value("SELECT count(*) FROM prospects"), Some("7".to_owned()));
    }
}

fn lead(title: &str, tags: &str) -> String {
    format!(
        r#"{{"title":"{title}","added":"2026-01-01T12:00:00","prospects":[{{"business_id":"1"}}],"tags":{tags}}}"#
    )
}

#[test]
fn a_lead_is_the_newest_by_itself_whichever_company_it_came_with() {
    let pages = || {
        vec![
            answer(4, "2", format!("[{},{}]", lead("both", r#"["new"]"#), lead("two", r#"["x"]"#))),
            answer(3, "1", format!("[{},{}]", lead("one", "[]"), lead("both", r#"["old","older"]"#))),
            answer(2, "1", format!("[{}]", lead("gone by now", r#"["y"]"#))),
            answer(1, "3", "[]"),
        ]
    };
    for workers in [1, 4] {
        let staging = try_stage_of(&COMPANY_LEADS, None, pages(), workers).unwrap();
        assert_eq!(
            staging.lines("SELECT title, _newest FROM leads ORDER BY ALL"),
            ["both | false", "both | true", "gone by now | true", "one | true", "two | true"]
        );
        assert_eq!(
            staging.lines("SELECT tag, _newest FROM lead_tags ORDER BY ALL"),
            ["new | true", "old | false", "older | false", "x | true", "y | true"]
        );
        for table in ["lead_tags", "lead_prospects"] {
            let of_lead = format!(
                "SELECT l.title, s._newest FROM {table}_scopes s \
                 JOIN (SELECT DISTINCT lead_id, title FROM leads) l USING (lead_id) ORDER BY ALL"
            );
            assert_eq!(
                staging.lines(&of_lead),
                ["both | false", "both | true", "gone by now | true", "one | true", "two | true"],
                "{table}"
            );
        }
    }
}
