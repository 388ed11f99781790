//! The streams with what hostile values go into: a record as the API gives it, and a server that answers with such
//! records.

use serde_json::{Value, json};
use vainu_etl::catalog::{
    COMPANY_LEADS, CONTACTS, CUSTOMER_DATA, DETAILS, FINANCIAL_STATEMENTS, LEADS, PROSPECTS, Paging, Stream,
    TARGET_GROUP_MEMBERS, TARGET_GROUPS, TECHNOLOGIES,
};

use crate::wire::Received;

/// A record: its fields with their values as JSON, which need not be JSON that anybody would write.
pub(super) type Record = Vec<(String, String)>;

/// A stream and the fields of its records.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) stream: &'static Stream,
    /// The table that its rows are looked for in.
    pub(super) table: &'static str,
    /// Field and column by which a row is found again.
    pub(super) found_by: (&'static str, &'static str),
    /// A field of its key without which there is no row; none when the key is made of something else.
    pub(super) key: Option<&'static str>,
    /// Field and column of a text.
    pub(super) text: (&'static str, &'static str),
    /// Field of a number, where there is one.
    pub(super) number: Option<&'static str>,
    /// Field of a date or a time, where there is one, and why a day that no calendar has is none.
    pub(super) time: Option<(&'static str, &'static str)>,
}

const NO_DAY: &str = "no such day in the calendar";
const NO_TIME: &str = "not an ISO 8601 date and time";

pub(super) const SUBJECTS: &[Subject] = &[
    Subject {
        stream: &PROSPECTS,
        table: "prospects",
        found_by: ("business_id", "business_id"),
        key: Some("country"),
        text: ("company_name", "company_name"),
        number: Some("turn_over"),
        time: Some(("registration_date", NO_DAY)),
    },
    Subject {
        stream: &TARGET_GROUPS,
        table: "target_groups",
        found_by: ("id", "id"),
        key: Some("id"),
        text: ("name", "name"),
        number: None,
        time: None,
    },
    Subject {
        stream: &TARGET_GROUP_MEMBERS,
        table: "prospects",
        found_by: ("business_id", "business_id"),
        key: Some("country"),
        text: ("company_name", "company_name"),
        number: Some("turn_over"),
        time: None,
    },
    Subject {
        stream: &FINANCIAL_STATEMENTS,
        table: "financial_statements",
        found_by: ("", "business_id"),
        key: Some("year"),
        text: ("currency_code", "currency_code"),
        number: Some("turn_over_eur"),
        time: Some(("account_period_start", NO_DAY)),
    },
    Subject {
        stream: &LEADS,
        table: "leads",
        found_by: ("link", "link"),
        key: None,
        text: ("title", "title"),
        number: None,
        time: Some(("datetime", NO_TIME)),
    },
    Subject {
        stream: &CUSTOMER_DATA,
        table: "customer_data",
        found_by: ("id", "id"),
        key: Some("id"),
        text: ("notes", "notes"),
        number: Some("won_deals_count"),
        time: Some(("modified", NO_TIME)),
    },
    Subject {
        stream: &DETAILS,
        table: "prospects",
        found_by: ("business_id", "business_id"),
        key: Some("country"),
        text: ("description", "description"),
        number: Some("turn_over"),
        time: Some(("registration_date", NO_DAY)),
    },
    Subject {
        stream: &CONTACTS,
        table: "contacts",
        found_by: ("", "business_id"),
        key: None,
        text: ("title", "title"),
        number: None,
        time: None,
    },
    Subject {
        stream: &TECHNOLOGIES,
        table: "prospects",
        found_by: ("business_id", "business_id"),
        key: Some("country"),
        text: ("company_name", "company_name"),
        number: Some("turn_over"),
        time: Some(("registration_date", NO_DAY)),
    },
    Subject {
        stream: &COMPANY_LEADS,
        table: "leads",
        found_by: ("link", "link"),
        key: None,
        text: ("title", "title"),
        number: None,
        time: Some(("added", NO_TIME)),
    },
];

/// The id of the record of that number, and of the company that it is about.
pub(super) fn id(number: usize) -> String {
    format!("{:08}", 10_000_000 + number)
}

impl Subject {
    /// A record with every documented field, none of them with a value but those that rows are known by.
    pub(super) fn record(&self, number: usize) -> Record {
        let documented = self.stream.documented();
        let top = documented.iter().filter(|field| !field.contains('.'));
        let arrays = |field: &str| {
            documented.iter().any(|other| other.starts_with(&format!("{field}.")))
                || ["tags", "technologies"].contains(&field)
        };
        let value = |field: &str| match field {
            "country" => json!("FI"),
            "business_id" => json!(id(number)),
            "year" => json!(2024),
            _ if field == self.found_by.0 => json!(id(number)),
            "id" => json!(number),
            _ if arrays(field) => json!([]),
            _ => Value::Null,
        };
        let mut record: Record = top.map(|field| (field.clone(), value(field).to_string())).collect();
        record.extend(self.nested().map(|object| (object.to_owned(), "null".to_owned())));
        record
    }

    /// Objects that the document writes with the names of their fields.
    fn nested(&self) -> impl Iterator<Item = &'static str> {
        (self.stream.name == CUSTOMER_DATA.name).then_some("prospect_info").into_iter()
    }
}

/// What a server answers whose hostile records are those, in the place of the stream's own.
pub(super) fn answer(subject: &Subject, records: &[Record], path: &str, request: &Received) -> String {
    let query = request.query();
    let parameter = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let companies =
        || (0..records.len()).map(|number| json!({"country": "FI", "business_id": id(number)}).to_string());
    let own = || records.iter().map(written);
    let of = |stream: &Stream| stream.name == subject.stream.name;
    let rows: Vec<String> = match path.trim_end_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["prospects", "filter"] if of(&PROSPECTS) => own().collect(),
        ["prospects", "filter"] => companies().collect(),
        ["target_groups"] if of(&TARGET_GROUPS) => own().collect(),
        ["target_groups"] => vec![json!({"id": "g", "name": "A group"}).to_string()],
        ["target_group", "g"] | ["target_group", "g", "leads"] => own().collect(),
        ["customer_data"] if parameter("page") == Some("1") => own().collect(),
        ["customer_data"] => Vec::new(),
        ["prospect", company, ..] => {
            let number: usize = company.strip_prefix("FI").unwrap().parse().unwrap();
            let record = own().nth(number - 10_000_000).unwrap();
            if of(&DETAILS) || of(&TECHNOLOGIES) {
                return record;
            }
            vec![record]
        }
        _ => panic!("nobody expects {path}"),
    };
    if parameter("count") == Some("true") {
        return json!({"count": rows.len()}).to_string();
    }
    let offset = parameter("offset").map_or(0, |text| text.parse().unwrap());
    let page = rows.iter().skip(offset).cloned().collect::<Vec<_>>().join(",");
    match subject.stream.endpoint.paging {
        Paging::Numbered { .. } => format!(r#"{{"total_results":{},"results":[{page}]}}"#, records.len()),
        _ => format!("[{page}]"),
    }
}

fn written(record: &Record) -> String {
    let fields = record.iter().map(|(name, value)| format!("{}:{value}", json!(name)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// Whether each company is asked for by itself.
pub(super) fn asks_companies(subject: &Subject) -> bool {
    subject.stream.lists.is_of_answers()
}
