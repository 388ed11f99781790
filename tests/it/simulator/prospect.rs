//! The endpoints about one company.

use super::*;

/// The path about a company after `/api/v1`: the id has its country in front.
fn path(company: &Value, rest: &str) -> String {
    format!("/prospect/{}{rest}", key(company))
}

fn example(fields: &str) -> Value {
    serde_json::from_str(&format!("{{{fields}}}")).unwrap()
}

/// The fields that both objects about a company have in the document.
const PROFILE: &str = r#""business_id": "", "status": "", "registration_date": "", "company_name": "", "link": "",
    "phone": "", "industry_code_2": 62, "industry_code_5": 62010, "address": "", "postal": "", "city": "",
    "visiting_address": "", "visiting_postal": "", "visiting_city": "", "country": "", "turn_over": "",
    "turn_over_local": "", "turnover_estimate": "", "profit": "", "development_of_turnover": "", "staff_number": "",
    "staff_number_is_estimate": false, "vainu_link": "", "linkedin_id": "", "twitter_link": "", "facebook_link": "",
    "digitality": 0.1, "sociality": 0.1, "marketility": 0.05, "alexa_rank_global": 940296, "mother": null,
    "mother_foreign": null"#;

const NEVER_NULL: [&str; 5] =
    ["business_id", "company_name", "country", "staff_number_is_estimate", "vainu_link"];

#[tokio::test]
async fn basic_information_has_the_documents_fields() {
    let api = Api::start(600, &[]).await;
    let mut rows = Vec::new();
    for company in api.all() {
        let found = api.found(&path(&company, "/")).await;
        assert_eq!(
            found,
            api.simulator.detail(text(&company, "country"), text(&company, "business_id")).unwrap()
        );
        for name in
            ["company_name", "turn_over", "staff_number", "industry_code", "vainu_link", "visiting_city"]
        {
            assert_eq!(found[name], company[name], "{name}");
        }
        rows.push(found);
    }
    let shown = example(&format!(r#"{PROFILE}, "industry_code": "", "technologies": []"#));
    assert_like(&rows, &shown, &[&NEVER_NULL[..], &["technologies"]].concat());
    let technologies: Vec<&str> = rows
        .iter()
        .flat_map(|row| row["technologies"].as_array().unwrap())
        .map(|name| name.as_str().unwrap())
        .collect();
    for odd in
        ["_(\"BLOG\")", "_(\"OWN_EMAIL_SERVER\")", "un", "Fi", "Nb", "Jquery", "Jquery 1.11.3", "Wordpress 4"]
    {
        assert!(technologies.contains(&odd), "{odd}");
    }
    assert!(rows.iter().any(|row| row["technologies"] == json!([])));
}

#[tokio::test]
async fn all_information_has_statements_contacts_and_addresses() {
    let api = Api::start(600, &[]).await;
    let (mut rows, mut statements, mut contacts, mut addresses) = (vec![], vec![], vec![], vec![]);
    for company in api.all() {
        let found = api.found(&path(&company, "/all/")).await;
        let (country, id) = (text(&company, "country"), text(&company, "business_id"));
        assert_eq!(found, api.simulator.all_information(country, id).unwrap());
        let list = |name: &str| found[name].as_array().unwrap().clone();
        statements.extend(list("financial_statements"));
        contacts.extend(list("contacts"));
        addresses.extend(list("prospect_addresses"));
        rows.push(found);
    }
    let lists = ["financial_statements", "contacts", "prospect_addresses"];
    let shown = example(&format!(
        r#"{PROFILE}, "isic_industry_code": "", "financial_statements": [], "contacts": [], "prospect_addresses": [],
        "description": """#
    ));
    assert_like(&rows, &shown, &[&NEVER_NULL[..], &lists].concat());
    for list in lists {
        assert!(rows.iter().any(|row| row[list] == json!([])), "some company has no {list}");
    }
    assert_like(
        &statements,
        &statement(),
        &["year", "currency_code", "turn_over_is_estimate", "account_period_end"],
    );
    let contact =
        json!({"first_name": "John", "last_name": "", "email": "", "phone": "+123", "title": "CTO"});
    assert_like(&contacts, &contact, &["first_name", "last_name"]);
    assert!(contacts.iter().all(|contact| contact["phone"] != ""));
    let address = json!({"visiting_address": "", "visiting_postal": "12345", "visiting_city": "HELSINKI",
        "address": "", "postal": "00180", "city": "", "office_number": "", "office_name": "", "business_id": null});
    assert_like(&addresses, &address, &[]);
    assert!(addresses.iter().all(|address| address["business_id"].is_null()));
}

fn statement() -> Value {
    json!({"year": 2014, "currency_code": "EUR", "turn_over_eur": "11111000.0", "turn_over_local": "",
        "turn_over_is_estimate": false, "development_of_turnover": "1.1", "staff_number": 111,
        "net_income_euro": "11110.0", "net_income_local": "", "equity_to_assets_ratio": "11.1",
        "account_period_start": "2014-01-01", "account_period_end": "2014-12-31"})
}

#[tokio::test]
async fn statements_have_gaps_and_two_in_a_year_and_no_period_in_their_own_list() {
    let api = Api::start(800, &[]).await;
    let (mut all, mut sizes, mut gaps, mut doubles) = (Vec::new(), BTreeSet::new(), 0, 0);
    for company in api.all() {
        let (country, id) = (text(&company, "country"), text(&company, "business_id"));
        let rows = api.list(&path(&company, "/financial_statements/")).await;
        assert_eq!(rows, api.simulator.statements(country, id).unwrap());
        let whole = api.simulator.all_information(country, id).unwrap();
        for (row, other) in rows.iter().zip(whole["financial_statements"].as_array().unwrap()) {
            let mut other = other.clone();
            assert!(other["account_period_end"].is_string());
            other["account_period_start"] = Value::Null;
            other["account_period_end"] = Value::Null;
            assert_eq!(row, &other, "the same but for the period");
        }
        sizes.insert(rows.len());
        let years: Vec<i64> = rows.iter().map(|row| row["year"].as_i64().unwrap()).collect();
        assert!(years.is_sorted_by(|one, next| one >= next), "{years:?}");
        gaps += years.windows(2).filter(|pair| pair[0] - pair[1] > 1).count();
        doubles += years.windows(2).filter(|pair| pair[0] == pair[1]).count();
        if let Some(newest) = rows.first() {
            assert_eq!(newest["turn_over_eur"], company["turn_over"]);
            assert_eq!(newest["currency_code"], company["currency_code"]);
        }
        all.extend(rows);
    }
    let mut shown = statement();
    shown["account_period_start"] = Value::Null;
    shown["account_period_end"] = Value::Null;
    assert_like(&all, &shown, &["year", "currency_code", "turn_over_is_estimate"]);
    assert!(gaps > 20 && doubles > 20, "{gaps} gaps, {doubles} doubles");
    assert!((0..=6).all(|size| sizes.contains(&size)), "{sizes:?}");
}

#[tokio::test]
async fn a_third_of_the_companies_has_contacts() {
    let api = Api::start(800, &[]).await;
    let (mut all, mut with_contacts, mut repeated) = (Vec::new(), 0, 0);
    for company in api.all() {
        let rows = api.list(&path(&company, "/contacts/")).await;
        let (country, id) = (text(&company, "country"), text(&company, "business_id"));
        assert_eq!(rows, api.simulator.contacts(country, id).unwrap());
        assert!(rows.iter().all(|row| row["prospect"] == company["company_name"]));
        with_contacts += usize::from(!rows.is_empty());
        repeated += rows.windows(2).filter(|pair| pair[0] == pair[1]).count();
        all.extend(rows);
    }
    let shown =
        json!({"first_name": "", "last_name": "", "email": "", "phone": "", "title": "", "prospect": ""});
    assert_like(&all, &shown, &["first_name", "last_name", "prospect"]);
    assert!((200..330).contains(&with_contacts), "{with_contacts}");
    assert!(repeated > 0);
    assert!(all.iter().any(|row| row["phone"] == "") && all.iter().any(|row| row["phone"].is_null()));
    assert!(all.iter().all(|row| row["email"].is_null() || text(row, "email").ends_with(".example")));
}

#[tokio::test]
async fn an_id_needs_its_country_only_outside_finland() {
    let api = Api::start(200, &[]).await;
    let same = api.simulator.members(&api.group("Same digits in two countries")).unwrap();
    let id = text(&same[0], "business_id");
    let country = async |path: &str| text(&api.found(path).await, "country").to_owned();
    assert_eq!(country(&format!("/prospect/DK{id}/")).await, "DK");
    assert_eq!(country(&format!("/prospect/FI{id}/")).await, "FI");
    assert_eq!(country(&format!("/prospect/{id}/")).await, "FI");
    api.simulator.delete_company("FI", id).unwrap();
    assert_eq!(country(&format!("/prospect/{id}/")).await, "DK", "the first match");
    let all = api.all();
    let swedish = all.iter().find(|company| company["country"] == "SE").unwrap();
    assert_eq!(country(&format!("/prospect/{}/all/", text(swedish, "business_id"))).await, "SE");

    let id = key(&all[0]);
    let encoded = id.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    assert_eq!(api.found(&format!("/prospect/{encoded}/")).await["business_id"], all[0]["business_id"]);
    let twice = encoded.replace('%', "%25");
    let dashed = format!("{}-{}", &id[..id.len() - 1], &id[id.len() - 1..]);
    for wrong in [&twice, &dashed, &id[..id.len() - 1], &format!("{id}0"), "FI", "XX12345678", "%ff", "..%2f"]
    {
        for rest in ["", "all/", "financial_statements/", "contacts/", "leads/"] {
            let path = format!("/prospect/{wrong}/{rest}");
            assert_eq!(api.at(&path).await, (404, json!({"detail": "Not found"})), "{path}");
        }
    }
}

#[tokio::test]
async fn some_companies_of_the_lists_have_no_details_when_switched() {
    let api = Api::start(500, &["details=some-missing"]).await;
    let mut missing = 0;
    for company in api.all() {
        let (country, id) = (text(&company, "country"), text(&company, "business_id"));
        let is_missing = api.simulator.detail(country, id).is_err();
        missing += usize::from(is_missing);
        for rest in ["/", "/leads/"] {
            assert_eq!(api.at(&path(&company, rest)).await.0, if is_missing { 404 } else { 200 });
        }
    }
    assert!((5..40).contains(&missing), "{missing} of 500");
}

#[tokio::test]
async fn companies_of_forbidden_countries_are_refused() {
    let api =
        Api::with(with(Config::default(), |config| config.forbidden_countries = vec!["DK".to_owned()])).await;
    for company in api.all().iter().filter(|company| company["country"] != "FI").take(20) {
        for rest in ["/", "/all/", "/financial_statements/", "/contacts/", "/leads/"] {
            let (status, body) = api.at(&path(company, rest)).await;
            let refused = (403, json!({"detail": "Insufficient country permissions"}));
            if company["country"] == "DK" {
                assert_eq!((status, body), refused);
            } else {
                assert_eq!(status, 200);
            }
        }
    }
}

#[tokio::test]
async fn decimals_are_numbers_when_switched() {
    let api = Api::start(100, &["numbers=number"]).await;
    let mut statements = Vec::new();
    for company in api.all() {
        statements.extend(api.list(&path(&company, "/financial_statements/")).await);
        let found = api.found(&path(&company, "/")).await;
        assert!(!found["turn_over"].is_string() && !found["turnover_estimate"].is_string());
    }
    for field in ["turn_over_eur", "net_income_euro", "equity_to_assets_ratio", "development_of_turnover"] {
        assert!(statements.iter().any(|row| row[field].is_number()), "{field}");
        assert!(!statements.iter().any(|row| row[field].is_string()), "{field}");
    }
}
