//! Faults: answers that a network or a busy server gives instead of the right one.

use std::time::{Duration, SystemTime};

use super::answer::{Answer, Delivery};
use super::draw::{Draw, Stream};
use super::switches::Switches;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An error status; 5xx with a body of HTML, as a load balancer sends it, others with JSON.
    Status {
        /// 400 to 599.
        code: u16,
        /// The header `Retry-After`, if any.
        retry_after: Option<RetryAfter>,
    },
    /// 200 with a page of HTML.
    Html,
    /// The connection is closed without an answer.
    Reset,
    /// The right answer, but the connection is closed in the middle of its body.
    Truncated,
    /// 302 to another origin.
    Redirect,
}

/// The two forms of the header `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// So many seconds.
    Seconds(u32),
    /// A date so many seconds from the answer.
    Date(u32),
}

impl Fault {
    /// Faults from a list as the switch has it: `429@3,429:2@5,503:date10@6,html@7,reset@8`.
    pub(super) fn parse_list(text: &str) -> Option<Vec<(u64, Self)>> {
        text.split(',')
            .map(|item| {
                let (kind, number) = item.trim().split_once('@')?;
                let number = number.parse().ok().filter(|number| *number > 0)?;
                Some((number, Self::parse(kind)?))
            })
            .collect()
    }

    fn parse(kind: &str) -> Option<Self> {
        match kind {
            "html" => return Some(Self::Html),
            "reset" => return Some(Self::Reset),
            "truncated" => return Some(Self::Truncated),
            "redirect" => return Some(Self::Redirect),
            _ => {}
        }
        let (code, wait) = kind.split_once(':').map_or((kind, None), |(code, wait)| (code, Some(wait)));
        let code: u16 = code.parse().ok().filter(|code| (400..600).contains(code))?;
        let retry_after = match wait {
            Some(wait) => Some(match wait.strip_prefix("date") {
                Some(seconds) => RetryAfter::Date(seconds.parse().ok()?),
                None => RetryAfter::Seconds(wait.parse().ok()?),
            }),
            None => (code == 429).then_some(RetryAfter::Seconds(0)),
        };
        Some(Self::Status { code, retry_after })
    }

    /// The fault of request `sequence` (from 1): the one that the switches name, or a drawn one.
    pub(super) fn of_request(switches: &Switches, seed: u64, sequence: u64) -> Option<Self> {
        if let Some((_, fault)) = switches.faults.iter().find(|(number, _)| *number == sequence) {
            return Some(*fault);
        }
        let mut draw = Draw::new(seed, sequence, Stream::Fault);
        if draw.unit() * 100.0 >= switches.fault_rate_percent {
            return None;
        }
        let status =
            |code| Self::Status { code, retry_after: (code == 429).then_some(RetryAfter::Seconds(0)) };
        Some(match draw.below(6) {
            0 => status(429),
            1 => status(500),
            2 => status(503),
            3 => status(504),
            4 => Self::Reset,
            _ => Self::Truncated,
        })
    }

    /// The answer instead of the right one; `None` when the right one is needed.
    pub(super) fn answer(self, switches: &Switches, path_and_query: &str) -> Option<Answer> {
        match self {
            Self::Status { code, retry_after } => {
                let answer =
                    if code >= 500 { html(code) } else { Answer::detail(code, "Request was throttled.") };
                Some(match retry_after {
                    None => answer,
                    Some(RetryAfter::Seconds(seconds)) => {
                        answer.with_header("retry-after", seconds.to_string())
                    }
                    Some(RetryAfter::Date(seconds)) => {
                        let date = SystemTime::now() + Duration::from_secs(u64::from(seconds));
                        answer.with_header("retry-after", httpdate::fmt_http_date(date))
                    }
                })
            }
            Self::Html => Some(html(200)),
            Self::Redirect => {
                let target = format!("{}{path_and_query}", switches.redirect_to.trim_end_matches('/'));
                Some(Answer::empty(302).with_header("location", target))
            }
            Self::Reset => Some(Answer::empty(0)),
            Self::Truncated => None,
        }
    }

    /// How the answer gets onto the connection.
    pub(super) fn delivery(self) -> Delivery {
        match self {
            Self::Reset => Delivery::Nothing,
            Self::Truncated => Delivery::Half,
            Self::Status { .. } | Self::Html | Self::Redirect => Delivery::Whole,
        }
    }

    /// The name in the request log.
    pub(super) fn label(self) -> String {
        match self {
            Self::Status { code, .. } => code.to_string(),
            Self::Html => "html".to_owned(),
            Self::Reset => "reset".to_owned(),
            Self::Truncated => "truncated".to_owned(),
            Self::Redirect => "redirect".to_owned(),
        }
    }
}

fn html(code: u16) -> Answer {
    let title = match code {
        200 => "Sign in",
        500 => "Server Error (500)",
        502 => "502 Bad Gateway",
        503 => "503 Service Temporarily Unavailable",
        504 => "504 Gateway Time-out",
        _ => "Error",
    };
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    Answer::new(code, "text/html; charset=utf-8", body)
}
