//! Changes that tests make, between requests, to companies and the data about them.

use super::*;

/// Country and business id of the first company for which the test is true.
fn first(api: &Api, wanted: impl Fn(&str, &str) -> bool) -> (String, String) {
    let all = api.all();
    let found = all.iter().map(|company| (text(company, "country"), text(company, "business_id")));
    let (country, id) = found.into_iter().find(|(country, id)| wanted(country, id)).expect("is there");
    (country.to_owned(), id.to_owned())
}

#[tokio::test]
async fn a_deleted_company_is_gone_from_every_endpoint() {
    let api = Api::start(2000, &[]).await;
    let customer = api.simulator.customer_data()[0].clone();
    let country = text(&customer["prospect_info"], "country");
    let id = text(&customer["prospect_info"], "business_id").replace('-', "");
    let group = |id: &str| api.simulator.members(id).unwrap();
    let groups: Vec<String> =
        api.simulator.target_groups().iter().map(|group| text(group, "id").to_owned()).collect();
    let before: Vec<usize> = groups.iter().map(|id| group(id).len()).collect();
    let member = |row: &Value| key(row) == format!("{country}{id}");
    let of: Vec<usize> = groups.iter().map(|id| usize::from(group(id).iter().any(member))).collect();

    api.simulator.delete_company(country, &id).unwrap();
    for rest in ["", "all/", "financial_statements/", "contacts/", "leads/"] {
        assert_eq!(api.at(&format!("/prospect/{country}{id}/{rest}")).await.0, 404);
    }
    assert_eq!(api.at(&format!("/customer_data/{}/", text(&customer, "id"))).await.0, 404);
    assert_eq!(api.found("/customer_data/").await["total_results"], 39);
    for ((id, before), was_in) in groups.iter().zip(before).zip(of) {
        assert_eq!(api.found(&format!("/target_group/{id}/")).await["count"], before - was_in);
    }
    assert!(matches!(api.simulator.detail(country, &id), Err(Error::Company { .. })));
}

#[tokio::test]
async fn target_groups_and_members_can_be_removed() {
    let api = Api::start(500, &[]).await;
    let id = api.group("Suomi ja Ruotsi");
    let members = api.simulator.members(&id).unwrap();
    let member = &members[2];
    let (country, business_id) = (text(member, "country"), text(member, "business_id"));
    let path = format!("/target_group/{id}/?limit=none");
    assert_eq!(api.found(&path).await["count"], members.len());
    api.simulator.remove_member(&id, country, business_id).unwrap();
    let page = api.found(&path).await;
    assert_eq!(page["count"], members.len() - 1);
    assert!(!keys(page["results"].as_array().unwrap()).contains(&key(member)));
    assert_eq!(api.at(&format!("/prospect/{}/", key(member))).await.0, 200, "the company stays");
    assert!(matches!(api.simulator.remove_member(&id, country, business_id), Err(Error::Company { .. })));

    api.simulator.remove_target_group(&id).unwrap();
    assert_eq!(api.list("/target_groups/").await.len(), 7);
    for gone in [format!("/target_groups/{id}"), path, format!("/target_group/{id}/leads/")] {
        assert_eq!(api.at(&gone).await, (404, json!({"detail": "Not found"})), "{gone}");
    }
    assert!(matches!(api.simulator.remove_target_group(&id), Err(Error::TargetGroup { .. })));
    assert!(matches!(api.simulator.members(&id), Err(Error::TargetGroup { .. })));
}

#[tokio::test]
async fn one_value_of_a_statement_can_be_changed() {
    let api = Api::start(200, &[]).await;
    let (country, id) = first(&api, |country, id| api.simulator.statements(country, id).unwrap().len() > 2);
    let before = api.simulator.statements(&country, &id).unwrap();
    let year = i16::try_from(before[1]["year"].as_i64().unwrap()).unwrap();
    let set = |field: &str, value: Value| api.simulator.set_statement(&country, &id, year, field, &value);
    set("turn_over_eur", json!(123_456)).unwrap();
    set("staff_number", json!(7)).unwrap();
    set("net_income_euro", Value::Null).unwrap();
    let mut expected = before.clone();
    let changed = before.iter().position(|row| row["year"] == year).unwrap();
    expected[changed]["turn_over_eur"] = json!("123456.0");
    expected[changed]["staff_number"] = json!(7);
    expected[changed]["net_income_euro"] = Value::Null;
    let after = api.list(&format!("/prospect/{country}{id}/financial_statements/")).await;
    for (row, expected) in after.iter().zip(&expected) {
        for name in ["year", "turn_over_eur", "staff_number", "net_income_euro", "equity_to_assets_ratio"] {
            assert_eq!(row[name], expected[name], "{name}");
        }
    }
    let since = "basic_modified__gt=2026-09-01T00:00:00";
    assert_eq!(api.count(since).await, 0, "statements are no basic information");
    assert!(matches!(set("year", json!(1)), Err(Error::Field { .. })));
    assert!(matches!(set("staff_number", json!("many")), Err(Error::Value { .. })));
    let other = api.simulator.set_statement(&country, &id, 1999, "staff_number", &json!(1));
    assert!(matches!(other, Err(Error::Statement { year: 1999, .. })));
}

#[tokio::test]
async fn addresses_can_be_dropped_until_there_is_none() {
    let api = Api::start(200, &[]).await;
    let addresses = |country: &str, id: &str| {
        let all = api.simulator.all_information(country, id).unwrap();
        all["prospect_addresses"].as_array().unwrap().clone()
    };
    let (country, id) = first(&api, |country, id| addresses(country, id).len() == 2);
    let before = addresses(&country, &id);
    api.simulator.drop_last_address(&country, &id).unwrap();
    let path = format!("/prospect/{country}{id}/all/");
    assert_eq!(api.found(&path).await["prospect_addresses"], json!(before[..1]));
    api.simulator.drop_last_address(&country, &id).unwrap();
    assert_eq!(api.found(&path).await["prospect_addresses"], json!([]));
    let error = api.simulator.drop_last_address(&country, &id).unwrap_err();
    assert_eq!(error.to_string(), format!("the company {id} has no address"));
}
