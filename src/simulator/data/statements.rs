//! Financial statements of a company: none, or one a year with gaps, sometimes two in one year.

use jiff::civil::Date;
use serde_json::Value;

use crate::simulator::Error;
use crate::simulator::data::company::Company;
use crate::simulator::data::country::Country;
use crate::simulator::data::rng::{Rng, Stream, float, whole};
use crate::simulator::data::values::{Amount, Tenths};
use crate::simulator::data::world::World;
use crate::simulator::http::json::Object;
use crate::simulator::settings::switches::Switches;

/// A financial statement.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Statement {
    pub(in crate::simulator) year: i16,
    country: Country,
    figures: Figures,
    is_estimate: bool,
    start: Option<Date>,
    end: Option<Date>,
}

/// The figures that change from year to year.
#[derive(Debug, Clone, Copy)]
struct Figures {
    /// Whole euros.
    turn_over: Option<i64>,
    /// Change of the turnover from the previous year, in tenths of a percent.
    growth: Option<i32>,
    staff: Option<u32>,
    /// Whole euros.
    net_income: Option<i64>,
    /// Tenths of a percent.
    equity_ratio: Option<i32>,
}

/// A change of one figure of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Change {
    TurnOver(Option<i64>),
    NetIncome(Option<i64>),
    Staff(Option<u32>),
}

impl Change {
    /// Parses a change from the field and the value that a test names.
    ///
    /// # Errors
    /// When the field cannot be changed, or it does not take this value.
    pub(in crate::simulator) fn new(field: &str, value: &Value) -> Result<Self, Error> {
        let wrong = || Error::Value { field: field.to_owned(), value: value.to_string() };
        let number = || if value.is_null() { Ok(None) } else { value.as_i64().map(Some).ok_or_else(wrong) };
        Ok(match field {
            "turn_over_eur" => Self::TurnOver(number()?),
            "net_income_euro" => Self::NetIncome(number()?),
            "staff_number" => Self::Staff(number()?.map(u32::try_from).transpose().map_err(|_| wrong())?),
            _ => return Err(Error::Field { field: field.to_owned() }),
        })
    }

    fn apply(self, figures: &mut Figures) {
        match self {
            Self::TurnOver(euros) => figures.turn_over = euros,
            Self::NetIncome(euros) => figures.net_income = euros,
            Self::Staff(heads) => figures.staff = heads,
        }
    }
}

/// The statements of a company, newest first. The newest has the figures of the company itself.
pub(in crate::simulator) fn of(world: &World, index: u32) -> Vec<Statement> {
    let Some(company) = world.company(index) else { return Vec::new() };
    let mut draw = Rng::new(world.seed(), u64::from(index), Stream::Statement);
    let count = if draw.chance(150) { 0 } else { draw.between(1, 6) };
    let ends_in_june = draw.chance(150);
    let mut year = if draw.chance(200) { 2024 } else { 2025 };
    let mut figures = Figures::newest(company, &mut draw);
    let mut statements = Vec::new();
    for number in 0..count {
        if company.registered.is_some_and(|date| date.year() > year) {
            break;
        }
        let is_estimate = number == 0 && company.turn_over_is_estimate;
        let mut add = |figures, (start, end)| {
            let country = company.country;
            statements.push(Statement { year, country, figures, is_estimate, start, end });
        };
        if draw.chance(40) {
            // The fiscal year was changed in the middle of this year: two statements.
            add(figures, (first_of(year, 7), last_of(year, 12)));
            figures = figures.before(&mut draw);
            add(figures, (first_of(year, 1), last_of(year, 6)));
        } else {
            add(figures, (None, last_of(year, if ends_in_june { 6 } else { 12 })));
        }
        figures = figures.before(&mut draw);
        year -= 1 + i16::from(draw.chance(150));
    }
    for (year, change) in world.edits.statements(index) {
        if let Some(statement) = statements.iter_mut().find(|statement| statement.year == *year) {
            change.apply(&mut statement.figures);
        }
    }
    statements
}

fn first_of(year: i16, month: i8) -> Option<Date> {
    Date::new(year, month, 1).ok()
}

fn last_of(year: i16, month: i8) -> Option<Date> {
    first_of(year, month).map(Date::last_of_month)
}

impl Figures {
    /// The figures of the newest statement, taken from the company: "the root values are always the most recent ones"
    /// (documentation of the API's version 2).
    fn newest(company: &Company, draw: &mut Rng) -> Self {
        let (margin, ratio) = (draw.normal(3.0, 10.0), draw.normal(38.0, 24.0));
        let profit = company.profit.unwrap_or_else(|| tenths(margin));
        Self {
            turn_over: company.turn_over,
            growth: company.growth,
            staff: company.staff,
            net_income: company.turn_over.map(|euros| euros * i64::from(profit) / 1000),
            equity_ratio: (!draw.chance(150)).then(|| tenths(ratio)),
        }
    }

    /// Figures of the year before, from which these figures could have grown.
    fn before(self, draw: &mut Rng) -> Self {
        let drawn = tenths(draw.normal(4.0, 12.0));
        let growth = self.growth.unwrap_or(drawn).max(-900); // a fall by all would leave nothing to go back from
        let factor = 1.0 + f64::from(growth) / 1000.0;
        let (margin, ratio) = (draw.normal(3.0, 10.0), draw.normal(38.0, 24.0));
        let turn_over = self.turn_over.map(|euros| whole(float(euros) / factor));
        let staff = self.staff.map(|heads| u32::try_from(whole(f64::from(heads) / factor)).unwrap_or(0));
        let has_turn_over = !draw.chance(60);
        Self {
            turn_over: turn_over.filter(|_| has_turn_over),
            growth: (!draw.chance(150)).then_some(drawn),
            staff: staff.filter(|_| !draw.chance(80)),
            net_income: turn_over.map(|euros| whole(float(euros) * margin / 100.0)),
            equity_ratio: (!draw.chance(150)).then(|| tenths(ratio)),
        }
    }
}

fn tenths(x: f64) -> i32 {
    i32::try_from(whole(x * 10.0)).unwrap_or(0)
}

/// Appends a statement as a JSON object. The dates of the period are null unless `with_period`: only `/all/` has them.
pub(in crate::simulator) fn write(
    statement: &Statement,
    with_period: bool,
    switches: &Switches,
    out: &mut String,
) {
    let numbers = switches.numbers;
    let Figures { turn_over, growth, staff, net_income, equity_ratio } = statement.figures;
    let local = |euros: Option<i64>| {
        let (euros, rate) = euros.zip(statement.country.rate_percent())?;
        Some(Amount(euros * rate / 100))
    };
    let date = |date: Option<Date>| date.filter(|_| with_period).map(|date| date.to_string());
    let mut object = Object::open(out);
    object.bare("year", Some(statement.year));
    object.text("currency_code", Some(statement.country.currency()));
    object.decimal("turn_over_eur", turn_over.map(Amount), numbers);
    object.decimal("turn_over_local", local(turn_over), numbers);
    object.bare("turn_over_is_estimate", Some(statement.is_estimate));
    object.decimal("development_of_turnover", growth.map(Tenths), numbers);
    object.bare("staff_number", staff);
    object.decimal("net_income_euro", net_income.map(Amount), numbers);
    object.decimal("net_income_local", local(net_income), numbers);
    object.decimal("equity_to_assets_ratio", equity_ratio.map(Tenths), numbers);
    object.text("account_period_start", date(statement.start).as_deref());
    object.text("account_period_end", date(statement.end).as_deref());
    object.close();
}
