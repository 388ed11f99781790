//! The documents say what the code does: generated parts are compared, or rewritten with `UPDATE_DOCS=1`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vainu_etl::catalog::PROSPECT_FILTERS;
use vainu_etl::catalog::{STREAMS, dictionary};
use vainu_etl::views::VIEWS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

pub(crate) fn assert_up_to_date(path: &str, text: &str) {
    let path = root().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs_err::write(&path, text).unwrap();
    }
    let found = fs_err::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{} is out of date: run `make accept`", path.display());
}

#[test]
fn the_data_dictionary_is_up_to_date() {
    let mut text =
        "# Data dictionary\n\nMade from the catalog by `make accept`. Types are DuckDB's.\n\n".to_owned();
    text.push_str(&streams());
    text.push_str("# Tables\n\n");
    text.push_str(&dictionary::markdown());
    text.push_str("# Views\n\n");
    for view in VIEWS {
        let header = view.header();
        text.push_str(&format!(
            "## `main.{}`\n\nGrain: {}.\n\n| column | meaning |\n|---|---|\n",
            view.name, header.grain
        ));
        for column in header.columns {
            text.push_str(&format!("| `{}` | {} |\n", column.name, column.doc.replace('|', "\\|")));
        }
        text.push('\n');
    }
    assert_up_to_date("docs/data-dictionary.md", text.trim_end());
}

/// One row for each stream.
fn streams() -> String {
    let mut text =
        "# Streams\n\n| stream | loaded | endpoint | tables | what |\n|---|---|---|---|---|\n".to_owned();
    for stream in STREAMS {
        let loaded = if stream.by_default { "by default" } else { "when named" };
        let tables: Vec<_> = stream.targets.iter().map(|target| format!("`{}`", target.table.name)).collect();
        text.push_str(&format!(
            "| `{}` | {loaded} | `{}` | {} | {} |\n",
            stream.name,
            stream.endpoint.path,
            tables.join(", "),
            stream.doc
        ));
    }
    text + "\n"
}

#[test]
fn the_command_reference_is_up_to_date() {
    let mut command = vainu_etl::cli::command().term_width(100);
    let mut text = "# Command line\n\nMade from `--help` by `make accept`.\n".to_owned();
    text.push_str(&format!("\n```text\n{}```\n", command.render_long_help()));
    let names: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    for name in names.iter().filter(|name| *name != "help") {
        let verb = command.find_subcommand_mut(name).unwrap();
        let mut verb = verb.clone().bin_name(format!("vainu-etl {name}")).term_width(100);
        text.push_str(&format!("\n## `{name}`\n\n```text\n{}```\n", verb.render_long_help()));
        for under in verb.clone().get_subcommands() {
            let name = format!("{name} {}", under.get_name());
            let mut under = under.clone().bin_name(format!("vainu-etl {name}")).term_width(100);
            text.push_str(&format!("\n### `{name}`\n\n```text\n{}```\n", under.render_long_help()));
        }
    }
    text.push_str("\n## Filters\n\n");
    for filter in PROSPECT_FILTERS.filters {
        text.push_str(&format!("- `{}`\n", filter.name));
    }
    // Trailing blanks of help texts are no content.
    let text: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_up_to_date("docs/cli.md", &(text.join("\n") + "\n"));
}

#[test]
fn the_readme_names_every_view_command_and_exit_code() {
    let readme = fs_err::read_to_string(root().join("README.md")).unwrap();
    for view in VIEWS {
        assert!(readme.contains(&format!("`{}`", view.name)), "{}", view.name);
    }
    for verb in vainu_etl::cli::command().get_subcommands() {
        assert!(readme.contains(&format!("`{}`", verb.get_name())), "{}", verb.get_name());
    }
    for code in vainu_etl::error::EXIT_CODES {
        assert!(readme.contains(&format!("\n| {code} | ")), "exit code {code}");
    }
    assert!(readme.contains("make demo") && readme.contains("make test") && readme.contains("cargo test"));
}

/// The order of the layers; a module uses those before it, never those after it.
const LAYERS: &[&[&str]] = &[
    &["clock", "crash", "files", "secret", "terminal", "text_file"],
    &["schema", "api"],
    &["catalog", "staging"],
    &["record"],
    &["normalise", "views", "workspace"],
    &["selection", "query"],
    &["landing"],
    &["extract", "load", "export", "job"],
    &["erase"],
    &["simulator"],
    &["error"],
    &["report"],
    &["pipeline"],
    &["rebuild"],
    &["cli"],
    &["fuzzing"],
];

#[test]
fn the_modules_arrows_point_one_way() {
    let source = root().join("src");
    let level = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    for entry in fs_err::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if matches!(name.as_str(), "lib" | "main") {
            continue;
        }
        let own = level(&name).unwrap_or_else(|| panic!("module {name} has no layer"));
        for (file, text) in sources(&path) {
            for used in text.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                let Some(other) = level(&used) else { continue };
                assert!(used == name || other < own, "{} uses {used}", file.display());
                assert!(
                    matches!(name.as_str(), "cli" | "fuzzing") || used != "cli",
                    "{} uses cli",
                    file.display()
                );
            }
        }
        if name != "simulator" {
            continue;
        }
        for (file, text) in sources(&path) {
            assert!(
                !text.contains("crate::")
                    || text.split("crate::").skip(1).all(|rest| rest.starts_with("simulator")),
                "the simulator shares no code with the client: {}",
                file.display()
            );
        }
    }
}

/// The layout of the architecture has a row for everything right below `src`, and for nothing else.
#[test]
fn the_architecture_lists_every_room() {
    let text = fs_err::read_to_string(root().join("docs/architecture.md")).unwrap();
    let layout = text.split("## ").find(|part| part.starts_with("Layout")).unwrap();
    let rows = layout.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows: BTreeSet<String> = rows.map(|room| room.trim_end_matches('/').to_owned()).collect();
    let entries = fs_err::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut rooms: BTreeSet<String> = entries.map(name).collect();
    // The crate's manual, and the binary.
    for other in ["lib.rs", "main.rs"] {
        assert!(rooms.remove(other), "{other}");
    }
    assert_eq!(rows, rooms);
}

/// One module writes to stdout, so that data and messages are never mixed.
#[test]
fn only_the_output_of_the_command_line_writes_to_stdout() {
    let cli = root().join("src/cli");
    for (file, text) in sources(&root().join("src")) {
        let writes = ["stdout()", "println!", "print!("].iter().any(|way| {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            code.into_iter().any(|line| line.replace("eprint", "").contains(way))
        });
        assert_eq!(writes, file == cli.join("output.rs"), "{}", file.display());
    }
}

fn sources(path: &Path) -> Vec<(PathBuf, String)> {
    if path.is_file() {
        return vec![(path.to_owned(), fs_err::read_to_string(path).unwrap())];
    }
    let entries = fs_err::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| sources(&path)).collect()
}

/// Every test and script that "What it survives" and the security policy name is there.
#[test]
fn every_promise_names_a_test_that_exists() {
    let mut sources = String::new();
    let mut folders = vec![root().join("tests/it"), root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&fs_err::read_to_string(path).unwrap());
            }
        }
    }
    for (document, least) in [("docs/what-it-survives.md", 60), ("SECURITY.md", 30)] {
        let named = promises_kept(document, &sources);
        assert!(named >= least, "{document} names {named} tests");
    }
}

/// How many tests the tables of `document` name, each of which is in `sources` or a script.
fn promises_kept(document: &str, sources: &str) -> usize {
    let text = fs_err::read_to_string(root().join(document)).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what "));
    let mut named = 0;
    for row in rows {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let tests: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "no test is named: {row}");
        for test in tests {
            named += 1;
            if test.contains('/') {
                assert!(root().join(test).is_file(), "{test} does not exist: {row}");
            } else {
                let name = test.rsplit("::").next().unwrap();
                assert!(sources.contains(name), "no test is called {name}: {row}");
            }
        }
    }
    named
}

/// `make fuzz` builds with a lock file of its own, which nothing else looks at.
#[test]
fn the_fuzz_targets_lock_all_that_the_library_needs() {
    let read =
        |path: &str| -> toml::Table { std::fs::read_to_string(root().join(path)).unwrap().parse().unwrap() };
    let manifest = read("Cargo.toml");
    let of_targets = manifest["target"].as_table().unwrap().values().map(|target| &target["dependencies"]);
    let needed =
        of_targets.chain([&manifest["dependencies"]]).flat_map(|names| names.as_table().unwrap().keys());
    let lock = read("fuzz/Cargo.lock");
    let packages = lock["package"].as_array().unwrap();
    let ours = packages.iter().find(|package| package["name"].as_str() == Some("vainu-etl")).unwrap();
    let locked = ours["dependencies"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let mut locked: Vec<&str> = locked.map(|name| name.split(' ').next().unwrap()).collect();
    let mut needed: Vec<&str> = needed.map(String::as_str).collect();
    locked.sort_unstable();
    needed.sort_unstable();
    assert_eq!(locked, needed, "run `cargo metadata --manifest-path fuzz/Cargo.toml`, which writes it");
}

/// Every message that "Troubleshooting" explains is one that the program gives: of each, a piece without names and numbers
/// stands in the sources.
#[test]
fn every_message_explained_is_one_of_the_programs() {
    let text = fs_err::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let mut source: String = sources(&root().join("src")).into_iter().map(|(_, text)| text).collect();
    source = source.replace("\\\"", "\"").split("\\\n").map(str::trim_start).collect();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| message"));
    let mut explained = 0;
    for row in rows {
        let first = row.trim_start_matches("| ").split(" | ").next().unwrap();
        for message in code_spans(first) {
            let pieces = pieces(message);
            if pieces.is_empty() {
                continue;
            }
            explained += 1;
            assert!(
                pieces.iter().any(|piece| source.contains(piece)),
                "no such message: {message}: {pieces:?}"
            );
        }
    }
    assert!(explained >= 80, "{explained} messages are explained");
}

/// What stands between backticks, of which there may be several so that some can stand inside.
fn code_spans(text: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let marks = rest[start..].chars().take_while(|c| *c == '`').count();
        let mark = "`".repeat(marks);
        let inside = &rest[start + marks..];
        let Some(end) = inside.find(&mark) else { break };
        spans.push(inside[..end].trim());
        rest = &inside[end + marks..];
    }
    spans
}

/// The pieces of a message between what stands for names and numbers, each of at least eight letters.
fn pieces(message: &str) -> Vec<String> {
    let parts = message.split(|c: char| "…`\"/%()|=:,;".contains(c) || c.is_ascii_digit());
    let mut pieces = Vec::new();
    for part in parts {
        let mut piece: Vec<&str> = Vec::new();
        for word in part.split(' ').chain(["N"]) {
            let placeholder = !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase());
            if !placeholder {
                piece.push(word);
                continue;
            }
            let found = piece.join(" ").trim().to_owned();
            piece.clear();
            if found.len() >= 8 {
                pieces.push(found);
            }
        }
    }
    pieces
}
