//! Reads one page: its records, and the units that they belong to.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::normalise::dedup::group::{Groups, Unit};
use crate::normalise::drift::Position;
use crate::normalise::mapping::plan::TableMapping;
use crate::normalise::mapping::record::Record;
use crate::normalise::mapping::stream_plan::{From, Part, StreamPlan};
use crate::normalise::normaliser::{Held, LandedPage};
use crate::normalise::output::rejects::{At, Unusable};
use crate::normalise::rows::children::{NOT_AN_OBJECT, Parent, SAME_KEY, Sibling, Siblings};
use crate::normalise::rows::row::{Context, RowInput};
use crate::normalise::rows::target::Scratch;
use crate::record::cell::{self, Cell};
use crate::record::envelope::{Envelope, Page};
use crate::record::key;
use crate::record::reading::Json;
use crate::record::repairs::Repairs;
use crate::schema::{Disposition, Kind};

const OTHER_COMPANY: &str = "answers for another company than was asked";
/// Keeps the units of companies that were asked about apart from those of rows, which have the numbers of their parts.
const ASKED: u64 = u64::MAX;
const UNREADABLE: &str = "not JSON: the record cannot be read";

/// Reads the records of one page.
#[derive(Debug)]
pub(in crate::normalise) struct PageReader<'p, 'a> {
    plan: &'p StreamPlan,
    main: &'p Part,
    page: &'a LandedPage,
    turn: u64,
    /// The company that the page is the answer about; `None` for a page of a list.
    asked: Option<Asked<'a>>,
    /// Records about that company read so far.
    siblings: Siblings<'a>,
    /// Reusable space for the records' parts.
    others: Vec<Scratch<'a>>,
    /// Whether the answer is doubtful: a record is about another company, the only record cannot be used, or one
    /// cannot be read.
    doubtful: bool,
    json: Option<Json<'a>>,
}

/// The company that a request was about.
#[derive(Debug)]
struct Asked<'a> {
    country: Cow<'a, str>,
    business_id: Cow<'a, str>,
}

impl<'p, 'a> PageReader<'p, 'a> {
    /// A reader for a page; `None` when the stream has no parts, which no stream is without.
    pub(in crate::normalise) fn new(plan: &'p StreamPlan, page: &'a LandedPage, turn: u64) -> Option<Self> {
        Some(Self {
            plan,
            main: plan.parts.get(plan.main)?,
            page,
            turn,
            asked: if plan.of_companies { Asked::new(page) } else { None },
            siblings: Siblings::default(),
            others: plan.parts.iter().map(|part| Scratch::new(&part.plan)).collect(),
            doubtful: false,
            json: None,
        })
    }

    /// Reads the records, which borrow from the text of the page.
    pub(in crate::normalise) fn read(&mut self, json: Json<'a>, parsed: Page<&'a RawValue>, held: &mut Held) {
        self.json = Some(json);
        held.units.begin(self.asked.as_ref().map(Asked::fingerprint));
        let mut scratch = Scratch::new(&self.main.plan);
        for (index, raw) in parsed.records.into_iter().enumerate() {
            let read = self.record(index, raw, &mut scratch, held);
            if let Err(unusable) = read {
                self.doubtful |= unusable.reason == OTHER_COMPANY || parsed.envelope == Envelope::Lone;
                let key = unusable.key.or_else(|| self.asked_about());
                let unusable = Unusable { key, ..unusable };
                held.rejects.record_of(self.at(), &self.main.plan, raw.get(), &unusable);
            }
        }
        let answered = !matches!(parsed.envelope, Envelope::CountOnly | Envelope::Number);
        if answered && !self.doubtful {
            self.scopes(held);
        }
    }

    /// Reads one record with all its parts.
    ///
    /// # Errors
    /// The record is rejected whole, and nothing of it is kept.
    fn record(
        &mut self,
        index: usize,
        raw: &'a RawValue,
        scratch: &mut Scratch<'a>,
        held: &mut Held,
    ) -> Result<(), Unusable> {
        let (plan, raw) = (&self.main.plan, raw.get());
        if self.json.is_some_and(|json| json.unreadable(raw).is_some()) {
            // What an earlier answer said about the company is not replaced by an incomplete one.
            self.doubtful = true;
            return Err(Unusable::because(UNREADABLE));
        }
        let Some(target) = held.targets.get_mut(self.plan.main) else { return Ok(()) };
        let Scratch { record, row } = &mut *scratch;
        if !target.reader.read(plan, raw, record) {
            return Err(Unusable::because(NOT_AN_OBJECT));
        }
        if let Some(field) = self.asked.as_ref().and_then(|asked| asked.denied_by(plan, record)) {
            return Err(Unusable { field: Some(field), ..Unusable::because(OTHER_COMPANY) });
        }
        let place = Position { page: self.turn, record: index, field: 0 };
        let repairs = self.repairs();
        let context = Context { asked: &self.page.parent, position: index, repairs, ..Context::default() };
        row.fill(&RowInput { plan, record, place, context }, &mut target.drift)?;
        if self.asked.is_some() {
            match self.siblings.add(row.key_hash(plan), raw) {
                Sibling::New => {}
                Sibling::Same => return Ok(()),
                Sibling::Other => {
                    return Err(Unusable { key: Some(row.key(plan)), ..Unusable::because(SAME_KEY) });
                }
            }
        }
        let key = row.key(plan);
        let unit = self.unit(&mut held.units, &key, raw);
        target.append(self.at(), row, unit, || key, &mut held.rejects);
        self.parts(scratch, raw, (place, unit), held);
        Ok(())
    }

    /// Reads the record's parts other than the main one.
    fn parts(
        &mut self,
        scratch: &Scratch<'a>,
        raw: &'a str,
        (place, unit): (Position, usize),
        held: &mut Held,
    ) {
        let repairs = self.repairs();
        let parent = Parent { page: self.page, main: (self.main, scratch), raw, place, unit, repairs };
        let Held { targets, rejects, units } = held;
        let parts = self.plan.parts.iter().zip(targets).zip(&mut self.others).enumerate();
        for (position, ((part, target), room)) in parts {
            if position != self.plan.main {
                parent.read(part, target, room, (&mut *rejects, &mut *units));
            }
        }
    }

    /// Records that the company's tables were read.
    fn scopes(&self, held: &mut Held) {
        let context = Context { asked: &self.page.parent, ..Context::default() };
        for (part, target) in self.plan.parts.iter().zip(&mut held.targets) {
            if part.from != From::Record || part.scope.is_none() {
                continue;
            }
            let unit = match part.plan.table.disposition {
                // That the company was asked about is newer, even if the answer has no records to replace older ones.
                Disposition::Merge => self.asked_about().map(|key| held.units.row(ASKED, &key, "")),
                _ => held.units.answer(),
            };
            if let Some(unit) = unit {
                target.append_scope(&part.plan, &context, self.page, unit);
            }
        }
    }

    /// Position of the unit that a record belongs to.
    fn unit(&self, units: &mut Groups, key: &str, raw: &str) -> usize {
        match self.main.unit {
            Unit::Row(table) => units.row(table, key, raw),
            Unit::Answer | Unit::Record => units.answer().unwrap_or_else(|| units.row(0, key, raw)),
        }
    }

    /// What the page was asked about, as a key or the part of a key that it is: the company or the target group;
    /// `None` for a list.
    fn asked_about(&self) -> Option<String> {
        if let Some(Asked { country, business_id }) = &self.asked {
            return Some(key::written([country, business_id].into_iter()));
        }
        let parent = &self.page.parent;
        (!parent.is_empty()).then(|| key::written(parent.iter().map(|(_, value)| value.trim())))
    }

    fn repairs(&self) -> Option<&'a Repairs> {
        self.json?.repairs.map(AsRef::as_ref)
    }

    fn at(&self) -> At<'a> {
        At { page: self.page, table: self.main.plan.table.name, share: self.main.share, unit: None }
    }
}

impl<'a> Asked<'a> {
    fn new(page: &'a LandedPage) -> Option<Self> {
        let value =
            |column| page.parent.iter().find(|(name, _)| *name == column).map(|(_, value)| value.trim());
        let country = key::country(value("country")?)?;
        let business_id = key::business_id(value("business_id")?, Some(&country)).ok()?;
        Some(Self { country, business_id })
    }

    fn fingerprint(&self) -> u64 {
        key::fingerprint(&key::written([&self.country, &self.business_id].into_iter()))
    }

    /// The field that says that the record is about another company; `None` when there is none.
    fn denied_by(&self, plan: &TableMapping, record: &Record<'_>) -> Option<&'static str> {
        let own = |field: &'static str| {
            let known = plan.find(field).and_then(|slot| record.get(slot));
            let unknown = || record.unknown.iter().rfind(|unknown| unknown.name == field);
            known.or_else(|| unknown().map(|unknown| unknown.value))
        };
        let asked =
            [(Kind::Country, "country", &self.country), (Kind::BusinessId, "business_id", &self.business_id)];
        let denies = |(kind, field, asked): (Kind, &'static str, &Cow<'_, str>)| {
            let said = own(field).map(|value| cell::parse_raw(kind, value, Some(&self.country)).cell);
            matches!(said, Some(Cell::Text(text)) if text != *asked)
        };
        asked.into_iter().find(|asked| denies(*asked)).map(|(_, field, _)| field)
    }
}
