//! Leads: what news says of companies. A lead can name several, so it belongs to a day and a block of companies.

use crate::simulator::data::clock::DAY;
use crate::simulator::data::groups::Group;
use crate::simulator::data::ids::{identity, same_digits};
use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::text::Subject;
use crate::simulator::data::world::World;

/// Companies of one block; the same blocks as those of the business ids.
const BLOCK: u32 = 100;
/// Days before and after the anchor that leads are generated for.
const DAYS: i64 = 2000;
/// A block has at most so many leads a day.
const MOST: u32 = 2;

/// A lead.
#[derive(Debug)]
pub(in crate::simulator) struct Lead {
    /// Unique, and always the same for the same lead.
    pub(in crate::simulator) id: u64,
    /// Milliseconds since 1970.
    pub(in crate::simulator) time: i64,
    /// The companies that it names, whether they are there or not; never empty.
    pub(in crate::simulator) about: Vec<u32>,
    /// What its texts are drawn from.
    pub(in crate::simulator) draw: Rng,
}

/// The leads of a company in a span of time, the newest first.
pub(in crate::simulator) fn of_company(world: &World, index: u32, from: i64, to: i64) -> Vec<Lead> {
    let block = index / BLOCK;
    newest_first(in_block(world, block, from, to).filter(|lead| lead.about.contains(&index)).collect())
}

/// The leads that name a member of a target group, in a span of time, the newest first.
pub(in crate::simulator) fn of_group(world: &World, group: &Group, from: i64, to: i64) -> Vec<Lead> {
    let blocks = 0..world.generated().div_ceil(BLOCK);
    let leads = blocks.flat_map(|block| in_block(world, block, from, to));
    newest_first(leads.filter(|lead| lead.members(world, group).next().is_some()).collect())
}

fn newest_first(mut leads: Vec<Lead>) -> Vec<Lead> {
    leads.sort_unstable_by_key(|lead| std::cmp::Reverse((lead.time, lead.id)));
    leads
}

/// The leads of a block from one moment to another.
fn in_block(world: &World, block: u32, from: i64, to: i64) -> impl Iterator<Item = Lead> {
    let (seed, anchor) = (world.seed(), world.anchor());
    let day = |time: i64| (time - anchor).div_euclid(DAY).clamp(-DAYS, DAYS - 1);
    (day(from)..=day(to))
        .flat_map(move |day| on_day(seed, anchor, block, day))
        .filter(move |lead| (from..=to).contains(&lead.time))
}

/// The leads of a block on a day, counted from the anchor: four on ten days.
fn on_day(seed: u64, anchor: i64, block: u32, day: i64) -> impl Iterator<Item = Lead> {
    let number = u64::from(block) * 4096 + u64::try_from(day + DAYS).unwrap_or(0);
    let mut draw = Rng::new(seed, number, Stream::Lead);
    let count = match draw.below(100) {
        0..65 => 0,
        65..95 => 1,
        _ => MOST,
    };
    (0..count).map(move |place| {
        let id = 1_000_000 + number * u64::from(MOST) + u64::from(place);
        let mut draw = Rng::new(seed, id, Stream::Lead);
        let time = anchor + day * DAY + i64::from(draw.below(86_400_000));
        let about = companies(seed, block, &mut draw);
        Lead { id, time, about, draw }
    })
}

/// The companies that a lead of the block names: mostly one, at most five.
fn companies(seed: u64, block: u32, draw: &mut Rng) -> Vec<u32> {
    let count = match draw.below(100) {
        0..3 => return same_digits(seed, block).to_vec(),
        3..70 => 1,
        70..90 => 2,
        90..97 => 3,
        _ => 5,
    };
    let mut about = Vec::with_capacity(count);
    while about.len() < count {
        let index = block * BLOCK + draw.below(BLOCK);
        if !about.contains(&index) {
            about.push(index);
        }
    }
    about
}

impl Lead {
    /// The companies of the lead that are there and in the target group.
    pub(in crate::simulator) fn members<'a>(
        &'a self,
        world: &'a World,
        group: &'a Group,
    ) -> impl Iterator<Item = u32> + 'a {
        let there = self.about.iter().copied().filter(|&index| world.is_live(index));
        there.filter(|&index| world.is_member(group, index))
    }

    /// The names of the first and the last company, as they were when the article was written: it does not change
    /// when a company does.
    pub(in crate::simulator) fn names(&self, seed: u64) -> [String; 2] {
        let (first, last) = (self.about.first(), self.about.last());
        [first, last].map(|index| {
            let index = index.copied().unwrap_or_default();
            let mut name = String::new();
            Subject { seed, index, country: identity(seed, index).0 }.company_name(&mut name);
            name
        })
    }
}
