//! Changes that tests make to the data between requests.

use serde_json::Value;

use super::world::World;
use super::{Error, Simulator};

impl Simulator {
    /// Takes a company out of every later answer.
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

    /// Changes a field of a company, and its `basic_modified` to now.
    ///
    /// Fields: `company_name` (text), `turn_over` (whole euros or null), `staff_number` (a number or null), `nstatus`
    /// (`active` or `inactive`) and `basic_modified` itself (`2026-01-31T12:00:00Z`).
    ///
    /// # Errors
    /// When no live company has this id, or the field cannot be changed, or not to this value.
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
}

/// The live company with this id.
fn find(world: &World, country: &str, business_id: &str) -> Result<u32, Error> {
    let missing = || Error::Company { country: country.to_owned(), business_id: business_id.to_owned() };
    world.find(country, business_id).ok_or_else(missing)
}
