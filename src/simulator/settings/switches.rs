//! Switches: one for each point that the document leaves open, and for each way in which a server may misbehave.

use std::time::Duration;

use crate::simulator::http::dress::Compression;
use crate::simulator::http::fault::{Fault, Schedule};
use crate::simulator::http::spoil::Spoil;
use crate::simulator::settings::choices::{
    Count, Details, Envelope, MemberOrder, NextPage, Numbers, Ordering, PastEnd, StartsWith, UnknownFilter,
};

/// The behaviour of the simulator. The default is the most plausible reading of the document.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches")]
#[non_exhaustive]
pub struct Switches {
    /// The meaning of a leading `-` in the parameter `order`.
    pub order: Ordering,
    /// Most rows on a page. A larger `limit` is silently lowered to this. `None` for no maximum.
    pub limit_max: Option<u32>,
    /// True if `limit` and `offset` are ignored: every page has all rows.
    pub limit_ignored: bool,
    /// The shape of a page without a total.
    pub envelope: Envelope,
    /// The answer to `count=true`.
    pub count: Count,
    /// Added to every total. A total never falls below 0.
    pub total_offset: i64,
    /// The answer to a request past the last row.
    pub past_end: PastEnd,
    /// The JSON type of decimals and numbers of staff.
    pub numbers: Numbers,
    /// Every page whose number is a multiple of this has one row fewer than requested.
    pub short_page: Option<u64>,
    /// The page with this number (from 1) repeats the rows of the page before it.
    pub repeat_page: Option<u64>,
    /// Every page of companies or members ends in the text `"..."`, as in the document's examples.
    pub placeholder: bool,
    /// Every list whose example in the document ends in a text of dots ends in that text.
    pub placeholders: bool,
    /// The order of the members of a target group.
    pub member_order: MemberOrder,
    /// Whether every company in a list has details.
    pub details: Details,
    /// The form of the links between pages of customer data.
    pub next_page: NextPage,
    /// Delay of every answer.
    pub latency: Duration,
    /// After this many pages (first number) `limit_max` becomes the second number.
    pub clamp_late: Option<(u64, u32)>,
    /// Business ids in answers have their country in front.
    pub id_prefix: bool,
    /// Whether `business_id__startswith` filters.
    pub startswith_business_id: StartsWith,
    /// After every page whose number is a multiple of this, one company of the list is deleted and a new one added.
    pub drift: Option<u64>,
    /// After the page with this number (from 1), a company that was already returned is deleted.
    pub delete_after: Option<u64>,
    /// After the page with this number (from 1), a new company is added.
    pub insert_after: Option<u64>,
    /// After this many pages the rows are in another order, and stay in it.
    pub reorder_after: Option<u64>,
    /// After this many pages (first number) the second number is added to every total.
    pub total_late: Option<(u64, i64)>,
    /// The effect of a parameter that is not a known filter.
    pub unknown_filter: UnknownFilter,
    /// Field on which filters have no effect. `None` if all filters have.
    pub ignored_filter: Option<String>,
    /// Faults of single requests, by the number of the request (from 1).
    pub faults: Vec<(u64, Fault)>,
    /// Faults of every request from the one with this number on.
    pub faults_from: Vec<(u64, Fault)>,
    /// Damage to certain records in every answer that contains them.
    pub spoil: Vec<Spoil>,
    /// `Content-Type` of answers without a fault. `None` for the right one, an empty text for no such header.
    pub content_type: Option<String>,
    /// Answers without a fault begin with a byte order mark.
    pub byte_order_mark: bool,
    /// Compression of answers without a fault. `None` for none.
    pub compression: Option<Compression>,
    /// The bodies of faults quote the request's credentials, as debug pages do.
    pub echo: bool,
    /// Most requests that are answered within any second. Further ones get 429. `None` for no limit.
    pub rate_limit: Option<u64>,
    /// Keeps the text of every page, so that repeated requests cost the server little: for measuring a client on the
    /// same machine. A page of 1000 rows takes about 0.8 MB.
    pub remember: bool,
    /// Percentage (0 to 100) of the other requests that get a fault drawn from the seed.
    pub fault_rate_percent: f64,
    /// Seconds by which the header `Date` is off the clock.
    pub date_off: i64,
    /// Target of the fault `redirect`, and of links with `next-page=elsewhere`.
    pub redirect_to: String,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            order: Ordering::Document,
            limit_max: Some(1000),
            limit_ignored: false,
            envelope: Envelope::Array,
            count: Count::Object,
            total_offset: 0,
            past_end: PastEnd::Empty,
            numbers: Numbers::String,
            short_page: None,
            repeat_page: None,
            placeholder: false,
            placeholders: false,
            member_order: MemberOrder::Stable,
            details: Details::All,
            next_page: NextPage::Right,
            latency: Duration::ZERO,
            clamp_late: None,
            id_prefix: false,
            startswith_business_id: StartsWith::Works,
            drift: None,
            delete_after: None,
            insert_after: None,
            reorder_after: None,
            total_late: None,
            unknown_filter: UnknownFilter::Ignored,
            faults: Vec::new(),
            faults_from: Vec::new(),
            spoil: Vec::new(),
            ignored_filter: None,
            content_type: None,
            byte_order_mark: false,
            compression: None,
            echo: false,
            rate_limit: None,
            remember: false,
            fault_rate_percent: 0.0,
            date_off: 0,
            redirect_to: "https://elsewhere.invalid".to_owned(),
        }
    }
}

/// A switch, as set on the command line.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Switch {
    /// The name before `=`.
    pub name: &'static str,
    /// The values that it takes, for `--help`.
    pub values: &'static str,
    /// What it does, in one line, for `--help`.
    pub doc: &'static str,
    set: fn(&mut Switches, &str) -> Option<()>,
}

/// A switch that could not be set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwitchError {
    /// The argument has no `=`.
    #[error("switch `{argument}` has no value: write NAME=VALUE")]
    Form {
        /// The argument.
        argument: String,
    },
    /// No switch has this name.
    #[error("no switch is named `{name}`; there are {}", names().join(", "))]
    Name {
        /// The name in the argument.
        name: String,
    },
    /// The switch does not take this value.
    #[error("switch `{name}` cannot be `{value}`: it takes {values}")]
    Value {
        /// Name of the switch.
        name: &'static str,
        /// The value in the argument.
        value: String,
        /// The values that the switch takes.
        values: &'static str,
    },
}

impl SwitchError {
    /// What the user can do about the error.
    pub fn hint(&self) -> &'static str {
        "`vainu-etl simulate --help` lists the switches with their values"
    }
}

fn names() -> Vec<&'static str> {
    Switches::ALL.iter().map(|switch| switch.name).collect()
}

const fn switch(
    name: &'static str,
    values: &'static str,
    doc: &'static str,
    set: fn(&mut Switches, &str) -> Option<()>,
) -> Switch {
    Switch { name, values, doc, set }
}

/// Assigns a parsed value. `None`, without an assignment, if parsing failed.
fn assign<T>(target: &mut T, value: Option<T>) -> Option<()> {
    value.map(|value| *target = value)
}

/// Parses an integer above 0.
fn positive(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number > 0)
}

impl Switches {
    /// Every switch, for `--help`.
    #[rustfmt::skip]
    pub const ALL: &'static [Switch] = &[
        switch("order", "document|conventional|ignored|shuffled", "meaning of a leading `-` in `order`: ascending, descending, none, or another order with every request",
            |s, v| assign(&mut s.order, Ordering::parse(v))),
        switch("limit-max", "N|none", "most rows in a page; a larger limit is silently lowered (default 1000)",
            |s, v| assign(&mut s.limit_max, if v == "none" { Some(None) } else { positive(v).and_then(|n| u32::try_from(n).ok()).map(Some) })),
        switch("limit-ignored", "true|false", "everything in one answer, whatever limit and offset say", |s, v| assign(&mut s.limit_ignored, v.parse().ok())),
        switch("envelope", "array|results", "a page is a list, or an object with `results`", |s, v| assign(&mut s.envelope, Envelope::parse(v))),
        switch("count", "object|number|missing", "answer to `count=true`; missing: the parameter is ignored", |s, v| assign(&mut s.count, Count::parse(v))),
        switch("total-offset", "N", "the total is wrong by N, which may be negative", |s, v| assign(&mut s.total_offset, v.parse().ok())),
        switch("past-end", "empty|404", "answer after the last row", |s, v| assign(&mut s.past_end, PastEnd::parse(v))),
        switch("numbers", "string|number", "decimals and staff as JSON strings or numbers", |s, v| assign(&mut s.numbers, Numbers::parse(v))),
        switch("short-page", "N", "every Nth page has one row fewer than asked for", |s, v| assign(&mut s.short_page, positive(v).map(Some))),
        switch("repeat-page", "N", "the Nth page has the rows of the page before it", |s, v| assign(&mut s.repeat_page, positive(v).map(Some))),
        switch("placeholder", "true|false", "every page of companies or members ends in the text \"...\"", |s, v| assign(&mut s.placeholder, v.parse().ok())),
        switch("placeholders", "on|off", "every list ends in the text of dots that it has in the document (\"...\", \"..\", \"....\")",
            |s, v| assign(&mut s.placeholders, match v { "on" => Some(true), "off" => Some(false), _ => None })),
        switch("member-order", "stable|shuffled", "members of a target group come in another order with every request", |s, v| assign(&mut s.member_order, MemberOrder::parse(v))),
        switch("details", "all|some-missing", "some-missing: about 3 % of the companies of the lists have no details (404)", |s, v| assign(&mut s.details, Details::parse(v))),
        switch("next-page", "right|always|bare|elsewhere", "links of customer data: also behind the last page, without filters and page_size, or to another origin",
            |s, v| assign(&mut s.next_page, NextPage::parse(v))),
        switch("latency", "MS", "every answer is held back so many milliseconds", |s, v| assign(&mut s.latency, v.parse().ok().map(Duration::from_millis))),
        switch("clamp-late", "N:M", "after N pages limit-max becomes M", |s, v| {
            let (after, limit) = v.split_once(':')?;
            assign(&mut s.clamp_late, Some(Some((after.parse().ok()?, u32::try_from(positive(limit)?).ok()?))))
        }),
        switch("id-prefix", "true|false", "business ids with their country in front (FI09704098)", |s, v| assign(&mut s.id_prefix, v.parse().ok())),
        switch("startswith-business-id", "works|broken", "broken: `business_id__startswith` is ignored", |s, v| assign(&mut s.startswith_business_id, StartsWith::parse(v))),
        switch("drift", "N", "after every N pages one company is gone from the list and one is new", |s, v| assign(&mut s.drift, positive(v).map(Some))),
        switch("delete-after", "N", "after the Nth page a company that was answered already is gone, once", |s, v| assign(&mut s.delete_after, positive(v).map(Some))),
        switch("insert-after", "N", "after the Nth page one company is new, once", |s, v| assign(&mut s.insert_after, positive(v).map(Some))),
        switch("reorder-after", "N", "after N pages the rows are in another order, and stay in it", |s, v| assign(&mut s.reorder_after, positive(v).map(Some))),
        switch("total-late", "N:M", "after N pages every total is wrong by M, which may be negative", |s, v| {
            let (after, wrong_by) = v.split_once(':')?;
            assign(&mut s.total_late, Some(Some((after.parse().ok()?, wrong_by.parse().ok()?))))
        }),
        switch("unknown-filter", "ignore|error", "a parameter that is no known filter is ignored, or answered with 400", |s, v| assign(&mut s.unknown_filter, UnknownFilter::parse(v))),
        switch("ignored-filter", "FIELD", "filters on the field have no effect, whatever their operator",
            |s, v| assign(&mut s.ignored_filter, v.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_').then(|| Some(v.to_owned())))),
        switch("fault", "KIND@N,...", "the Nth request fails, with N+ all from the Nth on; KIND is html, json-error, empty, 204, redirect, closed, reset, reset-in-body, truncated, cut, gzip-damaged, gzip-cut, bomb, huge, br-damaged, br-bomb, zstd-damaged, zstd-bomb, compress, utf16, trickle, stall, hang, or an error status, to which may be added its body (500:json, 400:html) and its Retry-After (429:none, 503:2, 429:date30, 429:absurd, 429:words)",
            |s, v| { let plan = Schedule::parse(v)?; s.faults.extend(plan.single); s.faults_from.extend(plan.from); Some(()) }),
        switch("fault-rate", "PERCENT", "so many requests fail, in one of the ways that another attempt repairs",
            |s, v| assign(&mut s.fault_rate_percent, v.parse().ok().filter(|percent| (0.0..=100.0).contains(percent)))),
        switch("spoil", "KIND:TEXT", "records with a field of that text are damaged in every answer; KIND is nan, infinity, control, latin1, comma, cut, bare, bracket, quotes, colon or escape. May be set several times",
            |s, v| { s.spoil.push(Spoil::parse(v)?); Some(()) }),
        switch("content-type", "TYPE|none", "what right answers are said to be, or nothing", |s, v| assign(&mut s.content_type, match v { "none" => Some(Some(String::new())), _ => v.contains('/').then(|| Some(v.to_owned())) })),
        switch("byte-order-mark", "true|false", "right answers begin with a byte order mark", |s, v| assign(&mut s.byte_order_mark, v.parse().ok())),
        switch("compression", "gzip|br|zstd", "right answers are compressed", |s, v| assign(&mut s.compression, Compression::parse(v).map(Some))),
        switch("echo", "true|false", "the bodies of faults quote the request's credentials, as debug pages do", |s, v| assign(&mut s.echo, v.parse().ok())),
        switch("rate-limit", "N", "above N requests in a second, 429 with Retry-After", |s, v| assign(&mut s.rate_limit, positive(v).map(Some))),
        switch("remember", "true|false", "pages are kept when they are made (0.8 MB per 1000 rows): for measuring a client", |s, v| assign(&mut s.remember, v.parse().ok())),
        switch("date", "SECONDS", "the header Date is so many seconds off the clock, which may be negative", |s, v| assign(&mut s.date_off, v.parse().ok())),
        switch("redirect-to", "URL", "where the fault `redirect` leads, and `next-page=elsewhere`", |s, v| assign(&mut s.redirect_to, url::Url::parse(v).ok().map(|_| v.to_owned()))),
    ];

    /// The text at the end of a page of companies or members whose example in the document ends in `documented`.
    pub(in crate::simulator) fn page_ending(&self, documented: &'static str) -> Option<&'static str> {
        self.list_ending(documented).or_else(|| self.placeholder.then_some("..."))
    }

    /// The text at the end of a list whose example in the document ends in `documented`.
    pub(in crate::simulator) fn list_ending(&self, documented: &'static str) -> Option<&'static str> {
        self.placeholders.then_some(documented)
    }

    /// Sets one switch from `NAME=VALUE`. `_` in the name counts as `-`.
    ///
    /// The faults of repeated `fault` settings add up; so do those of `spoil`.
    ///
    /// # Errors
    /// When there is no such switch (the error lists them all), or the switch does not take the value.
    pub fn set(&mut self, argument: &str) -> Result<(), SwitchError> {
        let (name, value) =
            argument.split_once('=').ok_or_else(|| SwitchError::Form { argument: argument.to_owned() })?;
        let dashed = name.trim().replace('_', "-");
        let switch = Self::ALL
            .iter()
            .find(|switch| switch.name == dashed)
            .ok_or(SwitchError::Name { name: dashed })?;
        let wrong =
            || SwitchError::Value { name: switch.name, value: value.to_owned(), values: switch.values };
        (switch.set)(self, value.trim()).ok_or_else(wrong)
    }
}
