//! Stream `contacts`: people who work for a company, from `prospect/{company}/contacts/`. Personal data: loaded only
//! when the user names the stream.

use super::columns::{COMPANY_KEY, OF_BUSINESS_ID, OF_COUNTRY, POSITION, SYSTEM, text};
use super::{COMPANY, Endpoint, Lists, Stream, Target};
use crate::schema::{Disposition, Table};

/// The contacts of each company.
pub const CONTACTS: Stream = Stream {
    name: "contacts",
    doc: "People of each company, from prospect/contacts; personal data, loaded only when named",
    things: "contacts",
    endpoint: Endpoint::single("prospect/{company}/contacts/"),
    filters: None,
    lists: Lists::AnswersOf(&COMPANY),
    by_default: false,
    targets: &[Target::record(&CONTACTS_TABLE)],
};

/// Table of contacts, which the stream `details` can feed too. The API gives contacts no id.
pub static CONTACTS_TABLE: Table = Table {
    schema: "main",
    name: "contacts",
    doc: "One row per contact of a company. Personal data: loaded only when the stream `contacts` is named.",
    key: &["country", "business_id", "position"],
    disposition: Disposition::Replace { scope: COMPANY_KEY },
    columns: &[
        OF_COUNTRY,
        OF_BUSINESS_ID,
        POSITION,
        text("first_name", &["first_name"], "First name; NULL when unknown."),
        text("last_name", &["last_name"], "Last name; NULL when unknown."),
        text("email", &["email"], "E-mail address; NULL when unknown."),
        text("phone", &["phone"], "Phone number as published; empty or NULL when unknown."),
        text("title", &["title"], "Title or role; NULL when unknown."),
        text(
            "company_name",
            &["prospect"],
            "Name of the company as the list of contacts gives it; NULL where the contact came with the details.",
        ),
    ],
    system: SYSTEM,
};
