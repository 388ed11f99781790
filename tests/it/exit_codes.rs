//! Exit codes as numbers in texts are those of the code.

use std::path::{Path, PathBuf};

use clap::Command;
use vainu_etl::error::{
    BUDGET, CHECKS, CREDENTIALS, DESTINATION, EXIT_CODES, HUNG_UP, INTERRUPTED, LOCKED, SOURCE, SUCCESS,
    TERMINATED, UNEXPECTED, USAGE,
};

/// Words in front of an exit code.
const IN_FRONT: [&str; 3] = ["exit codes", "exit code", "ends with"];

/// The numbers of `text` that stand behind one of the words, such as 130, 143 and 129 in `exit codes 130, 143, 129`.
fn named(text: &str) -> Vec<u8> {
    let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut codes = Vec::new();
    for words in IN_FRONT {
        for behind in text.split(words).skip(1) {
            let parts = behind.trim_start_matches([' ', ':', ',']).split([' ', ',', '.', ';', ']', '`', ')']);
            let parts = parts.filter(|part| !part.is_empty());
            codes.extend(parts.map_while(|part| part.parse::<u8>().ok()));
        }
    }
    codes
}

/// The long help of a command and of all commands below it, each with its name.
fn helps(command: &Command, above: &str) -> Vec<(String, String)> {
    let name = format!("{above} {}", command.get_name()).trim().to_owned();
    // Not wrapped, so that a sentence is on one line.
    let help = command.clone().term_width(0).render_long_help().to_string();
    let below = command.get_subcommands().flat_map(|verb| helps(verb, &name));
    std::iter::once((name.clone(), help)).chain(below).collect()
}

#[test]
fn every_help_text_names_the_exit_codes_of_the_code() {
    let helps = helps(&vainu_etl::cli::command(), "");
    for (name, help) in &helps {
        for code in named(help) {
            assert!(EXIT_CODES.contains(&code), "{name}: {code}");
        }
    }
    let help = |name: &str| &helps.iter().find(|(known, _)| known == name).unwrap().1;
    for (code, meaning) in [
        (SUCCESS, "done"),
        (UNEXPECTED, "unexpected"),
        (USAGE, "usage or configuration"),
        (CREDENTIALS, "credentials refused"),
        (SOURCE, "source unavailable or list incomplete, resumable"),
        (CHECKS, "checks refused to publish"),
        (DESTINATION, "destination failed"),
        (LOCKED, "another run holds the lock"),
        (BUDGET, "budget reached, resumable"),
        (INTERRUPTED, "interrupted by Ctrl-C"),
        (TERMINATED, "by SIGTERM"),
        (HUNG_UP, "by"),
    ] {
        assert!(help("vainu-etl").contains(&format!("{code} {meaning}")), "{code} {meaning}");
    }
    for (name, codes) in [
        ("vainu-etl sync", &[BUDGET, BUDGET][..]),
        ("vainu-etl erase", &[DESTINATION]),
        ("vainu-etl job show", &[SUCCESS, USAGE]),
    ] {
        assert_eq!(named(help(name)), codes, "{name}");
    }
}

#[test]
fn the_readme_lists_every_exit_code_and_documents_name_no_other() {
    let readme = read(&root().join("README.md"));
    let table = readme.split("| exit code | meaning |\n|---|---|\n").nth(1).unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| ")?.split(' ').next());
    let rows: Vec<u8> = rows.map(|code| code.parse().unwrap()).collect();
    assert_eq!(rows, EXIT_CODES);
    let documents = files(&root().join("docs"), "md").into_iter();
    for file in documents.chain(["README.md", "SECURITY.md", "CONTRIBUTING.md"].map(|name| root().join(name)))
    {
        for code in named(&read(&file)) {
            assert!(EXIT_CODES.contains(&code), "{}: {code}", file.display());
        }
    }
}

/// The documentation of the column comes from below the module with the constants, so it has the numbers itself.
#[test]
fn only_one_source_file_has_exit_codes_as_numbers() {
    let column = root().join("src/schema/etl.rs");
    assert!(read(&column).contains(&format!("\"The run's exit code, {SUCCESS} or {SOURCE}.\"")));
    for file in files(&root().join("src"), "rs").into_iter().filter(|file| *file != column) {
        assert_eq!(named(&read(&file)), [0; 0], "{}", file.display());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &Path) -> String {
    fs_err::read_to_string(path).unwrap()
}

/// All files below `folder` with this extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found
}
