//! Which endpoints a run asks for the streams chosen: as few requests as that takes.
//!
//! Streams about single companies cost a request for each company, so what two of them want is got with one request
//! where an endpoint gives both.

use crate::catalog::{PROSPECTS_TABLE, STREAMS, Stream};
use crate::schema::Table;

/// An endpoint to be asked, and what is made of its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The stream whose endpoint is asked.
    pub endpoint: &'static Stream,
    /// What is made of it.
    pub serves: Vec<Served>,
}

/// A stream that was chosen, and its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The stream.
    pub stream: &'static Stream,
    /// Names of the tables that are made for it.
    pub tables: Vec<&'static str>,
}

/// The streams that are loaded when none is named.
pub fn default_streams() -> Vec<&'static Stream> {
    STREAMS.iter().filter(|stream| stream.by_default).collect()
}

/// The streams with those that they need, in the catalog's order: who asks about companies needs the lists that bring
/// them, who asks about target groups the list of these.
pub fn with_needed(chosen: &[&'static Stream]) -> Vec<&'static Stream> {
    let needs = |chosen: &Stream, name: &str| {
        chosen.name == name || chosen.lists.parent().is_some_and(|parent| parent.stream == name)
    };
    let needed = |stream: &Stream| chosen.iter().any(|chosen| needs(chosen, stream.name));
    STREAMS.iter().filter(|stream| needed(stream)).collect()
}

/// The endpoints for the streams chosen, in the catalog's order.
pub fn plan(chosen: &[&'static Stream]) -> Vec<Planned> {
    let streams = with_needed(chosen);
    let (asking, listing): (Vec<_>, Vec<_>) =
        streams.into_iter().partition(|stream| stream.lists.is_of_answers());
    let itself = |stream: &'static Stream| Planned { endpoint: stream, serves: shared(stream, &[stream]) };
    let mut planned: Vec<Planned> = listing.into_iter().map(itself).collect();
    let endpoints = fewest(&asking);
    for endpoint in &endpoints {
        let own = |stream: &&&'static Stream| serving(stream, &endpoints) == Some(endpoint);
        let streams: Vec<_> = asking.iter().filter(own).copied().collect();
        planned.push(Planned { endpoint, serves: shared(endpoint, &streams) });
    }
    planned.sort_by_key(|planned| STREAMS.iter().position(|stream| stream.name == planned.endpoint.name));
    planned
}

/// The endpoint that a stream is made from: its own where that is asked, else the first that gives all that it requires.
fn serving<'a>(stream: &'static Stream, endpoints: &'a [&'static Stream]) -> Option<&'a &'static Stream> {
    let own = endpoints.iter().find(|endpoint| endpoint.name == stream.name);
    own.or_else(|| endpoints.iter().find(|endpoint| gives(endpoint, stream)))
}

/// Whether an endpoint gives all that a stream requires.
fn gives(endpoint: &'static Stream, stream: &'static Stream) -> bool {
    required(stream).all(|table| has(endpoint, table))
}

/// What is made of the answers of an endpoint for each of the streams: each table for one of them.
pub(crate) fn shared(endpoint: &'static Stream, streams: &[&'static Stream]) -> Vec<Served> {
    let serve = |stream: &&'static Stream| {
        let others = streams.iter().filter(|other| other.name != stream.name);
        let others: Vec<&str> = others.map(|other| other.table().name).collect();
        let tables = wanted(stream).filter(|table| has(endpoint, table) && !belongs_to(&others, table));
        Served { stream, tables: tables.collect() }
    };
    streams.iter().map(serve).collect()
}

/// Whether another of the streams chosen is the one that the table is about. Companies belong to whoever describes them.
fn belongs_to(others: &[&str], table: &str) -> bool {
    table != PROSPECTS_TABLE.name && others.contains(&table)
}

fn tables_of(stream: &'static Stream) -> impl Iterator<Item = &'static str> {
    stream.targets.iter().map(|target| target.table.name)
}

fn has(stream: &'static Stream, table: &str) -> bool {
    tables_of(stream).any(|own| own == table)
}

/// The tables that are made for a stream: not those that are the main one of a stream to be named by itself.
fn wanted(stream: &'static Stream) -> impl Iterator<Item = &'static str> {
    let is_named = |table: &'static Table| {
        STREAMS.iter().any(|other| !other.by_default && *other.table() == *table)
            && !STREAMS.iter().any(|other| other.by_default && *other.table() == *table)
    };
    let tables = stream.targets.iter().map(|target| target.table);
    tables.filter(move |table| **table == *stream.table() || !is_named(table)).map(|table| table.name)
}

/// The tables without which an endpoint does not serve a stream. What describes companies comes with any of them, each
/// with other fields.
fn required(stream: &'static Stream) -> impl Iterator<Item = &'static str> {
    wanted(stream).filter(|table| *table != PROSPECTS_TABLE.name)
}

/// The smallest set of endpoints that gives what all of the streams require; of several such sets the one whose answers
/// feed the fewest tables, then the first in the catalog's order.
fn fewest(asking: &[&'static Stream]) -> Vec<&'static Stream> {
    let mut search = Search { asking, chosen: Vec::new(), best: None };
    search.extend();
    let chosen = search.best.map(|(_, chosen)| chosen).unwrap_or_default();
    STREAMS.iter().filter(|stream| chosen.contains(stream)).collect()
}

/// Number of endpoints, number of tables that their answers feed, and their places in the catalog, the last one first.
type Cost = (usize, usize, Vec<usize>);

/// A search for the cheapest set of endpoints. It branches only where a stream is not served yet, over the endpoints that
/// can serve it, and ends a branch that has become as long as the best set.
struct Search<'a> {
    asking: &'a [&'static Stream],
    chosen: Vec<&'static Stream>,
    best: Option<(Cost, Vec<&'static Stream>)>,
}

impl Search<'_> {
    fn extend(&mut self) {
        let Some(open) = self.asking.iter().find(|stream| serving(stream, &self.chosen).is_none()) else {
            let cost = cost(&self.chosen);
            if self.best.as_ref().is_none_or(|(best, _)| cost < *best) {
                self.best = Some((cost, self.chosen.clone()));
            }
            return;
        };
        if self.best.as_ref().is_some_and(|(_, best)| best.len() <= self.chosen.len()) {
            return;
        }
        for endpoint in STREAMS.iter().filter(|stream| stream.lists.is_of_answers()) {
            if endpoint.name == open.name || gives(endpoint, open) {
                self.chosen.push(endpoint);
                self.extend();
                self.chosen.pop();
            }
        }
    }
}

fn cost(endpoints: &[&'static Stream]) -> Cost {
    let place = |endpoint: &&Stream| STREAMS.iter().position(|stream| stream.name == endpoint.name);
    let mut places: Vec<usize> = endpoints.iter().filter_map(place).collect();
    places.sort_by_key(|place| std::cmp::Reverse(*place));
    (endpoints.len(), endpoints.iter().map(|endpoint| endpoint.targets.len()).sum(), places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is planned for the streams named: each endpoint with what it serves.
    fn planned(names: &[&str]) -> Vec<String> {
        let chosen: Vec<_> = STREAMS.iter().filter(|stream| names.contains(&stream.name)).collect();
        assert_eq!(chosen.len(), names.len());
        let written = |served: &Served| format!("{}: {}", served.stream.name, served.tables.join(" "));
        plan(&chosen)
            .iter()
            .map(|planned| {
                let serves: Vec<_> = planned.serves.iter().map(written).collect();
                format!("{} -> {}", planned.endpoint.name, serves.join("; "))
            })
            .collect()
    }

    /// The same as trying all sets.
    #[test]
    fn the_smallest_set_of_endpoints_is_found_for_any_streams() {
        let candidates: Vec<&'static Stream> =
            STREAMS.iter().filter(|stream| stream.lists.is_of_answers()).collect();
        let subset = |set: usize| -> Vec<&'static Stream> {
            let chosen = candidates.iter().enumerate().filter(|(index, _)| set & (1 << index) != 0);
            chosen.map(|(_, stream)| *stream).collect()
        };
        let sets = 1 << candidates.len();
        assert!(sets >= 16);
        for asking in (0..sets).map(subset) {
            let serves =
                |set: &Vec<&'static Stream>| asking.iter().all(|stream| serving(stream, set).is_some());
            let wanted = (0..sets).map(subset).filter(serves).min_by_key(|set| cost(set)).unwrap();
            let names = |set: &[&Stream]| set.iter().map(|stream| stream.name).collect::<Vec<_>>();
            assert_eq!(names(&fewest(&asking)), names(&wanted), "for {:?}", names(&asking));
        }
    }

    #[test]
    fn a_list_is_read_for_itself_with_all_its_tables() {
        assert_eq!(planned(&["prospects"]), ["prospects -> prospects: prospects"]);
        assert_eq!(
            planned(&["target_groups", "leads"]),
            [
                "target_groups -> target_groups: target_groups",
                "leads -> leads: leads lead_prospects lead_tags"
            ]
        );
    }

    #[test]
    fn what_a_stream_needs_is_read_with_it() {
        assert_eq!(
            planned(&["target_group_members"]),
            [
                "target_groups -> target_groups: target_groups",
                "target_group_members -> target_group_members: target_group_members prospects"
            ]
        );
        assert_eq!(
            planned(&["contacts"]),
            ["prospects -> prospects: prospects", "contacts -> contacts: contacts"]
        );
    }

    #[test]
    fn one_request_answers_what_two_streams_ask_about_a_company() {
        assert_eq!(
            planned(&["prospects", "financial_statements", "contacts"])[1..],
            ["details -> financial_statements: financial_statements; contacts: contacts"]
        );
        assert_eq!(
            planned(&["prospects", "financial_statements", "details"])[1..],
            ["details -> financial_statements: financial_statements; details: prospects prospect_addresses"]
        );
        assert_eq!(
            planned(&["prospects", "financial_statements", "contacts", "technologies"])[1..],
            [
                "details -> financial_statements: financial_statements; contacts: contacts",
                "technologies -> technologies: prospects prospect_technologies"
            ]
        );
    }

    #[test]
    fn a_stream_alone_is_read_from_its_own_endpoint_whose_answers_are_smaller() {
        for name in ["financial_statements", "contacts", "technologies", "company_leads"] {
            let planned = planned(&[name]);
            assert!(planned[1].starts_with(&format!("{name} -> {name}: ")), "{planned:?}");
        }
        assert_eq!(
            planned(&["financial_statements", "technologies"])[1..],
            [
                "financial_statements -> financial_statements: financial_statements",
                "technologies -> technologies: prospects prospect_technologies"
            ]
        );
    }

    #[test]
    fn personal_data_is_made_only_for_who_names_it() {
        assert_eq!(
            planned(&["details"])[1..],
            ["details -> details: prospects prospect_addresses financial_statements"]
        );
        let default: Vec<&str> = default_streams().iter().map(|stream| stream.name).collect();
        let tables: Vec<_> = plan(&default_streams())
            .into_iter()
            .flat_map(|planned| planned.serves)
            .flat_map(|one| one.tables)
            .collect();
        assert!(!default.contains(&"contacts") && !tables.contains(&"contacts"));
    }

    #[test]
    fn each_table_of_an_endpoint_is_made_once_whatever_is_chosen() {
        for set in 0_u32..1 << STREAMS.len() {
            let chosen: Vec<_> = STREAMS
                .iter()
                .enumerate()
                .filter(|(at, _)| set & (1 << at) != 0)
                .map(|(_, stream)| stream)
                .collect();
            let planned = plan(&chosen);
            for Planned { endpoint, serves } in &planned {
                let mut tables: Vec<_> = serves.iter().flat_map(|served| &served.tables).collect();
                let all = tables.len();
                tables.sort_unstable();
                tables.dedup();
                assert!(all == tables.len() && all > 0, "{}: {serves:?}", endpoint.name);
            }
            let served: Vec<_> = planned.iter().flat_map(|planned| &planned.serves).collect();
            for stream in chosen {
                let own: Vec<_> = served.iter().filter(|served| served.stream == stream).collect();
                assert!(own.len() == 1 && own[0].tables.contains(&stream.table().name), "{}", stream.name);
            }
        }
    }
}
