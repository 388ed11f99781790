//! [`ApiRequest`]: a request relative to the base URL, without credentials.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::ApiError;
use super::base::BaseUrl;

/// Characters that are not encoded in a path segment: the "unreserved" ones of RFC 3986.
const IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Characters that are not encoded in a query: also the separators in lists and times, so that logs stay readable.
const IN_QUERY: &AsciiSet = &IN_SEGMENT.remove(b',').remove(b':').remove(b'*');
/// Number of characters of a query value that are shown.
const SHOWN: usize = 40;

/// The HTTP method. Both methods are read-only here, so a request may be retried.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// GET.
    Get,
    /// POST with this JSON body, for filters that do not fit a URL. Never used for an endpoint that writes.
    PostJson(serde_json::Value),
}

impl Method {
    /// The name: `GET` or `POST`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::PostJson(_) => "POST",
        }
    }
}

/// One request to the API. `Display` shows method, path and shortened query, for logs and errors.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRequest {
    /// The method and, for POST, the body.
    pub method: Method,
    /// Path below the base URL, encoded and without a leading slash: `prospects/filter/`. Build variable parts with
    /// [`ApiRequest::path_segment`].
    pub path: String,
    /// Query parameters in order, not encoded.
    pub query: Vec<(String, String)>,
}

impl ApiRequest {
    /// A GET request for `path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::Get, path: path.into(), query: Vec::new() }
    }

    /// A POST request for `path` with a JSON body.
    pub fn post_json(path: impl Into<String>, body: serde_json::Value) -> Self {
        Self { method: Method::PostJson(body), path: path.into(), query: Vec::new() }
    }

    /// Adds the parameter `name=value`, neither of them encoded.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// The value of the first parameter `name`.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Encodes `text` as one path segment: `../x` becomes `..%2Fx`.
    ///
    /// `.` and `..` have no safe encoding (URLs read `%2e` as a dot too), so they are encoded twice: the server sees a
    /// name that does not exist.
    pub fn path_segment(text: &str) -> String {
        match text {
            "." | ".." => text.replace('.', "%252E"),
            _ => utf8_percent_encode(text, IN_SEGMENT).to_string(),
        }
    }

    /// Length in bytes of the full URL. Servers often accept no more than 8 KiB.
    ///
    /// # Errors
    /// [`ApiError::InvalidBaseUrl`] and [`ApiError::InvalidRequest`], as for sending the request.
    pub fn url_length(&self, base: &Url) -> Result<usize, ApiError> {
        Ok(BaseUrl::new(base)?.join(self)?.as_str().len())
    }

    /// The encoded query of the URL. `None` when there are no parameters.
    pub(super) fn encoded_query(&self) -> Option<String> {
        let encode = |text: &str| utf8_percent_encode(text, IN_QUERY).to_string();
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }
}

impl fmt::Display for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.name(), visible(&self.path))?;
        for (index, (name, value)) in self.query.iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            let shown: String = value.chars().take(SHOWN).collect();
            let cut = if shown.len() < value.len() { "…" } else { "" };
            write!(f, "{separator}{}={}{cut}", visible(name), visible(&shown))?;
        }
        Ok(())
    }
}

/// `text` with each character that could disturb a terminal or fake a line replaced by `�`: control characters, and
/// invisible characters that change the direction of text or join characters.
pub(super) fn visible(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if harmful(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_encoded_and_stay_readable() {
        let request = ApiRequest::get("prospects/filter/")
            .query("country", "FI")
            .query("company_name__exact", "Nokia Oyj & Söner+1")
            .query("business_id__in", "01032880,09704098")
            .query("basic_modified__gt", "2016-04-20T16:00:00");
        assert_eq!(
            request.encoded_query().unwrap(),
            "country=FI&company_name__exact=Nokia%20Oyj%20%26%20S%C3%B6ner%2B1\
             &business_id__in=01032880,09704098&basic_modified__gt=2016-04-20T16:00:00"
        );
        assert_eq!(ApiRequest::get("x/").encoded_query(), None);
    }

    #[test]
    fn nothing_breaks_out_of_a_path_segment() {
        for (text, segment) in [
            ("FI09704098", "FI09704098"),
            ("../customer_data", "..%2Fcustomer_data"),
            ("..", "%252E%252E"),
            (".", "%252E"),
            ("a?b#c%d", "a%3Fb%23c%25d"),
            ("ä b", "%C3%A4%20b"),
        ] {
            assert_eq!(ApiRequest::path_segment(text), segment);
        }
    }

    #[test]
    fn display_shortens_values_and_shows_no_control_characters() {
        let request =
            ApiRequest::get("prospects/filter/").query("country", "FI").query("ids", "1234567,".repeat(100));
        assert_eq!(
            request.to_string(),
            "GET prospects/filter/?country=FI&ids=1234567,1234567,1234567,1234567,1234567,…"
        );
        let request =
            ApiRequest::post_json("x/", serde_json::json!({"a": 1})).query("q", "a\u{1b}[2Jb\u{202e}");
        assert_eq!(request.to_string(), "POST x/?q=a\u{fffd}[2Jb\u{fffd}");
    }

    #[test]
    fn the_length_is_that_of_the_url_as_sent() {
        let base = Url::parse("https://api.example/api/v1").unwrap();
        let length = ApiRequest::get("x/").query("q", "ä").url_length(&base).unwrap();
        assert_eq!(length, "https://api.example/api/v1/x/?q=%C3%A4".len());
    }
}
