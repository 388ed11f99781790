//! All companies of a simulator, and the changes that a test or a switch makes to them.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use super::Error;
use super::company::Company;
use super::country::Country;
use super::draw::whole;
use super::edits::Edits;
use super::text::Subject;

/// The companies, in generation order; an index is never used again.
#[derive(Debug)]
pub(super) struct World {
    seed: u64,
    ids_have_prefix: bool,
    companies: Vec<Company>,
    /// Whether the company of that index is still there.
    live: Vec<bool>,
    names: HashMap<u32, String>,
    /// Changes to target groups.
    pub(super) edits: Edits,
    /// Every index ever used, by the text of the business id; equal ids in generation order.
    by_id: Vec<u32>,
}

impl World {
    /// Generates `count` companies. About a third of a microsecond each.
    pub(super) fn generate(seed: u64, count: u32, ids_have_prefix: bool) -> Self {
        let companies: Vec<Company> = (0..count).map(|index| Company::generate(seed, index)).collect();
        let live = vec![true; companies.len()];
        let mut world = Self {
            seed,
            ids_have_prefix,
            companies,
            live,
            names: HashMap::new(),
            edits: Edits::default(),
            by_id: (0..count).collect(),
        };
        let mut by_id = std::mem::take(&mut world.by_id);
        by_id.sort_by_cached_key(|&index| world.id_key(index));
        world.by_id = by_id;
        world
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn ids_have_prefix(&self) -> bool {
        self.ids_have_prefix
    }

    pub(super) fn company(&self, index: u32) -> Option<&Company> {
        self.companies.get(index as usize)
    }

    pub(super) fn subject(&self, index: u32, company: &Company) -> Subject {
        Subject { seed: self.seed, index, country: company.country }
    }

    /// The name that a change gave the company.
    pub(super) fn renamed(&self, index: u32) -> Option<&str> {
        self.names.get(&index).map(String::as_str)
    }

    pub(super) fn is_live(&self, index: u32) -> bool {
        self.live.get(index as usize).copied().unwrap_or(false)
    }

    /// Every company that is there, in generation order.
    pub(super) fn in_generation_order(&self) -> impl Iterator<Item = u32> {
        (0_u32..).zip(&self.live).filter(|(_, live)| **live).map(|(index, _)| index)
    }

    /// Every company that is there, by business id.
    pub(super) fn in_id_order(&self) -> impl Iterator<Item = u32> {
        self.by_id.iter().copied().filter(|&index| self.is_live(index))
    }

    /// Orders as the texts of the shown business ids do, without making the texts.
    pub(super) fn id_key(&self, index: u32) -> u64 {
        let Some(company) = self.company(index) else { return 0 };
        let digits = company.country.id_digits();
        let left_aligned = company.id * 10_u64.pow(10_u32.saturating_sub(digits));
        let country = match company.country {
            _ if !self.ids_have_prefix => 0,
            Country::Dk => 1,
            Country::Fi => 2,
            Country::No => 3,
            Country::Se => 4,
        };
        // Ten digits take 34 bits.
        (country << 40) | (left_aligned << 4) | u64::from(digits)
    }

    /// The live company with this id. The id may have its country in front and need not have its leading zeros.
    pub(super) fn find(&self, country: &str, business_id: &str) -> Option<u32> {
        let country = Country::from_code(country)?;
        let digits = business_id.strip_prefix(country.code()).unwrap_or(business_id);
        let id: u64 = digits.parse().ok()?;
        self.in_generation_order().find(|&index| {
            self.company(index).is_some_and(|found| found.country == country && found.id == id)
        })
    }

    /// Takes the company out of every list. False if it was out already.
    pub(super) fn delete(&mut self, index: u32) -> bool {
        self.live.get_mut(index as usize).is_some_and(|live| std::mem::replace(live, false))
    }

    /// Adds the next company of the seed, and answers its index.
    pub(super) fn insert_next(&mut self) -> u32 {
        let index = u32::try_from(self.companies.len()).unwrap_or(u32::MAX);
        self.companies.push(Company::generate(self.seed, index));
        self.live.push(true);
        let key = self.id_key(index);
        let place = self.by_id.partition_point(|&other| self.id_key(other) <= key);
        self.by_id.insert(place, index);
        index
    }

    /// Changes one field, and the time of the last change unless that is the field.
    pub(super) fn set(&mut self, index: u32, field: &str, value: &Value) -> Result<(), Error> {
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
