//! Filters: parses `name__type=value` into a test of companies.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::simulator::data::rng::float;
use crate::simulator::data::values::date_number;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::{Field, Kind, named};
use crate::simulator::http::params::Param;

/// The filter type: the suffix of the parameter's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Type {
    Bare,
    Exact,
    StartsWith,
    In,
    Ne,
    Compare(Comparison),
}

/// A comparison by order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Comparison {
    Gte,
    Gt,
    Lte,
    Lt,
}

impl Comparison {
    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Gte => order.is_ge(),
            Self::Gt => order.is_gt(),
            Self::Lte => order.is_le(),
            Self::Lt => order.is_lt(),
        }
    }
}

/// A test of one field.
#[derive(Debug)]
pub(in crate::simulator) struct Test {
    field: Field,
    check: Check,
}

#[derive(Debug)]
enum Check {
    /// The field is not null.
    Present,
    Number(Comparison, f64),
    NumberIn(Vec<f64>),
    Text(Comparison, String),
    TextIn(HashSet<String>),
    /// Equals one of these, in any case.
    Word(Vec<String>),
    StartsWith(String),
    /// Contains one of these (lower case), in any case.
    Contains(Vec<String>),
    PostalRange(u32, u32),
    /// Passes if the id passes with its country in front, or without it.
    Id(Box<Check>),
    Not(Box<Check>),
}

/// The field, its kind and the filter type that a parameter's name stands for. `None` if it is not a filter.
pub(in crate::simulator) fn target(name: &str) -> Option<(Field, Kind, Type)> {
    let (name, kind_of_filter) = match name.rsplit_once("__") {
        None => (name, Type::Bare),
        Some((name, suffix)) => (
            name,
            match suffix {
                "gte" => Type::Compare(Comparison::Gte),
                "gt" => Type::Compare(Comparison::Gt),
                "lte" => Type::Compare(Comparison::Lte),
                "lt" => Type::Compare(Comparison::Lt),
                "exact" => Type::Exact,
                "startswith" => Type::StartsWith,
                "in" => Type::In,
                "ne" => Type::Ne,
                _ => return None,
            },
        ),
    };
    let (field, kind) = named(name)?;
    // `business_ids` takes a list without a filter type: `business_ids=1,2`.
    let kind_of_filter =
        if name == "business_ids" && kind_of_filter == Type::Bare { Type::In } else { kind_of_filter };
    Some((field, kind, kind_of_filter))
}

impl Test {
    /// The test for a filter. `None` if the value does not fit the field.
    pub(in crate::simulator) fn new(
        field: Field,
        kind: Kind,
        kind_of_filter: Type,
        value: &Param,
    ) -> Option<Self> {
        let check = match kind_of_filter {
            Type::Ne if value.text() == "null" => Check::Present,
            Type::Ne => Check::Not(Box::new(Check::new(kind, Type::Exact, value)?)),
            _ => Check::new(kind, kind_of_filter, value)?,
        };
        Some(Self { field, check })
    }

    /// True if the company passes. `buffer` saves an allocation for each company; its content does not matter.
    pub(in crate::simulator) fn passes(&self, world: &World, index: u32, buffer: &mut String) -> bool {
        self.check.passes(world, index, self.field, buffer)
    }
}

impl Check {
    fn new(kind: Kind, kind_of_filter: Type, value: &Param) -> Option<Self> {
        if kind == Kind::Id {
            return Some(Self::id(kind_of_filter, value));
        }
        let text = value.text();
        let is_list = matches!(value, Param::Many(_)) || kind_of_filter == Type::In;
        let several = || if is_list { value.list() } else { vec![text.as_str()] };
        Some(match kind_of_filter {
            Type::StartsWith => Self::StartsWith(text),
            Type::Bare if matches!(kind, Kind::Date | Kind::Moment) => Self::contains(&several()),
            Type::Compare(comparison) if kind.is_numeric() => Self::Number(comparison, number(kind, &text)?),
            _ if kind.is_numeric() => {
                Self::NumberIn(several().into_iter().map(|text| number(kind, text)).collect::<Option<_>>()?)
            }
            Type::Compare(comparison) => Self::Text(comparison, text),
            Type::Bare if kind == Kind::Word => {
                Self::Word(several().into_iter().map(str::to_owned).collect())
            }
            Type::Bare => match postal_range(&text).filter(|_| kind == Kind::Postal) {
                Some((low, high)) => Self::PostalRange(low, high),
                None => Self::contains(&several()),
            },
            Type::Exact | Type::In | Type::Ne => {
                Self::TextIn(several().into_iter().map(str::to_owned).collect())
            }
        })
    }

    fn id(kind_of_filter: Type, value: &Param) -> Self {
        let check = match kind_of_filter {
            Type::Compare(comparison) => return Self::Text(comparison, value.text()), // as it is shown
            Type::StartsWith => Self::StartsWith(value.text()),
            Type::Bare if matches!(value, Param::One(_)) => Self::contains(&[&value.text()]),
            Type::Exact | Type::Ne => Self::TextIn(HashSet::from([value.text()])),
            Type::Bare | Type::In => Self::TextIn(value.list().into_iter().map(str::to_owned).collect()),
        };
        Self::Id(Box::new(check))
    }

    fn contains(needles: &[&str]) -> Self {
        Self::Contains(needles.iter().map(|needle| needle.to_lowercase()).collect())
    }

    fn passes(&self, world: &World, index: u32, field: Field, buffer: &mut String) -> bool {
        match self {
            Self::Not(check) => !check.passes(world, index, field, buffer),
            Self::Present => world.number(index, field).is_some() || world.text(index, field, buffer),
            Self::Number(comparison, bound) => {
                world.number(index, field).is_some_and(|value| comparison.holds(value.total_cmp(bound)))
            }
            Self::NumberIn(wanted) => world
                .number(index, field)
                .is_some_and(|value| wanted.iter().any(|wanted| value.total_cmp(wanted).is_eq())),
            Self::Id(check) => {
                let Some(company) = world.company(index) else { return false };
                buffer.clear();
                buffer.push_str(company.country.code());
                company.push_id(buffer);
                check.passes_text(buffer) || buffer.get(2..).is_some_and(|digits| check.passes_text(digits))
            }
            _ if field == Field::IndustryCodes => {
                world.industry_codes(index).any(|code| self.passes_text(&format!("{code:05}")))
            }
            _ => world.text(index, field, buffer) && self.passes_text(buffer),
        }
    }

    fn passes_text(&self, value: &str) -> bool {
        match self {
            Self::Text(comparison, bound) => comparison.holds(value.cmp(bound)),
            Self::TextIn(wanted) => wanted.contains(value),
            Self::Word(wanted) => wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(value)),
            Self::StartsWith(start) => value.starts_with(start),
            Self::Contains(needles) => {
                let value = value.to_lowercase();
                needles.iter().any(|needle| value.contains(needle))
            }
            Self::PostalRange(low, high) => {
                value.parse().is_ok_and(|code: u32| (*low..=*high).contains(&code))
            }
            Self::Present | Self::Number(..) | Self::NumberIn(_) | Self::Id(_) | Self::Not(_) => false,
        }
    }
}

/// Parses a value into the number that the field is compared by (see [`World::number`]).
fn number(kind: Kind, text: &str) -> Option<f64> {
    match kind {
        Kind::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(1.0),
            "false" | "0" => Some(0.0),
            _ => None,
        },
        Kind::Date => {
            let day = text.split('T').next().unwrap_or(text);
            let mut parts = day.splitn(3, '-');
            let (year, month, day) =
                (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Date::new(year, month, day).ok().map(date_number)
        }
        Kind::Moment => {
            let naive = || jiff::tz::TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
            let time = text.parse::<Timestamp>().ok().or_else(naive)?;
            Some(float(time.as_second()) + f64::from(time.subsec_nanosecond()) / 1e9)
        }
        // Adding 0.0 turns -0.0 into 0.0: `total_cmp` tells them apart.
        _ => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number + 0.0),
    }
}

fn postal_range(text: &str) -> Option<(u32, u32)> {
    let (low, high) = text.split_once('-')?;
    Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
}
