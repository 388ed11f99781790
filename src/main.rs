//! The `vainu-etl` binary: the process's allocator, then parse, run, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    return_large_blocks();
    vainu_etl::cli::main()
}

/// Blocks from 256 KiB go back to the system when they are freed.
///
/// glibc raises that size with every larger block that is freed, up to 32 MiB. Then the buffers of fetching and
/// normalising stay with the process as holes, while the load needs the memory (docs/decisions/0014).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc offers no other way from inside the process")]
fn return_large_blocks() {
    // SAFETY: sets a number of the allocator; it may be called at any time. A refusal changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 * 1024);
    }
}

/// Other allocators have no such size.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn return_large_blocks() {}
