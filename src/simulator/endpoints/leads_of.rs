//! `/api/v1/prospect/{id}/leads/` and `/api/v1/target_group/{id}/leads/`: the same leads in two formats.

use crate::simulator::Config;
use crate::simulator::data::clock::{self, DAY};
use crate::simulator::data::groups::Group;
use crate::simulator::data::ids::vid;
use crate::simulator::data::leads::{self, Lead};
use crate::simulator::data::news::News;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::Field;
use crate::simulator::endpoints::prospect;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::json::{Object, push_list, push_string};
use crate::simulator::http::server::{Asked, Shared};

/// Leads of a company are returned for this many days back (API document, section `getProspectInfoLeads`).
const COMPANY_DAYS: i64 = 90;
/// Leads of a target group can be requested for this many days back (API document, section `getTargetGroupLeads`).
const GROUP_DAYS: i64 = 60;

/// Answers with the leads of a company.
pub(in crate::simulator) fn prospect(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    let world = shared.world();
    let index = match prospect::asked_for(&world, &asked.config, id) {
        Ok(index) => index,
        Err(refusal) => return refusal,
    };
    let mut out = String::new();
    let rows = write_of_company(&world, &asked.config, index, &mut out);
    Answer::json(out).with_rows(rows)
}

/// Answers with the leads of a target group.
pub(in crate::simulator) fn target_group(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    let world = shared.world();
    let Some(group) = world.group(id) else { return Answer::detail(404, "Not found") };
    let now = asked.config.now();
    let from = match asked.query.iter().rev().find(|(name, _)| name == "from_datetime") {
        None => clock::midnight(now) - DAY,
        Some((_, text)) => match clock::parse(text) {
            Some(from) if (now - GROUP_DAYS * DAY..=now).contains(&from) => from,
            _ => return Answer::detail(400, "from_datetime must be between now and 60 days ago"),
        },
    };
    let mut out = String::new();
    let rows = write_of_group(&world, &asked.config, group, from, &mut out);
    Answer::json(out).with_rows(rows)
}

/// Appends the leads of a company as a JSON list. Returns their number.
pub(in crate::simulator) fn write_of_company(
    world: &World,
    config: &Config,
    index: u32,
    out: &mut String,
) -> usize {
    let now = config.now();
    let leads = leads::of_company(world, index, now - COMPANY_DAYS * DAY, now);
    push_list(out, leads, config.switches.list_ending("..."), |lead, out| {
        let news = News::of(&lead, world.seed());
        let mut object = Object::open(out);
        prospects(world, config, &lead, &mut object);
        object.text("added", Some(&clock::seconds(lead.time)));
        rest(&news, index, object);
    })
}

/// Appends the leads of a target group since `from` as a JSON list. Returns their number. Leaves out leads that name no
/// member that the account may see.
pub(in crate::simulator) fn write_of_group(
    world: &World,
    config: &Config,
    group: &Group,
    from: i64,
    out: &mut String,
) -> usize {
    let leads = leads::of_group(world, group, from, config.now()).into_iter().filter_map(|lead| {
        let member = lead.members(world, group).find(|&index| is_allowed(world, config, index))?;
        Some((lead, member))
    });
    push_list(out, leads, config.switches.list_ending("..."), |(lead, member), out| {
        let news = News::of(&lead, world.seed());
        let mut object = Object::open(out);
        object.bare("id", Some(lead.id));
        prospects(world, config, &lead, &mut object);
        object.text("datetime", Some(&clock::milliseconds(lead.time)));
        rest(&news, member, object);
    })
}

fn is_allowed(world: &World, config: &Config, index: u32) -> bool {
    world.company(index).is_some_and(|company| !config.forbids(company.country.code()))
}

/// Appends the live companies of a lead that the account may see, without their countries.
fn prospects(world: &World, config: &Config, lead: &Lead, object: &mut Object) {
    let about = lead.about.iter().copied();
    let shown = about.filter(|&index| world.is_live(index) && is_allowed(world, config, index));
    push_list(object.value("prospects"), shown, None, |index, out| {
        let mut text = String::new();
        let mut object = Object::open(out);
        for (name, field) in [("business_id", Field::BusinessId), ("company_name", Field::CompanyName)] {
            world.text(index, field, &mut text);
            object.text(name, Some(&text));
        }
        object.close();
    });
}

/// Appends the fields at the end of both formats. The link leads to company `index`: the one asked for, or the first in
/// the target group.
fn rest(news: &News, index: u32, mut object: Object) {
    object.text("title", Some(&news.title));
    object.text("link", Some(&news.link));
    push_list(object.value("tags"), news.tags.iter().copied(), None, push_string);
    object.text("vainu_link", Some(&format!("https://app.vainu.io/vainu/prospect/{}", vid(index))));
    object.close();
}
