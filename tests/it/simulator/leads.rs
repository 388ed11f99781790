//! Leads of companies and of target groups: the same leads in two formats.

use jiff::{SignedDuration, Timestamp};

use super::*;

const NOW: &str = "2026-09-10T08:30:00.250Z";

async fn pinned(companies: u32, switches: &[&str]) -> Api {
    let now = Some(NOW.parse().unwrap());
    Api::with(with(Config::new(companies), |config| {
        config.now = now;
        config.switches = parsed(switches);
    }))
    .await
}

/// The leads of all companies, by link.
async fn all_leads(api: &Api) -> std::collections::BTreeMap<String, Value> {
    let mut leads = std::collections::BTreeMap::new();
    for company in api.all() {
        for lead in api.list(&format!("/prospect/{}/leads/", key(&company))).await {
            leads.insert(text(&lead, "link").to_owned(), lead);
        }
    }
    leads
}

#[tokio::test]
async fn leads_of_a_company_have_the_documents_fields_and_the_last_90_days() {
    let api = pinned(500, &[]).await;
    let mut all = Vec::new();
    for company in api.all() {
        let rows = api.list(&format!("/prospect/{}/leads/", key(&company))).await;
        let (country, id) = (text(&company, "country"), text(&company, "business_id"));
        assert_eq!(rows, api.simulator.leads(country, id).unwrap());
        let link = text(&company, "vainu_link").trim_end_matches('/').to_owned();
        assert!(
            rows.iter().all(|row| row["vainu_link"] == link),
            "of the company asked for, without a slash"
        );
        let own = json!({"business_id": id, "company_name": company["company_name"]});
        assert!(rows.iter().all(|row| row["prospects"].as_array().unwrap().contains(&own)));
        assert!(rows.is_sorted_by(|one, next| text(one, "added") >= text(next, "added")), "newest first");
        all.extend(rows);
    }
    let shown = json!({"prospects": [], "added": "2015-08-20T08:52:50", "title": "", "link": "", "tags": [],
        "vainu_link": ""});
    assert_like(&all, &shown, &["prospects", "added", "title", "link", "tags", "vainu_link"]);
    let times: BTreeSet<&str> = all.iter().map(|row| text(row, "added")).collect();
    assert!(
        times.first().unwrap() >= &"2026-06-12T08:30:00" && times.last().unwrap() <= &"2026-09-10T08:30:00"
    );
    assert!(times.first().unwrap() < &"2026-06-20" && times.last().unwrap() > &"2026-09-08");
    assert!(times.iter().all(|time| time.len() == 19), "no fractions of a second, no zone");
    assert!(all.iter().any(|row| row["prospects"].as_array().unwrap().len() > 2), "several companies");
    assert!(all.iter().any(|row| text(row, "title").starts_with(' ')));
    assert!(all.iter().any(|row| text(row, "title").ends_with(' ')));
    assert!(all.iter().any(|row| row["tags"] == json!([])));
    assert!(all.iter().any(|row| row["tags"].as_array().unwrap().len() == 2));
}

#[tokio::test]
async fn leads_of_a_target_group_are_those_of_its_members() {
    let api = pinned(600, &[]).await;
    let id = api.group("Suomi ja Ruotsi");
    let from = "2026-07-13T12:00:00";
    let rows = api.list(&format!("/target_group/{id}/leads/?from_datetime={from}")).await;
    let begin: Timestamp = format!("{from}Z").parse().unwrap();
    assert_eq!(rows, api.simulator.target_group_leads(&id, begin).unwrap());
    let shown = json!({"id": 1_231_234, "prospects": [], "datetime": "2015-12-04T13:18:43.611", "title": "",
        "link": "", "tags": [], "vainu_link": ""});
    assert_like(&rows, &shown, &["id", "prospects", "datetime", "title", "link", "tags", "vainu_link"]);
    assert!(rows.iter().all(|row| text(row, "datetime").len() == 23), "milliseconds, no zone");
    assert!(rows.is_sorted_by(|one, next| text(one, "datetime") >= text(next, "datetime")), "newest first");
    let ids: BTreeSet<u64> = rows.iter().map(|row| row["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), rows.len());

    let members: BTreeSet<String> = api
        .simulator
        .members(&id)
        .unwrap()
        .iter()
        .map(|member| text(member, "business_id").to_owned())
        .collect();
    let by_link = all_leads(&api).await;
    let of_members: BTreeSet<&String> = by_link
        .iter()
        .filter(|(_, lead)| text(lead, "added") >= from)
        .filter(|(_, lead)| {
            lead["prospects"].as_array().unwrap().iter().any(|one| members.contains(text(one, "business_id")))
        })
        .map(|(link, _)| link)
        .collect();
    let found: BTreeSet<String> = rows.iter().map(|row| text(row, "link").to_owned()).collect();
    // A Danish company may have the digits of a Finnish member's id.
    assert!(found.iter().all(|link| of_members.contains(link)));
    assert!(found.len() * 100 >= of_members.len() * 95, "{} of {}", found.len(), of_members.len());
    for row in &rows {
        let lead = &by_link[text(row, "link")];
        for same in ["title", "tags", "prospects"] {
            assert_eq!(row[same], lead[same], "{same}");
        }
        assert!(text(row, "datetime").starts_with(text(lead, "added")), "the same time but for milliseconds");
    }
}

#[tokio::test]
async fn leads_of_a_target_group_go_back_sixty_days_at_most() {
    let api = pinned(600, &[]).await;
    let path = format!("/target_group/{}/leads/", api.group("Suomi ja Ruotsi"));
    let usual = api.list(&path).await;
    assert_eq!(usual, api.list(&format!("{path}?from_datetime=2026-09-09")).await, "from the day before");
    assert!(!usual.is_empty());
    for accepted in
        ["2026-07-12T08:30:00.250", "2026-07-12T11:30:01%2B03:00", "2026-09-10", "2026-09-10T08:30:00.250Z"]
    {
        assert_eq!(api.at(&format!("{path}?from_datetime={accepted}")).await.0, 200, "{accepted}");
    }
    let refused = json!({"detail": "from_datetime must be between now and 60 days ago"});
    for bad in ["2026-07-12", "2026-07-12T08:30:00", "2015-11-18", "2026-09-11", "yesterday", ""] {
        let answer = api.at(&format!("{path}?from_datetime={bad}")).await;
        assert_eq!(answer, (400, refused.clone()), "{bad}");
    }
    let missing = api.at("/target_group/12341234ab70b42bffd6a713/leads/").await;
    assert_eq!(missing, (404, json!({"detail": "Not found"})));
    let empty = format!("/target_group/{}/leads/", api.group("Uudet"));
    assert_eq!(api.found(&empty).await, json!([]));
}

#[tokio::test]
async fn later_moments_bring_new_leads_and_change_no_old_one() {
    let api = pinned(300, &[]).await;
    let before = all_leads(&api).await;
    let later = api.simulator.now() + SignedDuration::from_hours(24 * 7);
    api.simulator.reconfigure(|config| config.now = Some(later));
    let after = all_leads(&api).await;
    let gone = before.keys().filter(|link| !after.contains_key(*link)).count();
    let new = after.keys().filter(|link| !before.contains_key(*link)).count();
    assert!(gone > 0 && new > 0, "{gone} gone, {new} new");
    for (link, lead) in &after {
        if let Some(old) = before.get(link) {
            for same in ["title", "added", "tags", "prospects"] {
                assert_eq!(lead[same], old[same]);
            }
        }
    }
}

#[tokio::test]
async fn leads_do_not_name_companies_that_are_gone_or_forbidden() {
    let api = pinned(300, &[]).await;
    let shared =
        all_leads(&api).await.into_values().find(|lead| lead["prospects"].as_array().unwrap().len() == 2);
    let lead = shared.unwrap();
    let all = api.all();
    let companies: Vec<&Value> = lead["prospects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| all.iter().find(|company| company["company_name"] == one["company_name"]).unwrap())
        .collect();
    api.simulator.delete_company(text(companies[0], "country"), text(companies[0], "business_id")).unwrap();
    let rows = api.list(&format!("/prospect/{}/leads/", key(companies[1]))).await;
    let row = rows.iter().find(|row| row["link"] == lead["link"]).unwrap();
    assert_eq!(row["prospects"].as_array().unwrap().len(), 1);
    assert_eq!(row["title"], lead["title"]);

    let danish: BTreeSet<String> = all
        .iter()
        .filter(|company| company["country"] == "DK")
        .map(|company| text(company, "company_name").to_owned())
        .collect();
    api.simulator.reconfigure(|config| config.forbidden_countries = vec!["DK".to_owned()]);
    let path = format!("/target_group/{}/leads/?from_datetime=2026-07-13", api.group("Portfolio"));
    let rows = api.list(&path).await;
    assert!(!rows.is_empty());
    let named = rows.iter().flat_map(|row| row["prospects"].as_array().unwrap());
    assert!(named.into_iter().all(|one| !danish.contains(text(one, "company_name"))));
    assert!(rows.iter().all(|row| row["prospects"] != json!([])));
}
