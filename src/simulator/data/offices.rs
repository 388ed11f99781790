//! The addresses of a company: its own first, then those of other offices.

use crate::simulator::data::company::Spot;
use crate::simulator::data::country::Country;
use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::text::street;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::Field;
use crate::simulator::http::json::Object;

/// Street address, postal code and city, each `None` if unknown.
type Address = (Option<String>, Option<String>, Option<String>);

/// An office.
#[derive(Debug)]
pub(in crate::simulator) struct Office {
    visiting: Address,
    post: Address,
    number: Option<u32>,
    name: Option<String>,
}

/// The addresses of a company, 0 to 4, without those that a test dropped from the end.
pub(in crate::simulator) fn of(world: &World, index: u32) -> Vec<Office> {
    let Some(company) = world.company(index) else { return Vec::new() };
    let mut draw = Rng::new(world.seed(), u64::from(index), Stream::Office);
    let count = match draw.below(100) {
        0..8 => 0,
        8..75 => 1,
        75..92 => 2,
        92..98 => 3,
        _ => 4,
    };
    let own = (0..count.min(1)).map(|_| own(world, index));
    let mut offices: Vec<Office> = own.collect();
    offices.extend((1..count).map(|number| Office::draw(company.country, number, &mut draw)));
    offices.truncate(offices.len().saturating_sub(world.edits.addresses_gone(index)));
    offices
}

fn own(world: &World, index: u32) -> Office {
    let text = |field| {
        let mut text = String::new();
        world.text(index, field, &mut text).then_some(text)
    };
    Office {
        visiting: (text(Field::VisitingAddress), text(Field::VisitingPostal), text(Field::VisitingCity)),
        post: (text(Field::Address), text(Field::Postal), text(Field::City)),
        number: None,
        name: None,
    }
}

impl Office {
    fn draw(country: Country, number: u32, draw: &mut Rng) -> Self {
        let spot = Spot::draw(country, draw);
        let city = spot.place(country).map(|place| place.city.to_owned());
        let mut visiting = String::new();
        street(country, draw, &mut visiting);
        let post = draw.chance(400).then(|| format!("PL {}", draw.between(1, 999)));
        let postal = Some(format!("{:0width$}", spot.postal, width = country.postal_digits()));
        let name = city.clone().filter(|_| draw.chance(500));
        Self {
            post: (post.or_else(|| Some(visiting.clone())), postal.clone(), city.clone()),
            visiting: (Some(visiting), postal, city),
            number: draw.chance(300).then_some(number),
            name,
        }
    }

    /// Appends the address as a JSON object. Its business id is always null, as in the document's example.
    pub(in crate::simulator) fn write(&self, out: &mut String) {
        let mut object = Object::open(out);
        let (address, postal, city) = &self.visiting;
        object.text("visiting_address", address.as_deref());
        object.text("visiting_postal", postal.as_deref());
        object.text("visiting_city", city.as_deref());
        let (address, postal, city) = &self.post;
        object.text("address", address.as_deref());
        object.text("postal", postal.as_deref());
        object.text("city", city.as_deref());
        object.text("office_number", self.number.map(|number| number.to_string()).as_deref());
        object.text("office_name", self.name.as_deref());
        object.text("business_id", None);
        object.close();
    }
}
