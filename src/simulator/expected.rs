//! The records that the endpoints return, for tests to compare with: without totals, paging and placeholders.
//!
//! Companies of countries that the account may not see are included.

use jiff::Timestamp;
use serde_json::Value;

use super::changes::{find, group};
use super::data::customers::{self, Customer};
use super::data::jobs;
use super::data::world::World;
use super::endpoints::leads_of;
use super::endpoints::prospect;
use super::endpoints::render::Rows;
use super::endpoints::target_groups;
use super::{Config, Error, Simulator, Switches};

impl Simulator {
    /// Every live company in generation order, as in the filter endpoint's answers.
    pub fn companies(&self) -> impl Iterator<Item = Value> {
        let live: Vec<u32> = self.shared.world().in_generation_order().collect();
        live.into_iter().map(|index| {
            let switches = &self.shared.config().switches;
            value(|json| Rows::new(&self.shared.world(), switches).write(index, json))
        })
    }

    /// Every target group, as in the answer of `/target_groups/`.
    pub fn target_groups(&self) -> Vec<Value> {
        let world = self.shared.world();
        world.groups().map(|group| value(|json| target_groups::write(group, world.seed(), json))).collect()
    }

    /// Every member of a target group in the stable order, as in the answers of `/target_group/{id}/`.
    ///
    /// # Errors
    /// When no target group has this id.
    pub fn members(&self, id: &str) -> Result<Vec<Value>, Error> {
        let (world, switches) = (self.shared.world(), &self.shared.config().switches);
        let mut rows = Rows::new(&world, switches);
        let members = world.members(group(&world, id)?);
        Ok(members.map(|index| value(|json| rows.write_member(index, json))).collect())
    }

    /// A company, as in the answer of `/prospect/{id}/`.
    ///
    /// # Errors
    /// When no live company has this id, or it has no details because of the switch `details`.
    pub fn detail(&self, country: &str, business_id: &str) -> Result<Value, Error> {
        self.about(country, business_id, |world, config, index, json| {
            prospect::write_basic(world, index, &config.switches, json);
        })
    }

    /// A company, as in the answer of `/prospect/{id}/all/`.
    ///
    /// # Errors
    /// As [`detail`](Self::detail).
    pub fn all_information(&self, country: &str, business_id: &str) -> Result<Value, Error> {
        self.about(country, business_id, |world, config, index, json| {
            prospect::write_all(world, index, &config.switches, json);
        })
    }

    /// The statements of a company, newest first, as in the answer of `/prospect/{id}/financial_statements/`.
    ///
    /// # Errors
    /// As [`detail`](Self::detail).
    pub fn statements(&self, country: &str, business_id: &str) -> Result<Vec<Value>, Error> {
        let list = self.about(country, business_id, |world, config, index, json| {
            prospect::write_statements(world, index, &config.switches, json);
        });
        list.map(items)
    }

    /// The contacts of a company, as in the answer of `/prospect/{id}/contacts/`.
    ///
    /// # Errors
    /// As [`detail`](Self::detail).
    pub fn contacts(&self, country: &str, business_id: &str) -> Result<Vec<Value>, Error> {
        let list = self.about(country, business_id, |world, config, index, json| {
            prospect::write_contacts(world, index, &config.switches, json);
        });
        list.map(items)
    }

    /// The leads of a company in the last 90 days, newest first, as in the answer of `/prospect/{id}/leads/`.
    ///
    /// # Errors
    /// As [`detail`](Self::detail).
    pub fn leads(&self, country: &str, business_id: &str) -> Result<Vec<Value>, Error> {
        let list = self.about(country, business_id, |world, config, index, json| {
            leads_of::write_of_company(world, config, index, json);
        });
        list.map(items)
    }

    /// The leads of a target group from `from` until now, newest first, as in the answer of
    /// `/target_group/{id}/leads/`.
    ///
    /// Unlike the endpoint, this takes any `from`.
    ///
    /// # Errors
    /// When no target group has this id.
    pub fn target_group_leads(&self, id: &str, from: Timestamp) -> Result<Vec<Value>, Error> {
        let (world, config) = (self.shared.world(), self.plain());
        let group = group(&world, id)?;
        let list = value(|json| {
            leads_of::write_of_group(&world, &config, group, from.as_millisecond(), json);
        });
        Ok(items(list))
    }

    /// Every object of customer data in the order without `ordering`, as in the answers of `/customer_data/`.
    pub fn customer_data(&self) -> Vec<Value> {
        let world = self.shared.world();
        customers::all(&world)
            .map(|index| value(|json| Customer::of(&world, index).write(&world, json)))
            .collect()
    }

    /// Every import of customer data, as in the answer of `/async_result/batch-import/{job_id}/`.
    pub fn jobs(&self) -> Vec<Value> {
        let (world, base) = (self.shared.world(), self.base_url());
        jobs::all(&world).map(|job| value(|json| job.write(&world, &base, json))).collect()
    }

    /// The current time of the simulator (`Config::now`, or else the time of its start).
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.shared.config().now()).unwrap_or_default()
    }

    /// The JSON that `write` appends about a company, if the company has details.
    fn about(
        &self,
        country: &str,
        business_id: &str,
        write: impl FnOnce(&World, &Config, u32, &mut String),
    ) -> Result<Value, Error> {
        let (world, config) = (self.shared.world(), self.plain());
        let index = find(&world, country, business_id)?;
        if !prospect::has_details(&world, index, &config.switches) {
            let (country, business_id) = (country.to_owned(), business_id.to_owned());
            return Err(Error::Company { country, business_id });
        }
        Ok(value(|json| write(&world, &config, index, json)))
    }

    /// The configuration without placeholders and forbidden countries, which do not change the data.
    fn plain(&self) -> Config {
        let config = Config::clone(&self.shared.config());
        let switches = Switches { placeholder: false, placeholders: false, ..config.switches };
        Config { switches, forbidden_countries: Vec::new(), ..config }
    }
}

/// Parses the JSON that `write` appends.
fn value(write: impl FnOnce(&mut String)) -> Value {
    let mut json = String::new();
    write(&mut json);
    serde_json::from_str(&json).unwrap_or_default()
}

fn items(list: Value) -> Vec<Value> {
    match list {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}
