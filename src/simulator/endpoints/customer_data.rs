//! `/api/v1/customer_data/` and `/api/v1/customer_data/{id}/`: customer data, in pages that link to each other.

use url::form_urlencoded::Serializer;

use crate::simulator::Config;
use crate::simulator::data::customers::{self, Customer};
use crate::simulator::data::world::World;
use crate::simulator::endpoints::customer_query::Query;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::json::{Object, push_list};
use crate::simulator::http::server::{Asked, Shared};
use crate::simulator::settings::choices::{NextPage, PastEnd};

/// Answers with one page of customer data.
pub(in crate::simulator) fn page(shared: &Shared, asked: &Asked) -> Answer {
    let switches = &asked.config.switches;
    let query = match Query::new(&asked.query, switches) {
        Ok(query) => query,
        Err(detail) => return Answer::detail(400, &detail),
    };
    let world = shared.world();
    let list = shared.lists.get_or_make(&world, &query.key, None, || {
        query.find(&world, |index| is_allowed(&world, &asked.config, index))
    });
    let mut pages = shared.customer_pages();
    let offset = (query.page - 1).saturating_mul(query.size);
    let page = pages.take(switches, Some(query.size), offset, &list);
    if page.rows.is_empty() && query.page > 1 && switches.past_end == PastEnd::NotFound {
        return Answer::detail(404, "Not found");
    }
    let total = pages.total(switches, &list);
    drop(pages);
    let has_next = page.end < list.len() || switches.next_page == NextPage::Always;
    let next = has_next.then(|| link(asked, query.page.saturating_add(1)));
    let previous = (query.page > 1).then(|| link(asked, query.page - 1));
    let mut out = String::with_capacity(page.rows.len() * 600 + 300);
    let mut object = Object::open(&mut out);
    object.bare("total_results", Some(total));
    object.text("next_page", next.as_deref());
    object.text("prev_page", previous.as_deref());
    let rows = push_list(object.value("results"), &page.rows, None, |&index, out| {
        Customer::of(&world, index).write(&world, out);
    });
    object.close();
    Answer::json(out).with_rows(rows)
}

/// Answers with one object of customer data.
pub(in crate::simulator) fn one(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    let world = shared.world();
    match customers::with_id(&world, id) {
        Some(index) if !is_allowed(&world, &asked.config, index) => {
            Answer::detail(403, "Insufficient country permissions")
        }
        Some(index) => {
            let mut out = String::new();
            Customer::of(&world, index).write(&world, &mut out);
            Answer::json(out)
        }
        None => Answer::detail(404, "Not found"),
    }
}

fn is_allowed(world: &World, config: &Config, index: u32) -> bool {
    world.company(index).is_some_and(|company| !config.forbids(company.country.code()))
}

/// The absolute link to a page, in the form that the switch `next-page` chooses.
fn link(asked: &Asked, page: u64) -> String {
    let switches = &asked.config.switches;
    let origin = match switches.next_page {
        NextPage::Elsewhere => switches.redirect_to.trim_end_matches('/'),
        NextPage::Right | NextPage::Always | NextPage::Bare => &asked.origin,
    };
    let mut query = Serializer::new(String::new());
    if switches.next_page != NextPage::Bare {
        query.extend_pairs(asked.query.iter().filter(|(name, _)| name != "page"));
    }
    query.append_pair("page", &page.to_string());
    format!("{origin}/api/v1/customer_data/?{}", query.finish())
}
