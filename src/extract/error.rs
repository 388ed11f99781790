//! Why extracting failed, and which of several errors explains it.

use crate::api::{ApiError, ErrorKind};
use crate::landing::LandingError;
use crate::record::EnvelopeError;

/// Why a stream could not be extracted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The API did not answer as it should.
    #[error("cannot read list `{list}` of stream `{stream}`")]
    Api {
        /// Stream.
        stream: &'static str,
        /// List.
        list: String,
        /// What the API did.
        source: ApiError,
    },
    /// An answer is JSON of another shape than documented.
    #[error("cannot read list `{list}` of stream `{stream}`: unexpected answer to {request}")]
    Envelope {
        /// Stream.
        stream: &'static str,
        /// List.
        list: String,
        /// Method, path and parameters.
        request: String,
        /// What is wrong with it.
        source: EnvelopeError,
    },
    /// 404 for the list itself.
    #[error("cannot read list `{list}`: the server answered 404 Not Found to {request}")]
    NoSuchList {
        /// List.
        list: String,
        /// Method, path and parameters.
        request: String,
    },
    /// Target groups are wanted that are not there.
    #[error("there is no target group `{wanted}`")]
    NoSuchGroup {
        /// Name or id as given.
        wanted: String,
        /// Names of those that there are.
        known: Vec<String>,
    },
    /// Landed pages cannot be written or read.
    #[error(transparent)]
    Landing(#[from] LandingError),
}

impl ExtractError {
    /// Whether the server refuses just this request; others may be answered.
    pub(super) fn is_about_the_request(&self) -> bool {
        matches!(self, Self::Api { source, .. } if source.is_about_the_request())
    }

    /// How much the error explains: of several at once the one with the highest rank is reported. One that says
    /// "interrupted" or "stopped" only follows from another.
    fn rank(&self) -> u8 {
        match self {
            Self::Landing(LandingError::Stopped) => 0,
            Self::Api { source, .. } if source.kind() == ErrorKind::Interrupted => 1,
            Self::Api { source, .. } if source.kind() == ErrorKind::Budget => 2,
            _ => 3,
        }
    }
}

/// All values, or the error that explains the others.
///
/// Everything has run to its end by now: a request in flight is landed before an error is returned.
pub(super) fn all_or_first_error<T>(outcomes: Vec<Result<T, ExtractError>>) -> Result<Vec<T>, ExtractError> {
    let mut values = Vec::with_capacity(outcomes.len());
    let mut most: Option<ExtractError> = None;
    for outcome in outcomes {
        match outcome {
            Ok(value) => values.push(value),
            Err(error) => worst(&mut most, error),
        }
    }
    most.map_or(Ok(values), Err)
}

/// Keeps the error that explains more.
pub(super) fn worst(most: &mut Option<ExtractError>, error: ExtractError) {
    if most.as_ref().is_none_or(|most| most.rank() < error.rank()) {
        *most = Some(error);
    }
}
