//! The data of all endpoints together. It depends on the seed, not on the number of companies.

use super::*;

/// All data about the first `companies` companies.
fn everything(simulator: &Simulator, companies: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for company in simulator.companies().take(companies) {
        let (country, id) = (text(&company, "country"), text(&company, "business_id"));
        all.push(simulator.detail(country, id).unwrap());
        all.push(simulator.all_information(country, id).unwrap());
        all.extend(simulator.leads(country, id).unwrap());
    }
    all
}

async fn started(companies: u32, seed: u64) -> Simulator {
    let now = Some("2026-09-10T08:30:00Z".parse().unwrap());
    Simulator::start(with(Config::new(companies), |config| {
        config.seed = seed;
        config.now = now;
    }))
    .await
    .unwrap()
}

#[tokio::test]
async fn the_same_seed_makes_the_same_data() {
    let (one, same, other) = (started(300, 1).await, started(300, 1).await, started(300, 2).await);
    assert_eq!(everything(&one, 300), everything(&same, 300));
    assert_eq!((one.target_groups(), one.customer_data()), (same.target_groups(), same.customer_data()));
    assert_ne!(one.target_groups(), other.target_groups());
    assert_ne!(one.customer_data(), other.customer_data());
    let ids = |simulator: &Simulator| -> Vec<Value> {
        simulator.jobs().iter().map(|job| job["job_id"].clone()).collect()
    };
    assert_eq!(ids(&one), ids(&same));
    assert_ne!(ids(&one), ids(&other));
}

#[tokio::test]
async fn what_belongs_to_a_company_does_not_depend_on_how_many_there_are() {
    let (few, many) = (started(300, 1).await, started(1000, 1).await);
    assert_eq!(everything(&few, 300), everything(&many, 300));
    let customers = few.customer_data();
    assert_eq!(customers, many.customer_data()[..customers.len()]);
    for group in few.target_groups() {
        let (some, more) =
            (few.members(text(&group, "id")).unwrap(), many.members(text(&group, "id")).unwrap());
        assert_eq!(some, more[..some.len()]);
    }
}
