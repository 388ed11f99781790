//! Fills the tables of the next generation.

use std::collections::HashMap;
use std::ops::Range;

use super::builder::Builder;
use super::etl_tables;
use super::merge::cells;
use super::merge::coalesce;
use super::merge::details;
use super::merge::members;
use super::merge::members::Selected;
use super::merge::rekey::Renamed;
use super::merge::replace;
use super::merge::scopes;
use super::merge::sources::{self, StagedSource, TableLoad};
use super::publish::verify;
use super::{Counts, ListCounts, LoadError, LoadInput, LoadSettings, Steps, counts, rejects};
use crate::schema::{Disposition, Table, etl};

/// What the load has built, for the checks and the report.
#[derive(Debug)]
pub(super) struct Built {
    /// Counts of each list, in the order of the input's streams and lists.
    pub(super) lists: Vec<ListCounts>,
    /// Counts of companies, each counted once. The sum over all lists if no list of the run holds companies.
    pub(super) totals: Counts,
    /// Rows of the streams' main tables that the run has seen, each company counted once.
    pub(super) rows_seen: u64,
    /// Number of rows of tables of schema `main`, by qualified name. The finished file is checked against them.
    pub(super) rows: Vec<(String, u64)>,
    /// Number of live companies that no selection holds.
    pub(super) outside: u64,
    /// Selections of earlier runs that still count, with the number of companies of each.
    pub(super) other_selections: Vec<(String, u64)>,
}

/// A load in progress.
#[derive(Debug)]
struct Build<'a> {
    next: &'a Builder,
    input: &'a LoadInput,
    loads: &'a [TableLoad<'a>],
    rows: Vec<(String, u64)>,
    /// Rows of the stream's main table that each list has lost, by the list's id.
    deleted: HashMap<usize, u64>,
    renamed: Renamed,
    /// Counts of companies. `None` if no list of the run holds companies.
    companies: Option<Counts>,
    selected: Selected,
}

/// Fills all tables of the next generation from the staged rows and the previous generation.
pub(super) fn fill(
    next: &Builder,
    input: &LoadInput,
    tables: &[&'static Table],
    generation: etl_tables::Numbered,
    settings: &LoadSettings,
    steps: &mut Steps,
) -> Result<Built, LoadError> {
    let loads = sources::loads(input);
    sources::stage(next, &loads)?;
    rejects::stage(next, input)?;
    members::stage(next, input, &loads)?;
    members::guard(next, input.max_deleted_percent)?;
    members::write(next)?;
    let selected = members::selected(next, input)?;
    steps.done("members");

    let mut build = Build {
        next,
        input,
        loads: &loads,
        rows: Vec::new(),
        deleted: counts::deleted_by_list(next)?,
        renamed: Renamed::default(),
        companies: None,
        selected,
    };
    for load in &loads {
        match load.table.disposition {
            Disposition::Merge => build.merge(load, steps)?,
            Disposition::Replace { .. } | Disposition::Upsert => build.replace(load)?,
            Disposition::Load => {}
        }
    }
    if loads.iter().any(|load| load.table.disposition != Disposition::Merge) {
        steps.done("other tables");
    }
    for table in tables {
        let own =
            [&etl::WAREHOUSE, &etl::REJECTS, &etl::SCHEMA_DRIFT, &etl::LIST_MEMBERS, &etl::IDS_NOT_FOUND];
        let written = own.contains(table);
        if !written && !loads.iter().any(|load| load.table == *table) {
            let rows = match members::take_over(next, table, &build.selected)? {
                Some(rows) => rows,
                None => next.copy_previous(table)?,
            };
            if table.schema == "main" {
                build.rows.push((table.qualified(), rows));
            }
        }
    }
    let outside = members::outside(next, tables, &build.selected)?;
    let other_selections = members::other_selections(next, input, &build.selected)?;
    let result = Built { outside, other_selections, ..build.count()? };
    steps.done("counts");
    let rejects = rejects::write(next, input, &loads, settings)?;
    etl_tables::write(next, input, generation, &result, &rejects)?;
    steps.done("records");
    Ok(result)
}

impl Build<'_> {
    /// Loads companies: each value is merged by itself.
    fn merge(&mut self, load: &TableLoad<'_>, steps: &mut Steps) -> Result<(), LoadError> {
        let (next, run, table) = (self.next, &self.input.run, load.table);
        let mut staged = coalesce::staged(next, load)?;
        let details = details::read(next, load, self.loads)?;
        if let Some(details) = &details {
            staged = coalesce::with_details(next, table, &staged, details)?;
        }
        let has_details = details.is_some();
        let unlisted = has_details || load.sources.iter().any(StagedSource::about_companies);
        let sides = cells::Sides { staged, unlisted, has_details, selected: self.selected.clone() };
        let rows = cells::rows(next, table, &sides, run)?;
        steps.done("rows");
        cells::changes(next, table, run)?;
        steps.done("changes");
        counts::find_touched(next, table, &run.run_id)?;
        let counted = counts::of_companies(next, load)?;
        verify::companies_add_up(next, table, &sides.staged, rows, counted, &self.input.accepted_checks)?;
        if load.sources.iter().any(StagedSource::holds_members) {
            self.companies = Some(counted);
        }
        self.rows.push((table.qualified(), rows));
        Ok(())
    }

    /// Loads any other table: what was read again replaces the earlier rows, the rest stays.
    fn replace(&mut self, load: &TableLoad<'_>) -> Result<(), LoadError> {
        let (next, table) = (self.next, load.table);
        let read = scopes::read(next, self.input, load)?;
        let sides = replace::sides(next, load, &read)?;
        self.renamed.find(next, table, &sides)?;
        let sides = self.renamed.apply(table, sides);
        scopes::guard(next, load, &read, &sides.staged, self.input.max_deleted_percent)?;
        let rows = replace::rows(next, table, &sides, &read, &self.input.run)?;
        replace::rows_add_up(next, table, &sides, &read, rows, &self.input.accepted_checks)?;
        self.rows.push((table.qualified(), rows));
        if self.input.streams.iter().any(|stream| stream.stream.table() == table) {
            counts::find_touched(next, table, &self.input.run.run_id)?;
            // The lists of these sources are about the rows of this table, not about companies.
            let own: Vec<usize> = load.sources.iter().flat_map(own_lists).collect();
            self.deleted.retain(|id, _| !own.contains(id));
            let deleted = scopes::deleted(next, load, &read)?.into_iter();
            self.deleted.extend(deleted.filter(|(id, _)| own.contains(id)));
        }
        Ok(())
    }

    /// Counts what happened in each list, and over all lists.
    fn count(mut self) -> Result<Built, LoadError> {
        let (mut lists, mut rows_seen, mut all) = (Vec::new(), 0, Counts::default());
        let mut companies_counted = false;
        for stream in &self.input.streams {
            let main = stream.stream.table();
            let load = self.loads.iter().find(|load| load.table == main);
            let counted = counts::of_lists(self.next, stream, load, &self.deleted, self.companies)?;
            let mut sum = Counts::default();
            for list in &counted {
                sum.add(list.counts);
            }
            let is_companies = main.disposition == Disposition::Merge;
            match self.companies {
                // Each company counts once, however many lists and streams show it.
                Some(companies) if is_companies => {
                    if !std::mem::replace(&mut companies_counted, true) {
                        rows_seen += companies.seen();
                    }
                }
                _ => rows_seen += sum.seen(),
            }
            all.add(sum);
            lists.extend(counted);
        }
        let totals = self.companies.take().map_or(all, |counts| Counts { rejected: all.rejected, ..counts });
        Ok(Built { lists, totals, rows_seen, rows: self.rows, outside: 0, other_selections: Vec::new() })
    }
}

/// Ids of the lists that are about the rows of the source's table. Empty unless it is the stream's main table.
fn own_lists(source: &StagedSource<'_>) -> Range<usize> {
    let lists = if source.is_main() { source.lists().len() } else { 0 };
    source.first_list..source.first_list + lists
}

impl Counts {
    /// Adds the counts of another list or stream.
    pub(super) fn add(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.deleted += other.deleted;
        self.rejected += other.rejected;
    }

    /// Rows that were seen, whatever happened to them.
    fn seen(self) -> u64 {
        self.inserted + self.updated + self.unchanged
    }
}
