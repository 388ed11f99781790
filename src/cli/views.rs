//! `views`: what the bundled views are.

use clap::Args;

use super::output::Output;
use crate::error::Error;
use crate::views::{self, VIEWS};

/// Options of `views`
#[derive(Debug, Args)]
pub(crate) struct ViewsArgs {
    /// View to describe; all are listed when omitted
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print the view's SQL
    #[arg(long, requires = "name")]
    sql: bool,
}

pub(crate) fn run(args: &ViewsArgs) -> Result<u8, Error> {
    let Some(name) = &args.name else {
        let width = VIEWS.iter().map(|view| view.name.len()).max().unwrap_or(0);
        let lines = VIEWS.iter().map(|view| format!("{:width$}  {}\n", view.name, view.header().grain));
        Output::data(&lines.collect::<String>())?;
        return Ok(0);
    };
    let view = views::find(name).ok_or_else(|| Error::Usage {
        message: format!("there is no view `{name}`"),
        hint: format!("the views are {}", VIEWS.iter().map(|view| view.name).collect::<Vec<_>>().join(", ")),
    })?;
    if args.sql {
        Output::data(view.sql)?;
        return Ok(0);
    }
    let header = view.header();
    let mut text = format!("{}\ngrain: {}\nreads: {}\n", view.name, header.grain, header.reads);
    for (label, value) in [("units", &header.units), ("notes", &header.notes)] {
        if !value.is_empty() {
            text.push_str(&format!("{label}: {value}\n"));
        }
    }
    let width = header.columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
    for column in &header.columns {
        text.push_str(&format!("  {:width$}  {}\n", column.name, column.doc));
    }
    Output::data(&text)?;
    Ok(0)
}
