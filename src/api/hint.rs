//! The meaning of an [`ApiError`] for the run: its kind, and a hint.

use super::ApiError;

/// The kinds of errors that a caller distinguishes. Each has its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Credentials were refused.
    Credentials,
    /// The source is unavailable or its answers are unusable; resumable.
    Unavailable,
    /// A limit set by the user was reached; resumable.
    Budget,
    /// The user stopped the run; resumable.
    Interrupted,
    /// Usage or configuration.
    Usage,
}

impl ApiError {
    /// The kind of the error, which determines the exit code.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidCredentials { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::ProxyRefused { .. } => ErrorKind::Credentials,
            Self::InvalidBaseUrl { .. }
            | Self::InvalidProxy { .. }
            | Self::InvalidSetting { .. }
            | Self::InvalidRequest { .. }
            | Self::Setup { .. }
            | Self::ForeignOrigin { .. }
            | Self::Redirected { .. }
            | Self::Refused { .. } => ErrorKind::Usage,
            Self::InvalidLink { .. }
            | Self::Unreachable { .. }
            | Self::Untrusted { .. }
            | Self::Unavailable { .. }
            | Self::TooManyRetries { .. }
            | Self::NotJson { .. }
            | Self::Encoding { .. }
            | Self::BodyTooLarge { .. } => ErrorKind::Unavailable,
            Self::BudgetReached { .. } | Self::DeadlineReached { .. } => ErrorKind::Budget,
            Self::Interrupted { .. } => ErrorKind::Interrupted,
        }
    }

    /// Whether the server refuses only this request because of its content: an id of a kind that it does not accept, or
    /// one too long for a URL. Another request may succeed.
    pub fn is_about_the_request(&self) -> bool {
        matches!(
            self,
            Self::InvalidRequest { .. }
                | Self::Refused { status: 400 | 406 | 410 | 413 | 414 | 416 | 422 | 431, .. }
        )
    }

    /// The HTTP status of the last answer. `None` when there was no answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::ForeignOrigin { status, .. }
            | Self::Redirected { status, .. }
            | Self::NotJson { status, .. }
            | Self::Encoding { status, .. }
            | Self::BodyTooLarge { status, .. }
            | Self::Refused { status, .. } => Some(*status),
            Self::Unavailable { status, .. }
            | Self::TooManyRetries { status, .. }
            | Self::DeadlineReached { status, .. } => *status,
            _ => None,
        }
    }

    /// What to do next, as one sentence without a final period. `None` when there is no advice.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::InvalidBaseUrl { .. } => "the API's own base URL is `https://api.vainu.io/api/v1/`",
            Self::InvalidCredentials { reason } if reason.contains("API key") => {
                "keys are made in Vainu under Settings, API Keys"
            }
            Self::InvalidCredentials { .. } => {
                "the username and the password are those of your login to Vainu; an API key does as well"
            }
            Self::InvalidSetting { name: "requests_per_second", .. } => {
                "correct --requests-per-second, or the settings file"
            }
            Self::Unauthorized { .. } => {
                "check that the API key was copied whole and has not been deleted in Vainu under Settings, API Keys; \
                 with a username, check the username and password"
            }
            Self::Forbidden { country: None, .. } => {
                "API access is switched on per account: ask Vainu Support to enable it"
            }
            Self::Forbidden { country: Some(_), .. } => {
                "ask Vainu Support whether the API is enabled for the account and which countries it includes, or leave this country out"
            }
            Self::ForeignOrigin { .. } => "if the API has moved, set the new address as the base URL",
            Self::Redirected { .. } => {
                "the base URL may be wrong, or a login page stands in front of the API; set the base URL to where the API itself answers"
            }
            Self::InvalidProxy { .. } => "write for example http://proxy.example:3128, or unset the variable",
            Self::ProxyRefused { .. } => {
                "write the proxy's user name and password into the variable: http://USER:PASSWORD@HOST:PORT, signs other than \
                 letters and digits as %XX; or name the API's host in NO_PROXY"
            }
            Self::Unreachable { proxy: Some(_), .. } => {
                "check the proxy's address in the variable, and that it lets this computer reach the API; to go without it, \
                 name the API's host in NO_PROXY"
            }
            Self::Unreachable { .. } => "check the base URL's host name and port, and the network connection",
            Self::Untrusted { .. } => {
                "check the base URL and this computer's clock; behind a company proxy that reads TLS, its certificate must be in \
                 the system's trust store"
            }
            Self::Setup { .. } => {
                "the system's trusted certificates may be missing: install the package `ca-certificates`"
            }
            Self::NotJson { .. } => {
                "a proxy or a login page may have answered instead of the API; check the base URL"
            }
            Self::Encoding { .. } => {
                "gzip, br, zstd and none at all are understood, and text as UTF-8: ask whoever runs the server, or the proxy \
                 in front of it, to send one of these"
            }
            Self::Refused { status: 413 | 414, .. } => {
                "the request is too long: ask for fewer values at a time"
            }
            Self::Refused { status: 400, request, .. } if !filters(request) => {
                "check the base URL, which ends with /api/v1; the API also answers 400 for a business id it does not know"
            }
            Self::Refused { status: 400, .. } => {
                "check the filter's names and values; the API also answers 400 for a business id it does not know \
                 and for a country that the account does not include"
            }
            Self::Unavailable { status: Some(429), .. } => "the account is asked too much of: start later",
            Self::Unavailable { .. } | Self::TooManyRetries { .. } => {
                "the server, or the way to it, is failing; start later"
            }
            Self::BudgetReached { .. } => "allow more requests",
            Self::DeadlineReached { .. } => "allow more time",
            Self::Interrupted { .. } => "start the command again",
            Self::BodyTooLarge { .. }
            | Self::InvalidSetting { .. }
            | Self::InvalidRequest { .. }
            | Self::InvalidLink { .. }
            | Self::Refused { .. } => return None,
        };
        Some(text.to_owned())
    }
}

/// Whether a request, as errors name it, has filters besides the parameters of paging.
fn filters(request: &str) -> bool {
    const PAGING: &[&str] = &["count", "limit", "offset", "order", "ordering", "page", "page_size"];
    let query = request.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .any(|name| !name.is_empty() && !PAGING.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_403_names_both_meanings_when_a_country_was_asked_for() {
        let error = |country: Option<&str>| ApiError::Forbidden {
            request: "GET prospects/filter/".into(),
            country: country.map(str::to_owned),
            detail: "no".into(),
        };
        assert_eq!(
            error(None).to_string(),
            "GET prospects/filter/ was refused: the API is not enabled for this account (status 403): `no`"
        );
        assert_eq!(
            error(Some("SE")).to_string(),
            "GET prospects/filter/ was refused: the API is not enabled for this account, or the account has no \
             permission for country SE (status 403): `no`"
        );
    }
}
