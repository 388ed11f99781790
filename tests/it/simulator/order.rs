//! Order and pages, and the switches that change them.

use super::*;

#[tokio::test]
async fn orders_with_nulls_first_in_ascending_and_ties_in_generation_order() {
    let api = Api::start(1000, &[]).await;
    let all = api.all();
    let mut expected: Vec<&Value> = all.iter().collect();
    expected.sort_by(|one, other| number(one, "turn_over").partial_cmp(&number(other, "turn_over")).unwrap());
    let ascending = api.rows("order=-turn_over&limit=1000").await;
    assert!(ascending[0]["turn_over"].is_null());
    assert_eq!(keys(&ascending), expected.iter().map(|row| key(row)).collect::<Vec<_>>());
    expected = all.iter().collect();
    expected.sort_by(|one, other| number(other, "turn_over").partial_cmp(&number(one, "turn_over")).unwrap());
    let descending = api.rows("order=turn_over&limit=1000").await;
    assert_eq!(keys(&descending), expected.iter().map(|row| key(row)).collect::<Vec<_>>());

    for field in ["business_id", "company_name", "visiting_city", "visiting_postal", "phone"] {
        let mut expected: Vec<&Value> = all.iter().collect();
        expected.sort_by_key(|row| row[field].as_str());
        let rows = api.rows(&format!("order=-{field}&limit=1000")).await;
        assert_eq!(keys(&rows), expected.iter().map(|row| key(row)).collect::<Vec<_>>(), "{field}");
        expected = all.iter().collect();
        expected.sort_by_key(|row| std::cmp::Reverse(row[field].as_str()));
        let rows = api.rows(&format!("order={field}&limit=1000")).await;
        assert_eq!(keys(&rows), expected.iter().map(|row| key(row)).collect::<Vec<_>>(), "{field}");
    }
}

#[tokio::test]
async fn the_switch_order_turns_or_drops_the_order() {
    let conventional = Api::start(300, &["order=conventional"]).await;
    assert!(keys_by_id(&conventional.rows("order=business_id&limit=300").await).is_sorted());
    assert!(
        keys_by_id(&conventional.rows("order=-business_id&limit=300").await)
            .is_sorted_by(|one, next| one >= next)
    );
    let ignored = Api::start(300, &["order=ignored"]).await;
    assert_eq!(ignored.rows("order=business_id&limit=300").await, ignored.all());
    let shuffled = Api::start(300, &["order=shuffled"]).await;
    let (one, other) = (
        shuffled.rows("order=business_id&limit=300").await,
        shuffled.rows("order=business_id&limit=300").await,
    );
    assert_ne!(keys(&one), keys(&other));
    assert_eq!(keys(&one).into_iter().collect::<BTreeSet<_>>(), keys(&other).into_iter().collect());
}

fn keys_by_id(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| text(row, "business_id")).collect()
}

#[tokio::test]
async fn pages_cover_every_company_once() {
    let api = Api::start(1234, &[]).await;
    let mut seen = Vec::new();
    loop {
        let rows = api.rows(&format!("order=-business_id&limit=100&offset={}", seen.len())).await;
        if rows.is_empty() {
            break;
        }
        seen.extend(keys(&rows));
    }
    let distinct: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!((seen.len(), distinct), (1234, keys(&api.all()).into_iter().collect()));
    assert_eq!(api.rows("").await.len(), 20, "the default limit");
    assert_eq!(api.rows("limit=5000").await.len(), 1000, "the most");
    assert_eq!(api.rows("limit=none").await.len(), 1000);
    assert_eq!(api.rows("limit=0").await.len(), 0);
    assert_eq!(api.rows("offset=1230").await.len(), 4);
}

#[tokio::test]
async fn the_switches_for_limits_clamp_or_ignore_them() {
    let clamped = Api::start(300, &["limit-max=50"]).await;
    assert_eq!(clamped.rows("limit=200").await.len(), 50);
    let unbounded = Api::start(1200, &["limit-max=none"]).await;
    assert_eq!(unbounded.rows("limit=1100").await.len(), 1100);
    assert_eq!(unbounded.rows("limit=none").await.len(), 1200);
    let ignored = Api::start(300, &["limit-ignored=true"]).await;
    assert_eq!(ignored.rows("limit=10&offset=100").await, ignored.all());
    let late = Api::start(300, &["clamp-late=2:30"]).await;
    let mut lengths = Vec::new();
    for _ in 0..4 {
        lengths.push(late.rows("limit=100").await.len());
    }
    assert_eq!(lengths, [100, 100, 30, 30]);
}

#[tokio::test]
async fn the_switches_for_shapes_change_them() {
    let usual = Api::start(50, &[]).await;
    assert_eq!(usual.get("count=true").await.1, json!({"count": 50}));
    let (_, included) = usual.get("count=include&limit=2").await;
    assert_eq!((included["count"].as_u64(), included["results"].as_array().unwrap().len()), (Some(50), 2));
    assert!(usual.get("count=false").await.1.is_array());

    let results = Api::start(50, &["envelope=results"]).await;
    let (_, body) = results.get("limit=3").await;
    assert_eq!((body.as_object().unwrap().len(), body["results"].as_array().unwrap().len()), (1, 3));
    assert_eq!(Api::start(50, &["count=number"]).await.get("count=true").await.1, json!(50));
    let missing = Api::start(50, &["count=missing"]).await;
    assert_eq!(missing.rows("count=true").await.len(), 20);
    assert_eq!(missing.rows("count=include").await.len(), 20);

    let (more, fewer) =
        (Api::start(50, &["total-offset=7"]).await, Api::start(50, &["total-offset=-60"]).await);
    assert_eq!((more.count("").await, fewer.count("").await), (57, 0));
    assert_eq!(more.get("count=include").await.1["count"], 57);

    let placeholder = Api::start(50, &["placeholder=true"]).await.rows("limit=2").await;
    assert_eq!((placeholder.len(), &placeholder[2]), (3, &json!("...")));

    let numbers = Api::start(200, &["numbers=number"]).await.all();
    for field in ["turn_over", "turn_over_local", "profit", "development_of_turnover", "staff_number"] {
        assert!(numbers.iter().any(|row| row[field].is_number()), "{field}");
        assert!(!numbers.iter().any(|row| row[field].is_string()), "{field}");
    }
    let prefixed = Api::start(200, &["id-prefix=true"]).await;
    let rows = prefixed.rows("order=-business_id&limit=200").await;
    assert!(rows.iter().all(|row| text(row, "business_id").starts_with(text(row, "country"))));
    assert!(keys_by_id(&rows).is_sorted());
    let id = text(&rows[0], "business_id");
    assert_eq!(prefixed.rows(&format!("business_id__exact={id}")).await, rows[..1]);
    assert_eq!(
        prefixed.rows(&format!("business_ids={}", &id[2..])).await.len(),
        2 - usize::from(!id.starts_with("DK3"))
    );
}

#[tokio::test]
async fn the_switch_past_end_answers_404() {
    assert_eq!(Api::start(30, &[]).await.get("offset=30").await, (200, json!([])));
    let api = Api::start(30, &["past-end=404"]).await;
    assert_eq!(api.get("offset=29").await.0, 200);
    assert_eq!(api.get("offset=30").await, (404, json!({"detail": "Not found"})));
}

#[tokio::test]
async fn short_and_repeated_pages_come_when_switched() {
    let short = Api::start(300, &["short-page=2"]).await;
    let first = short.rows("limit=10").await;
    let second = short.rows("limit=10&offset=10").await;
    assert_eq!((first.len(), second.len(), short.rows("limit=10&offset=20").await.len()), (10, 9, 10));
    assert_eq!(second, short.all()[10..19]);

    let repeat = Api::start(300, &["repeat-page=3"]).await;
    let mut pages = Vec::new();
    for page in 0..4 {
        pages.push(repeat.rows(&format!("limit=10&offset={}", page * 10)).await);
    }
    assert_eq!(pages[2], pages[1]);
    assert_eq!(pages[3], repeat.all()[30..40]);
}

#[tokio::test]
async fn business_id_slices_do_not_add_up_when_switched() {
    let api = Api::start(300, &["startswith-business-id=broken"]).await;
    assert_eq!(api.count("business_id__startswith=01").await, 300);
    assert!(api.count("business_id__exact=01").await < 300);
}

#[tokio::test]
async fn the_list_drifts_under_the_pages_when_switched() {
    let api = Api::start(500, &["drift=1"]).await;
    let (before, total) = (api.all(), api.count("country=FI").await);
    let mut seen = Vec::new();
    loop {
        let rows = api.rows(&format!("country=FI&order=-business_id&limit=20&offset={}", seen.len())).await;
        if rows.is_empty() {
            break;
        }
        seen.extend(keys(&rows));
    }
    assert_eq!(api.count("country=FI").await, total, "the total does not show it");
    let now: BTreeSet<String> =
        api.all().iter().filter(|row| text(row, "country") == "FI").map(key).collect();
    let seen: BTreeSet<String> = seen.into_iter().collect();
    assert!(now.difference(&seen).count() > 0, "some company that is there was missed");
    assert!(seen.difference(&now).count() > 0, "some company that was seen is gone");
    assert_eq!(api.all().len(), before.len());
}

#[tokio::test]
async fn latency_holds_answers_back() {
    let api = Api::start(10, &["latency=30"]).await;
    assert_eq!(api.rows("limit=1").await.len(), 1);
    assert_eq!(parsed(&["latency=30"]).latency, std::time::Duration::from_millis(30));
}
