//! A query to the filter endpoint: filters, order and page.

use crate::simulator::data::country::Country;
use crate::simulator::endpoints::fields::{Field, named};
use crate::simulator::endpoints::filter::{self, Test, Type};
use crate::simulator::http::params::Param;
use crate::simulator::settings::choices::{Count, Ordering, StartsWith, UnknownFilter};
use crate::simulator::settings::switches::Switches;

/// Rows on a page when the request has no `limit`. The API document states this default for `/target_group/{id}/` only.
const DEFAULT_LIMIT: u64 = 20;

/// The parsed parameters of a request.
#[derive(Debug)]
pub(in crate::simulator) struct Query {
    pub(in crate::simulator) tests: Vec<Test>,
    pub(in crate::simulator) order: Order,
    /// Equal for queries that find the same companies in the same order.
    pub(in crate::simulator) key: String,
    /// Rows requested. `None` for all.
    pub(in crate::simulator) limit: Option<u64>,
    pub(in crate::simulator) offset: u64,
    pub(in crate::simulator) total: Total,
    /// Countries named by the filter `country`.
    pub(in crate::simulator) countries: Vec<Country>,
}

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Order {
    Generation,
    Shuffled,
    Ascending(Field),
    Descending(Field),
}

/// The meaning of the parameter `count` (API document, section "Count").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Total {
    None,
    Only,
    Included,
}

impl Query {
    /// Parses the parameters of a request.
    ///
    /// # Errors
    /// The detail of a 400 answer: a value does not fit its parameter, or a name is unknown and the switch
    /// `unknown-filter` says `error`.
    pub(in crate::simulator) fn new(params: &[(String, Param)], switches: &Switches) -> Result<Self, String> {
        let mut query = Self {
            tests: Vec::new(),
            order: if switches.order == Ordering::Shuffled { Order::Shuffled } else { Order::Generation },
            key: String::new(),
            limit: Some(DEFAULT_LIMIT),
            offset: 0,
            total: Total::None,
            countries: Vec::new(),
        };
        let mut keys = Vec::new();
        for (name, value) in params {
            let invalid = || format!("Invalid value for {name}");
            match name.as_str() {
                "limit" if value.text() == "none" => query.limit = None,
                "limit" => query.limit = Some(value.text().parse().map_err(|_| invalid())?),
                "offset" => query.offset = value.text().parse().map_err(|_| invalid())?,
                "count" => query.total = total(&value.text(), switches).ok_or_else(invalid)?,
                "order" => query.order(&value.text(), switches)?,
                _ if query.filter(name, value, switches)? => keys.push(format!("{name}={value:?}")),
                _ => {}
            }
        }
        keys.sort_unstable();
        query.key = format!("{:?} {}", query.order, keys.join("&"));
        Ok(query)
    }

    fn order(&mut self, text: &str, switches: &Switches) -> Result<(), String> {
        let (is_marked, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let Some((field, _)) = named(name) else {
            return if switches.unknown_filter == UnknownFilter::Error {
                Err(format!("Cannot order by {name}"))
            } else {
                Ok(())
            };
        };
        self.order = match switches.order {
            Ordering::Document if is_marked => Order::Ascending(field),
            Ordering::Conventional if !is_marked => Order::Ascending(field),
            Ordering::Document | Ordering::Conventional => Order::Descending(field),
            Ordering::Ignored | Ordering::Shuffled => self.order,
        };
        Ok(())
    }

    /// Adds a filter. Returns false if the parameter has no effect.
    fn filter(&mut self, name: &str, value: &Param, switches: &Switches) -> Result<bool, String> {
        let Some((field, kind, kind_of_filter)) = filter::target(name) else {
            return if switches.unknown_filter == UnknownFilter::Error {
                Err(format!("Unknown filter: {name}"))
            } else {
                Ok(false)
            };
        };
        if switches.ignored_filter.as_deref() == name.split("__").next() {
            return Ok(false);
        }
        if field == Field::BusinessId
            && kind_of_filter == Type::StartsWith
            && switches.startswith_business_id == StartsWith::Broken
        {
            return Ok(false);
        }
        if field == Field::Country && matches!(kind_of_filter, Type::Bare | Type::Exact | Type::In) {
            self.countries.extend(value.list().into_iter().filter_map(Country::from_code));
        }
        self.tests.push(
            Test::new(field, kind, kind_of_filter, value)
                .ok_or_else(|| format!("Invalid value for {name}"))?,
        );
        Ok(true)
    }
}

fn total(text: &str, switches: &Switches) -> Option<Total> {
    match text {
        _ if switches.count == Count::Missing => Some(Total::None),
        "true" => Some(Total::Only),
        "include" => Some(Total::Included),
        "false" => Some(Total::None),
        _ => None,
    }
}
