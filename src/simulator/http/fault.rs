//! Faults: answers of a failing network or server instead of the regular answer.

use std::time::{Duration, SystemTime};

use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::http::answer::Answer;
use crate::simulator::http::delivery::Delivery;
use crate::simulator::settings::switches::Switches;

/// The way in which one request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An error status.
    Status {
        /// 400 to 599.
        code: u16,
        /// The header `Retry-After`; `None` for no such header.
        retry_after: Option<RetryAfter>,
        /// True for an HTML body, as load balancers send it; false for JSON.
        html: bool,
    },
    /// 200 with an HTML page.
    Html,
    /// 200 with a JSON object that describes an error.
    JsonError,
    /// 200 with an empty body.
    Empty,
    /// 204 without a body.
    NoContent,
    /// 302 to another origin.
    Redirect,
    /// The regular answer, or none, is sent in a way that fails.
    Delivery(Delivery),
}

/// The forms of the header `Retry-After`, valid and invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// This many seconds.
    Seconds(u32),
    /// A date this many seconds after the answer.
    Date(u32),
    /// More seconds than any integer type holds.
    Absurd,
    /// Words: neither seconds nor a date.
    Words,
}

/// The faults other than an error status, with their names in the switch.
const NAMED: &[(&str, Fault)] = &[
    ("html", Fault::Html),
    ("json-error", Fault::JsonError),
    ("empty", Fault::Empty),
    ("204", Fault::NoContent),
    ("redirect", Fault::Redirect),
    ("closed", Fault::Delivery(Delivery::Closed)),
    ("reset", Fault::Delivery(Delivery::Reset)),
    ("reset-in-body", Fault::Delivery(Delivery::HalfThenReset)),
    ("truncated", Fault::Delivery(Delivery::Half)),
    ("cut", Fault::Delivery(Delivery::HalfUnannounced)),
    ("gzip-damaged", Fault::Delivery(Delivery::GzipDamaged)),
    ("gzip-cut", Fault::Delivery(Delivery::GzipHalf)),
    ("bomb", Fault::Delivery(Delivery::Bomb)),
    ("huge", Fault::Delivery(Delivery::Huge)),
    ("br-damaged", Fault::Delivery(Delivery::BrotliDamaged)),
    ("br-bomb", Fault::Delivery(Delivery::BrotliBomb)),
    ("zstd-damaged", Fault::Delivery(Delivery::ZstdDamaged)),
    ("zstd-bomb", Fault::Delivery(Delivery::ZstdBomb)),
    ("compress", Fault::Delivery(Delivery::Compress)),
    ("utf16", Fault::Delivery(Delivery::Utf16)),
    ("trickle", Fault::Delivery(Delivery::Trickle)),
    ("stall", Fault::Delivery(Delivery::HalfThenSilence)),
    ("hang", Fault::Delivery(Delivery::Never)),
];

/// The faults that the switch `fault-rate` draws from: those that a prompt retry repairs.
const DRAWN: &[Fault] = &[
    status(429, false, None),
    status(429, false, Some(RetryAfter::Seconds(0))),
    status(500, false, None),
    status(500, true, None),
    status(502, true, None),
    status(503, true, None),
    status(503, false, Some(RetryAfter::Seconds(0))),
    status(504, true, None),
    Fault::Html,
    Fault::JsonError,
    Fault::Empty,
    Fault::NoContent,
    Fault::Delivery(Delivery::Closed),
    Fault::Delivery(Delivery::Reset),
    Fault::Delivery(Delivery::HalfThenReset),
    Fault::Delivery(Delivery::Half),
    Fault::Delivery(Delivery::HalfUnannounced),
    Fault::Delivery(Delivery::GzipDamaged),
    Fault::Delivery(Delivery::GzipHalf),
];

const fn status(code: u16, html: bool, retry_after: Option<RetryAfter>) -> Fault {
    Fault::Status { code, retry_after, html }
}

/// The parsed value of the switch `fault`: faults of single requests, and of every request from a number on.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Schedule {
    pub(in crate::simulator) single: Vec<(u64, Fault)>,
    pub(in crate::simulator) from: Vec<(u64, Fault)>,
}

impl Schedule {
    /// Parses a list of faults: `429@3,429:2@5,503:date10:json@6,html@7,500@8+`.
    pub(in crate::simulator) fn parse(text: &str) -> Option<Self> {
        let mut plan = Self::default();
        for item in text.split(',') {
            let (kind, number) = item.trim().split_once('@')?;
            let fault = Fault::parse(kind)?;
            let (faults, number) = match number.strip_suffix('+') {
                Some(number) => (&mut plan.from, number),
                None => (&mut plan.single, number),
            };
            faults.push((number.parse().ok().filter(|number| *number > 0)?, fault));
        }
        Some(plan)
    }
}

impl Fault {
    fn parse(kind: &str) -> Option<Self> {
        if let Some((_, fault)) = NAMED.iter().find(|(name, _)| *name == kind) {
            return Some(*fault);
        }
        let mut words = kind.split(':');
        let code: u16 = words.next()?.parse().ok().filter(|code| (400..600).contains(code))?;
        let mut retry_after = (code == 429).then_some(RetryAfter::Seconds(0));
        let mut html = code >= 500;
        for word in words {
            match word {
                "json" => html = false,
                "html" => html = true,
                "none" => retry_after = None,
                "absurd" => retry_after = Some(RetryAfter::Absurd),
                "words" => retry_after = Some(RetryAfter::Words),
                _ => {
                    retry_after = Some(match word.strip_prefix("date") {
                        Some(seconds) => RetryAfter::Date(seconds.parse().ok()?),
                        None => RetryAfter::Seconds(word.parse().ok()?),
                    });
                }
            }
        }
        Some(status(code, html, retry_after))
    }

    /// The fault of request `sequence` (from 1): the scheduled one, else one drawn by the fault rate.
    pub(in crate::simulator) fn of_request(switches: &Switches, seed: u64, sequence: u64) -> Option<Self> {
        let single = switches.faults.iter().find(|(number, _)| *number == sequence);
        let lasting = || switches.faults_from.iter().find(|(number, _)| *number <= sequence);
        if let Some((_, fault)) = single.or_else(lasting) {
            return Some(*fault);
        }
        let mut draw = Rng::new(seed, sequence, Stream::Fault);
        if draw.unit() * 100.0 >= switches.fault_rate_percent {
            return None;
        }
        let which = draw.below(u32::try_from(DRAWN.len()).unwrap_or(1));
        DRAWN.get(which as usize).copied()
    }

    /// The answer of this fault. `None` if the regular answer is needed. `echo` is the text that a debug page quotes
    /// from the request.
    pub(in crate::simulator) fn answer(
        self,
        switches: &Switches,
        path_and_query: &str,
        echo: &str,
    ) -> Option<Answer> {
        match self {
            Self::Status { code, retry_after, html } => {
                let answer = if html {
                    page(code, echo)
                } else {
                    Answer::detail(code, &format!("{}{echo}", reason(code)))
                };
                Some(match retry_after {
                    None => answer,
                    Some(wait) => answer.with_header("retry-after", wait.header()),
                })
            }
            Self::Html => Some(page(200, echo)),
            Self::JsonError => Some(Answer::detail(200, &format!("Internal error{echo}"))),
            Self::Empty => Some(Answer::json(String::new())),
            Self::NoContent => Some(Answer::empty(204)),
            Self::Redirect => {
                let target = format!("{}{path_and_query}", switches.redirect_to.trim_end_matches('/'));
                Some(Answer::empty(302).with_header("location", target))
            }
            Self::Delivery(delivery) => delivery.replacement(),
        }
    }

    /// How the answer of this fault is sent. `None` for an answer that is sent whole.
    pub(in crate::simulator) fn delivery(self) -> Option<Delivery> {
        match self {
            Self::Delivery(delivery) => Some(delivery),
            _ => None,
        }
    }

    /// The name of this fault in the request log.
    pub(in crate::simulator) fn label(self) -> String {
        match self {
            Self::Status { code, .. } => code.to_string(),
            named => NAMED
                .iter()
                .find(|(_, fault)| *fault == named)
                .map_or_else(String::new, |(name, _)| (*name).to_owned()),
        }
    }
}

impl RetryAfter {
    fn header(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(seconds) => {
                httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(u64::from(seconds)))
            }
            Self::Absurd => "99999999999999999999999999".to_owned(),
            Self::Words => "in a while".to_owned(),
        }
    }
}

fn reason(code: u16) -> &'static str {
    match code {
        429 => "Request was throttled.",
        401 => "Invalid API key.",
        403 => "API is not enabled for your account.",
        404 => "Not found",
        _ => "Server Error",
    }
}

fn page(code: u16, echo: &str) -> Answer {
    let title = match code {
        200 => "Sign in",
        500 => "Server Error (500)",
        502 => "502 Bad Gateway",
        503 => "503 Service Temporarily Unavailable",
        504 => "504 Gateway Time-out",
        _ => "Error",
    };
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>{echo}</center>\r\n</body>\r\n</html>\r\n"
    );
    Answer::new(code, "text/html; charset=utf-8", body)
}
