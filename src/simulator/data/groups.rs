//! The target groups. Whether a company belongs to one depends on the company alone.

use crate::simulator::data::company::Company;
use crate::simulator::data::country::Country;
use crate::simulator::data::ids::{number_of, object_id, same_digits};
use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::world::World;

/// A target group.
#[derive(Debug)]
pub(in crate::simulator) struct Group {
    /// The id and the draws of the group derive from it: never renumber.
    pub(in crate::simulator) number: u32,
    pub(in crate::simulator) name: &'static str,
    /// True for a portfolio of chosen companies, false for a saved search.
    pub(in crate::simulator) is_named: bool,
    pub(in crate::simulator) is_default: bool,
    rule: Rule,
}

/// The rule that decides which companies belong to a group.
#[derive(Debug)]
enum Rule {
    /// This many of a thousand companies, drawn.
    PerMille(u32),
    Nobody,
    Countries(&'static [Country]),
    /// Companies with an industry code of this division.
    Division(u32),
    /// Companies with a turnover of at least this many euros.
    TurnOver(i64),
    /// The Finnish and Danish companies that share an eight-digit business id.
    SameDigits,
    /// Norwegian and Danish companies with at least this many employees.
    Staff(u32),
}

const fn group(number: u32, name: &'static str, is_named: bool, rule: Rule) -> Group {
    Group { number, name, is_named, is_default: number == 0, rule }
}

static GROUPS: [Group; 8] = [
    group(0, "Portfolio", true, Rule::PerMille(30)),
    group(1, "Suomi ja Ruotsi", false, Rule::Countries(&[Country::Fi, Country::Se])),
    group(2, "IT in the Nordics", false, Rule::Division(62)),
    group(3, "Liikevaihto yli 5 M€", false, Rule::TurnOver(5_000_000)),
    group(4, "Same digits in two countries", true, Rule::SameDigits),
    group(5, "Norge & Danmark, 50+", false, Rule::Staff(50)),
    group(6, " \"Q3\"; <b>Pilot</b>, \u{e4}rende \u{1f680} ", true, Rule::PerMille(8)),
    group(7, "Uudet", true, Rule::Nobody),
];

impl World {
    /// The target groups, without the removed ones.
    pub(in crate::simulator) fn groups(&self) -> impl Iterator<Item = &'static Group> {
        GROUPS.iter().filter(|group| self.edits.has_group(group))
    }

    /// The target group with this id. `None` if there is none or it was removed.
    pub(in crate::simulator) fn group(&self, id: &str) -> Option<&'static Group> {
        let number = number_of(self.seed(), id, Stream::Group)?;
        self.groups().find(|group| group.number == number)
    }

    /// The live companies of a target group, in generation order.
    pub(in crate::simulator) fn members(&self, group: &Group) -> impl Iterator<Item = u32> {
        self.in_generation_order().filter(|&index| self.is_member(group, index))
    }

    /// True if the company belongs to the target group. The caller makes sure that the company is live.
    pub(in crate::simulator) fn is_member(&self, group: &Group, index: u32) -> bool {
        let Some(company) = self.company(index) else { return false };
        self.edits.has_member(group, index) && group.takes(self.seed(), index, company)
    }
}

impl Group {
    /// The id of the group in the world with this seed.
    pub(in crate::simulator) fn id(&self, seed: u64) -> String {
        object_id(seed, self.number, Stream::Group)
    }

    fn takes(&self, seed: u64, index: u32, company: &Company) -> bool {
        match self.rule {
            Rule::Nobody => false,
            Rule::PerMille(share) => {
                let number = (u64::from(self.number) + 1) << 32 | u64::from(index);
                Rng::new(seed, number, Stream::Group).chance(share)
            }
            Rule::Countries(countries) => countries.contains(&company.country),
            Rule::Division(division) => company.industry.is_some_and(|code| code / 1000 == division),
            Rule::TurnOver(least) => company.turn_over.is_some_and(|euros| euros >= least),
            Rule::SameDigits => same_digits(seed, index / 100).contains(&index),
            Rule::Staff(least) => {
                matches!(company.country, Country::No | Country::Dk)
                    && company.staff.is_some_and(|heads| heads >= least)
            }
        }
    }
}
