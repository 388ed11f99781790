//! The value of a company's field: as a number for comparisons, and as the text that answers show.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::simulator::data::company::{Company, Spot};
use crate::simulator::data::industries;
use crate::simulator::data::rng::{Rng, Stream, float};
use crate::simulator::data::text::Subject;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::Field;
use crate::simulator::http::digits::push_digits;

/// Formats into a `String`, which cannot fail. Evaluates to `Some(())`.
macro_rules! put {
    ($out:expr, $($format:tt)*) => { write!($out, $($format)*).ok() };
}

/// Evaluates an expression that cannot fail, and then to `Some(())`.
macro_rules! done {
    ($work:expr) => {{
        $work;
        Some(())
    }};
}

/// A number that sorts dates in calendar order.
pub(in crate::simulator) fn date_number(date: Date) -> f64 {
    f64::from(i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day()))
}

impl World {
    /// The value of a numeric field, a date or a time, for comparisons. `None` for null and for other fields.
    pub(in crate::simulator) fn number(&self, index: u32, field: Field) -> Option<f64> {
        let company = self.company(index)?;
        match field {
            Field::TurnOver => company.turn_over.map(float),
            Field::Profit => company.profit.map(|tenths| f64::from(tenths) / 10.0),
            Field::DevelopmentOfTurnover => company.growth.map(|tenths| f64::from(tenths) / 10.0),
            Field::StaffNumber => company.staff.map(f64::from),
            Field::IndustryCode2 => company.industry.map(|code| f64::from(code / 1000)),
            Field::IndustryCode5 => company.industry.map(f64::from),
            Field::VainuScore => company.score.map(f64::from),
            Field::AlexaRankGlobal => company.alexa_rank.map(f64::from),
            Field::TurnOverIsEstimate => Some(f64::from(u8::from(company.turn_over_is_estimate))),
            Field::StaffNumberIsEstimate => Some(f64::from(u8::from(company.staff_is_estimate))),
            Field::RegistrationDate => company.registered.map(date_number),
            Field::BasicModified => Some(float(company.modified)),
            _ => None,
        }
    }

    /// Replaces `out` by the field's text as answers show it. Returns false, with `out` empty, for null.
    pub(in crate::simulator) fn text(&self, index: u32, field: Field, out: &mut String) -> bool {
        out.clear();
        let Some(company) = self.company(index) else { return false };
        let is_there = self.write_text(index, company, field, out).is_some();
        if !is_there {
            out.clear();
        }
        is_there
    }

    fn write_text(&self, index: u32, company: &Company, field: Field, out: &mut String) -> Option<()> {
        let subject = self.subject(index, company);
        let when = |is_there: bool| is_there.then_some(());
        match field {
            Field::BusinessId => {
                if self.ids_have_prefix() {
                    out.push_str(company.country.code());
                }
                done!(company.push_id(out))
            }
            Field::RegistrationDate => {
                let date = company.registered?;
                push_digits(date.year().unsigned_abs(), 1, out);
                for part in [date.month(), date.day()] {
                    out.push('-');
                    push_digits(part.unsigned_abs(), 1, out);
                }
                Some(())
            }
            Field::CompanyName => {
                if let Some(name) = self.renamed(index) {
                    out.push_str(name);
                } else {
                    subject.company_name(out);
                }
                Some(())
            }
            Field::Link => when(subject.link(out)),
            Field::Domain => when(subject.domain(out)),
            Field::Phone => when(subject.phone(out)),
            Field::IndustryCode | Field::IndustryCodes => done!(push_digits(company.industry?, 5, out)),
            Field::Country => done!(out.push_str(company.country.code())),
            Field::TurnOver => put!(out, "{}", Amount(company.turn_over?)),
            Field::Profit => put!(out, "{}", Tenths(company.profit?)),
            Field::DevelopmentOfTurnover => put!(out, "{}", Tenths(company.growth?)),
            Field::TurnOverIsEstimate => put!(out, "{}", company.turn_over_is_estimate),
            Field::StaffNumberIsEstimate => put!(out, "{}", company.staff_is_estimate),
            Field::Nstatus => done!(out.push_str(if company.active { "active" } else { "inactive" })),
            Field::BasicModified => {
                let time = Timestamp::from_second(company.modified).ok()?;
                put!(out, "{}", time.strftime("%Y-%m-%dT%H:%M:%S"))
            }
            Field::IndustryCode2 => done!(push_digits(company.industry? / 1000, 1, out)),
            Field::IndustryCode5 => done!(push_digits(company.industry?, 1, out)),
            Field::StaffNumber => done!(push_digits(company.staff?, 1, out)),
            Field::VainuScore => put!(out, "{}", company.score?),
            Field::AlexaRankGlobal => put!(out, "{}", company.alexa_rank?),
            _ => write_place(subject, company, field, out),
        }
    }

    /// All industry codes of a company, the primary one first.
    pub(in crate::simulator) fn industry_codes(&self, index: u32) -> impl Iterator<Item = u32> {
        let primary = self.company(index).and_then(|company| company.industry);
        let mut draw = Rng::new(self.seed(), u64::from(index), Stream::MoreIndustries);
        let more = match (primary, draw.below(10)) {
            (Some(_), 0) => 2,
            (Some(_), 1..3) => 1,
            _ => 0,
        };
        primary.into_iter().chain((0..more).map(move |_| industries::code(&mut draw)))
    }
}

fn write_place(subject: Subject, company: &Company, field: Field, out: &mut String) -> Option<()> {
    let country = company.country;
    let place = |spot: Option<Spot>| spot.and_then(|spot| spot.place(country));
    match field {
        Field::Address => {
            company.address?;
            subject.address(Stream::Address, out);
            Some(())
        }
        Field::VisitingAddress => {
            let is_copy = company.visiting? == company.address.unwrap_or(company.visiting?)
                && company.address.is_some();
            subject.address(if is_copy { Stream::Address } else { Stream::VisitingAddress }, out);
            Some(())
        }
        Field::Postal => done!(push_digits(company.address?.postal, country.postal_digits(), out)),
        Field::VisitingPostal => done!(push_digits(company.visiting?.postal, country.postal_digits(), out)),
        Field::City => done!(out.push_str(place(company.address)?.city)),
        Field::VisitingCity => done!(out.push_str(place(company.visiting)?.city)),
        Field::Municipality => done!(out.push_str(place(company.address)?.municipality)),
        Field::VisitingMunicipality => done!(out.push_str(place(company.visiting)?.municipality)),
        Field::Region => done!(out.push_str(place(company.visiting)?.region)),
        _ => None,
    }
}

/// A whole amount of money, formatted as in the API's answers: `604000.0`.
#[derive(Clone, Copy)]
pub(in crate::simulator) struct Amount(pub(in crate::simulator) i64);

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.0", self.0)
    }
}

/// A number of tenths, formatted with one decimal.
#[derive(Clone, Copy)]
pub(in crate::simulator) struct Tenths(pub(in crate::simulator) i32);

impl std::fmt::Display for Tenths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{}", self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10)
    }
}
