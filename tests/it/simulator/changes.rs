//! Changes between requests.

use super::*;

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
    assert!(keys(&api.all()).contains(&key(member)), "the company stays");
    assert!(matches!(api.simulator.remove_member(&id, country, business_id), Err(Error::Company { .. })));

    api.simulator.remove_target_group(&id).unwrap();
    assert_eq!(api.list("/target_groups/").await.len(), 7);
    for gone in [format!("/target_groups/{id}"), path] {
        assert_eq!(api.at(&gone).await, (404, json!({"detail": "Not found"})), "{gone}");
    }
    assert!(matches!(api.simulator.remove_target_group(&id), Err(Error::TargetGroup { .. })));
    assert!(matches!(api.simulator.members(&id), Err(Error::TargetGroup { .. })));
}
