//! What to do next about an [`Error`].

use super::Error;
use crate::api::ApiError;
use crate::extract::ExtractError;
use crate::job::JobError;
use crate::landing::LandingError;

impl Error {
    /// What to do next. `None` when there is no advice.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config { .. } => {
                Some(
                    "check the path, the permissions, and that it is UTF-8; the README's section Configuration has an example"
                        .to_owned(),
                )
            }
            Self::ConfigSyntax { .. } => {
                Some("correct the line; the README's section Configuration lists the settings".to_owned())
            }
            Self::KeyFile { .. } => Some(
                "check the path, the permissions, and that it is text; --api-key-file comes before the environment, `api_key_file` of the \
                 settings behind it"
                    .to_owned(),
            ),
            Self::NoCredentials { .. } => Some(
                "set VAINU_API_KEY, or VAINU_USERNAME and VAINU_PASSWORD, or give --api-key-file FILE; \
                 `vainu-etl demo` needs none"
                    .to_owned(),
            ),
            Self::HalfCredentials { given, missing, .. } => Some(format!(
                "set `{missing}` too, or VAINU_API_KEY; without `{given}` the key file of the settings counts, if there is one"
            )),
            Self::Advised { hint, .. } | Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Selection(error) => Some(error.hint()),
            Self::Api(error) => error.hint(),
            Self::Extract(error) => extract_hint(error),
            Self::Landing(error) => Some(landing_hint(error).to_owned()),
            Self::NotRecorded { .. } => {
                Some("make room in the state folder, or mend it; nothing is asked for again to record it".to_owned())
            }
            Self::Stage(error) => error.hint().map(str::to_owned),
            Self::Workspace(error) => Some(error.hint()),
            Self::Lock(error) => Some(error.hint()),
            Self::Load(error) => Some(error.hint()),
            Self::Query(error) => Some(error.hint()),
            Self::Export(error) => Some(error.hint()),
            Self::Job(error) => job_hint(error),
            Self::Erase(error) => Some(error.hint()),
            Self::MissingLists { .. } => {
                Some("sync them again, or add --allow-missing-lists to leave them out".to_owned())
            }
            Self::NothingLanded { .. } => Some("run `vainu-etl sync`".to_owned()),
            Self::Io(_) => {
                Some("check that the path exists, is writable, and that the disk has room".to_owned())
            }
            #[cfg(feature = "simulator")]
            Self::Simulator(error) => error.hint().map(str::to_owned),
            Self::Output(_) => {
                Some("check where standard output goes to, and that there is room".to_owned())
            }
            Self::Internal { .. } => {
                Some("this is a bug; run again with -vv and report what it prints".to_owned())
            }
        }
    }
}

fn job_hint(error: &JobError) -> Option<String> {
    match error {
        JobError::Api { source, .. } => source.hint(),
        JobError::NoSuchJob { .. } => Some(
            "check the id (the answer to the import gave it) and --base-url; the job may be another account's, or gone"
                .to_owned(),
        ),
        JobError::Answer { .. } => Some("check --base-url, which ends with /api/v1".to_owned()),
    }
}

fn extract_hint(error: &ExtractError) -> Option<String> {
    match error {
        ExtractError::Api { source, .. } => list_hint(source),
        ExtractError::Envelope { source, .. } if source.place().is_some() => Some(
            "what the server sends is no JSON, however often it is asked for: run the same command again later; if it stays \
             so, show the place to Vainu Support"
                .to_owned(),
        ),
        ExtractError::Envelope { .. } => Some("check --base-url".to_owned()),
        ExtractError::NoSuchList { .. } => Some(
                "check --base-url, which ends with /api/v1; a server may also answer 404 where no company matches"
                    .to_owned(),
            ),
        ExtractError::NoSuchParent { known, .. } => Some(format!(
            "the account sees {}; only those created by its user or shared with it are there",
            if known.is_empty() { "none".to_owned() } else { format!("`{}`", known.join("`, `")) }
        )),
        ExtractError::Landing(error) => Some(landing_hint(error).to_owned()),
    }
}

fn landing_hint(error: &LandingError) -> &'static str {
    match error {
        LandingError::Ledger { .. } => {
            "it was written by another version, or damaged; remove its folder unless you need the pages in it"
        }
        LandingError::DamagedLedger { .. } => {
            "run `vainu-etl sync`: it reads the lists again; the published file is as it was"
        }
        LandingError::Damaged { .. } => "run `vainu-etl sync`, which fetches the page again",
        _ => "make room in the state folder, or mend it",
    }
}

/// The hint for a failed request of a list. The error itself does not know the purpose of the request.
fn list_hint(error: &ApiError) -> Option<String> {
    let text = match error {
        ApiError::BodyTooLarge { .. } => {
            "ask for less at a time: a smaller --page-size, or, where all comes in one answer, not this stream or \
             target group"
        }
        ApiError::Unavailable { status: Some(429), .. } => {
            "start later, or with a lower --requests-per-second"
        }
        ApiError::BudgetReached { .. } => "give more with --max-requests, or leave it out",
        ApiError::DeadlineReached { .. } => "give more with --max-duration, or leave it out",
        _ => return error.hint(),
    };
    Some(text.to_owned())
}
