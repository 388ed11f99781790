//! `schema`: the data dictionary.

use clap::{Args, ValueEnum};

use super::output::Output;
use crate::catalog::dictionary;
use crate::error::Error;

/// Form of the dictionary
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaFormat {
    /// For people
    Markdown,
    /// For programs
    Json,
}

/// Options of `schema`
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Form of the dictionary
    #[arg(long, value_name = "FORMAT", default_value = "markdown")]
    format: SchemaFormat,
}

pub(crate) fn run(args: &SchemaArgs) -> Result<u8, Error> {
    let text = match args.format {
        SchemaFormat::Markdown => dictionary::markdown(),
        SchemaFormat::Json => {
            dictionary::json().map_err(|error| Error::Internal { what: error.to_string() })?
        }
    };
    Output::data(&text)?;
    Ok(0)
}
