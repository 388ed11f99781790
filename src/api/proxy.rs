//! [`Proxy`]: the proxy for the API that the environment names.
//!
//! Only `https` uses a proxy, because plain `http` is allowed for this computer only. `HTTP_PROXY` is therefore
//! ignored.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::ApiError;
use super::base::BaseUrl;
use crate::secret::Secret;

/// Variables with the proxy's address. The first one that is set and not empty is used.
const NAMING: &[&str] = &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Variables with the hosts that are reached without the proxy. The first one that is set and not empty is used.
const EXCEPTING: &[&str] = &["NO_PROXY", "no_proxy"];
/// Supported schemes of a proxy.
const SCHEMES: &[&str] = &["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// A proxy in use. Displayed as scheme, host and port with the variable, never with user name or password.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    variable: &'static str,
    /// Scheme, host and port.
    place: String,
    /// The full address, which may hold a password.
    address: Secret,
}

impl Proxy {
    /// The proxy for requests below `base`, `None` when they are sent directly. `variable` reads an environment
    /// variable.
    ///
    /// # Errors
    /// [`ApiError::InvalidProxy`] when the variable does not hold the address of a proxy.
    pub(super) fn find(
        base: &BaseUrl,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ApiError> {
        if base.is_plain() {
            return Ok(None);
        }
        let first = |names: &'static [&'static str]| {
            names
                .iter()
                .find_map(|name| Some((*name, variable(name).filter(|text| !text.trim().is_empty())?)))
        };
        let Some((name, text)) = first(NAMING) else { return Ok(None) };
        let url = parse(text.trim()).map_err(|reason| ApiError::InvalidProxy { variable: name, reason })?;
        let exceptions = first(EXCEPTING)
            .map_or_else(String::new, |(_, text)| exceptions(&text, base.url().port_or_known_default()));
        let matcher = Matcher::builder().all(url.as_str()).no(exceptions).build();
        let Ok(target) = base.url().as_str().parse() else { return Ok(None) };
        let is_used = matcher.intercept(&target).is_some();
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let place = format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default());
        Ok(is_used.then(|| Self { variable: name, place, address: Secret::new(url.as_str()) }))
    }

    /// The proxy for the builder of `reqwest`.
    pub(super) fn for_client(&self) -> reqwest::Result<reqwest::Proxy> {
        reqwest::Proxy::all(self.address.expose())
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.place, self.variable)
    }
}

/// Reads a variable of the process's environment.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|text| text.to_string_lossy().into_owned())
}

/// The proxy for an API, as text without user name and password. `None` when the API is reached directly.
///
/// # Errors
/// [`ApiError::InvalidBaseUrl`] and [`ApiError::InvalidProxy`].
pub fn proxy_of(base_url: &Url) -> Result<Option<String>, ApiError> {
    let proxy = Proxy::find(&BaseUrl::new(base_url)?, environment)?;
    Ok(proxy.map(|proxy| proxy.to_string()))
}

/// Parses the address of a proxy. The default scheme is `http`. The error does not quote the address.
fn parse(text: &str) -> Result<Url, &'static str> {
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let no_url = "it is not SCHEME://HOST:PORT; in a user name or password, other signs than letters and digits are \
                  written as %XX";
    let url = Url::parse(&text).map_err(|_| no_url)?;
    if !SCHEMES.contains(&url.scheme()) {
        return Err("its scheme is none of http, https, socks4, socks4a, socks5 and socks5h");
    }
    if url.host_str().is_none_or(str::is_empty) || url.port() == Some(0) {
        return Err(no_url);
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("it must end with its port, without path, ? or #");
    }
    Ok(url)
}

/// The hosts that are reached directly, in the form that the matcher takes: separated by commas, and without `*.`,
/// because a domain includes all domains below it. An entry with a port is kept only when the port is the API's.
fn exceptions(text: &str, of_api: Option<u16>) -> String {
    let hosts = text.split(|char: char| char.is_whitespace() || matches!(char, ',' | ';'));
    let at_port = |host: &'_ str| -> Option<String> {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
                (name, port.parse::<u16>().ok())
            }
            _ => (host, of_api),
        };
        (port == of_api).then(|| name.trim_matches(['[', ']']).to_owned())
    };
    let hosts = hosts.filter(|host| !host.is_empty()).filter_map(at_port);
    let hosts = hosts.map(|host| host.strip_prefix("*.").map_or(host.clone(), str::to_owned));
    hosts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(base: &str, environment: &[(&str, &str)]) -> Result<Option<String>, String> {
        let base = BaseUrl::new(&Url::parse(base).unwrap()).unwrap();
        let variable = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        };
        let found = Proxy::find(&base, variable).map_err(|error| error.to_string())?;
        if let Some(proxy) = &found {
            proxy.for_client().unwrap();
            assert!(!format!("{proxy} {proxy:?}").contains("planted"));
        }
        Ok(found.map(|proxy| proxy.to_string()))
    }

    const API: &str = "https://api.example/api/v1/";

    #[test]
    fn the_first_variable_that_says_something_counts() {
        for (environment, wanted) in [
            (&[][..], None),
            (&[("HTTP_PROXY", "http://p:1")], None),
            (&[("HTTPS_PROXY", ""), ("https_proxy", " ")], None),
            (
                &[("HTTPS_PROXY", "http://p:1"), ("https_proxy", "http://q:2")],
                Some("http://p:1 (HTTPS_PROXY)"),
            ),
            (&[("https_proxy", "q:2")], Some("http://q:2 (https_proxy)")),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "socks5://s:3")], Some("socks5://s:3 (ALL_PROXY)")),
            (&[("all_proxy", "socks5h://u:planted@s:3/")], Some("socks5h://s:3 (all_proxy)")),
            (&[("HTTPS_PROXY", "http://user:planted@p:8080")], Some("http://p:8080 (HTTPS_PROXY)")),
            (&[("HTTPS_PROXY", "user:pl@nted:planted@p:8080")], Some("http://p:8080 (HTTPS_PROXY)")),
            (&[("HTTPS_PROXY", "https://[::1]:8443")], Some("https://[::1]:8443 (HTTPS_PROXY)")),
        ] {
            assert_eq!(find(API, environment).unwrap().as_deref(), wanted, "{environment:?}");
        }
        assert_eq!(
            find("http://127.0.0.1:1/", &[("ALL_PROXY", "http://p:1"), ("HTTP_PROXY", "p:1")]),
            Ok(None)
        );
    }

    #[test]
    fn excepted_hosts_are_reached_directly() {
        for (no_proxy, is_used) in [
            ("api.example", false),
            ("*", false),
            (".example", false),
            ("*.example", false),
            ("localhost, api.example", false),
            ("localhost api.example", false),
            ("api.example:443", false),
            ("*.example:443,[::1]:443", false),
            ("api.example:8443", true),
            ("other.example,pi.example,127.0.0.0/8", true),
            ("", true),
        ] {
            for name in EXCEPTING {
                let found = find(API, &[("HTTPS_PROXY", "http://p:1"), (name, no_proxy)]).unwrap();
                assert_eq!(found.is_some(), is_used, "{name}={no_proxy}");
            }
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_its_variable_and_not_quoted() {
        for text in [
            "ftp://user:planted@p:1",
            "http://",
            "http://user:pla/nted@p:8080",
            "http://p:99999",
            "http://p:0",
            "http://p:1/planted",
            "http://p:1?planted",
            "socks6://p:1",
            "http://pl anted:1",
        ] {
            for name in NAMING {
                let error = find(API, &[(name, text)]).unwrap_err();
                assert!(error.contains(&format!("`{name}`")) && !error.contains("anted"), "{error}");
            }
        }
    }
}
