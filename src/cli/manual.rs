//! `completions` and `man`: made from the same declarations as `--help`.

use clap::Args;
use clap_complete::Shell;

use super::output::Output;
use crate::error::Error;

/// Options of `completions`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "vainu-etl", &mut script);
    Output::data(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

pub(crate) fn man() -> Result<u8, Error> {
    let mut page = Vec::new();
    let command = super::command();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        clap_mangen::Man::new(verb.clone())
            .title(format!("vainu-etl-{}", verb.get_name()))
            .render(&mut page)?;
    }
    Output::data(&String::from_utf8_lossy(&page))?;
    Ok(0)
}
