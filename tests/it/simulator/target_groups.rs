//! Target groups and their members.

use super::*;

const EXAMPLE: &str = r#"{"business_id": "01032880", "company_name": "AAC Global Oy", "link": "http://www.aacglobal.com",
    "isic_industry_code": "85593", "address": "Porkkalankatu 20 C", "postal": "00180", "city": "HELSINKI",
    "country": "FI", "turn_over": "13026000.0", "staff_number": "112", "development_of_turnover": "-6.7",
    "profit": "5.9"}"#;

#[tokio::test]
async fn groups_are_listed_and_found_with_and_without_a_slash() {
    let api = Api::start(100, &[]).await;
    let groups = api.list("/target_groups/").await;
    let example = json!({"id": "", "name": "", "is_named_target_group": false, "default": false});
    assert_like(&groups, &example, &["id", "name", "is_named_target_group", "default"]);
    assert_eq!(groups, api.simulator.target_groups());
    assert_eq!(groups.len(), 8);
    assert_eq!(groups.iter().filter(|group| group["default"] == true).count(), 1);
    for group in &groups {
        let id = text(group, "id");
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert_eq!(&api.found(&format!("/target_groups/{id}")).await, group);
        assert_eq!(&api.found(&format!("/target_groups/{id}/")).await, group);
    }
    for path in ["/target_groups/12341234ab70b42bffd6a713", "/target_groups/123456/"] {
        assert_eq!(api.at(path).await, (404, json!({"detail": "Not found"})), "{path}");
    }
}

#[tokio::test]
async fn groups_differ_in_size_and_overlap() {
    let api = Api::start(20_000, &[]).await;
    let mut sizes = Vec::new();
    for group in api.simulator.target_groups() {
        sizes.push(api.simulator.members(text(&group, "id")).unwrap().len());
    }
    assert!(sizes.contains(&0), "{sizes:?}");
    assert!(sizes.iter().any(|size| *size > 5000), "{sizes:?}");
    assert_eq!(sizes.iter().collect::<BTreeSet<_>>().len(), sizes.len(), "{sizes:?}");
    let members = |name| -> BTreeSet<String> {
        keys(&api.simulator.members(&api.group(name)).unwrap()).into_iter().collect()
    };
    assert!(!members("Portfolio").is_disjoint(&members("Suomi ja Ruotsi")));
    let countries: BTreeSet<String> = members("Portfolio").iter().map(|key| key[..2].to_owned()).collect();
    assert_eq!(countries.len(), 4);
    let same = members("Same digits in two countries");
    let danish: Vec<&String> = same.iter().filter(|key| key.starts_with("DK")).collect();
    assert_eq!((danish.len(), same.len()), (200, 400));
    assert!(danish.iter().all(|key| same.contains(&format!("FI{}", &key[2..]))));
}

#[tokio::test]
async fn members_have_the_twelve_fields_of_the_document() {
    let api = Api::start(5000, &[]).await;
    let id = api.group("Suomi ja Ruotsi");
    let rows = api.list(&format!("/target_group/{id}/?count=false&limit=1000")).await;
    let example = serde_json::from_str(EXAMPLE).unwrap();
    assert_like(&rows, &example, &["business_id", "company_name", "country"]);
    let companies = api.all();
    for row in &rows {
        let company = companies.iter().find(|company| key(company) == key(row)).expect("is a company");
        for (name, value) in row.as_object().unwrap() {
            let same = if name == "isic_industry_code" { "industry_code" } else { name };
            assert_eq!(value, &company[same], "{name}");
        }
    }
    assert_eq!(rows, api.simulator.members(&id).unwrap()[..1000]);
}

#[tokio::test]
async fn the_count_has_three_forms() {
    let api = Api::start(1000, &[]).await;
    let id = api.group("Suomi ja Ruotsi");
    let members = api.simulator.members(&id).unwrap();
    let path = format!("/target_group/{id}/?limit=3");
    assert_eq!(api.found(&path).await, json!({"count": members.len(), "results": members[..3]}));
    assert_eq!(api.found(&format!("{path}&count=true")).await, json!({"count": members.len()}));
    assert_eq!(api.found(&format!("{path}&count=false")).await, json!(members[..3]));
    assert_eq!(api.at(&format!("{path}&count=include")).await.0, 400);

    let empty = api.group("Uudet");
    assert_eq!(api.found(&format!("/target_group/{empty}/")).await, json!({"count": 0, "results": []}));
    assert_eq!(
        api.at("/target_group/12341234ab70b42bffd6a713/").await,
        (404, json!({"detail": "Not found"}))
    );
}

#[tokio::test]
async fn pages_of_members_have_a_limit_a_default_and_an_end() {
    let api = Api::start(3000, &[]).await;
    let path = format!("/target_group/{}/?count=false", api.group("Suomi ja Ruotsi"));
    let rows = async |query: &str| api.list(&format!("{path}{query}")).await;
    let members = api.simulator.members(&api.group("Suomi ja Ruotsi")).unwrap();
    assert_eq!(rows("").await, members[..20], "the default limit");
    assert_eq!(rows("&limit=5000").await.len(), 1000, "the most");
    assert_eq!(rows("&limit=none").await.len(), 1000, "the most");
    assert_eq!(rows("&limit=7&offset=40").await, members[40..47]);
    assert_eq!(rows("&order=business_id").await, members[..20], "there is no order");
    assert_eq!(rows(&format!("&offset={}", members.len() - 1)).await.len(), 1);
    assert_eq!(rows(&format!("&offset={}", members.len())).await, [] as [Value; 0]);
    for query in ["&limit=many", "&offset=-1"] {
        assert_eq!(api.at(&format!("{path}{query}")).await.0, 400, "{query}");
    }

    let unbounded = Api::start(3000, &["limit-max=none"]).await;
    assert_eq!(unbounded.list(&format!("{path}&limit=none")).await, members);
}

#[tokio::test]
async fn the_switches_of_pages_hold_for_members_too() {
    let members = {
        let api = Api::start(500, &[]).await;
        api.simulator.members(&api.group("Suomi ja Ruotsi")).unwrap()
    };
    let path = {
        let api = Api::start(500, &[]).await;
        format!("/target_group/{}/?limit=10", api.group("Suomi ja Ruotsi"))
    };
    let pages = async |switches: &[&str], queries: &[&str]| {
        let api = Api::start(500, switches).await;
        let mut pages = Vec::new();
        for query in queries {
            pages.push(api.at(&format!("{path}{query}")).await);
        }
        pages
    };
    let rows = |page: &(u16, Value)| page.1["results"].as_array().unwrap().clone();

    assert_eq!(rows(&pages(&["limit-max=4"], &[""]).await[0]), members[..4]);
    assert_eq!(rows(&pages(&["short-page=2"], &["", "&offset=10"]).await[1]), members[10..19]);
    assert_eq!(rows(&pages(&["repeat-page=2"], &["", "&offset=10"]).await[1]), members[..10]);
    assert_eq!(rows(&pages(&["limit-ignored=true"], &["&offset=10"]).await[0]), members);
    assert_eq!(pages(&["total-offset=-3"], &[""]).await[0].1["count"], members.len() - 3);
    assert_eq!(pages(&["total-late=1:5"], &["", ""]).await[1].1["count"], members.len() + 5);
    assert_eq!(pages(&["past-end=404"], &["&offset=5000"]).await[0].0, 404);
    assert_eq!(pages(&["count=number"], &["&count=true"]).await[0].1, json!(members.len()));
    assert_eq!(pages(&["count=missing"], &[""]).await[0].1, json!(members[..10]));
    assert_eq!(pages(&["envelope=results"], &["&count=false"]).await[0].1, json!({"results": members[..10]}));
    assert_eq!(pages(&["unknown-filter=error"], &["&order=business_id"]).await[0].0, 400);
    let numbers = rows(&pages(&["numbers=number"], &["&limit=200"]).await[0]);
    assert!(numbers.iter().any(|row| row["turn_over"].is_number() && row["staff_number"].is_number()));
    let deleted = pages(&["delete-after=1"], &["", "&offset=10", ""]).await;
    assert_eq!(deleted[1].1["count"], members.len() - 1);
    assert_eq!(rows(&deleted[1]), members[11..21], "the rest moved up");
}

#[tokio::test]
async fn members_come_in_another_order_when_switched() {
    let api = Api::start(500, &["member-order=shuffled"]).await;
    let path = format!("/target_group/{}/?count=false&limit=500", api.group("Suomi ja Ruotsi"));
    let (one, other) = (keys(&api.list(&path).await), keys(&api.list(&path).await));
    assert_ne!(one, other);
    let sorted = |keys: Vec<String>| keys.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(one), sorted(other));
    let stable = Api::start(500, &[]).await;
    assert_eq!(stable.list(&path).await, stable.list(&path).await);
}

#[tokio::test]
async fn members_in_forbidden_countries_are_not_there() {
    let forbidden_countries = vec!["SE".to_owned()];
    let api =
        Api::with(with(Config::default(), |config| config.forbidden_countries = forbidden_countries)).await;
    let page = api.found(&format!("/target_group/{}/?limit=none", api.group("Suomi ja Ruotsi"))).await;
    let rows = page["results"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["country"] == "FI"));
    assert_eq!(page["count"], rows.len());
    assert_eq!(rows.len(), 400);
}
