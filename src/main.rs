//! The `vainu-etl` binary: the process's allocator, then parse, run, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    return_free_memory();
    vainu_etl::cli::main()
}

/// What is free at the end of a thread's heap goes back to the system from 2 MiB on.
///
/// glibc raises that size with the largest block freed, up to 64 MiB. What fetching and normalising held then stays with
/// their threads, while the load needs the memory. To set the one size is to fix the other, from which blocks are mappings
/// of their own; it is set to the most that glibc would raise it to (docs/decisions/0014).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc offers no other way from inside the process")]
fn return_free_memory() {
    // SAFETY: sets numbers of the allocator, before there is a second thread. A refusal changes nothing.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 << 20);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
    }
}

/// Other allocators have no such sizes.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn return_free_memory() {}
