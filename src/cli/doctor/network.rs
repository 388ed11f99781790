//! The way to the API: the proxy, and whether the API accepts the credentials.

use indicatif::HumanCount;

use super::Finding;
use crate::api::{ApiRequest, Client, ClientSettings, ServerTime, proxy_of};
use crate::catalog::PROSPECTS;
use crate::cli::output;
use crate::cli::settings::Settings;
use crate::error::{Error, SOURCE};
use crate::record::fingerprints;

/// The proxy in use, without its password.
pub(super) fn proxy(global: &Settings) -> Finding {
    let found = match global.base_url().and_then(|url| Ok(proxy_of(&url)?)) {
        Ok(None) => Ok("none: the API is reached directly".to_owned()),
        Ok(Some(proxy)) => Ok(proxy),
        Err(Error::Api(error)) => {
            Err((error.kind().exit_code(), format!("{error}; {}", error.hint().unwrap_or_default())))
        }
        Err(error) => Err((error.exit_code(), format!("{error}; {}", error.hint().unwrap_or_default()))),
    };
    Finding::new("proxy", found)
}

/// Asks the API for one number; gives its time, too.
pub(super) fn api(global: &Settings) -> Result<(Option<Finding>, Option<ServerTime>), Error> {
    let mut server = None;
    let found = match global.credentials() {
        Err(error) => {
            let said: Vec<String> =
                std::iter::once(error.to_string()).chain(output::causes(&error)).collect();
            let text = format!("{}; {}", said.join(": "), error.hint().unwrap_or_default());
            Err((error.exit_code(), text))
        }
        Ok((credentials, origin)) => {
            let base_url = global.base_url()?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let request =
                ApiRequest::get(PROSPECTS.endpoint.path).query("country", "FI").query("count", "true");
            let answer = runtime.block_on(async {
                let client = Client::new(ClientSettings::new(base_url, credentials))?;
                let answer = client.send(&request).await;
                server = client.server_time();
                answer
            });
            match answer {
                Err(error) => {
                    let code = Error::Api(error.clone()).exit_code();
                    Err((code, format!("{error}; {}", error.hint().unwrap_or_default())))
                }
                Ok(answer) if answer.status == 404 => {
                    Err((SOURCE, "404 Not Found; check --base-url".to_owned()))
                }
                Ok(answer) => match fingerprints(&answer.body) {
                    Ok(facts) => Ok(format!(
                        "{} accepts the credentials of {origin}; companies in FI: {}; {:.0} ms",
                        global.base_url,
                        facts
                            .count
                            .map_or("no total given".to_owned(), |count| HumanCount(count).to_string()),
                        answer.elapsed.as_secs_f64() * 1000.0
                    )),
                    Err(error) => Err((SOURCE, error.to_string())),
                },
            }
        }
    };
    Ok((Some(Finding::new("api", found)), server))
}
