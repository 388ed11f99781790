//! Customer data: fields, filters, order, pages and the links between pages.

use super::*;

async fn results(api: &Api, query: &str) -> Vec<Value> {
    api.found(&format!("/customer_data/?{query}")).await["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn objects_have_the_documents_fields() {
    let api = Api::start(10_000, &[]).await;
    let rows = results(&api, "page_size=500").await;
    assert_eq!(rows, api.simulator.customer_data());
    assert_eq!(rows.len(), 200, "one for fifty companies");
    let shown = json!({"owner_email": "", "unique_id": "", "won_deals_count": 2, "open_deals_count": 1,
        "lost_deals_count": 0, "notes": "string", "last_update": "2018-06-08T12:30:39.923Z", "won": true,
        "origin": "PublicApi", "modified": "", "created": "", "prospect_info": {}, "id": "", "prospect": 463_880_794});
    let nullable = ["owner_email", "unique_id", "notes", "last_update"];
    let never_null: Vec<&str> = fields(&shown).into_iter().filter(|name| !nullable.contains(name)).collect();
    assert_like(&rows, &shown, &never_null);
    let prospects: Vec<Value> = rows.iter().map(|row| row["prospect_info"].clone()).collect();
    let shown = json!({"vid": 463_880_794, "company_name": "", "business_id": "2822996-6", "country": "FI", "domain": ""});
    assert_like(&prospects, &shown, &["vid", "company_name", "business_id", "country"]);
    let companies: BTreeSet<String> = api.all().iter().map(key).collect();
    for row in &rows {
        let (country, id) =
            (text(&row["prospect_info"], "country"), text(&row["prospect_info"], "business_id"));
        assert_eq!(id.contains('-'), ["FI", "SE"].contains(&country), "{country} {id}");
        assert!(companies.contains(&format!("{country}{}", id.replace('-', ""))));
        assert_eq!(row["prospect"], row["prospect_info"]["vid"]);
        assert_eq!(row["won"], row["won_deals_count"].as_u64().unwrap() > 0);
        assert!(text(row, "modified").ends_with('Z') && text(row, "modified").len() == 24);
        assert!(text(row, "created") <= text(row, "modified"));
        let id = text(row, "id");
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    for row in &rows[..5] {
        assert_eq!(&api.found(&format!("/customer_data/{}/", text(row, "id"))).await, row);
    }
    let missing = api.at("/customer_data/2b1961522a6e7f19c3e5ac08/").await;
    assert_eq!(missing, (404, json!({"detail": "Not found"})));
}

#[tokio::test]
async fn pages_link_to_each_other() {
    let api = Api::start(40_000, &[]).await;
    let all = api.simulator.customer_data();
    assert_eq!(all.len(), 800);
    let base = format!("{}/customer_data/", api.simulator.base_url());
    let page = api.found("/customer_data/").await;
    assert_eq!(fields(&page), BTreeSet::from(["total_results", "next_page", "prev_page", "results"]));
    assert_eq!(page["results"], json!(all[..100]), "the default size");
    assert_eq!((&page["total_results"], &page["prev_page"]), (&json!(800), &Value::Null));
    assert_eq!(page["next_page"], format!("{base}?page=2"));
    let large = api.found("/customer_data/?page_size=1000&page=2").await;
    assert_eq!(large["results"], json!(all[500..]), "the largest size");
    assert_eq!(
        (&large["next_page"], &large["prev_page"]),
        (&Value::Null, &json!(format!("{base}?page_size=1000&page=1")))
    );

    let mut next = Some("/customer_data/?won_deals_count__gte=1&page_size=70&ordering=-id".to_owned());
    let mut seen = Vec::new();
    while let Some(path) = next {
        let page = api.found(&path).await;
        seen.extend(page["results"].as_array().unwrap().clone());
        next = page["next_page"]
            .as_str()
            .map(|link| link.strip_prefix(&api.simulator.base_url()).unwrap().to_owned());
    }
    let ids: Vec<&str> = seen.iter().map(|row| text(row, "id")).collect();
    assert!(ids.is_sorted_by(|one, other| one > other));
    assert_eq!(ids.len(), all.iter().filter(|row| row["won"] == true).count());

    let past = api.found("/customer_data/?page=99").await;
    assert_eq!((&past["results"], &past["next_page"]), (&json!([]), &Value::Null));
    for bad in ["page=0", "page=last", "page_size=0", "ordering=nothing", "won=maybe", "last_update__gt=soon"]
    {
        assert_eq!(api.at(&format!("/customer_data/?{bad}")).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn the_switch_next_page_spoils_the_links() {
    let links = async |switch: &str, query: &str| {
        let api = Api::start(5000, &[switch, "redirect-to=http://other.invalid"]).await;
        let page = api.found(&format!("/customer_data/?{query}")).await;
        let base = format!("{}/customer_data/", api.simulator.base_url());
        [&page["next_page"], &page["prev_page"]]
            .map(|link| link.as_str().map(|link| link.replace(&base, "BASE")))
    };
    let some = |link: &str| Some(link.to_owned());
    let (first, last) = ("won=true&page_size=5", "page=2");
    assert_eq!(links("next-page=right", first).await, [some("BASE?won=true&page_size=5&page=2"), None]);
    assert_eq!(links("next-page=right", last).await, [None, some("BASE?page=1")]);
    assert_eq!(links("next-page=always", last).await, [some("BASE?page=3"), some("BASE?page=1")]);
    assert_eq!(links("next-page=bare", first).await, [some("BASE?page=2"), None]);
    assert_eq!(links("next-page=bare", last).await, [None, some("BASE?page=1")]);
    let elsewhere = "http://other.invalid/api/v1/customer_data/?won=true&page_size=5&page=2";
    assert_eq!(links("next-page=elsewhere", first).await, [some(elsewhere), None]);
}

#[tokio::test]
async fn every_filter_and_every_order_works() {
    let api = Api::start(10_000, &[]).await;
    let all = api.simulator.customer_data();
    let finds = async |query: &str, wanted: &dyn Fn(&Value) -> bool| {
        let expected: Vec<&Value> = all.iter().filter(|row| wanted(row)).collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{query}");
        let page = api.found(&format!("/customer_data/?{query}&page_size=500")).await;
        assert_eq!(page["results"], json!(expected), "{query}");
        assert_eq!(page["total_results"], expected.len(), "{query}");
    };
    let count = |row: &Value, name: &str| row[name].as_u64().unwrap();
    finds("won_deals_count=2", &|row| count(row, "won_deals_count") == 2).await;
    finds("won_deals_count__ne=2", &|row| count(row, "won_deals_count") != 2).await;
    finds("lost_deals_count__gt=3", &|row| count(row, "lost_deals_count") > 3).await;
    finds("lost_deals_count__lt=3", &|row| count(row, "lost_deals_count") < 3).await;
    finds("open_deals_count__gte=1&won=false", &|row| {
        count(row, "open_deals_count") > 0 && row["won"] == false
    })
    .await;
    finds("open_deals_count__lte=1", &|row| count(row, "open_deals_count") <= 1).await;
    let with = |field: &'static str| all.iter().find(|row| !row[field].is_null()).unwrap();
    let unique = text(with("unique_id"), "unique_id");
    finds(&format!("unique_id={unique}"), &|row| row["unique_id"] == unique).await;
    finds("owner_email=anna@vainu.example", &|row| row["owner_email"] == "anna@vainu.example").await;
    finds("owner_email__ne=anna@vainu.example", &|row| row["owner_email"] != "anna@vainu.example").await;
    let time = text(with("last_update"), "last_update");
    finds(&format!("last_update={time}"), &|row| row["last_update"] == time).await;
    let is_text = |row: &Value| row["last_update"].is_string();
    finds(&format!("last_update__lt={time}"), &|row| is_text(row) && text(row, "last_update") < time).await;
    finds(&format!("last_update__gte={time}"), &|row| is_text(row) && text(row, "last_update") >= time).await;
    let vid = all[3]["prospect"].as_u64().unwrap();
    finds(&format!("prospect={vid}"), &|row| row["prospect"] == vid).await;
    finds(&format!("prospect__lte={vid}"), &|row| row["prospect"].as_u64() <= Some(vid)).await;

    let counts = async |query: &str| -> Vec<u64> {
        results(&api, query).await.iter().map(|row| count(row, "open_deals_count")).collect()
    };
    assert!(counts("ordering=open_deals_count").await.is_sorted());
    assert!(counts("ordering=-open_deals_count").await.is_sorted_by(|one, next| one >= next));
    let updates = results(&api, "ordering=last_update&page_size=500").await;
    assert!(updates[0]["last_update"].is_null(), "nulls first");
    assert!(updates.iter().map(|row| text(row, "last_update")).is_sorted());
    assert_eq!(results(&api, "page_size=500&favourite=1").await, all, "an unknown parameter is ignored");
    let strict = Api::start(100, &["unknown-filter=error"]).await;
    assert_eq!(strict.at("/customer_data/?favourite=1").await.0, 400);
}

#[tokio::test]
async fn customers_in_forbidden_countries_are_refused() {
    let api = Api::with(Config::new(5000)).await;
    let all = api.simulator.customer_data();
    api.simulator.reconfigure(|config| config.forbidden_countries = vec!["FI".to_owned()]);
    let (finnish, others): (Vec<Value>, Vec<Value>) =
        all.into_iter().partition(|row| row["prospect_info"]["country"] == "FI");
    assert_eq!(results(&api, "page_size=500").await, others);
    assert_eq!(api.at(&format!("/customer_data/{}/", text(&finnish[0], "id"))).await.0, 403);
    assert_eq!(api.at(&format!("/customer_data/{}/", text(&others[0], "id"))).await.0, 200);
}

#[tokio::test]
async fn the_switches_of_pages_hold_for_customer_data_too() {
    let query = "/customer_data/?page_size=10";
    let first = async |switch: &str| Api::start(5000, &[switch]).await.found(query).await;
    assert_eq!(first("limit-max=4").await["results"].as_array().unwrap().len(), 4);
    assert_eq!(first("short-page=1").await["results"].as_array().unwrap().len(), 9);
    assert_eq!(first("total-offset=5").await["total_results"], 105);
    let api = Api::start(5000, &["past-end=404", "repeat-page=2"]).await;
    assert_eq!(api.found(query).await["results"], api.found(&format!("{query}&page=2")).await["results"]);
    assert_eq!(api.at(&format!("{query}&page=99")).await.0, 404);
}
