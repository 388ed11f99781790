//! Folders of warehouses: where they are, what is in them, copies of them.

use std::path::Path;

use tempfile::TempDir;

/// A folder for a warehouse. In memory where that is possible: what a process leaves behind does not depend on the
/// disk, and the many syncs do.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// The names in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Copies what is in a folder into another, with its permissions.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in fs_err::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs_err::create_dir_all(&target).unwrap();
            copy(&path, &target);
            fs_err::set_permissions(&target, fs_err::metadata(&path).unwrap().permissions()).unwrap();
        } else {
            fs_err::copy(&path, &target).unwrap();
        }
    }
}
