//! What the user types means what it says, and what is printed for users and programs is true.

mod completion;
mod credentials;
mod demo;
mod escapes;
mod hints;
mod json_lines;
mod precedence;
mod readme;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use vainu_etl::simulator::DEMO_API_KEY;

use crate::support::vainu_etl;

/// A simulator in a process of its own; killed when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(dir: &Path, options: &[&str]) -> Self {
        let mut command = vainu_etl(dir);
        command.args(["-q", "simulate", "--port", "0"]).args(options).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
