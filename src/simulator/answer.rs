//! Answers, and the three ways in which one gets onto a connection.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures::StreamExt as _;
use futures::stream;

use super::gate::Line;

/// An answer before it is sent.
#[derive(Debug)]
pub(super) struct Answer {
    /// 0 when nothing is sent at all.
    pub(super) status: u16,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// Companies in the body; `None` if the answer is not a page.
    pub(super) rows: Option<usize>,
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// All headers, then half of the body, then the connection ends.
    Half,
    /// The connection ends.
    Nothing,
}

impl Answer {
    pub(super) fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type, headers: Vec::new(), body, rows: None }
    }

    /// 200 with a JSON body.
    pub(super) fn json(body: String) -> Self {
        Self::new(200, "application/json", body)
    }

    /// An error as the document shows one: `{"detail":"Not found"}`.
    pub(super) fn detail(status: u16, detail: &str) -> Self {
        let mut body = "{\"detail\":".to_owned();
        super::render::push_string(detail, &mut body);
        body.push('}');
        Self::new(status, "application/json", body)
    }

    pub(super) fn empty(status: u16) -> Self {
        Self::new(status, "text/html; charset=utf-8", String::new())
    }

    pub(super) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn with_rows(mut self, rows: usize) -> Self {
        self.rows = Some(rows);
        self
    }

    /// The HTTP response; for [`Delivery::Nothing`] one that `line` will not let through.
    pub(super) fn into_response(self, delivery: Delivery, line: &Line) -> Response {
        let length = self.body.len();
        let body = match delivery {
            Delivery::Whole => Body::from(self.body),
            Delivery::Half => half_of(&self.body),
            Delivery::Nothing => {
                line.cut();
                Body::empty()
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if delivery == Delivery::Half {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// A body that fails after half of its bytes.
fn half_of(body: &str) -> Body {
    let start = body.as_bytes().iter().copied().take(body.len() / 2).collect::<Bytes>();
    // The pause lets the server put the first half on the wire before the failure closes the connection.
    let end = stream::once(async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(stream::iter([Ok(start)]).chain(end))
}
