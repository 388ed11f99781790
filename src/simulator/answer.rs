//! Answers before they are sent.

use std::borrow::Cow;

/// An answer before it is sent.
#[derive(Debug)]
pub(super) struct Answer {
    /// 0 when nothing is sent at all.
    pub(super) status: u16,
    /// Empty for no such header.
    pub(super) content_type: Cow<'static, str>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    /// What is sent instead of the body.
    pub(super) bytes: Option<Vec<u8>>,
    /// Rows in the body; `None` if the answer is not a list.
    pub(super) rows: Option<usize>,
}

impl Answer {
    pub(super) fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type: content_type.into(), headers: Vec::new(), body, bytes: None, rows: None }
    }

    /// 200 with a JSON body.
    pub(super) fn json(body: String) -> Self {
        Self::new(200, "application/json", body)
    }

    /// An error as the document shows one: `{"detail":"Not found"}`.
    pub(super) fn detail(status: u16, detail: &str) -> Self {
        let mut body = "{\"detail\":".to_owned();
        super::json::push_string(detail, &mut body);
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
}
