//! What requests ask for and what a ledger holds, named alike, whatever the stream: what has landed and what is asked
//! for again can be told apart.

use std::collections::BTreeMap;
use std::path::Path;

use vainu_etl::catalog::STREAMS;
use vainu_etl::landing::ledger::{self, Ask, Entry, LandedAt, RequestKey, RunList};
use vainu_etl::simulator::Request;

/// What one answer is: part of a stream's lists, or the answer about one company.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    pub(crate) stream: String,
    /// The target group, the company (`FI09704098`), or the first characters of the ids that the list was cut by; empty
    /// where there is none of these.
    pub(crate) about: String,
    /// First row of a page, or its number; 0 where everything comes at once.
    pub(crate) position: u64,
}

impl Part {
    /// Whether it is landed in a bundle with others.
    pub(crate) fn is_answer(&self) -> bool {
        let stream = STREAMS.iter().find(|stream| stream.name == self.stream).unwrap();
        stream.endpoint.path.contains("{company}")
    }

    /// What a request asks for; none when only for a number.
    pub(crate) fn of_request(request: &Request) -> Option<Self> {
        Self::of_query(&request.path, &request.query)
    }

    /// The same of a request's path and query.
    pub(crate) fn of_query(path: &str, query: &[(String, String)]) -> Option<Self> {
        let path = path.split_once("/api/v1/").unwrap().1;
        let (stream, mut about) = STREAMS
            .iter()
            .find_map(|stream| Some((stream.name, about(path, stream.endpoint.path)?)))
            .unwrap_or_else(|| panic!("nobody expects {path}"));
        let parameter = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        if parameter("count").is_some_and(|count| count == "true") {
            return None;
        }
        if let Some(ids) = parameter("business_id__startswith") {
            about.clone_from(ids);
        }
        let position = parameter("offset").or_else(|| parameter("page"));
        let position = position.map_or(0, |text| text.parse().unwrap());
        Some(Self { stream: stream.to_owned(), about, position })
    }

    fn of_page(list: &RunList, key: &RequestKey) -> Self {
        let position = match key.ask {
            Ask::Page { offset, .. } => offset,
            Ask::Numbered { page, .. } => page,
            Ask::Whole { .. } => 0,
            Ask::CountBefore | Ask::CountAfter | Ask::CountAgain | Ask::CountToCome => {
                panic!("a number is no page: {key:?}")
            }
        };
        let about = list.parent.clone().unwrap_or_else(|| key.slice.clone());
        Self { stream: list.stream.clone(), about, position }
    }

    fn of_company(list: &RunList, company: &str) -> Self {
        Self { stream: list.stream.clone(), about: company.replacen('/', "", 1), position: 0 }
    }
}

/// What stands in a path where the template has a name in braces; empty when it has none. None for another path.
fn about(path: &str, template: &str) -> Option<String> {
    let (mut path, mut template) = (path.split('/'), template.split('/'));
    let mut about = String::new();
    loop {
        match (path.next(), template.next()) {
            (None, None) => return Some(about),
            (Some(found), Some(name)) if name.starts_with('{') => found.clone_into(&mut about),
            (Some(found), Some(wanted)) if found == wanted => {}
            _ => return None,
        }
    }
}

/// What requests asked for, in their order.
pub(crate) fn asked(requests: &[Request]) -> Vec<Part> {
    requests.iter().filter_map(Part::of_request).collect()
}

/// What a run has according to its ledger, and where it lies: damaged pages not, pages of any reading. None where
/// there was nothing to keep: a company that the server does not know.
pub(crate) fn landed(run: &Path) -> BTreeMap<Part, Option<LandedAt>> {
    let mut lists: BTreeMap<u32, RunList> = BTreeMap::new();
    let mut parts = BTreeMap::new();
    for entry in ledger::read(run).unwrap() {
        match entry {
            Entry::Opened(header) => lists.extend((0..).zip(header.lists)),
            Entry::Found { index, list } => drop(lists.insert(index, list)),
            Entry::Landed { key, at } => {
                parts.insert(Part::of_page(&lists[&key.list], &key), Some(at));
            }
            Entry::Answered(answers) => {
                let companies = answers.companies.iter().map(|company| (company, answers.at.clone()));
                let unknown = answers.not_found.iter().map(|company| (company, None));
                let of = |company: &String| Part::of_company(&lists[&answers.list], company);
                parts.extend(companies.chain(unknown).map(|(company, at)| (of(company), at)));
            }
            Entry::Damaged { key } => drop(parts.remove(&Part::of_page(&lists[&key.list], &key))),
            Entry::AnswersDamaged { number } => {
                parts.retain(|_, at| at.as_ref().is_none_or(|at| at.number != number));
            }
            _ => {}
        }
    }
    parts
}
