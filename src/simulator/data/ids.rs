//! Business ids: plausible, with valid check digits, unique within their country. FI and DK share some.
//!
//! A company's country, and its number among the companies of that country, depend on its index alone: every block of a
//! hundred consecutive companies has the same mix of countries, in an order drawn for the block. So company `i` is the
//! same whatever the number of companies. In every block one Finnish and one Danish company share an eight-digit id.

use crate::simulator::data::country::Country;
use crate::simulator::data::rng::{Rng, Stream};

/// Most companies that can be generated. With more, ids would repeat.
pub(in crate::simulator) const CAPACITY: u32 = 5_000_000;

/// First slot (0 to 99 within a block) of each country; FI has the slots before `SE_FROM`. The first FI slot and the
/// first DK slot share an id.
const SE_FROM: u64 = 40;
const NO_FROM: u64 = 67;
const DK_FROM: u64 = 84;
/// End of the Finnish slots whose id starts with a zero.
const FI_ZERO_TO: u64 = 19;

/// The country and the business id of company `index`. The id is a number, without leading zeros.
pub(in crate::simulator) fn identity(seed: u64, index: u32) -> (Country, u64) {
    let (block, place) = (u64::from(index) / 100, u64::from(index) % 100);
    let turn = u64::from(Rng::new(seed, block, Stream::Country).below(100));
    let slot = (place * 37 + turn) % 100; // 37 and 100 have no common factor: every slot once per block
    let spread = |from: u64, to: u64, (factor, capacity): (u64, u64)| {
        permute(seed, block * (to - from) + slot - from, factor, capacity)
    };
    match slot {
        0 => (Country::Fi, shared(permute(seed, block, 7_368_787, 81_000))),
        1..FI_ZERO_TO => (Country::Fi, finnish(spread(1, FI_ZERO_TO, (7_368_787, 900_000)))),
        FI_ZERO_TO..SE_FROM => {
            (Country::Fi, finnish(900_000 + spread(FI_ZERO_TO, SE_FROM, (5_915_587, 1_800_000))))
        }
        SE_FROM..NO_FROM => (Country::Se, swedish(spread(SE_FROM, NO_FROM, (7_368_787, 4_000_000)))),
        NO_FROM..DK_FROM => (Country::No, norwegian(spread(NO_FROM, DK_FROM, (7_368_787, 18_000_000)))),
        DK_FROM => (Country::Dk, shared(permute(seed, block, 7_368_787, 81_000))),
        _ => (Country::Dk, danish(spread(DK_FROM + 1, 100, (6_643_837, 7_200_000)))),
    }
}

/// Vainu's internal number of company `index`, used in links and customer data.
pub(in crate::simulator) fn vid(index: u32) -> u64 {
    700_000 + u64::from(index)
}

/// The Finnish and the Danish company that share their id, in block `block` of a hundred companies.
pub(in crate::simulator) fn same_digits(seed: u64, block: u32) -> [u32; 2] {
    let turn = Rng::new(seed, u64::from(block), Stream::Country).below(100);
    // 37 and 73 are inverse to each other modulo 100.
    [100, 100 + DK_FROM].map(|slot| {
        let place = (slot - u64::from(turn)) * 73 % 100;
        block * 100 + u32::try_from(place).unwrap_or(0)
    })
}

/// An id of 24 hexadecimal digits, like an object id of `MongoDB`: 16 digits drawn from seed, number and stream, then
/// `number` in 8 digits. [`number_of`] reads the number back.
pub(in crate::simulator) fn object_id(seed: u64, number: u32, stream: Stream) -> String {
    format!("{:016x}{number:08x}", Rng::new(seed, u64::from(number), stream).next())
}

/// The number from which [`object_id`] made this id. `None` if it did not make it with this seed and stream.
pub(in crate::simulator) fn number_of(seed: u64, id: &str, stream: Stream) -> Option<u32> {
    let number = u32::from_str_radix(id.get(16..)?, 16).ok()?;
    (object_id(seed, number, stream) == id).then_some(number)
}

/// A permutation of `0..capacity`, drawn from the seed.
///
/// `factor` is coprime to every capacity, whose prime factors are 2, 3 and 5. Finland and Denmark have different
/// factors: with the same factor they would share many more ids than intended.
fn permute(seed: u64, x: u64, factor: u64, capacity: u64) -> u64 {
    let shift = u64::from(Rng::new(seed, factor ^ capacity, Stream::Ids).below(u32::MAX));
    (x * factor + shift) % capacity
}

/// The last `count` digits of `number`, highest first.
fn digits(number: u64, count: u32) -> impl Iterator<Item = u64> {
    (0..count).rev().map(move |place| number / 10_u64.pow(place) % 10)
}

fn weighted(number: u64, weights: &[u64]) -> u64 {
    let count = u32::try_from(weights.len()).unwrap_or(0);
    digits(number, count).zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Appends two digits to `prefix`: one of weight 2 and a check digit of weight 1, so that the weighted sum is a
/// multiple of 11.
///
/// At most one of the ten digits has no check digit (it would be 10). `k`, in `0..9`, chooses among the others.
fn with_check_digit(prefix: u64, prefix_sum: u64, k: u64) -> u64 {
    let valid = (0..10)
        .map(|digit| (digit, (11 - (prefix_sum + 2 * digit) % 11) % 11))
        .filter(|&(_, check)| check < 10);
    let (digit, check) = valid.take(usize::try_from(k).unwrap_or(0) + 1).last().unwrap_or_default();
    prefix * 100 + digit * 10 + check
}

/// Finnish ids. The first 900 000 start with 0, the next 1 800 000 with 1 or 2. The shared ids start with 3.
fn finnish(x: u64) -> u64 {
    let prefix = x / 9;
    with_check_digit(prefix, weighted(prefix, &[7, 9, 10, 5, 8, 4]), x % 9)
}

/// Danish ids. They start neither with 0 nor with 3.
fn danish(x: u64) -> u64 {
    let prefix = 100_000 + x / 9;
    let prefix = if prefix >= 300_000 { prefix + 100_000 } else { prefix };
    with_check_digit(prefix, weighted(prefix, &[2, 7, 6, 5, 4, 3]), x % 9)
}

/// Norwegian ids: nine digits, the first of which is 8 or 9.
fn norwegian(x: u64) -> u64 {
    let prefix = 8_000_000 + x / 9;
    with_check_digit(prefix, weighted(prefix, &[3, 2, 7, 6, 5, 4, 3]), x % 9)
}

/// Swedish ids of limited companies: ten digits that start with 556 to 559, the last a Luhn check digit.
fn swedish(x: u64) -> u64 {
    let base = 556_000_000 + x;
    let doubled = digits(base, 9).zip([2, 1].into_iter().cycle()).map(|(digit, times)| digit * times);
    let sum: u64 = doubled.map(|digit| digit / 10 + digit % 10).sum();
    base * 10 + (10 - sum % 10) % 10
}

/// Ids that are valid in Finland and in Denmark: both weighted sums are multiples of 11.
///
/// The weights of the two countries differ by 5, 2, 4, 0, 4 and 1 in the first six digits and are equal in the last
/// two, so the first five digits determine the sixth.
fn shared(x: u64) -> u64 {
    let head = 3000 + x / 81 % 1000;
    let fifth_and_sixth = (0..10).filter_map(|fifth| {
        let difference = weighted(head, &[5, 2, 4, 0]) + 4 * fifth;
        let sixth = (11 - difference % 11) % 11;
        (sixth < 10).then_some(fifth * 10 + sixth)
    });
    let k = usize::try_from(x / 9 % 9).unwrap_or(0);
    let prefix = head * 100 + fifth_and_sixth.take(k + 1).last().unwrap_or_default();
    with_check_digit(prefix, weighted(prefix, &[2, 7, 6, 5, 4, 3]), x % 9)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn is_multiple_of_11(id: u64, weights: &[u64]) -> bool {
        weighted(id, weights).is_multiple_of(11)
    }

    #[test]
    fn ids_are_unique_in_their_country_and_pass_its_check() {
        let mut seen = HashSet::new();
        for index in 0..300_000 {
            let (country, id) = identity(7, index);
            assert!(seen.insert((country.code(), id)), "{} {id} twice", country.code());
            assert!(id < 10_u64.pow(country.id_digits()));
            match country {
                Country::Fi => assert!(is_multiple_of_11(id, &[7, 9, 10, 5, 8, 4, 2, 1])),
                Country::Dk => assert!(is_multiple_of_11(id, &[2, 7, 6, 5, 4, 3, 2, 1])),
                Country::No => assert!(is_multiple_of_11(id, &[3, 2, 7, 6, 5, 4, 3, 2, 1])),
                Country::Se => assert!((5_560_000_000..5_600_000_000).contains(&id)),
            }
        }
    }

    #[test]
    fn one_pair_in_a_hundred_companies_shares_its_id() {
        let ids = |wanted| -> HashSet<u64> {
            (0..10_000)
                .map(|index| identity(3, index))
                .filter(|(country, _)| *country == wanted)
                .map(|(_, id)| id)
                .collect()
        };
        let shared = ids(Country::Fi).intersection(&ids(Country::Dk)).count();
        assert!((100..110).contains(&shared), "{shared}"); // a few more meet by chance
    }

    #[test]
    fn finds_the_two_companies_that_share_an_id() {
        for block in 0..50 {
            let [finnish, danish] = same_digits(9, block).map(|index| identity(9, index));
            assert_eq!((finnish.0, danish.0, finnish.1), (Country::Fi, Country::Dk, danish.1), "{block}");
        }
    }

    #[test]
    fn object_ids_lead_back_to_their_number() {
        let id = object_id(7, 41, Stream::Group);
        assert_eq!((id.len(), number_of(7, &id, Stream::Group)), (24, Some(41)));
        assert_eq!(number_of(8, &id, Stream::Group), None);
        assert_eq!(number_of(7, &id, Stream::Ids), None);
        assert_eq!(number_of(7, "12341234ab70b42bffd6a713", Stream::Group), None);
        assert_eq!(number_of(7, "\u{e4}", Stream::Group), None);
    }

    #[test]
    fn knows_real_ids() {
        // Ids from the document's examples.
        assert!(is_multiple_of_11(9_704_098, &[7, 9, 10, 5, 8, 4, 2, 1]));
        assert!(is_multiple_of_11(25_578_642, &[7, 9, 10, 5, 8, 4, 2, 1]));
    }
}
