//! `/api/v1/prospects/filter/`: the companies that pass the filters of a query, in pages.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::simulator::data::country::Country;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::query::{Order, Query, Total};
use crate::simulator::endpoints::render::Rows;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::envelope;
use crate::simulator::http::json::push_list;
use crate::simulator::http::paging;
use crate::simulator::http::params;
use crate::simulator::http::server::{Asked, Shared};
use crate::simulator::settings::choices::PastEnd;
use crate::simulator::settings::switches::Switches;

/// Answers a GET or a POST.
pub(in crate::simulator) fn answer(shared: &Shared, asked: &Asked) -> Answer {
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
    let (list, page, answer) = {
        let world = shared.world();
        let is_allowed = |index| world.company(index).is_some_and(|company| !is_forbidden(company.country));
        let list = shared.lists.get(&world, &query, shuffle(shared, &query, asked), is_allowed);
        let mut pages = shared.pages();
        if query.total == Total::Only {
            return Answer::json(envelope::count_only(pages.total(switches, &list), switches.count));
        }
        let page = pages.take(switches, query.limit, query.offset, &list);
        if page.rows.is_empty() && switches.past_end == PastEnd::NotFound {
            return Answer::detail(404, "Not found");
        }
        let total = (query.total == Total::Included).then(|| pages.total(switches, &list));
        drop(pages);
        let text = text(shared, &world, &page.rows, total, switches);
        let answer = Answer::json(text).with_rows(page.rows.len());
        (list, page, answer)
    };
    let mut buffer = String::new();
    paging::drift(shared, switches, &page, &list, |world, index| {
        query.tests.iter().all(|test| test.passes(world, index, &mut buffer))
    });
    answer
}

/// The number to shuffle the rows by. `None` for the order of the query.
fn shuffle(shared: &Shared, query: &Query, asked: &Asked) -> Option<u64> {
    if query.order == Order::Shuffled {
        return Some(asked.sequence);
    }
    shared.pages().is_reordered(&asked.config.switches).then_some(0)
}

/// The body of a page. With the switch `remember` it is taken from an earlier request for the same rows.
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
    let mut writer = Rows::new(world, switches);
    envelope::page(total, switches.envelope, rows.len() * 1000 + 64, |out| {
        push_list(out, rows, switches.page_ending("...."), |&index, out| writer.write(index, out));
    })
}
