//! The `vainu-etl` binary: configures the allocator, then calls the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    return_free_memory();
    vainu_etl::cli::main()
}

/// Returns free memory at the end of a thread's heap to the system from 2 MiB on.
///
/// glibc raises this threshold with the largest block freed, up to 64 MiB. Memory from fetching and normalising then
/// stays with their threads while the load needs it. Setting this threshold also fixes the size from which blocks are
/// separate mappings; that one is set to the largest value that glibc would raise it to (docs/decisions/0014).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc offers no other way from inside the process")]
fn return_free_memory() {
    // SAFETY: sets parameters of the allocator before there is a second thread. On failure nothing changes.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 << 20);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
    }
}

/// Other allocators do not have these thresholds.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn return_free_memory() {}
