//! `/api/v1/prospects/filter/`: the companies that pass a query's filters, in pages.

use std::fmt::Write as _;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::answer::Answer;
use super::choices::{Count, Envelope, PastEnd};
use super::country::Country;
use super::draw::{Draw, Stream};
use super::listing::List;
use super::params;
use super::query::{Order, Query, Total};
use super::render::Rows;
use super::server::{Asked, Shared};
use super::switches::Switches;
use super::world::World;

/// Companies tried until a new one passes the query's filters.
const INSERT_TRIES: u32 = 200;

/// What the endpoint remembers from page to page.
#[derive(Debug, Default)]
pub(super) struct Pages {
    answered: u64,
    last: Vec<u32>,
}

/// Answers a GET or a POST.
pub(super) fn answer(shared: &Shared, asked: &Asked) -> Answer {
    let config = &asked.config;
    let switches = &config.switches;
    let query =
        match params::merged(&asked.query, &asked.body).and_then(|params| Query::new(&params, switches)) {
            Ok(query) => query,
            Err(detail) => return Answer::detail(400, &detail),
        };
    let is_forbidden = |country: Country| config.forbids(country.code());
    if query.countries.iter().any(|country| is_forbidden(*country)) {
        return Answer::detail(403, "Insufficient country permissions");
    }
    let (list, page) = {
        let world = shared.world();
        let is_allowed = |index| world.company(index).is_some_and(|company| !is_forbidden(company.country));
        let list = shared.lists.get(&world, &query, shuffle(shared, &query, asked), is_allowed);
        if query.total == Total::Only {
            return Answer::json(count_only(reported(shared, &list, switches), switches.count));
        }
        let page = take(shared, switches, &query, &list);
        if page.rows.is_empty() && switches.past_end == PastEnd::NotFound {
            return Answer::detail(404, "Not found");
        }
        let total = (query.total == Total::Included).then(|| reported(shared, &list, switches));
        let answer =
            Answer::json(text(shared, &world, &page.rows, total, switches)).with_rows(page.rows.len());
        (list, Page { answer: Some(answer), ..page })
    };
    let drifts = switches.drift.is_some_and(|every| page.number.is_multiple_of(every));
    if drifts || switches.delete_after == Some(page.number) {
        delete(shared, &list, page.end);
    }
    if drifts || switches.insert_after == Some(page.number) {
        insert(shared, &query);
    }
    page.answer.unwrap_or_else(|| Answer::detail(500, "No page"))
}

/// One page of a list.
struct Page {
    /// Counted from 1 over all queries.
    number: u64,
    rows: Vec<u32>,
    /// Where in the list the page ends.
    end: usize,
    answer: Option<Answer>,
}

/// The rows of the page, with whatever the switches do to it.
fn take(shared: &Shared, switches: &Switches, query: &Query, list: &List) -> Page {
    let mut pages = shared.pages();
    let most = match switches.clamp_late {
        Some((after, limit)) if pages.answered >= after => Some(limit),
        _ => switches.limit_max,
    };
    pages.answered += 1;
    let number = pages.answered;
    let (mut start, mut length) = (usize::try_from(query.offset).unwrap_or(usize::MAX), usize::MAX);
    if switches.limit_ignored {
        start = 0;
    } else {
        let asked = query.limit.unwrap_or(u64::MAX).min(most.map_or(u64::MAX, u64::from));
        length = usize::try_from(asked).unwrap_or(usize::MAX);
    }
    let mut rows: Vec<u32> = list.iter().skip(start).take(length).copied().collect();
    if switches.short_page.is_some_and(|every| number.is_multiple_of(every)) {
        rows.pop();
    }
    if switches.repeat_page == Some(number) && number > 1 {
        rows.clone_from(&pages.last);
    }
    pages.last.clone_from(&rows);
    Page { number, end: start.saturating_add(rows.len()), rows, answer: None }
}

/// Which order the rows are in, when it is not the one that was asked for.
fn shuffle(shared: &Shared, query: &Query, asked: &Asked) -> Option<u64> {
    let reordered = |after| shared.pages().answered >= after;
    match asked.config.switches.reorder_after {
        _ if query.order == Order::Shuffled => Some(asked.sequence),
        Some(after) if reordered(after) => Some(0),
        _ => None,
    }
}

/// The total that is told.
fn reported(shared: &Shared, list: &List, switches: &Switches) -> u64 {
    let late = match switches.total_late {
        Some((after, wrong_by)) if shared.pages().answered >= after => wrong_by,
        _ => 0,
    };
    let total = u64::try_from(list.len()).unwrap_or(u64::MAX);
    total.saturating_add_signed(switches.total_offset).saturating_add_signed(late)
}

fn count_only(total: u64, shape: Count) -> String {
    if shape == Count::Number { total.to_string() } else { format!("{{\"count\":{total}}}") }
}

/// The body of a page, made once when the switches say so.
fn text(shared: &Shared, world: &World, rows: &[u32], total: Option<u64>, switches: &Switches) -> String {
    if !switches.remember {
        return body(world, rows, total, switches);
    }
    let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
    let key = xxh3_64_with_seed(&bytes, total.unwrap_or(u64::MAX));
    if let Some(kept) = shared.kept().get(&key) {
        return kept.clone();
    }
    let text = body(world, rows, total, switches);
    shared.kept().insert(key, text.clone());
    text
}

fn body(world: &World, rows: &[u32], total: Option<u64>, switches: &Switches) -> String {
    let mut out = String::with_capacity(rows.len() * 1000 + 64);
    let is_object = total.is_some() || switches.envelope == Envelope::Results;
    if is_object {
        out.push('{');
        if let Some(total) = total {
            let _ = write!(out, "\"count\":{total},");
        }
        out.push_str("\"results\":");
    }
    out.push('[');
    let mut writer = Rows::new(world, switches);
    for (number, &index) in rows.iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        writer.write(index, &mut out);
    }
    if switches.placeholder {
        out.push_str(if rows.is_empty() { "\"...\"" } else { ",\"...\"" });
    }
    out.push(']');
    if is_object {
        out.push('}');
    }
    out
}

/// Takes a company that was answered already out of the list, so that the rest moves up.
fn delete(shared: &Shared, list: &List, end: usize) {
    shared.change(|world| {
        let mut draw = Draw::new(world.seed(), u64::try_from(end).unwrap_or(0), Stream::Drift);
        let answered = u32::try_from(end.min(list.len())).unwrap_or(u32::MAX);
        if let Some(index) = list.get(draw.below(answered) as usize) {
            world.delete(*index);
        }
    });
}

/// Adds a new company to the list.
fn insert(shared: &Shared, query: &Query) {
    shared.change(|world| {
        let mut buffer = String::new();
        for _ in 0..INSERT_TRIES {
            let index = world.insert_next();
            if query.tests.iter().all(|test| test.passes(world, index, &mut buffer)) {
                break;
            }
            world.delete(index);
        }
    });
}
