//! An HTTP answer before it is sent.

use std::borrow::Cow;

/// An HTTP answer before it is sent.
#[derive(Debug)]
pub(in crate::simulator) struct Answer {
    /// HTTP status. 0 if nothing is sent.
    pub(in crate::simulator) status: u16,
    /// The header `Content-Type`. Empty for none.
    pub(in crate::simulator) content_type: Cow<'static, str>,
    pub(in crate::simulator) headers: Vec<(&'static str, String)>,
    pub(in crate::simulator) body: String,
    /// Bytes to send instead of `body`.
    pub(in crate::simulator) bytes: Option<Vec<u8>>,
    /// Number of rows in the body. `None` if the answer is not a list.
    pub(in crate::simulator) rows: Option<usize>,
}

impl Answer {
    pub(in crate::simulator) fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type: content_type.into(), headers: Vec::new(), body, bytes: None, rows: None }
    }

    /// 200 with a JSON body.
    pub(in crate::simulator) fn json(body: String) -> Self {
        Self::new(200, "application/json", body)
    }

    /// An error in the form of the document: `{"detail":"Not found"}`.
    pub(in crate::simulator) fn detail(status: u16, detail: &str) -> Self {
        let mut body = "{\"detail\":".to_owned();
        crate::simulator::http::json::push_string(detail, &mut body);
        body.push('}');
        Self::new(status, "application/json", body)
    }

    pub(in crate::simulator) fn empty(status: u16) -> Self {
        Self::new(status, "text/html; charset=utf-8", String::new())
    }

    pub(in crate::simulator) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(in crate::simulator) fn with_rows(mut self, rows: usize) -> Self {
        self.rows = Some(rows);
        self
    }
}
