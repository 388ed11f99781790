//! `/api/v1/target_group/{id}/`: the companies of a target group, in pages. The endpoint has no parameter for an order.

use crate::simulator::data::groups::Group;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::render::Rows;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::envelope;
use crate::simulator::http::json::push_list;
use crate::simulator::http::paging;
use crate::simulator::http::server::{Asked, Shared};
use crate::simulator::settings::choices::{Count, MemberOrder, PastEnd, UnknownFilter};
use crate::simulator::settings::switches::Switches;

/// Rows on a page when the request has no `limit` (API document, section `getTargetGroupById`).
const DEFAULT_LIMIT: u64 = 20;

/// The parsed parameters of a request.
#[derive(Debug)]
struct Query {
    /// Rows requested. `None` for all.
    limit: Option<u64>,
    offset: u64,
    want: Want,
}

/// The meaning of the parameter `count` (API document, section `getTargetGroupById`). Its values mean something else at
/// the filter endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// No `count` in the request.
    CountAndRows,
    /// `count=true`
    Count,
    /// `count=false`
    Rows,
}

impl Query {
    fn new(params: &[(String, String)], switches: &Switches) -> Result<Self, String> {
        let mut query = Self { limit: Some(DEFAULT_LIMIT), offset: 0, want: Want::CountAndRows };
        for (name, value) in params {
            let invalid = || format!("Invalid value for {name}");
            match name.as_str() {
                "limit" if value == "none" => query.limit = None,
                "limit" => query.limit = Some(value.parse().map_err(|_| invalid())?),
                "offset" => query.offset = value.parse().map_err(|_| invalid())?,
                "count" if value.eq_ignore_ascii_case("true") => query.want = Want::Count,
                "count" if value.eq_ignore_ascii_case("false") => query.want = Want::Rows,
                "count" => return Err(invalid()),
                _ if switches.unknown_filter == UnknownFilter::Error => {
                    return Err(format!("Unknown filter: {name}"));
                }
                _ => {}
            }
        }
        if switches.count == Count::Missing {
            query.want = Want::Rows;
        }
        Ok(query)
    }
}

/// Answers with a page of members, their number, or both.
pub(in crate::simulator) fn answer(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    let switches = &asked.config.switches;
    let query = match Query::new(&asked.query, switches) {
        Ok(query) => query,
        Err(detail) => return Answer::detail(400, &detail),
    };
    let (group, list, page, answer) = {
        let world = shared.world();
        let Some(group) = world.group(id) else { return Answer::detail(404, "Not found") };
        let list = shared.lists.get_or_make(
            &world,
            &format!("target group {}", group.number),
            shuffle(shared, asked),
            || visible(&world, group, asked).collect(),
        );
        let mut pages = shared.member_pages();
        if query.want == Want::Count {
            return Answer::json(envelope::count_only(pages.total(switches, &list), switches.count));
        }
        let page = pages.take(switches, query.limit, query.offset, &list);
        // An empty page at offset 0 is that of a group without members, not one past the end.
        if page.rows.is_empty() && query.offset > 0 && switches.past_end == PastEnd::NotFound {
            return Answer::detail(404, "Not found");
        }
        let total = (query.want == Want::CountAndRows).then(|| pages.total(switches, &list));
        drop(pages);
        let text = text(&world, &page.rows, total, switches);
        let answer = Answer::json(text).with_rows(page.rows.len());
        (group, list, page, answer)
    };
    paging::drift(shared, switches, &page, &list, |world, index| world.is_member(group, index));
    answer
}

/// The members that the account may see, in generation order.
fn visible(world: &World, group: &Group, asked: &Asked) -> impl Iterator<Item = u32> {
    world.members(group).filter(|&index| {
        world.company(index).is_some_and(|company| !asked.config.forbids(company.country.code()))
    })
}

fn shuffle(shared: &Shared, asked: &Asked) -> Option<u64> {
    let switches = &asked.config.switches;
    if switches.member_order == MemberOrder::Shuffled {
        return Some(asked.sequence);
    }
    shared.member_pages().is_reordered(switches).then_some(0)
}

fn text(world: &World, rows: &[u32], total: Option<u64>, switches: &Switches) -> String {
    let mut writer = Rows::new(world, switches);
    envelope::page(total, switches.envelope, rows.len() * 330 + 64, |out| {
        push_list(out, rows, switches.page_ending("..."), |&index, out| writer.write_member(index, out));
    })
}
