//! Imports of customer data: five jobs that cover every state, each started some hours ago.

use crate::simulator::data::clock;
use crate::simulator::data::customers::{self, dashed};
use crate::simulator::data::ids::{same_digits, vid};
use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::Field;
use crate::simulator::http::json::{Object, push_list};

/// An import job.
#[derive(Debug)]
pub(in crate::simulator) struct Job {
    number: u32,
    pub(in crate::simulator) id: String,
    state: &'static str,
    /// Percent of the rows that have a result, 0 to 100.
    progress: u32,
    rows: u32,
    hours_ago: i64,
    /// Hundredths of a second. `None` for a stopped job, as in the document's example.
    duration: Option<u32>,
}

/// State, progress in percent, rows, hours since the start, and duration in hundredths of a second.
#[rustfmt::skip]
const JOBS: [(&str, u32, u32, i64, Option<u32>); 5] = [
    ("completed", 100, 24, 30, Some(714)),
    ("process", 35, 40, 0, Some(1200)),
    ("failure", 60, 10, 52, Some(305)),
    ("stopped", 67, 12, 76, None),
    ("completed", 100, 4, 500, Some(50)),
];

/// All jobs.
pub(in crate::simulator) fn all(world: &World) -> impl Iterator<Item = Job> {
    (0..).zip(JOBS).map(|(number, (state, progress, rows, hours_ago, duration))| {
        let id = uuid(&mut Rng::new(world.seed(), number.into(), Stream::Job));
        Job { number, id, state, progress, rows, hours_ago, duration }
    })
}

/// A random UUID (version 4).
fn uuid(draw: &mut Rng) -> String {
    let (high, low) = (draw.next(), draw.next());
    let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
    let (fourth, fifth) = (low >> 48 & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
    format!("{first:08x}-{second:04x}-4{third:03x}-{fourth:04x}-{fifth:012x}")
}

impl Job {
    /// Appends the job as a JSON object. `base` is the URL of the API, for the link.
    pub(in crate::simulator) fn write(&self, world: &World, base: &str, out: &mut String) {
        let mut object = Object::open(out);
        object.text("job_id", Some(&self.id));
        let created = world.anchor() - self.hours_ago * 3_600_000 - 60_000;
        object.text("created", Some(&clock::microseconds(created)));
        let done = 0..self.rows * self.progress / 100;
        push_list(object.value("results"), done, None, |row, out| self.write_result(world, row, out));
        object.text("state", Some(self.state));
        object.text("link", Some(&format!("{base}/async_result/batch-import/{}/", self.id)));
        if let Some(hundredths) = self.duration {
            object.text("duration", Some(&format!("{}.{:02}", hundredths / 100, hundredths % 100)));
        }
        object.bare("progress", Some(self.progress));
        object.close();
    }

    /// Appends the result of one row. Rows take turns: a match, then each error of the document.
    fn write_result(&self, world: &World, row: u32, out: &mut String) {
        let customer = customers::ever(world).nth((self.number * 7 + row / 4) as usize);
        let mut object = Object::open(out);
        match (row % 4, customer) {
            (0, Some(index)) => write_success(world, index, &mut object),
            (1, Some(index)) => write_existing(world, index, &mut object),
            (3, Some(index)) if index + 100 < world.generated() => {
                write_several(world, same_digits(world.seed(), index / 100), &mut object);
            }
            _ => {
                parameters("business_id", &format!("324-{row:03}"), &mut object);
                write_no_match("INVALID_BUSINESSID", &mut object);
            }
        }
        object.close();
    }
}

fn write_success(world: &World, index: u32, object: &mut Object) {
    parameters("exact_name", &name(world, index), object);
    write_match(world, index, object.value("matched_prospect"));
    object.text("id", Some(&customers::id(world, index)));
    object.bare("success", Some(true));
    object.text("error", None);
}

fn write_existing(world: &World, index: u32, object: &mut Object) {
    parameters("exact_name", &name(world, index), object);
    object.text("existing_id", Some(&customers::id(world, index)));
    write_no_match("MATCH_ALREADY_EXISTS", object);
}

fn write_several(world: &World, matches: [u32; 2], object: &mut Object) {
    object.bare("max_number_of_matches_shown", Some(100));
    let [finnish, _] = matches;
    parameters("business_id", &dashed(world, finnish).unwrap_or_default(), object);
    push_list(object.value("possible_matches"), matches, None, |index, out| write_match(world, index, out));
    object.bare("number_of_matches", Some(matches.len()));
    write_no_match("MULTIPLE_POSSIBLE_MATCHES", object);
}

fn write_no_match(error: &str, object: &mut Object) {
    object.bare("success", Some(false));
    object.text("matched_prospect", None);
    object.text("error", Some(error));
    object.text("id", None);
}

fn parameters(parameter: &str, value: &str, object: &mut Object) {
    let mut inner = Object::open(object.value("match_parameters"));
    inner.text(parameter, Some(value));
    inner.close();
}

fn name(world: &World, index: u32) -> String {
    let mut name = String::new();
    world.text(index, Field::CompanyName, &mut name);
    name
}

/// Appends the company of a match. Its business id has no dash, unlike that of `prospect_info`.
fn write_match(world: &World, index: u32, out: &mut String) {
    let mut text = String::new();
    let mut object = Object::open(out);
    let fields = [
        ("country", Field::Country),
        ("domain", Field::Domain),
        ("company_name", Field::CompanyName),
        ("business_id", Field::BusinessId),
    ];
    for (name, field) in fields {
        let is_there = world.text(index, field, &mut text);
        object.text(name, is_there.then_some(text.as_str()));
    }
    object.bare("vid", Some(vid(index)));
    object.close();
}
