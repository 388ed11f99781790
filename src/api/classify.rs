//! [`classify`]: the table from the outcome of an attempt to the next step. The test below prints it in full.

use std::time::Duration;

/// The outcome of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A complete answer with any status.
    Status {
        /// The HTTP status.
        code: u16,
        /// The pause that the header `Retry-After` asks for, capped by the settings. `None` when it asks for none.
        retry_after: Option<Duration>,
    },
    /// A success status without a body where JSON is expected.
    Empty,
    /// A success status with a body that is not JSON, such as a login page.
    NotJson,
    /// A success status with a body in an unknown encoding: a compression that was not requested, or text as UTF-16 or
    /// UTF-32.
    Encoding,
    /// No complete answer.
    Transport(TransportKind),
}

/// Why there is no complete answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// The host name has no address. Retried, but only a few times while the host has never answered.
    Resolve,
    /// No connection: refused, unreachable or too slow. Retried like `Resolve`.
    Connect,
    /// The server's certificate or its TLS is not acceptable. Not retried: it is permanent.
    Tls,
    /// The proxy asks for a user name and password, or refuses those given. Not retried: it is permanent.
    Proxy,
    /// No data within a timeout. Retried, and counts as congestion.
    Timeout,
    /// The connection was lost before an answer. Retried.
    Reset,
    /// The answer ended early. Retried.
    Truncated,
    /// The answer's compressed data is damaged. Retried.
    Damaged,
    /// The answer is larger than the limit. Not retried.
    TooLarge,
}

/// The next step after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A usable answer.
    Done,
    /// Status 404: the server has no such thing. The caller decides what that means.
    NotFound,
    /// A redirect. Never followed to another origin.
    Redirect,
    /// Another attempt may succeed.
    Retry {
        /// Short description of the failure, for logs and errors.
        reason: &'static str,
        /// The pause that the server asked for. `None` when it asked for none.
        not_before: Option<Duration>,
        /// Whether the rate control also reduces the requests in flight.
        slow_down: bool,
    },
    /// The credentials were refused. Every further request would be refused too.
    Abort {
        /// Short description of the failure.
        reason: &'static str,
    },
    /// This request cannot succeed; others may.
    Fail {
        /// Short description of the failure.
        reason: &'static str,
    },
}

/// The table of outcomes.
///
/// All requests of this program are read-only, including a POST to a filter endpoint, so that a retry is always safe.
pub fn classify(outcome: &Outcome) -> Verdict {
    use Verdict::{Abort, Done, Fail, NotFound, Redirect, Retry};
    let retry = |reason| Retry { reason, not_before: None, slow_down: false };
    let slow = |reason, not_before| Retry { reason, not_before, slow_down: true };
    match *outcome {
        Outcome::Status { code: 204 | 205, .. } | Outcome::Empty => retry("empty answer"),
        Outcome::Status { code: 206, .. } => retry("part of an answer"),
        Outcome::Status { code: 200..=299, .. } => Done,
        Outcome::Status { code: 301 | 302 | 303 | 307 | 308, .. } => Redirect,
        Outcome::Status { code: 401, .. } => Abort { reason: "credentials refused" },
        Outcome::Status { code: 403, .. } => Abort { reason: "access refused" },
        Outcome::Status { code: 404, .. } => NotFound,
        Outcome::Status { code: 429, retry_after } => slow("too many requests", retry_after),
        // Several gateways answer 529 instead of 503.
        Outcome::Status { code: 503 | 529, retry_after } => slow("server busy", retry_after),
        // A content delivery network answers 524 for a gateway timeout.
        Outcome::Status { code: 504 | 524, retry_after } => slow("gateway timed out", retry_after),
        Outcome::Status { code: 408 | 425, retry_after } => {
            Retry { reason: "server asks to try again", not_before: retry_after, slow_down: false }
        }
        Outcome::Status { code: 500 | 502 | 520..=523 | 525..=527, retry_after } => {
            Retry { reason: "server error", not_before: retry_after, slow_down: false }
        }
        Outcome::Status { code: 400..=499, .. } => Fail { reason: "request refused" },
        Outcome::Status { .. } => Fail { reason: "unexpected status" },
        Outcome::NotJson => retry("answer is not JSON"),
        Outcome::Encoding => Fail { reason: "encoding not understood" },
        Outcome::Transport(kind) => transport(kind),
    }
}

/// The part of the table for attempts without a complete answer.
fn transport(kind: TransportKind) -> Verdict {
    use TransportKind::{Connect, Damaged, Proxy, Reset, Resolve, Timeout, Tls, TooLarge, Truncated};
    let retry = |reason| Verdict::Retry { reason, not_before: None, slow_down: kind == Timeout };
    match kind {
        Resolve => retry("host name not found"),
        Connect => retry("no connection"),
        Reset => retry("connection lost before an answer"),
        Truncated => retry("answer broke off"),
        Damaged => retry("answer damaged on its way"),
        Timeout => retry("timed out"),
        Tls => Verdict::Fail { reason: "no trusted connection" },
        Proxy => Verdict::Fail { reason: "the proxy refuses" },
        TooLarge => Verdict::Fail { reason: "answer too large" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    /// One line for each range of neighbouring statuses with the same verdict.
    fn table() -> String {
        let mut text = String::new();
        let mut from = 100;
        for code in 100..=599 {
            let verdict = |code| format!("{:?}", classify(&Outcome::Status { code, retry_after: None }));
            if code == 599 || verdict(code + 1) != verdict(code) {
                writeln!(text, "{from}-{code} {}", verdict(code)).unwrap();
                from = code + 1;
            }
        }
        text.replace(" not_before: None,", "")
    }

    #[test]
    fn every_status_has_its_line() {
        insta::assert_snapshot!(table(), @r#"
        100-199 Fail { reason: "unexpected status" }
        200-203 Done
        204-205 Retry { reason: "empty answer", slow_down: false }
        206-206 Retry { reason: "part of an answer", slow_down: false }
        207-299 Done
        300-300 Fail { reason: "unexpected status" }
        301-303 Redirect
        304-306 Fail { reason: "unexpected status" }
        307-308 Redirect
        309-399 Fail { reason: "unexpected status" }
        400-400 Fail { reason: "request refused" }
        401-401 Abort { reason: "credentials refused" }
        402-402 Fail { reason: "request refused" }
        403-403 Abort { reason: "access refused" }
        404-404 NotFound
        405-407 Fail { reason: "request refused" }
        408-408 Retry { reason: "server asks to try again", slow_down: false }
        409-424 Fail { reason: "request refused" }
        425-425 Retry { reason: "server asks to try again", slow_down: false }
        426-428 Fail { reason: "request refused" }
        429-429 Retry { reason: "too many requests", slow_down: true }
        430-499 Fail { reason: "request refused" }
        500-500 Retry { reason: "server error", slow_down: false }
        501-501 Fail { reason: "unexpected status" }
        502-502 Retry { reason: "server error", slow_down: false }
        503-503 Retry { reason: "server busy", slow_down: true }
        504-504 Retry { reason: "gateway timed out", slow_down: true }
        505-519 Fail { reason: "unexpected status" }
        520-523 Retry { reason: "server error", slow_down: false }
        524-524 Retry { reason: "gateway timed out", slow_down: true }
        525-527 Retry { reason: "server error", slow_down: false }
        528-528 Fail { reason: "unexpected status" }
        529-529 Retry { reason: "server busy", slow_down: true }
        530-599 Fail { reason: "unexpected status" }
        "#);
    }

    #[test]
    fn a_pause_that_the_server_asks_for_is_passed_on() {
        let pause = Some(Duration::from_secs(9));
        for code in [408, 429, 500, 502, 503, 504] {
            let verdict = classify(&Outcome::Status { code, retry_after: pause });
            assert!(
                matches!(verdict, Verdict::Retry { not_before, .. } if not_before == pause),
                "{code}: {verdict:?}"
            );
        }
    }

    #[test]
    fn only_what_stays_so_is_not_tried_again() {
        use TransportKind::{Connect, Damaged, Proxy, Reset, Resolve, Timeout, Tls, TooLarge, Truncated};
        for kind in [Resolve, Connect, Timeout, Reset, Truncated, Damaged] {
            let verdict = classify(&Outcome::Transport(kind));
            assert!(matches!(verdict, Verdict::Retry { slow_down, .. } if slow_down == (kind == Timeout)));
        }
        for kind in [Tls, Proxy, TooLarge] {
            assert!(matches!(classify(&Outcome::Transport(kind)), Verdict::Fail { .. }));
        }
        assert!(matches!(classify(&Outcome::Encoding), Verdict::Fail { .. }));
        for outcome in [Outcome::Empty, Outcome::NotJson] {
            assert!(matches!(classify(&outcome), Verdict::Retry { slow_down: false, .. }));
        }
    }
}
