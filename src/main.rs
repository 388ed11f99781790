//! The `vainu-etl` binary: parse, run, exit code; nothing else.

fn main() {}
