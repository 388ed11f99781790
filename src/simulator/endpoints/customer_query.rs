//! A query for customer data: filters, order and page.

use crate::simulator::data::clock;
use crate::simulator::data::customers::{self, Customer};
use crate::simulator::data::ids::vid;
use crate::simulator::data::world::World;
use crate::simulator::settings::choices::UnknownFilter;
use crate::simulator::settings::switches::Switches;

/// Objects on a page when the request has no `page_size` (API document, `customer_data`, section "Pagination").
const DEFAULT_SIZE: u64 = 100;
/// Most objects on a page; a larger `page_size` is lowered to it (same section).
const MAX_SIZE: u64 = 500;

/// The parsed parameters of a request.
#[derive(Debug)]
pub(in crate::simulator) struct Query {
    tests: Vec<Test>,
    /// The column to sort by, and true for descending order. `None` for generation order.
    order: Option<(Column, bool)>,
    /// Page number, from 1.
    pub(in crate::simulator) page: u64,
    pub(in crate::simulator) size: u64,
    /// Equal for queries that find the same objects in the same order.
    pub(in crate::simulator) key: String,
}

/// A column that objects can be filtered or sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    WonDeals,
    LostDeals,
    OpenDeals,
    Won,
    UniqueId,
    OwnerEmail,
    LastUpdate,
    Prospect,
    // Only for sorting.
    Notes,
    Origin,
    Modified,
    Created,
    Id,
}

const COLUMNS: [(&str, Column); 13] = [
    ("won_deals_count", Column::WonDeals),
    ("lost_deals_count", Column::LostDeals),
    ("open_deals_count", Column::OpenDeals),
    ("won", Column::Won),
    ("unique_id", Column::UniqueId),
    ("owner_email", Column::OwnerEmail),
    ("last_update", Column::LastUpdate),
    ("prospect", Column::Prospect),
    ("notes", Column::Notes),
    ("origin", Column::Origin),
    ("modified", Column::Modified),
    ("created", Column::Created),
    ("id", Column::Id),
];

/// The first this many [`COLUMNS`] can be filtered by.
const FILTERS: usize = 8;

/// A value to compare. Null sorts first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Null,
    Number(i64),
    Text(String),
}

#[derive(Debug)]
struct Test {
    column: Column,
    comparison: Comparison,
    value: Key,
}

#[derive(Debug, Clone, Copy)]
enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Query {
    /// Parses the parameters of a request.
    ///
    /// # Errors
    /// The detail of a 400 answer.
    pub(in crate::simulator) fn new(
        params: &[(String, String)],
        switches: &Switches,
    ) -> Result<Self, String> {
        let (page, size) = (1, DEFAULT_SIZE);
        let mut query = Self { tests: Vec::new(), order: None, page, size, key: String::new() };
        let unknown_is_error = switches.unknown_filter == UnknownFilter::Error;
        for (name, value) in params {
            let invalid = || format!("Invalid query: {name}");
            let positive = || value.parse().ok().filter(|number| *number > 0).ok_or_else(invalid);
            match name.as_str() {
                "page" => query.page = positive()?,
                "page_size" => query.size = positive()?.min(MAX_SIZE),
                "ordering" => {
                    let (is_backwards, column) =
                        value.strip_prefix('-').map_or((false, value.as_str()), |name| (true, name));
                    let column = COLUMNS.iter().find(|(known, _)| *known == column);
                    query.order = Some((column.ok_or_else(invalid)?.1, is_backwards));
                }
                _ => match target(name) {
                    Some((column, comparison)) => {
                        let value = Key::parse(column, value).ok_or_else(invalid)?;
                        query.tests.push(Test { column, comparison, value });
                    }
                    None if unknown_is_error => return Err(invalid()),
                    None => {}
                },
            }
        }
        query.key = format!("customer data {:?} {:?}", query.order, query.tests);
        Ok(query)
    }

    /// The companies whose customer data passes the filters, in the query's order.
    pub(in crate::simulator) fn find(&self, world: &World, is_allowed: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut found: Vec<Customer> = customers::all(world)
            .filter(|&index| is_allowed(index))
            .map(|index| Customer::of(world, index))
            .filter(|customer| self.tests.iter().all(|test| test.passes(world, customer)))
            .collect();
        if let Some((column, is_backwards)) = self.order {
            found.sort_by_cached_key(|customer| Key::of(world, customer, column));
            if is_backwards {
                found.reverse();
            }
        }
        found.into_iter().map(|customer| customer.index).collect()
    }
}

/// The column and the comparison that a parameter's name stands for. `None` if it is not a filter.
fn target(name: &str) -> Option<(Column, Comparison)> {
    let (name, comparison) = match name.rsplit_once("__") {
        None => (name, Comparison::Equal),
        Some((name, "ne")) => (name, Comparison::NotEqual),
        Some((name, "gt")) => (name, Comparison::Greater),
        Some((name, "gte")) => (name, Comparison::GreaterOrEqual),
        Some((name, "lt")) => (name, Comparison::Less),
        Some((name, "lte")) => (name, Comparison::LessOrEqual),
        Some(_) => return None,
    };
    let (_, column) = COLUMNS.iter().take(FILTERS).find(|(known, _)| *known == name)?;
    Some((*column, comparison))
}

impl Test {
    fn passes(&self, world: &World, customer: &Customer) -> bool {
        let found = Key::of(world, customer, self.column);
        let order = || (found != Key::Null).then(|| found.cmp(&self.value));
        match self.comparison {
            Comparison::Equal => found == self.value,
            Comparison::NotEqual => found != self.value,
            Comparison::Greater => order().is_some_and(std::cmp::Ordering::is_gt),
            Comparison::GreaterOrEqual => order().is_some_and(std::cmp::Ordering::is_ge),
            Comparison::Less => order().is_some_and(std::cmp::Ordering::is_lt),
            Comparison::LessOrEqual => order().is_some_and(std::cmp::Ordering::is_le),
        }
    }
}

impl Key {
    /// Parses the value of a filter. `None` if it does not fit the column.
    fn parse(column: Column, text: &str) -> Option<Self> {
        Some(match column {
            Column::Won => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Self::Number(1),
                "false" | "0" => Self::Number(0),
                _ => return None,
            },
            Column::LastUpdate => Self::Number(clock::parse(text)?),
            Column::UniqueId | Column::OwnerEmail => Self::Text(text.to_owned()),
            _ => Self::Number(text.parse().ok()?),
        })
    }

    fn of(world: &World, customer: &Customer, column: Column) -> Self {
        let text = |text: Option<&str>| text.map_or(Self::Null, |text| Self::Text(text.to_owned()));
        match column {
            Column::WonDeals => Self::Number(customer.won_deals.into()),
            Column::LostDeals => Self::Number(customer.lost_deals.into()),
            Column::OpenDeals => Self::Number(customer.open_deals.into()),
            Column::Won => Self::Number((customer.won_deals > 0).into()),
            Column::UniqueId => text(customer.unique_id.as_deref()),
            Column::OwnerEmail => text(customer.owner_email),
            Column::LastUpdate => customer.last_update.map_or(Self::Null, Self::Number),
            Column::Prospect => Self::Number(vid(customer.index).cast_signed()),
            Column::Notes => text(customer.notes),
            Column::Origin => text(Some(customer.origin)),
            Column::Modified => Self::Number(customer.modified),
            Column::Created => Self::Number(customer.created),
            Column::Id => text(Some(&customers::id(world, customer.index))),
        }
    }
}
