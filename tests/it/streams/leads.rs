//! Leads as they should be: the same lead comes from target groups with an id, and from companies without.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde_json::{Value, json};

use super::mapping::{digits, instant};
use super::wanted::{Key, Wanted, with};
use crate::support::open;

/// What makes a lead without an id the same: its link, its title and the second.
type Content = (String, String, i64);

/// What a published file says of its leads that nothing else can tell.
pub(super) struct Leads {
    /// The hash of each content; which one it is is not part of any promise, only that each has its own.
    hashes: HashMap<Content, String>,
    /// The page in Vainu that a lead is kept with: it is of one of the companies that it was found by.
    pages: HashMap<String, Value>,
}

/// A lead as all answers together show it.
#[derive(Default)]
struct Lead {
    id: Option<Value>,
    record: Value,
    pages: BTreeSet<String>,
    /// Business id and name of the companies that it names, with the country where one of them was asked for.
    prospects: BTreeMap<(String, String), Option<String>>,
    tags: BTreeSet<String>,
}

fn content(lead: &Value) -> Content {
    let time = lead.get("datetime").or_else(|| lead.get("added")).and_then(instant).unwrap();
    let text = |field: &str| lead[field].as_str().unwrap().to_owned();
    (text("link"), text("title"), time.parse::<i64>().unwrap().div_euclid(1_000_000))
}

impl Leads {
    pub(super) fn found(path: &Path) -> Self {
        let connection = open(path);
        let sql = "SELECT link, title, CAST(floor(epoch(published_at)) AS BIGINT), content_hash, lead_id, vainu_link FROM leads";
        let mut statement = connection.prepare(sql).unwrap();
        let (mut hashes, mut pages) = (HashMap::new(), HashMap::new());
        let rows = statement.query_map([], |row| {
            let content: Content = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((
                content,
                row.get::<_, String>(3)?,
                row.get::<_, String>(4)?,
                row.get::<_, Option<String>>(5)?,
            ))
        });
        for row in rows.unwrap() {
            let (content, hash, id, page) = row.unwrap();
            assert_eq!(
                hashes.entry(content).or_insert_with(|| hash.clone()),
                &hash,
                "one hash of one content"
            );
            pages.insert(id, json!(page));
        }
        let different: BTreeSet<&String> = hashes.values().collect();
        assert_eq!(different.len(), hashes.len(), "each content has a hash of its own");
        Self { hashes, pages }
    }

    /// Adds the rows of the leads of the target groups and companies that were asked for.
    pub(super) fn add_to<'k>(
        &self,
        wanted: &Wanted<'_>,
        companies: impl Iterator<Item = &'k Key>,
        mut add: impl FnMut(&str, &Value),
    ) {
        let mut leads: BTreeMap<Content, Lead> = BTreeMap::new();
        if wanted.streams.contains(&"leads") {
            for group in &wanted.groups {
                for lead in wanted.simulator.target_group_leads(group, wanted.leads_from).unwrap() {
                    leads.entry(content(&lead)).or_default().take(&lead, None);
                }
            }
        }
        if wanted.streams.contains(&"company_leads") {
            for (country, id) in companies {
                for lead in wanted.simulator.leads(country, id).unwrap_or_default() {
                    leads.entry(content(&lead)).or_default().take(&lead, Some((country, id)));
                }
            }
        }
        for (content, lead) in &leads {
            self.add(content, lead, &mut add);
        }
    }

    fn add(&self, content: &Content, lead: &Lead, add: &mut impl FnMut(&str, &Value)) {
        let hash = json!(self.hashes.get(content));
        let id = lead.id.clone().unwrap_or_else(|| hash.clone());
        let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let page =
            self.pages.get(&text).filter(|page| lead.pages.contains(page.as_str().unwrap_or_default()));
        let page = page.cloned().unwrap_or_else(|| json!(lead.pages.first()));
        let of_lead = ("@lead_id", id);
        let row = [of_lead.clone(), ("@content_hash", hash), ("vainu_link", page)];
        add("leads", &with(&lead.record, &row));
        for ((business_id, company_name), country) in &lead.prospects {
            let named =
                json!({ "business_id": business_id, "company_name": company_name, "@country": country });
            add("lead_prospects", &with(&named, std::slice::from_ref(&of_lead)));
        }
        for tag in &lead.tags {
            add("lead_tags", &with(&json!({ "@element": tag }), std::slice::from_ref(&of_lead)));
        }
    }
}

impl Lead {
    /// Adds what an answer shows of the lead; the form with an id goes first, its time is the finer one.
    fn take(&mut self, lead: &Value, asked: Option<(&String, &String)>) {
        if self.record.is_null() {
            self.record = lead.clone();
        }
        self.id = self.id.take().or_else(|| lead.get("id").cloned());
        self.pages.insert(lead["vainu_link"].as_str().unwrap().to_owned());
        let named: Vec<Key> = lead["prospects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|prospect| {
                (
                    digits(&prospect["business_id"]).unwrap(),
                    prospect["company_name"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        for (id, name) in &named {
            // Of two companies with the same digits nobody can tell which one was asked for.
            let alone = named.iter().filter(|(other, _)| other == id).count() == 1;
            let country =
                asked.filter(|(_, asked)| alone && *asked == id).map(|(country, _)| country.clone());
            let known = self.prospects.entry((id.clone(), name.clone())).or_default();
            *known = known.take().or(country);
        }
        self.tags.extend(lead["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()));
    }
}
