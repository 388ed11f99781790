//! `completions`: a script for each shell, from the same declarations as `--help`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, Command};
use clap_complete::Shell;

use super::output::Output;
use crate::catalog;
use crate::error::Error;
use crate::query::Format;
use crate::views::{REFERENCE_TABLES, VIEWS};

/// Options of `completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Load it in the file that your shell reads first:
  bash  eval \"$(vainu-etl completions bash)\"            in ~/.bashrc
  zsh   eval \"$(vainu-etl completions zsh)\"             in ~/.zshrc, behind `compinit`
  fish  vainu-etl completions fish | source             in ~/.config/fish/config.fish")]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

/// The program's name.
const NAME: &str = "vainu-etl";
/// The same as a word of a shell's function names.
const WORD: &str = "vainu_etl";

pub(crate) fn run(args: &CompletionsArgs) -> Result<u8, Error> {
    Output::data(&script(args.shell))?;
    Ok(0)
}

fn script(shell: Shell) -> String {
    let mut command = with_names(super::command());
    let mut script = Vec::new();
    // The script for bash names what it completes behind a verb in two ways, which differ where the program's name has a
    // dash: it is made for a name without one.
    let name = if shell == Shell::Bash { WORD } else { NAME };
    clap_complete::generate(shell, &mut command, name, &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => script = script.replace(&format!("default {WORD}\n"), &format!("default {NAME}\n")),
        // With two colons zsh sees the words that may be repeated alone, and no options any more.
        Shell::Zsh => script = script.replace("'*::", "'*:"),
        // The script for fish knows options only.
        Shell::Fish => command.get_subcommands().for_each(|verb| script.push_str(&words_of(verb))),
        _ => {}
    }
    script
}

/// The command with all that can stand at a place, where clap does not know it: because anything else can stand there too,
/// as SQL in the place of a view, or because a library type without clap reads it.
fn with_names(command: Command) -> Command {
    let verbs: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let mut command = command;
    for name in verbs {
        command = command.mut_subcommand(&name, |verb| with_names(verb.mut_args(|arg| named(&name, arg))));
    }
    command
}

fn named(verb: &str, arg: Arg) -> Arg {
    let words: Vec<&'static str> = match (verb, arg.get_id().as_str()) {
        ("query", "sql") => relations(),
        ("export", "tables") => relations().into_iter().filter(|name| !name.contains('.')).collect(),
        ("views", "name") => VIEWS.iter().map(|view| view.name).collect(),
        (_, "format") if arg.get_possible_values().is_empty() => {
            Format::ALL.iter().map(|format| format.name()).collect()
        }
        _ => return arg,
    };
    // The defaults and the rules between arguments go: nothing is parsed with this command.
    arg.value_parser(PossibleValuesParser::new(words))
}

/// Views and tables as `query` takes them, those that people look for first.
fn relations() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = VIEWS.iter().map(|view| view.name).collect();
    names.extend(REFERENCE_TABLES.iter().map(|table| table.name));
    names.extend(catalog::tables().into_iter().map(|table| match table.schema {
        "main" => table.name,
        // clap takes texts that live as long as the program; it ends when the script is printed.
        _ => &*table.qualified().leak(),
    }));
    names
}

/// What fish offers for the words of a verb that are no options.
fn words_of(verb: &Command) -> String {
    let mut lines = String::new();
    for positional in verb.get_positionals() {
        let values = positional.get_possible_values();
        let words: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
        if !words.is_empty() {
            lines.push_str(&format!(
                "complete -c {NAME} -n \"__fish_{WORD}_using_subcommand {}\" -f -a \"{}\"\n",
                verb.get_name(),
                words.join(" ")
            ));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_that_takes_a_name_has_names_to_offer() {
        let command = with_names(super::super::command());
        let cases = [
            ("query", "sql", "industry_leaders"),
            ("query", "sql", "etl.runs"),
            ("export", "tables", "companies"),
            ("views", "name", "segment_by_region"),
            ("query", "format", "jsonl"),
            ("rejects", "format", "jsonl"),
            ("erase", "format", "jsonl"),
            ("export", "format", "csv"),
            ("status", "format", "json"),
            ("sync", "streams", "financial_statements"),
            ("plan", "streams", "contacts"),
        ];
        for (verb, id, word) in cases {
            let verb_command = command.find_subcommand(verb).unwrap();
            let arg = verb_command.get_arguments().find(|arg| arg.get_id() == id);
            let words = arg.unwrap_or_else(|| panic!("{verb} has no {id}")).get_possible_values();
            assert!(words.iter().any(|known| known.get_name() == word), "{verb} {id}: {words:?}");
        }
    }
}
