//! The completion scripts, each in its own shell: what is offered behind a verb.

use std::path::Path;
use std::process::Command;

use super::is_installed;
use crate::support::{stdout, vainu_etl};

/// A line as far as it is typed, and words that have to be among those offered.
const CASES: &[(&str, &[&str])] = &[
    ("vainu-etl sy", &["sync"]),
    ("vainu-etl sync --fil", &["--filter"]),
    ("vainu-etl sync --max-", &["--max-requests", "--max-duration", "--max-deleted-percent"]),
    ("vainu-etl sync prospects --fil", &["--filter"]),
    ("vainu-etl sync --full con", &["contacts"]),
    ("vainu-etl query companies --form", &["--format"]),
    ("vainu-etl plan --details", &["--details-max-age"]),
    ("vainu-etl sync pros", &["prospects"]),
    ("vainu-etl sync prospects fin", &["financial_statements"]),
    ("vainu-etl plan con", &["contacts"]),
    ("vainu-etl -v sync comp", &["company_leads"]),
    ("vainu-etl query industry_l", &["industry_leaders"]),
    ("vainu-etl query segment_by_", &["segment_by_region", "segment_by_industry"]),
    ("vainu-etl query --format js", &["json", "jsonl"]),
    ("vainu-etl query companies --format par", &["parquet"]),
    ("vainu-etl views segment_by_s", &["segment_by_size_class"]),
    ("vainu-etl views --s", &["--sql"]),
    ("vainu-etl export --form", &["--format"]),
    ("vainu-etl export --format c", &["csv"]),
    ("vainu-etl export --tables industry", &["industry_leaders"]),
    ("vainu-etl rejects --format mark", &["markdown"]),
    ("vainu-etl erase --format js", &["jsonl"]),
    ("vainu-etl status --format te", &["text"]),
    ("vainu-etl status --log-format js", &["json"]),
    ("vainu-etl job sh", &["show"]),
    ("vainu-etl job show --form", &["--format"]),
    ("vainu-etl completions fi", &["fish"]),
    ("vainu-etl man --d", &["--dir"]),
];

/// The script for a shell, in a file.
fn script(dir: &Path, shell: &str) -> String {
    let output = vainu_etl(dir).args(["completions", shell]).output().unwrap();
    assert!(output.status.success());
    let path = dir.join(format!("completion.{shell}"));
    fs_err::write(&path, stdout(&output)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn assert_offered(shell: &str, offered: impl Fn(&str) -> Vec<String>) {
    for (line, words) in CASES {
        let offered = offered(line);
        for word in *words {
            assert!(
                offered.iter().any(|found| found == word),
                "{shell}: `{line}`: {word} is not in {offered:?}"
            );
        }
        let typed = line.rsplit(' ').next().unwrap();
        assert!(offered.iter().all(|found| found.starts_with(typed)), "{shell}: `{line}`: {offered:?}");
    }
}

#[test]
fn bash_completes_behind_the_verb() {
    if !is_installed("bash", "Completion in bash") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = script(dir.path(), "bash");
    assert_offered("bash", |line| {
        // As bash itself calls the function that the script has registered for the command's name.
        let ask = r#"
            source "$1" || exit 9
            registered=$(complete -p vainu-etl) || exit 8
            function=${registered#*-F }; function=${function%% *}
            read -ra COMP_WORDS <<<"$2"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$2; COMP_POINT=${#2}
            "$function" vainu-etl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}"
        "#;
        let output = Command::new("bash").args(["--norc", "-c", ask, "bash", &file, line]).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        stdout(&output).lines().map(str::to_owned).collect()
    });
}

#[test]
fn zsh_completes_behind_the_verb() {
    if !is_installed("zsh", "Completion in zsh") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = script(dir.path(), "zsh");
    // A shell with a line editor, in a terminal of its own; `compadd` writes down what it is given that fits.
    let inner = format!(
        r#"
        PROMPT=; RPROMPT=; unsetopt zle_bracketed_paste beep
        autoload -Uz compinit && compinit -u -D
        zstyle ':completion:*' completer _complete
        source {file}
        compadd () {{
            local -a fitting
            if [[ "${{@[1,(i)(-|--)]}}" == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
            builtin compadd -O fitting "$@"
            print -rl -- $fitting >>$OFFERED
            builtin compadd "$@"
        }}
        show () {{ : >$OFFERED; zle complete-word; print -r -- END >>$OFFERED; BUFFER=; zle reset-prompt }}
        zle -N show; bindkey '^T' show
        "#
    );
    fs_err::write(dir.path().join(".zshrc"), inner).unwrap();
    let outer = r#"
        zmodload zsh/zpty || exit 7
        zpty shell "zsh -i"
        # It reads the line when it is ready; what it echoes is of no matter.
        zpty -w -n shell "$1"$'\C-t'
        for i in {1..400}; do
            [[ -f $OFFERED && "$(tail -n 1 $OFFERED)" == END ]] && break
            zpty -r -t shell ignored || sleep 0.05
        done
        zpty -d shell
        grep -v -x END $OFFERED
    "#;
    let offered = dir.path().join("offered");
    assert_offered("zsh", |line| {
        let _ = fs_err::remove_file(&offered);
        let mut command = Command::new("zsh");
        command.args(["-f", "-c", outer, "zsh", line]).env("ZDOTDIR", dir.path()).env("OFFERED", &offered);
        let output = command.env("TERM", "xterm").output().unwrap();
        stdout(&output).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    });
}

#[test]
fn fish_completes_behind_the_verb() {
    if !is_installed("fish", "Completion in fish") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = script(dir.path(), "fish");
    assert_offered("fish", |line| {
        let ask = "source $argv[1]; complete -C $argv[2]";
        let mut command = Command::new("fish");
        command.args(["--no-config", "-c", ask, &file, line]).env("HOME", dir.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        // A word, a tab, what it is.
        stdout(&output).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    });
}
