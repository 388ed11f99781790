//! Writes companies as the JSON objects of the endpoints, directly into the text of the answer.

use std::fmt::Write as _;

use crate::simulator::data::company::Company;
use crate::simulator::data::ids::vid;
use crate::simulator::data::values::Amount;
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::Field;
use crate::simulator::http::json::{Object, push_string};
use crate::simulator::settings::choices::Numbers;
use crate::simulator::settings::switches::Switches;

/// How a field is written in an answer. Null for all of them if there is no value.
enum Shape {
    /// A JSON string.
    Text,
    /// A JSON number or literal.
    Bare,
    /// A decimal or a count: a JSON string or a number, by the switch `numbers`.
    Counted,
}

/// Fields of an answer from `registration_date` to `country`. Each is also a filter field.
#[rustfmt::skip]
const HEAD: [(&str, Field, Shape); 16] = [
    ("registration_date", Field::RegistrationDate, Shape::Text),
    ("company_name", Field::CompanyName, Shape::Text),
    ("link", Field::Link, Shape::Text),
    ("phone", Field::Phone, Shape::Text),
    ("industry_code_2", Field::IndustryCode2, Shape::Bare),
    ("industry_code_5", Field::IndustryCode5, Shape::Bare),
    ("industry_code", Field::IndustryCode, Shape::Text),
    ("address", Field::Address, Shape::Text),
    ("postal", Field::Postal, Shape::Text),
    ("city", Field::City, Shape::Text),
    ("municipality", Field::Municipality, Shape::Text),
    ("visiting_address", Field::VisitingAddress, Shape::Text),
    ("visiting_postal", Field::VisitingPostal, Shape::Text),
    ("visiting_city", Field::VisitingCity, Shape::Text),
    ("visiting_municipality", Field::VisitingMunicipality, Shape::Text),
    ("country", Field::Country, Shape::Text),
];

/// Fields of an answer after `turn_over_local`. Each is also a filter field.
const TAIL: [(&str, Field, Shape); 5] = [
    ("turn_over_is_estimate", Field::TurnOverIsEstimate, Shape::Bare),
    ("profit", Field::Profit, Shape::Counted),
    ("development_of_turnover", Field::DevelopmentOfTurnover, Shape::Counted),
    ("staff_number", Field::StaffNumber, Shape::Counted),
    ("staff_number_is_estimate", Field::StaffNumberIsEstimate, Shape::Bare),
];

/// The twelve fields of a member of a target group.
#[rustfmt::skip]
const MEMBER: [(&str, Field, Shape); 12] = [
    ("business_id", Field::BusinessId, Shape::Text),
    ("company_name", Field::CompanyName, Shape::Text),
    ("link", Field::Link, Shape::Text),
    ("isic_industry_code", Field::IndustryCode, Shape::Text),
    ("address", Field::Address, Shape::Text),
    ("postal", Field::Postal, Shape::Text),
    ("city", Field::City, Shape::Text),
    ("country", Field::Country, Shape::Text),
    ("turn_over", Field::TurnOver, Shape::Counted),
    ("staff_number", Field::StaffNumber, Shape::Counted),
    ("development_of_turnover", Field::DevelopmentOfTurnover, Shape::Counted),
    ("profit", Field::Profit, Shape::Counted),
];

/// Writes rows one after another, reusing one buffer.
pub(in crate::simulator) struct Rows<'a> {
    world: &'a World,
    numbers: Numbers,
    buffer: String,
}

impl<'a> Rows<'a> {
    pub(in crate::simulator) fn new(world: &'a World, switches: &Switches) -> Self {
        Self { world, numbers: switches.numbers, buffer: String::new() }
    }

    /// Appends company `index` as a JSON object of the filter endpoint.
    pub(in crate::simulator) fn write(&mut self, index: u32, out: &mut String) {
        let Some(company) = self.world.company(index) else { return };
        out.push('{');
        self.field(index, "business_id", Field::BusinessId, &Shape::Text, out);
        let subject = self.world.subject(index, company);
        self.made(",\"status\":", |text| subject.status(company.active, text), out);
        for (name, field, shape) in &HEAD {
            out.push(',');
            self.field(index, name, *field, shape, out);
        }
        let _ = write!(out, ",\"currency_code\":\"{}\",", company.country.currency());
        self.field(index, "turn_over", Field::TurnOver, &Shape::Counted, out);
        out.push_str(",\"turn_over_local\":");
        self.local_turn_over(company, out);
        for (name, field, shape) in &TAIL {
            out.push(',');
            self.field(index, name, *field, shape, out);
        }
        let _ = write!(out, ",\"vainu_link\":\"https://app.vainu.io/vainu/prospect/{}/\"", vid(index));
        self.made(",\"linkedin_id\":", |text| subject.linkedin_id(text), out);
        self.made(",\"twitter_link\":", |text| subject.twitter_link(text), out);
        self.made(",\"facebook_link\":", |text| subject.facebook_link(text), out);
        out.push('}');
    }

    /// Appends the fields that both detail endpoints start with.
    pub(in crate::simulator) fn profile(
        &mut self,
        index: u32,
        company: &Company,
        industry_code: &str,
        object: &mut Object,
    ) {
        let subject = self.world.subject(index, company);
        self.value(index, Field::BusinessId, &Shape::Text, object.value("business_id"));
        self.made_value(|text| subject.status(company.active, text), object.value("status"));
        for (name, field, shape) in &HEAD {
            let name = match field {
                Field::Municipality | Field::VisitingMunicipality => continue,
                Field::IndustryCode => industry_code,
                _ => name,
            };
            self.value(index, *field, shape, object.value(name));
        }
        self.value(index, Field::TurnOver, &Shape::Counted, object.value("turn_over"));
        self.local_turn_over(company, object.value("turn_over_local"));
        let estimate = company.turn_over.filter(|_| company.turn_over_is_estimate);
        object.decimal("turnover_estimate", estimate.map(Amount), self.numbers);
        for (name, field, shape) in TAIL.iter().filter(|(_, field, _)| *field != Field::TurnOverIsEstimate) {
            self.value(index, *field, shape, object.value(name));
        }
        object.text("vainu_link", Some(&format!("https://app.vainu.io/vainu/prospect/{}/", vid(index))));
        self.made_value(|text| subject.linkedin_id(text), object.value("linkedin_id"));
        self.made_value(|text| subject.twitter_link(text), object.value("twitter_link"));
        self.made_value(|text| subject.facebook_link(text), object.value("facebook_link"));
    }

    /// Appends company `index` as a JSON object of a target group's endpoint.
    pub(in crate::simulator) fn write_member(&mut self, index: u32, out: &mut String) {
        let mut object = Object::open(out);
        for (name, field, shape) in &MEMBER {
            self.value(index, *field, shape, object.value(name));
        }
        object.close();
    }

    fn field(&mut self, index: u32, name: &str, field: Field, shape: &Shape, out: &mut String) {
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        self.value(index, field, shape, out);
    }

    fn value(&mut self, index: u32, field: Field, shape: &Shape, out: &mut String) {
        if !self.world.text(index, field, &mut self.buffer) {
            out.push_str("null");
            return;
        }
        match (shape, self.numbers) {
            (Shape::Text, _) | (Shape::Counted, Numbers::String) => push_string(&self.buffer, out),
            (Shape::Bare, _) | (Shape::Counted, Numbers::Number) => out.push_str(&self.buffer),
        }
    }

    fn made(&mut self, key: &str, make: impl FnOnce(&mut String) -> bool, out: &mut String) {
        out.push_str(key);
        self.made_value(make, out);
    }

    fn made_value(&mut self, make: impl FnOnce(&mut String) -> bool, out: &mut String) {
        self.buffer.clear();
        if make(&mut self.buffer) {
            push_string(&self.buffer, out);
        } else {
            out.push_str("null");
        }
    }

    fn local_turn_over(&self, company: &Company, out: &mut String) {
        let local =
            company.turn_over.zip(company.country.rate_percent()).map(|(euros, rate)| euros * rate / 100);
        let _ = match (local, self.numbers) {
            (None, _) => write!(out, "null"),
            (Some(local), Numbers::String) => write!(out, "\"{local}.0\""),
            (Some(local), Numbers::Number) => write!(out, "{local}.0"),
        };
    }
}
