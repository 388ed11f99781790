//! Lists of the companies that a query finds, in its order. A list is cached until the data changes, so that paging is
//! cheap.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, PoisonError};

use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::Field;
use crate::simulator::endpoints::query::{Order, Query};

/// Most lists in the cache. A list of a million companies takes 4 MB.
const KEPT: usize = 32;

/// Indices of companies.
pub(in crate::simulator) type List = Arc<Vec<u32>>;

/// The lists of recent queries, the most recently used last.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Lists(Mutex<Vec<(String, List)>>);

impl Lists {
    /// The list of a query, from the cache or newly made. `is_allowed` is true for companies that the account may see.
    /// `Some` in `shuffle` replaces the query's order by a pseudo-random one drawn from that number.
    pub(in crate::simulator) fn get(
        &self,
        world: &World,
        query: &Query,
        shuffle: Option<u64>,
        is_allowed: impl Fn(u32) -> bool,
    ) -> List {
        self.get_or_make(world, &query.key, shuffle, || find(world, query, is_allowed))
    }

    /// The list with this key, from the cache or made by `make`. `shuffle` as in [`get`](Self::get).
    pub(in crate::simulator) fn get_or_make(
        &self,
        world: &World,
        key: &str,
        shuffle: Option<u64>,
        make: impl FnOnce() -> Vec<u32>,
    ) -> List {
        let list = self.kept(key).unwrap_or_else(|| {
            let list = Arc::new(make());
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT {
                kept.remove(0);
            }
            kept.push((key.to_owned(), Arc::clone(&list)));
            list
        });
        shuffle.map_or(list.clone(), |order| Arc::new(shuffled(world, &list, order)))
    }

    fn kept(&self, key: &str) -> Option<List> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| known == key)?;
        let entry = kept.remove(place);
        let list = Arc::clone(&entry.1);
        kept.push(entry);
        Some(list)
    }

    /// Empties the cache, after a change of the data.
    pub(in crate::simulator) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn shuffled(world: &World, list: &[u32], order: u64) -> Vec<u32> {
    let salt = world.seed().wrapping_add(order);
    let mut list = list.to_vec();
    list.sort_by_cached_key(|&index| Rng::new(salt, u64::from(index), Stream::Shuffle).next());
    list
}

fn find(world: &World, query: &Query, is_allowed: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut buffer = String::new();
    let mut passes = |index: &u32| {
        is_allowed(*index) && query.tests.iter().all(|test| test.passes(world, *index, &mut buffer))
    };
    match query.order {
        Order::Ascending(Field::BusinessId) => world.in_id_order().filter(|index| passes(index)).collect(),
        Order::Generation | Order::Shuffled => {
            world.in_generation_order().filter(|index| passes(index)).collect()
        }
        Order::Ascending(field) => {
            let mut list: Vec<u32> = world.in_generation_order().filter(|index| passes(index)).collect();
            sort(world, &mut list, field, false);
            list
        }
        Order::Descending(field) => {
            let mut list: Vec<u32> = world.in_generation_order().filter(|index| passes(index)).collect();
            sort(world, &mut list, field, true);
            list
        }
    }
}

/// Sorts with nulls first in ascending and last in descending order (API document, section "Null value sort
/// behaviour"). Equal values stay in generation order.
fn sort(world: &World, list: &mut [u32], field: Field, is_descending: bool) {
    if field == Field::BusinessId {
        by_key(list, is_descending, |index| world.id_key(index));
    } else if field.sorts_by_number() {
        by_key(list, is_descending, |index| world.number(index, field).map(Number));
    } else {
        let mut buffer = String::new();
        by_key(list, is_descending, |index| world.text(index, field, &mut buffer).then(|| buffer.clone()));
    }
}

fn by_key<K: Ord>(list: &mut [u32], is_descending: bool, mut key: impl FnMut(u32) -> K) {
    if is_descending {
        list.sort_by_cached_key(|&index| Reverse(key(index)));
    } else {
        list.sort_by_cached_key(|&index| key(index));
    }
}

/// A number with a total order, for use as a sort key.
struct Number(f64);

impl Ord for Number {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}
