//! The contacts of a company. All people are invented, and their e-mail addresses are in `.example`.

use std::fmt::Write as _;

use crate::simulator::data::country::Country;
use crate::simulator::data::people::{first_names, titles};
use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::text::{Subject, push_ascii};
use crate::simulator::data::words::words;
use crate::simulator::data::world::World;
use crate::simulator::http::json::Object;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator) struct Contact {
    first_name: &'static str,
    last_name: &'static str,
    email: Option<String>,
    phone: Phone,
    title: Option<&'static str>,
}

/// A phone number, or one of the ways to have none.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phone {
    Number(String),
    /// Null in both answers.
    Missing,
    /// Null in `/all/`, an empty text in the list of contacts, as in the document's examples.
    Blank,
}

/// The contacts of a company, in order. A third of the companies have any; some of these list the last contact twice.
pub(in crate::simulator) fn of(world: &World, index: u32) -> Vec<Contact> {
    let Some(company) = world.company(index) else { return Vec::new() };
    let subject = world.subject(index, company);
    let mut draw = subject.draw(Stream::Contact);
    let count = if draw.chance(330) { draw.between(1, 5) } else { 0 };
    let mut contacts: Vec<Contact> = (0..count).map(|_| Contact::draw(subject, &mut draw)).collect();
    if draw.chance(40)
        && let Some(last) = contacts.last().cloned()
    {
        contacts.push(last);
    }
    contacts
}

impl Contact {
    fn draw(subject: Subject, draw: &mut Rng) -> Self {
        let country = subject.country;
        let (first_name, last_name) = (draw.pick(first_names(country)), draw.pick(words(country).surnames));
        let mut email = String::new();
        push_ascii(first_name, &mut email);
        email.push('.');
        push_ascii(last_name, &mut email);
        email.push('@');
        subject.handle(&mut email);
        email.push_str(".example");
        let phone = Phone::draw(country, draw);
        let title = draw.pick(titles(country));
        Self {
            first_name,
            last_name,
            email: (!draw.chance(120)).then_some(email),
            phone,
            title: (!draw.chance(80)).then_some(title),
        }
    }

    /// Appends the contact as a JSON object. `company_name` is `Some` for the list of contacts, whose objects have the
    /// field `prospect`; `None` for the contacts within `/all/`.
    pub(in crate::simulator) fn write(&self, company_name: Option<&str>, out: &mut String) {
        let mut object = Object::open(out);
        object.text("first_name", Some(self.first_name));
        object.text("last_name", Some(self.last_name));
        object.text("email", self.email.as_deref());
        let phone = match &self.phone {
            Phone::Number(number) => Some(number.as_str()),
            Phone::Missing => None,
            Phone::Blank => company_name.map(|_| ""),
        };
        object.text("phone", phone);
        object.text("title", self.title);
        if company_name.is_some() {
            object.text("prospect", company_name);
        }
        object.close();
    }
}

impl Phone {
    fn draw(country: Country, draw: &mut Rng) -> Self {
        let (kind, number) = (draw.below(100), draw.between(10_000, 9_999_999));
        let mut text = String::new();
        let _ = match country {
            Country::Fi if draw.chance(300) => write!(text, "050{number:07}"),
            Country::Fi => write!(text, "+358 50 {number:07}"),
            Country::Se => write!(text, "+46 70 {number:07}"),
            Country::No => write!(text, "+47 9{number:07}"),
            Country::Dk => write!(text, "+45 2{number:07}"),
        };
        match kind {
            0..15 => Self::Missing,
            15..30 => Self::Blank,
            _ => Self::Number(text),
        }
    }
}
