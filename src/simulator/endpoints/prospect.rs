//! `/api/v1/prospect/{id}/` and the paths below it, except leads: the answers about one company.

use crate::simulator::Config;
use crate::simulator::data::company::Company;
use crate::simulator::data::contacts;
use crate::simulator::data::offices;
use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::statements;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::Field;
use crate::simulator::endpoints::render::Rows;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::json::{Object, push_list, push_string};
use crate::simulator::http::server::{Asked, Shared};
use crate::simulator::settings::choices::Details;
use crate::simulator::settings::switches::Switches;

/// The company that a path names.
///
/// # Errors
/// The answer to return instead: 404 if there is no such company or it has no details, 403 if the account may not see
/// it.
pub(in crate::simulator) fn asked_for(world: &World, config: &Config, id: &str) -> Result<u32, Answer> {
    let missing = || Answer::detail(404, "Not found");
    let index = world.named(id).ok_or_else(missing)?;
    let company = world.company(index).ok_or_else(missing)?;
    if config.forbids(company.country.code()) {
        return Err(Answer::detail(403, "Insufficient country permissions"));
    }
    if has_details(world, index, &config.switches) { Ok(index) } else { Err(missing()) }
}

/// False for companies that are only in lists, by the switch `details`.
pub(in crate::simulator) fn has_details(world: &World, index: u32, switches: &Switches) -> bool {
    let mut draw = Rng::new(world.seed(), u64::from(index), Stream::Detail);
    switches.details == Details::All || !draw.chance(30)
}

/// Answers with a JSON object about one company.
fn object(
    shared: &Shared,
    asked: &Asked,
    id: &str,
    write: fn(&World, u32, &Switches, &mut String),
) -> Answer {
    let world = shared.world();
    match asked_for(&world, &asked.config, id) {
        Ok(index) => {
            let mut out = String::new();
            write(&world, index, &asked.config.switches, &mut out);
            Answer::json(out)
        }
        Err(refusal) => refusal,
    }
}

/// Answers with a JSON list about one company.
fn list(
    shared: &Shared,
    asked: &Asked,
    id: &str,
    write: fn(&World, u32, &Switches, &mut String) -> usize,
) -> Answer {
    let world = shared.world();
    match asked_for(&world, &asked.config, id) {
        Ok(index) => {
            let mut out = String::new();
            let rows = write(&world, index, &asked.config.switches, &mut out);
            Answer::json(out).with_rows(rows)
        }
        Err(refusal) => refusal,
    }
}

pub(in crate::simulator) fn basic(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    object(shared, asked, id, write_basic)
}

pub(in crate::simulator) fn all(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    object(shared, asked, id, write_all)
}

pub(in crate::simulator) fn financial_statements(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    list(shared, asked, id, write_statements)
}

pub(in crate::simulator) fn contacts(shared: &Shared, asked: &Asked, id: &str) -> Answer {
    list(shared, asked, id, write_contacts)
}

/// Appends the answer of `/prospect/{id}/`.
pub(in crate::simulator) fn write_basic(world: &World, index: u32, switches: &Switches, out: &mut String) {
    write_profile(world, index, switches, "industry_code", out, |company, object| {
        let technologies = world.subject(index, company).technologies();
        push_list(object.value("technologies"), technologies, None, push_string);
    });
}

/// Appends the answer of `/prospect/{id}/all/`: no technologies, but statements, contacts and addresses.
pub(in crate::simulator) fn write_all(world: &World, index: u32, switches: &Switches, out: &mut String) {
    write_profile(world, index, switches, "isic_industry_code", out, |company, object| {
        let ending = |text| switches.list_ending(text);
        push_list(
            object.value("financial_statements"),
            &statements::of(world, index),
            ending("..."),
            |statement, out| statements::write(statement, true, switches, out),
        );
        push_list(object.value("contacts"), &contacts::of(world, index), None, |contact, out| {
            contact.write(None, out);
        });
        push_list(
            object.value("prospect_addresses"),
            &offices::of(world, index),
            ending(".."),
            offices::Office::write,
        );
        object.text("description", world.subject(index, company).description().as_deref());
    });
}

/// Appends the fields that both answers have. `middle` appends the fields that only one of them has.
fn write_profile(
    world: &World,
    index: u32,
    switches: &Switches,
    industry_code: &str,
    out: &mut String,
    middle: impl FnOnce(&Company, &mut Object),
) {
    let Some(company) = world.company(index) else { return };
    let mut rows = Rows::new(world, switches);
    let mut object = Object::open(out);
    rows.profile(index, company, industry_code, &mut object);
    middle(company, &mut object);
    let scores = world.subject(index, company).scores();
    let score = |score: Option<f64>| score.map(|score| format!("{score:?}")); // with its decimals: 1.0
    object.bare("digitality", score(scores.digitality));
    object.bare("sociality", score(scores.sociality));
    object.bare("marketility", score(scores.marketility));
    object.bare("alexa_rank_global", company.alexa_rank);
    // The document's examples show only null for these.
    object.text("mother", None);
    object.text("mother_foreign", None);
    object.close();
}

/// Appends the statements as a JSON list, without the dates of their periods. Returns their number.
pub(in crate::simulator) fn write_statements(
    world: &World,
    index: u32,
    switches: &Switches,
    out: &mut String,
) -> usize {
    push_list(out, &statements::of(world, index), switches.list_ending("..."), |statement, out| {
        statements::write(statement, false, switches, out);
    })
}

/// Appends the contacts as a JSON list. Returns their number.
pub(in crate::simulator) fn write_contacts(
    world: &World,
    index: u32,
    switches: &Switches,
    out: &mut String,
) -> usize {
    let mut name = String::new();
    world.text(index, Field::CompanyName, &mut name);
    push_list(out, &contacts::of(world, index), switches.list_ending("..."), |contact, out| {
        contact.write(Some(&name), out);
    })
}
