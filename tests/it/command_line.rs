//! What the user types means what it says, and what is printed for users and programs is true.

mod completion;
mod credentials;
mod demo;
mod escapes;
mod hints;
mod json_lines;
mod precedence;
mod readme;

use std::path::Path;
use std::process::Command;

use vainu_etl::simulator::DEMO_API_KEY;

use crate::cli::Server;
use crate::support::vainu_etl;

/// The binary with the simulator's key, and these arguments.
fn with_key(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = vainu_etl(dir);
    command.env("VAINU_API_KEY", DEMO_API_KEY).args(arguments);
    command
}

/// Whether a program is there; where not, says why a test does nothing.
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
fn is_installed(program: &str, what: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        eprintln!("{what} is not tried: `{program}` is not installed.");
    }
    there
}
