//! Which rows of a key, and which rows that belong together, are the newest.

use vainu_etl::catalog::TARGET_GROUP_MEMBERS;
use vainu_etl::normalise::LandedPage;

use super::support::{page, try_stage_of};

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
