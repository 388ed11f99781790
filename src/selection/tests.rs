//! Tests of filters in the notation of users.

use super::{Selection, SelectionError, lists_of};

fn labels(pairs: &[&str]) -> Vec<String> {
    let lists = Selection::from_pairs(pairs).unwrap().lists().unwrap();
    lists.into_iter().map(|list| list.label).collect()
}

fn refusal(pair: &str) -> String {
    let error = Selection::from_pairs(&[pair]).unwrap_err();
    format!("{error}; {}", error.hint())
}

#[test]
fn labels_are_stable_whatever_the_order_of_the_filters() {
    assert_eq!(labels(&["nstatus=active", "country=fi"]), ["country=FI&nstatus=active"]);
    assert_eq!(labels(&["country=FI", "nstatus=active"]), ["country=FI&nstatus=active"]);
    assert_eq!(labels(&[]), ["all"]);
    assert_eq!(labels(&["company_name=A&B 100%"]), ["company_name=A%26B 100%25"]);
}

#[test]
fn ids_are_counted_by_whatever_filter_they_are_asked_for() {
    for pair in ["business_ids=FI0970409-8,3575029-0", "business_id__in=FI0970409-8,3575029-0"] {
        let lists = Selection::from_pairs(&[pair, "country=FI"]).unwrap().lists().unwrap();
        assert_eq!(lists[0].id_chunks, [["09704098", "35750290"]], "{pair}");
        assert_eq!(lists[0].parameters, [("country".to_owned(), vec!["FI".to_owned()])], "{pair}");
    }
    let lists = Selection::from_pairs(&["business_id__exact=FI09704098"]).unwrap().lists().unwrap();
    assert_eq!(
        (lists[0].label.as_str(), lists[0].id_chunks.len()),
        ("business_id__exact=09704098&country=FI", 1)
    );
}

#[test]
fn a_list_of_countries_becomes_a_list_for_each() {
    assert_eq!(
        labels(&["country__in=FI,DK", "nstatus=active"]),
        ["country=FI&nstatus=active", "country=DK&nstatus=active"]
    );
}

#[test]
fn thousands_of_ids_are_cut_into_requests_and_kept_apart_by_country() {
    let ids: Vec<String> = (0..250).map(|n| format!("{n:07}-1")).collect();
    let pair = format!("business_ids={},DK00000001", ids.join(","));
    let lists = Selection::from_pairs(&[pair]).unwrap().lists().unwrap();
    assert_eq!(lists.len(), 2);
    assert_eq!(lists[0].id_chunks.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
    assert_eq!(lists[0].id_chunks[0][0], "00000001");
    assert!(lists[0].parameters.is_empty());
    assert_eq!(lists[1].parameters, [("country".to_owned(), vec!["DK".to_owned()])]);
    assert_eq!(lists[1].id_chunks, [["00000001"]]);
    assert!(lists[0].label.starts_with("business_ids=250 values #"), "{}", lists[0].label);
}

#[test]
fn ids_are_asked_for_as_the_tables_have_them() {
    for (typed, label) in [
        ("0970409-8", "business_ids=09704098"),
        ("fi-0970409\u{2013}8", "business_ids=09704098&country=FI"),
        ("NO 918 443 525", "business_ids=918443525&country=NO"),
        ("HRB-12345", "business_ids=HRB-12345"),
        ("US_DE6240535", "business_ids=US_DE6240535"),
    ] {
        assert_eq!(labels(&[&format!("business_ids={typed}")]), [label], "{typed}");
    }
    assert!(refusal("business_ids=Samlink 1 Oy").contains("is not a business id"));
}

#[test]
fn equal_lists_of_two_selections_are_read_once() {
    let one = Selection::from_pairs(&["country=FI"]).unwrap();
    let two = Selection::from_pairs(&["country__in=FI,SE"]).unwrap();
    let labels: Vec<_> = lists_of(&[one, two]).unwrap().into_iter().map(|list| list.label).collect();
    assert_eq!(labels, ["country=FI", "country=SE"]);
}

#[test]
fn ids_of_several_countries_go_with_several_countries() {
    assert_eq!(
        labels(&["country__in=FI,DK,SE", "business_ids=FI00000001,DK00000002"]),
        ["business_ids=00000001&country=FI", "business_ids=00000002&country=DK"]
    );
    let other = Selection::from_pairs(&["country__in=FI,DK", "business_ids=FI00000001,NO000000002"]).unwrap();
    assert!(matches!(other.lists(), Err(SelectionError::OtherCountry { .. })));
}

#[test]
fn typing_errors_get_the_nearest_name() {
    assert_eq!(refusal("contry=FI"), "unknown filter `contry`; did you mean `country`?");
    assert_eq!(refusal("turnover__gte=1"), "unknown filter `turnover`; did you mean `turn_over`?");
    assert_eq!(
        refusal("turn_over__gte_=1"),
        "unknown operator `__gte_` in filter `turn_over__gte_`; did you mean `__gte`?"
    );
    assert!(
        refusal("colour=red").starts_with("unknown filter `colour`; the filters are address, alexa_rank")
    );
    assert!(refusal("limit=5").starts_with("`limit` is set by paging"));
    assert!(refusal("country").starts_with("filter `country` is not KEY=VALUE"));
}

#[test]
fn values_that_do_not_fit_are_refused() {
    for (pair, expected) in [
        ("registration_date__gte=2013-13-40", "a date, YYYY-MM-DD"),
        ("basic_modified__gt=yesterday", "a datetime, YYYY-MM-DDTHH:MM:SS"),
        ("country=Finland", "a country code of two letters, such as `FI`"),
        ("turn_over__gte=1e6", "a number"),
        ("nstatus=alive", "`active` or `inactive`"),
        ("visiting_postal=51019-50000", "a range of postal codes, FROM-TO, of equal length"),
        ("region__exact=Uusimaa", "an ISO 3166-2 region, such as `FI-18`"),
        ("industry_codes__startswith=6O", "digits of an industry code"),
        ("business_id=097/04", "a business id of letters and digits"),
        ("city=null", "a value; `null` goes with `__ne` only"),
    ] {
        let message = refusal(pair);
        assert!(message.contains(&format!("is not {expected}")), "{pair}: {message}");
    }
    assert!(refusal("country__startswith=F").contains("does not apply"));
    assert_eq!(
        Selection::from_pairs(&["city=A", "city=B"]).unwrap_err(),
        SelectionError::Twice { key: "city".to_owned() }
    );
}

#[test]
fn the_documents_own_examples_are_accepted() {
    for pairs in [
        &["country=FI", "industry_code=87301"][..],
        &["country=FI", "industry_code=87301", "staff_number__ne=null"],
        &["country=FI", "region__exact=FI-18"],
        &["visiting_postal=50000-51019", "country=SE", "nstatus=inactive"],
        &["visiting_postal__in=90500,90510", "country=FI"],
        &["country=FI", "industry_codes__startswith=60201"],
        &["business_ids=09704098,03575029,21273462"],
        &["company_name__exact=Nokia Oyj", "country=FI"],
        &["turn_over__gte=50000", "turn_over__lte=51000"],
        &["basic_modified__gt=2016-04-20T16:00:00", "business_ids=01966341,01119767"],
    ] {
        Selection::from_pairs(pairs).unwrap().lists().unwrap();
    }
}

#[test]
fn the_configuration_file_takes_numbers_and_lists() {
    let table: toml::Table = toml::from_str("country = [\"FI\"]").unwrap();
    assert_eq!(
        Selection::from_table(&table).unwrap_err(),
        SelectionError::NotAList { key: "country".to_owned() }
    );
    let table: toml::Table =
        toml::from_str("country__in = [\"FI\", \"SE\"]\nstaff_number__gte = 50\ncompany_name = \"a,b\"")
            .unwrap();
    let lists = Selection::from_table(&table).unwrap().lists().unwrap();
    assert_eq!(lists[0].label, "company_name=a,b&country=FI&staff_number__gte=50");
}
