//! [`BaseUrl`]: the base URL of the API. Credentials are sent to its origin only.

use url::{Host, Url};

use super::request::visible;
use super::{ApiError, ApiRequest};

/// A checked base URL; its path ends with a slash.
#[derive(Debug, Clone)]
pub(super) struct BaseUrl(Url);

impl BaseUrl {
    pub(super) fn new(url: &Url) -> Result<Self, ApiError> {
        let invalid = |reason| Err(ApiError::InvalidBaseUrl { url: shown(url), reason });
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return invalid("it must be an https:// address with a host");
        }
        if url.scheme() == "http" && !is_loopback(url) {
            return invalid("over http the credentials would travel in clear text; use https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return invalid("it holds a username or password; give credentials separately");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return invalid("it must end with its path, without ? or #");
        }
        let mut url = url.clone();
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url))
    }

    /// Whether the scheme is `http`, which is allowed for a loopback address only.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    pub(super) fn origin(&self) -> String {
        origin(&self.0)
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// The full URL of `request`, always below the base URL.
    pub(super) fn join(&self, request: &ApiRequest) -> Result<Url, ApiError> {
        let invalid = |reason| Err(ApiError::InvalidRequest { request: request.to_string(), reason });
        let path = request.path.as_str();
        if path.starts_with('/') || path.contains(['?', '#', '\\']) || path.chars().any(char::is_control) {
            return invalid("its path must be relative, without ?, #, \\ or control characters");
        }
        if path
            .split('/')
            .any(|segment| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."))
        {
            return invalid("its path must not climb out with . or ..");
        }
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path()));
        url.set_query(request.encoded_query().as_deref());
        Ok(url)
    }

    /// The target of a redirect with `status` in answer to `request`, resolved against `from`. It must have the base
    /// URL's origin.
    pub(super) fn resolve(
        &self,
        from: &Url,
        link: &str,
        request: &str,
        status: u16,
    ) -> Result<Url, ApiError> {
        let Ok(target) = from.join(link.trim()) else {
            return Err(ApiError::InvalidLink { request: request.to_owned(), reason: "it is not a URL" });
        };
        if target.origin() != self.0.origin() {
            return Err(ApiError::ForeignOrigin {
                request: request.to_owned(),
                status,
                configured: self.origin(),
                target: origin(&target),
            });
        }
        Ok(target)
    }
}

/// Scheme, host and port: the parts of a URL that never hold a secret and may be printed.
fn origin(url: &Url) -> String {
    visible(&url.origin().ascii_serialization())
}

fn shown(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), visible(url.path()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<BaseUrl, String> {
        BaseUrl::new(&Url::parse(text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn credentials_travel_encrypted_or_not_at_all() {
        for good in
            ["https://api.vainu.io/api/v1", "http://localhost:8000/", "http://127.0.0.9/", "http://[::1]:1/"]
        {
            assert!(base(good).unwrap().url().path().ends_with('/'));
        }
        for bad in [
            "http://api.vainu.io/api/v1/",
            "http://localhost.example/",
            "http://192.168.0.1/",
            "http://[fe80::1]/",
        ] {
            assert!(base(bad).unwrap_err().contains("clear text"), "{bad}");
        }
        for bad in ["ftp://api.vainu.io/", "file:///etc/passwd", "https://x/?a=b", "https://x/#a"] {
            assert!(base(bad).is_err(), "{bad}");
        }
        let error = base("https://aino:planted@api.vainu.io/").unwrap_err();
        assert!(error.contains("credentials separately") && !error.contains("planted"), "{error}");
    }

    #[test]
    fn a_request_stays_below_the_base_url() {
        let base = base("https://api.example/api/v1").unwrap();
        let join = |path: &str| base.join(&ApiRequest::get(path)).map(String::from);
        assert_eq!(join("prospect/FI09704098/").unwrap(), "https://api.example/api/v1/prospect/FI09704098/");
        let escaped = format!("prospect/{}/", ApiRequest::path_segment("../../x"));
        assert_eq!(join(&escaped).unwrap(), "https://api.example/api/v1/prospect/..%2F..%2Fx/");
        let dots = format!("prospect/{}/", ApiRequest::path_segment(".."));
        assert_eq!(join(&dots).unwrap(), "https://api.example/api/v1/prospect/%252E%252E/");
        for bad in ["/x/", "//evil.example/", "../x", "a/%2E%2e/b", "a/./b", "a?b", "a#b", "a\\b", "a\nb"] {
            assert!(matches!(join(bad), Err(ApiError::InvalidRequest { .. })), "{bad}");
        }
        assert_eq!(
            join("https://evil.example/").unwrap(),
            "https://api.example/api/v1/https://evil.example/"
        );
    }

    #[test]
    fn a_link_leads_to_the_same_origin_or_is_an_error() {
        let base = base("https://api.example/api/v1/").unwrap();
        let resolve = |link: &str| base.resolve(&base.0, link, "GET x/", 302);
        for (link, target) in [
            (
                "https://api.example/api/v1/customer_data/?page=2",
                "https://api.example/api/v1/customer_data/?page=2",
            ),
            ("/admin/", "https://api.example/admin/"),
            ("y/?page=3", "https://api.example/api/v1/y/?page=3"),
        ] {
            assert_eq!(resolve(link).unwrap().as_str(), target);
        }
        for (foreign, named) in [
            ("https://evil.example/api/v1/", "https://evil.example"),
            ("http://api.example/api/v1/", "http://api.example"),
            ("https://api.example:444/api/v1/", "https://api.example:444"),
            ("//evil.example/", "https://evil.example"),
        ] {
            let error = resolve(foreign).unwrap_err();
            assert!(matches!(error, ApiError::ForeignOrigin { .. }), "{error}");
            let error = error.to_string();
            assert!(error.contains(named) && error.contains("for https://api.example only"), "{error}");
        }
        assert!(matches!(resolve("https://"), Err(ApiError::InvalidLink { .. })));
    }
}
