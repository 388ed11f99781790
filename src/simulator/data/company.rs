//! The numbers of one generated company, in compact form. Its texts are generated on demand (see `text`).

use jiff::civil::Date;

use crate::simulator::data::country::Country;
use crate::simulator::data::ids;
use crate::simulator::data::industries;
use crate::simulator::data::places::{self, Place};
use crate::simulator::data::rng::{Rng, Stream, whole};
use crate::simulator::http::digits::push_digits;

/// 2026-09-01T00:00:00Z in seconds since 1970. Generated changes and registrations are earlier. Fixed, so that the data
/// does not depend on the day of the run.
pub(in crate::simulator) const NEWEST: i64 = 1_788_220_800;

/// The stored part of a company, about 100 bytes: a million companies take about 100 MB.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Company {
    pub(in crate::simulator) country: Country,
    /// The business id as a number; its text has `country.id_digits()` digits.
    pub(in crate::simulator) id: u64,
    pub(in crate::simulator) active: bool,
    pub(in crate::simulator) registered: Option<Date>,
    /// Seconds since 1970, UTC.
    pub(in crate::simulator) modified: i64,
    pub(in crate::simulator) industry: Option<u32>,
    pub(in crate::simulator) address: Option<Spot>,
    pub(in crate::simulator) visiting: Option<Spot>,
    /// Whole euros.
    pub(in crate::simulator) turn_over: Option<i64>,
    pub(in crate::simulator) turn_over_is_estimate: bool,
    /// Tenths of a percent of the turnover.
    pub(in crate::simulator) profit: Option<i32>,
    /// Change of the turnover from the previous year, in tenths of a percent.
    pub(in crate::simulator) growth: Option<i32>,
    pub(in crate::simulator) staff: Option<u32>,
    pub(in crate::simulator) staff_is_estimate: bool,
    pub(in crate::simulator) score: Option<u8>,
    pub(in crate::simulator) alexa_rank: Option<u32>,
}

/// Where an address is: a place of the country and a postal code of that place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct Spot {
    place: u8,
    pub(in crate::simulator) postal: u32,
}

impl Spot {
    pub(in crate::simulator) fn draw(country: Country, draw: &mut Rng) -> Self {
        let number = places::number_of(country, draw.below(100));
        let (low, high) = places::places(country).get(number).map_or((0, 0), |place| place.postal);
        // Most codes end in zero, as those of Finnish street addresses do. The others keep every ending possible.
        let code = draw.between(low, high);
        let postal = if draw.chance(700) && code - code % 10 >= low { code - code % 10 } else { code };
        Self { place: u8::try_from(number).unwrap_or(0), postal }
    }

    pub(in crate::simulator) fn place(self, country: Country) -> Option<&'static Place> {
        places::places(country).get(usize::from(self.place))
    }
}

impl Company {
    /// Appends the business id, without its country, with leading zeros.
    pub(in crate::simulator) fn push_id(&self, out: &mut String) {
        push_digits(self.id, self.country.id_digits() as usize, out);
    }

    /// Generates company `index` of the world with this seed. Depends on nothing else.
    pub(in crate::simulator) fn generate(seed: u64, index: u32) -> Self {
        let stream = |stream| Rng::new(seed, u64::from(index), stream);
        let (country, id) = ids::identity(seed, index);
        let (registered, modified) = dates(&mut stream(Stream::Dates));
        let (address, visiting) = addresses(country, &mut stream(Stream::Place));
        let money = Money::draw(&mut stream(Stream::Money));
        let mut industry = stream(Stream::Industry);
        let (staff, staff_is_estimate) = staff(money.size, &mut stream(Stream::Staff));
        let mut ranks = stream(Stream::Ranks);
        Self {
            country,
            id,
            active: !stream(Stream::Status).chance(80),
            registered,
            modified,
            industry: (!industry.chance(20)).then(|| industries::code(&mut industry)),
            address,
            visiting,
            turn_over: money.turn_over,
            turn_over_is_estimate: money.is_estimate,
            profit: money.profit,
            growth: money.growth,
            staff,
            staff_is_estimate,
            score: (!ranks.chance(100)).then(|| u8::try_from(ranks.between(1, 100)).unwrap_or(0)),
            alexa_rank: ranks.chance(150).then(|| ranks.between(1_000, 20_000_000)),
        }
    }
}

fn dates(draw: &mut Rng) -> (Option<Date>, i64) {
    // Young companies are more frequent than old ones.
    let age = 126.0 * draw.unit().powi(3);
    let year = i16::try_from(2026 - whole(age)).unwrap_or(2026);
    let month = i8::try_from(draw.between(1, if year == 2026 { 8 } else { 12 })).unwrap_or(1);
    let day = i8::try_from(draw.between(1, 28)).unwrap_or(1);
    let registered = if draw.chance(30) { None } else { Date::new(year, month, day).ok() };
    let days_ago = -draw.unit().ln() * 120.0;
    (registered, NEWEST - whole(days_ago * 86_400.0) - 1)
}

fn addresses(country: Country, draw: &mut Rng) -> (Option<Spot>, Option<Spot>) {
    let address = (!draw.chance(40)).then(|| Spot::draw(country, draw));
    // "If our data has no visiting address but we have a regular address, the regular address is copied" (API document,
    // section "Address and postal code queries").
    let visiting = if draw.chance(150) { Some(Spot::draw(country, draw)) } else { address };
    (address, visiting)
}

/// Rounds euros to the precision of published accounts: thousands from 100 000 on.
fn rounded(euros: f64) -> i64 {
    let step = if euros >= 100_000.0 { 1_000 } else { 1 };
    whole(euros / f64::from(step)) * i64::from(step)
}

struct Money {
    turn_over: Option<i64>,
    is_estimate: bool,
    profit: Option<i32>,
    growth: Option<i32>,
    /// Turnover in euros, also where the company's turnover is unknown. The number of staff is drawn from it.
    size: f64,
}

impl Money {
    fn draw(draw: &mut Rng) -> Self {
        let size = draw.normal(12.4, 1.9).exp();
        let euros = match draw.below(1000) {
            0..250 => None,
            250..256 => Some(0),
            256 => Some(-rounded(size)), // the document has a negative one
            _ => Some(rounded(size)),
        };
        let is_estimate = euros.is_some() && draw.chance(150);
        let tenths = |x: f64| i32::try_from(whole(x * 10.0)).unwrap_or(0);
        let profit = tenths(draw.normal(4.0, 12.0));
        let growth =
            if draw.chance(4) { tenths(draw.unit() * 4_000.0) } else { tenths(draw.normal(3.0, 20.0)) };
        let (knows_profit, knows_growth) = (!draw.chance(100), !draw.chance(200));
        Self {
            turn_over: euros,
            is_estimate,
            profit: euros.filter(|_| knows_profit).map(|_| profit),
            growth: euros.filter(|_| knows_growth).map(|_| growth),
            size,
        }
    }
}

fn staff(size: f64, draw: &mut Rng) -> (Option<u32>, bool) {
    let heads = whole(size / draw.normal(11.9, 0.5).exp());
    let known = !draw.chance(280);
    let staff = known.then(|| u32::try_from(heads).unwrap_or(u32::MAX));
    (staff, known && draw.chance(250))
}
