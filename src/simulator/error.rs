//! The error type of the simulator.

/// A simulator could not start, or a test could not change its data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port cannot be listened on.
    #[error("the simulator cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// The request log cannot be opened.
    #[error("the simulator cannot open its request log")]
    Log {
        /// The error of the operating system, with the path.
        #[source]
        source: std::io::Error,
    },
    /// More companies than there are business ids.
    #[error("the simulator makes at most {most} companies, not {companies}")]
    TooMany {
        /// Number of companies requested.
        companies: u32,
        /// Largest number possible.
        most: u32,
    },
    /// No live company has this id.
    #[error("the simulator has no company {country} {business_id}")]
    Company {
        /// Requested country.
        country: String,
        /// Requested id.
        business_id: String,
    },
    /// No target group has this id.
    #[error("the simulator has no target group {id}")]
    TargetGroup {
        /// Requested id.
        id: String,
    },
    /// The company has no statement of this year.
    #[error("the company {business_id} has no statement of {year}")]
    Statement {
        /// Id of the company.
        business_id: String,
        /// Requested year.
        year: i16,
    },
    /// The company has no address that could be dropped.
    #[error("the company {business_id} has no address")]
    Address {
        /// Id of the company.
        business_id: String,
    },
    /// The field cannot be changed.
    #[error("the simulator cannot change the field `{field}`")]
    Field {
        /// The field.
        field: String,
    },
    /// The field does not take the value.
    #[error("the field `{field}` cannot be {value}")]
    Value {
        /// The field.
        field: String,
        /// The value as JSON.
        value: String,
    },
    /// Generating the companies was interrupted.
    #[error("the simulator's companies could not be generated")]
    Generate {
        /// The failure of the task.
        #[source]
        source: tokio::task::JoinError,
    },
}

impl Error {
    /// What the user can do about the error. `None` if there is nothing to suggest.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Listen { .. } => Some("choose another port, or 0 for any free one"),
            Self::Log { .. } => Some("check that the folder exists and may be written to"),
            Self::TooMany { .. } => Some("ask for fewer companies"),
            Self::Company { .. } => {
                Some("deleted companies cannot be changed; `companies()` lists the live ones")
            }
            Self::TargetGroup { .. } => Some("`target_groups()` lists those that are there"),
            Self::Statement { .. } => Some("`statements()` lists the statements of a company"),
            Self::Address { .. } => Some("`all_information()` lists the addresses of a company"),
            Self::Field { .. } => Some(
                "company_name, turn_over, staff_number, nstatus and basic_modified of a company can be changed, \
                 turn_over_eur, net_income_euro and staff_number of a statement",
            ),
            Self::Value { .. } => Some("texts and times are JSON strings, numbers are JSON numbers or null"),
            Self::Generate { .. } => None,
        }
    }
}
