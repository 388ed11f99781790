//! Changes that tests make to the data between requests.

use serde_json::Value;

use super::data::groups::Group;
use super::data::offices;
use super::data::statements;
use super::data::world::World;
use super::{Error, Simulator};

impl Simulator {
    /// Deletes a company: later answers do not contain it.
    ///
    /// # Errors
    /// When no live company has this id.
    pub fn delete_company(&self, country: &str, business_id: &str) -> Result<(), Error> {
        self.shared.change(|world| {
            let index = find(world, country, business_id)?;
            world.delete(index);
            Ok(())
        })
    }

    /// Sets a field of a company, and its `basic_modified` to now.
    ///
    /// Fields: `company_name` (text), `turn_over` (whole euros or null), `staff_number` (a number or null), `nstatus`
    /// (`active` or `inactive`) and `basic_modified` itself (`2026-01-31T12:00:00Z`).
    ///
    /// # Errors
    /// When no live company has this id, the field cannot be changed, or it does not take this value.
    pub fn set_field(
        &self,
        country: &str,
        business_id: &str,
        field: &str,
        value: &Value,
    ) -> Result<(), Error> {
        self.shared.change(|world| {
            let index = find(world, country, business_id)?;
            world.set(index, field, value)
        })
    }

    /// Deletes a target group: later answers do not contain it.
    ///
    /// # Errors
    /// When no target group has this id.
    pub fn remove_target_group(&self, id: &str) -> Result<(), Error> {
        self.shared.change(|world| {
            let group = group(world, id)?;
            world.edits.remove_group(group);
            Ok(())
        })
    }

    /// Removes a company from a target group. The company itself stays.
    ///
    /// # Errors
    /// When no target group or no live company has this id, or the company is not in the group.
    pub fn remove_member(&self, id: &str, country: &str, business_id: &str) -> Result<(), Error> {
        self.shared.change(|world| {
            let group = group(world, id)?;
            let index = find(world, country, business_id)?;
            if !world.is_member(group, index) {
                return Err(missing(country, business_id));
            }
            world.edits.remove_member(group, index);
            Ok(())
        })
    }

    /// Sets a figure of the newest statement of a year. The company's `basic_modified` does not change.
    ///
    /// Fields: `turn_over_eur`, `net_income_euro` (both whole euros) and `staff_number`; each can be null.
    ///
    /// # Errors
    /// When no live company has this id, it has no statement of this year, the field cannot be changed, or it does not
    /// take this value.
    pub fn set_statement(
        &self,
        country: &str,
        business_id: &str,
        year: i16,
        field: &str,
        value: &Value,
    ) -> Result<(), Error> {
        self.shared.change(|world| {
            let index = find(world, country, business_id)?;
            if statements::of(world, index).iter().all(|statement| statement.year != year) {
                return Err(Error::Statement { business_id: business_id.to_owned(), year });
            }
            world.edits.set_statement(index, year, field, value)
        })
    }

    /// Removes the last address from the `prospect_addresses` of a company.
    ///
    /// # Errors
    /// When no live company has this id, or it has no address.
    pub fn drop_last_address(&self, country: &str, business_id: &str) -> Result<(), Error> {
        self.shared.change(|world| {
            let index = find(world, country, business_id)?;
            if offices::of(world, index).is_empty() {
                return Err(Error::Address { business_id: business_id.to_owned() });
            }
            world.edits.drop_address(index);
            Ok(())
        })
    }
}

/// The live company with this id.
pub(super) fn find(world: &World, country: &str, business_id: &str) -> Result<u32, Error> {
    world.find(country, business_id).ok_or_else(|| missing(country, business_id))
}

fn missing(country: &str, business_id: &str) -> Error {
    Error::Company { country: country.to_owned(), business_id: business_id.to_owned() }
}

/// The target group with this id.
pub(super) fn group(world: &World, id: &str) -> Result<&'static Group, Error> {
    world.group(id).ok_or_else(|| Error::TargetGroup { id: id.to_owned() })
}
