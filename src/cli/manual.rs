//! `man`: the manual pages, from the same declarations as `--help`.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use super::output::Output;
use crate::error::Error;

/// Options of `man`
#[derive(Debug, Args)]
#[command(after_help = "\
Read a page with `vainu-etl man | man -l -`, or install all of them:
  vainu-etl man --dir ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write each page to a file of its own in this folder, which is made if there is none
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs, output: &Output) -> Result<u8, Error> {
    let pages = pages()?;
    let Some(dir) = &args.dir else {
        let text: String = pages.into_iter().map(|page| page.text).collect();
        Output::data(&text)?;
        return Ok(0);
    };
    fs_err::create_dir_all(dir)?;
    for page in &pages {
        fs_err::write(dir.join(format!("{}.1", page.name)), &page.text)?;
    }
    output.say(&format!("{} manual pages in {}", pages.len(), dir.display()));
    Ok(0)
}

/// One page of section 1.
struct Page {
    /// `vainu-etl-sync`, as other pages refer to it.
    name: String,
    /// roff.
    text: String,
}

/// The page of the program, then one for each verb and each verb below it.
fn pages() -> Result<Vec<Page>, Error> {
    // Built, so that each verb knows its whole name; `help` needs no page.
    let mut command = super::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &[], &mut pages)?;
    Ok(pages)
}

/// Adds the page of `command`, which lies below `above`, and those of its verbs.
fn add(command: &Command, above: &[String], pages: &mut Vec<Page>) -> Result<(), Error> {
    let name = name(command);
    let verbs: Vec<&Command> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).collect();
    let mut text = Vec::new();
    let source = concat!("vainu-etl ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(source).render(&mut text)?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    let below = verbs.iter().map(|verb| self::name(verb));
    text.push_str(&see_also(above.iter().cloned().chain(below)));
    pages.push(Page { name: name.clone(), text });
    let above: Vec<String> = above.iter().cloned().chain([name]).collect();
    verbs.into_iter().try_for_each(|verb| add(verb, &above, pages))
}

fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn see_also(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.map(|name| format!("\\fB{}\\fR(1)", name.replace('-', "\\-"))).collect();
    if names.is_empty() { String::new() } else { format!(".SH \"SEE ALSO\"\n{}\n", names.join(",\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `vainu-etl-sync` for every `vainu-etl-sync(1)` in a page.
    fn references(text: &str) -> Vec<String> {
        let text = text.replace("\\fB", "").replace("\\fR", "").replace("\\-", "-");
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_()".contains(c));
        words.filter_map(|word| word.strip_suffix("(1)").map(str::to_owned)).collect()
    }

    #[test]
    fn every_page_is_named_whole_and_refers_to_pages_that_are_there() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
        for expected in ["vainu-etl", "vainu-etl-sync", "vainu-etl-job", "vainu-etl-job-show"] {
            assert!(names.contains(&expected), "{names:?}");
        }
        for page in &pages {
            assert!(page.text.contains(&format!(".TH {} 1", page.name)), "{}", page.text);
            let plain = page.text.replace("\\-", "-");
            assert!(plain.contains(&format!(".SH NAME\n{} - ", page.name)), "{plain}");
            let references = references(&page.text);
            assert!(!references.is_empty(), "{} refers to no page", page.name);
            for reference in references {
                assert!(names.contains(&reference.as_str()), "{} refers to {reference}", page.name);
            }
        }
        let of_program = references(&pages[0].text);
        for verb in super::super::command().get_subcommands() {
            let page = format!("vainu-etl-{}", verb.get_name());
            assert!(of_program.contains(&page), "{page} is in {of_program:?}");
        }
    }
}
