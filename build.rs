//! When DuckDB is linked dynamically (without the feature `bundled`), writes the folder of the library into the run
//! path of binaries, tests, doctests, benches and examples, so that they run without `LD_LIBRARY_PATH`. The folder
//! where `make install` puts the library comes first, relative to the binary: an installed binary needs neither this
//! folder nor the one it was built with.

use std::{env, path};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    let bundled = env::var_os("CARGO_FEATURE_BUNDLED").is_some();
    let unix = env::var_os("CARGO_CFG_UNIX").is_some(); // elsewhere there is no such thing as a run path
    if bundled || !unix {
        return;
    }
    let macos = env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|name| name == "macos");
    let beside = if macos { "@executable_path" } else { "$ORIGIN" };
    println!("cargo::rustc-link-arg=-Wl,-rpath,{beside}/../lib/vainu-etl");
    // Absolute, because the binary may be run in any folder.
    if let Some(folder) = env::var_os("DUCKDB_LIB_DIR").and_then(|folder| path::absolute(folder).ok()) {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
    }
}
