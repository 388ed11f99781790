//! All companies of a simulator, with the changes that tests and switches make.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::simulator::Error;
use crate::simulator::data::company::Company;
use crate::simulator::data::country::Country;
use crate::simulator::data::edits::Edits;
use crate::simulator::data::rng::whole;
use crate::simulator::data::text::Subject;

/// The companies, in generation order. An index is never reused.
#[derive(Debug)]
pub(in crate::simulator) struct World {
    seed: u64,
    ids_have_prefix: bool,
    companies: Vec<Company>,
    /// By index: false once the company is deleted.
    live: Vec<bool>,
    names: HashMap<u32, String>,
    /// Changes to data about companies.
    pub(in crate::simulator) edits: Edits,
    /// The moment from which the days of leads are counted, in milliseconds since 1970 (UTC).
    anchor: i64,
    /// Every index ever used, sorted by business id as text, then in generation order.
    by_id: Vec<u32>,
}

impl World {
    /// Generates `count` companies, in about a third of a microsecond each.
    pub(in crate::simulator) fn generate(seed: u64, count: u32, ids_have_prefix: bool, anchor: i64) -> Self {
        let companies: Vec<Company> = (0..count).map(|index| Company::generate(seed, index)).collect();
        let live = vec![true; companies.len()];
        let mut world = Self {
            seed,
            ids_have_prefix,
            companies,
            live,
            names: HashMap::new(),
            edits: Edits::default(),
            anchor,
            by_id: (0..count).collect(),
        };
        let mut by_id = std::mem::take(&mut world.by_id);
        by_id.sort_by_cached_key(|&index| world.id_key(index));
        world.by_id = by_id;
        world
    }

    pub(in crate::simulator) fn seed(&self) -> u64 {
        self.seed
    }

    pub(in crate::simulator) fn anchor(&self) -> i64 {
        self.anchor
    }

    pub(in crate::simulator) fn ids_have_prefix(&self) -> bool {
        self.ids_have_prefix
    }

    pub(in crate::simulator) fn company(&self, index: u32) -> Option<&Company> {
        self.companies.get(index as usize)
    }

    pub(in crate::simulator) fn subject(&self, index: u32, company: &Company) -> Subject {
        Subject { seed: self.seed, index, country: company.country }
    }

    /// The name that a test gave the company. `None` if it still has the generated one.
    pub(in crate::simulator) fn renamed(&self, index: u32) -> Option<&str> {
        self.names.get(&index).map(String::as_str)
    }

    pub(in crate::simulator) fn is_live(&self, index: u32) -> bool {
        self.live.get(index as usize).copied().unwrap_or(false)
    }

    /// Every live company, in generation order.
    pub(in crate::simulator) fn in_generation_order(&self) -> impl Iterator<Item = u32> {
        (0_u32..).zip(&self.live).filter(|(_, live)| **live).map(|(index, _)| index)
    }

    /// Every live company, ordered by business id.
    pub(in crate::simulator) fn in_id_order(&self) -> impl Iterator<Item = u32> {
        self.by_id.iter().copied().filter(|&index| self.is_live(index))
    }

    /// Number of companies ever generated, deleted ones included.
    pub(in crate::simulator) fn generated(&self) -> u32 {
        u32::try_from(self.companies.len()).unwrap_or(u32::MAX)
    }

    /// A key that sorts like the business id's text in answers, without building the text.
    pub(in crate::simulator) fn id_key(&self, index: u32) -> u64 {
        self.company(index).map_or(0, |company| self.key_of(company.country, company.id))
    }

    fn key_of(&self, country: Country, id: u64) -> u64 {
        let digits = country.id_digits();
        let left_aligned = id * 10_u64.pow(10_u32.saturating_sub(digits));
        let country = match country {
            _ if !self.ids_have_prefix => 0,
            Country::Dk => 1,
            Country::Fi => 2,
            Country::No => 3,
            Country::Se => 4,
        };
        // The left-aligned ten digits take 34 bits.
        (country << 40) | (left_aligned << 4) | u64::from(digits)
    }

    /// The live company of this country with this id.
    fn at(&self, country: Country, id: u64) -> Option<u32> {
        if id >= 10_u64.pow(country.id_digits()) {
            return None;
        }
        let key = self.key_of(country, id);
        let start = self.by_id.partition_point(|&index| self.id_key(index) < key);
        let same = self.by_id.iter().skip(start).copied().take_while(|&index| self.id_key(index) == key);
        let mut live = same.filter(|&index| self.is_live(index));
        live.find(|&index| self.company(index).is_some_and(|company| company.country == country))
    }

    /// The live company with this id. The country may stand before the id, and leading zeros may be missing.
    pub(in crate::simulator) fn find(&self, country: &str, business_id: &str) -> Option<u32> {
        let country = Country::from_code(country)?;
        let digits = business_id.strip_prefix(country.code()).unwrap_or(business_id);
        self.at(country, digits.parse().ok()?)
    }

    /// The live company that the path `/prospect/{id}/` names: the id with its country in front, or else the first
    /// match in the order FI, SE, NO, DK. Leading zeros are needed.
    pub(in crate::simulator) fn named(&self, id: &str) -> Option<u32> {
        let mut countries = Country::ALL.into_iter();
        let prefixed =
            countries.clone().find_map(|country| Some((country, id.strip_prefix(country.code())?)));
        let in_country = |country: Country, digits: &str| {
            let is_whole = digits.len() == country.id_digits() as usize;
            let is_id = is_whole && digits.bytes().all(|byte| byte.is_ascii_digit());
            self.at(country, digits.parse().ok().filter(|_| is_id)?)
        };
        match prefixed {
            Some((country, digits)) => in_country(country, digits),
            None => countries.find_map(|country| in_country(country, id)),
        }
    }

    /// Deletes the company from every list. False if it was deleted already.
    pub(in crate::simulator) fn delete(&mut self, index: u32) -> bool {
        self.live.get_mut(index as usize).is_some_and(|live| std::mem::replace(live, false))
    }

    /// Adds the next company of the seed and returns its index.
    pub(in crate::simulator) fn insert_next(&mut self) -> u32 {
        let index = u32::try_from(self.companies.len()).unwrap_or(u32::MAX);
        self.companies.push(Company::generate(self.seed, index));
        self.live.push(true);
        let key = self.id_key(index);
        let place = self.by_id.partition_point(|&other| self.id_key(other) <= key);
        self.by_id.insert(place, index);
        index
    }

    /// Sets one field, and `basic_modified` to now unless that is the field.
    pub(in crate::simulator) fn set(&mut self, index: u32, field: &str, value: &Value) -> Result<(), Error> {
        let wrong = || Error::Value { field: field.to_owned(), value: value.to_string() };
        let company = self.companies.get_mut(index as usize).ok_or_else(wrong)?;
        let number = || value.as_f64().or_else(|| value.as_str()?.parse().ok());
        match field {
            "company_name" => {
                self.names.insert(index, value.as_str().ok_or_else(wrong)?.to_owned());
            }
            "turn_over" if value.is_null() => company.turn_over = None,
            "turn_over" => company.turn_over = Some(whole(number().ok_or_else(wrong)?)),
            "staff_number" if value.is_null() => company.staff = None,
            "staff_number" => {
                let heads = number().and_then(|heads| u32::try_from(whole(heads)).ok());
                company.staff = Some(heads.ok_or_else(wrong)?);
            }
            "nstatus" => company.active = value.as_str().ok_or_else(wrong)? == "active",
            "basic_modified" => {
                let time: Timestamp = value.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
                company.modified = time.as_second();
                return Ok(());
            }
            _ => return Err(Error::Field { field: field.to_owned() }),
        }
        company.modified = Timestamp::now().as_second();
        Ok(())
    }
}
