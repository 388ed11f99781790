//! Which parts of a record go to which tables, derived once from the catalog.

use crate::catalog::api::Shape;
use crate::catalog::{At, Stream, Target};
use crate::normalise::dedup::group::Unit;
use crate::normalise::drift::DriftTally;
use crate::normalise::mapping::plan::{Slot, TableMapping};
use crate::schema::{Disposition, Table};
use crate::staging::Drift;

/// The tables that the records of a stream feed.
#[derive(Debug)]
pub(in crate::normalise) struct StreamPlan {
    /// The parts that are read, in the order of the stream's targets. The main part is one of them even when its table
    /// is not wanted, since the other parts take their keys from it.
    pub(in crate::normalise) parts: Vec<Part>,
    /// Position of the part that is the record itself.
    pub(in crate::normalise) main: usize,
    /// Number of shares: streams that are made of the same records, each with tables of its own.
    pub(in crate::normalise) shares: usize,
    /// Whether a page is the answer about one company.
    pub(in crate::normalise) of_companies: bool,
    /// The form of the pages.
    pub(in crate::normalise) shape: Shape,
}

/// One part of a record, and its table.
#[derive(Debug)]
pub(in crate::normalise) struct Part {
    pub(in crate::normalise) plan: TableMapping,
    pub(in crate::normalise) from: From,
    /// Whether its rows are staged.
    pub(in crate::normalise) wanted: bool,
    /// The share that its rows, rejects and drift belong to. What is rejected of a main part that is not wanted belongs
    /// to the first share.
    pub(in crate::normalise) share: usize,
    /// The unit of its rows.
    pub(in crate::normalise) unit: Unit,
    /// Positions of the columns that name what was read; `None` when that is not recorded.
    pub(in crate::normalise) scope: Option<Vec<usize>>,
}

/// Where a part is in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::normalise) enum From {
    /// The part is the record itself.
    Record,
    /// The elements of the array in this field of the record.
    Elements {
        /// The field.
        field: &'static str,
        /// Its slot in the main part.
        slot: Slot,
    },
}

impl StreamPlan {
    /// The plan for the named tables, divided into shares; `None` for all tables in one share.
    pub(in crate::normalise) fn new(stream: &'static Stream, shares: Option<&[Vec<&'static str>]>) -> Self {
        let share_of = |table: &Table| match shares {
            Some(shares) => shares.iter().position(|tables| tables.contains(&table.name)),
            None => Some(0),
        };
        let wants = |table: &Table| share_of(table).is_some();
        let of_companies = stream.lists.is_of_answers();
        let main_target = stream.targets.iter().position(|target| target.at == At::Record);
        let mut main = main_plan(stream, main_target, wants);
        let mut parts = Vec::new();
        for (position, target) in stream.targets.iter().enumerate() {
            let Some(share) = share_of(target.table).filter(|_| Some(position) != main_target) else {
                continue;
            };
            let mut plan = TableMapping::new(target.table);
            let from = match target.at {
                At::Record => {
                    plan.quiet = true;
                    From::Record
                }
                At::Elements(field) => {
                    plan.documented =
                        target.documented_fields().filter_map(|name| plan.find_path(name)).collect();
                    link(&mut plan, &main);
                    From::Elements { field, slot: main.know(field) }
                }
            };
            let scope = scope_of(&plan, from, of_companies);
            // The main part has the number 0.
            let unit = unit_of(target.table, from, of_companies, parts.len() as u64 + 1);
            parts.push(Part { plan, from, wanted: true, share, unit, scope });
        }
        let own_share = main_target.and_then(|_| share_of(main.table));
        let (wanted, share) = (own_share.is_some(), own_share.unwrap_or(0));
        let scope = scope_of(&main, From::Record, of_companies).filter(|_| wanted);
        let before = main_target
            .map_or(0, |main| stream.targets.iter().take(main).filter(|target| wants(target.table)).count());
        let unit = unit_of(main.table, From::Record, of_companies, 0);
        parts.insert(before, Part { plan: main, from: From::Record, wanted, share, unit, scope });
        Self {
            parts,
            main: before,
            shares: shares.map_or(1, <[_]>::len),
            of_companies,
            shape: stream.endpoint.shape(),
        }
    }

    /// The parts whose tables are wanted, in the order of the stream's targets.
    pub(in crate::normalise) fn wanted(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.wanted)
    }

    /// Whether the main part reports what it finds in a field.
    fn is_told_by_main(&self, field: &str) -> bool {
        self.parts.get(self.main).is_some_and(|main| main.wanted && main.plan.feeds(field))
    }

    /// The drift of the parts of a share, from one tally for each part of the plan.
    pub(in crate::normalise) fn drift(&self, share: usize, tallies: &[DriftTally]) -> Vec<Drift> {
        let mut drift: Vec<_> = self
            .parts
            .iter()
            .zip(tallies)
            .filter(|(part, _)| part.wanted && part.share == share)
            .flat_map(|(part, tally)| {
                let mut drift = tally.drift(&part.plan, part.from);
                // When a field feeds two tables of the record, the main part reports it.
                drift.retain(|drift| !part.plan.quiet || !self.is_told_by_main(&drift.field));
                drift
            })
            .collect();
        drift.sort_by(|a, b| (a.kind, &a.field).cmp(&(b.kind, &b.field)));
        drift
    }
}

/// The mapping of the record itself. It knows all arrays, and the fields that the record's other tables take, so that
/// none of these is taken for a field without a column.
fn main_plan(stream: &Stream, target: Option<usize>, wants: impl Fn(&Table) -> bool) -> TableMapping {
    let mut plan = TableMapping::of_columns(stream.table(), |_| false);
    if let Some(target) = target.and_then(|target| stream.targets.get(target)) {
        plan = TableMapping::new(target.table);
    }
    let columns = plan.fields.len();
    for target in stream.targets {
        match target.at {
            At::Elements(field) => {
                plan.know(field);
            }
            At::Record => {
                let before = plan.fields.len();
                for field in target.table.columns.iter().flat_map(|column| column.sources().0) {
                    plan.know(field);
                }
                plan.elsewhere.extend(before..plan.fields.len());
            }
        }
    }
    let asked_for = |field: &str| {
        let takes = |target: &Target| match target.at {
            At::Elements(of) => of == field,
            At::Record => {
                let is_in = |path: &&str| path.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'));
                let mut fields = target.table.columns.iter().flat_map(|column| column.sources().0);
                fields.any(|path| *path == field || is_in(path))
            }
        };
        stream.targets.iter().any(|target| takes(target) && wants(target.table))
    };
    plan.hidden = (columns..plan.fields.len()).filter(|slot| !asked_for(plan.field(*slot))).collect();
    plan.documented = documented(stream, &plan);
    plan
}

/// Slots of the documented fields of a record that were asked for, each once.
fn documented(stream: &Stream, plan: &TableMapping) -> Vec<Slot> {
    let own = stream.targets.iter().flat_map(Target::documented_in_record);
    let mut slots: Vec<Slot> = own.filter_map(|field| plan.find_path(field)).collect();
    slots.sort_unstable();
    slots.dedup();
    slots.retain(|slot| !plan.hidden.contains(slot));
    slots
}

/// Links each column to the column of the same name in the enclosing row.
fn link(plan: &mut TableMapping, main: &TableMapping) {
    for column in &mut plan.columns {
        column.enclosing = main.column(column.name);
    }
}

/// The unit of a part's rows. Elements are replaced as a whole with their record, and rows about a company with the
/// answer. Rows that are only ever added, such as leads, can come in the answers about several companies.
fn unit_of(table: &Table, from: From, of_companies: bool, number: u64) -> Unit {
    let added = table.disposition == Disposition::Upsert;
    match from {
        From::Elements { .. } => Unit::Record,
        From::Record if of_companies && !added => Unit::Answer,
        From::Record => Unit::Row(number),
    }
}

/// Positions of the columns that name what was read: the parents of elements, or the companies that answers are about;
/// `None` for everything else, which the lists themselves record.
fn scope_of(plan: &TableMapping, from: From, of_companies: bool) -> Option<Vec<usize>> {
    let columns = match (from, plan.table.disposition) {
        (From::Elements { .. }, Disposition::Replace { scope }) => scope,
        (From::Record, Disposition::Replace { scope }) if of_companies => scope,
        (From::Record, Disposition::Merge) if of_companies => plan.table.key,
        _ => return None,
    };
    Some(columns.iter().filter_map(|column| plan.column(column)).collect())
}
