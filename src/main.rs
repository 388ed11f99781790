//! The `vainu-etl` binary: parse, run, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    vainu_etl::cli::main()
}
