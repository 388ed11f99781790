//! Errors of extracting, and which of several errors is reported.

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
    /// The server answered 404 for the list itself.
    #[error("cannot read list `{list}`: the server answered 404 Not Found to {request}")]
    NoSuchList {
        /// List.
        list: String,
        /// Method, path and parameters.
        request: String,
    },
    /// A wanted parent of lists, such as a target group, does not exist.
    #[error("there is no {noun} `{wanted}`")]
    NoSuchParent {
        /// What such a parent is called.
        noun: &'static str,
        /// Name or id as given.
        wanted: String,
        /// Names of the first ten that exist.
        known: Vec<String>,
    },
    /// Landed pages cannot be written or read.
    #[error(transparent)]
    Landing(#[from] LandingError),
}

impl ExtractError {
    /// Whether the server refuses just this request, so that it may still answer others.
    pub(super) fn is_about_the_request(&self) -> bool {
        matches!(self, Self::Api { source, .. } if source.is_about_the_request())
    }

    /// How much the error explains. Of several errors, the one with the highest rank is reported. "Interrupted" and
    /// "stopped" only follow from another error.
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
/// All outcomes are known by now: requests in flight have landed before an error is returned.
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

/// Keeps the error with the higher rank.
pub(super) fn worst(most: &mut Option<ExtractError>, error: ExtractError) {
    if most.as_ref().is_none_or(|most| most.rank() < error.rank()) {
        *most = Some(error);
    }
}
