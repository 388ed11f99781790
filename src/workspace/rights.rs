//! Owners and permissions of files. A command that root once ran by hand leaves files that the user of the nightly run
//! cannot change.

use std::io;
use std::path::{Path, PathBuf};

/// Suffix of a file or folder that could not be removed and was renamed out of the way. A number follows.
const LEFT: &str = ".left";

/// The state folder that `path` is or is in. `None` if there is none.
#[cfg(any(unix, test))]
fn state_folder(path: &Path) -> Option<&Path> {
    path.ancestors().find(|folder| folder.extension().is_some_and(|extension| extension == "etl"))
}

/// A shell command that gives `path` to this user. `None` if the path is in no state folder or belongs to this user,
/// and if this user is root.
#[cfg(unix)]
pub(crate) fn mend(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let me = rustix::process::geteuid().as_raw();
    let state = state_folder(path)?;
    // Any folder may have such a name. One that cannot be entered is assumed to be a state folder.
    let marker = std::fs::symlink_metadata(state.join(super::ownership::STATE_MARKER));
    if marker.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return None;
    }
    // If a folder cannot be entered, the command is for the whole folder.
    let within = path.ancestors().take_while(|folder| folder.starts_with(state));
    let reachable = within.filter_map(|path| Some((path, std::fs::symlink_metadata(path).ok()?)));
    let others: Vec<_> = reachable.filter(|(_, found)| found.uid() != me).map(|(path, _)| path).collect();
    let path = if me == 0 { None } else { others.last() }?;
    Some(format!("sudo chown -R {} {}", names::user(me), quoted(path)))
}

#[cfg(not(unix))]
pub(crate) fn mend(_: &Path) -> Option<String> {
    None
}

/// A sentence for a hint, with the command of [`mend`]. `None` if [`mend`] returns `None`.
pub(crate) fn hint(path: &Path) -> Option<String> {
    let command = mend(path)?;
    Some(format!(
        "it belongs to another user: run the command as that one, or give it to this one with `{command}`"
    ))
}

/// Logs a warning about a leftover that cannot be removed. It does not disturb the run; the next run tries again.
pub(crate) fn warn_left(path: &Path, error: &io::Error) {
    tracing::warn!(
        path = %path.display(),
        %error,
        mend = mend(path),
        "What an earlier run left cannot be removed; it is passed over."
    );
}

/// Removes a file or folder that an earlier run left, if it exists. One that this user may not remove is renamed out of
/// the way, and a warning is logged.
///
/// # Errors
/// Any other failure, or the failed rename.
pub(crate) fn remove_left(path: &Path) -> io::Result<()> {
    let found = match fs_err::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    let removed = if found.is_dir() { fs_err::remove_dir_all(path) } else { fs_err::remove_file(path) };
    let Err(error) = removed else { return Ok(()) };
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        io::ErrorKind::PermissionDenied => {
            let aside = if is_left(path) { path.to_owned() } else { free_name(path) };
            if aside != path {
                fs_err::rename(path, &aside)?;
            }
            warn_left(&aside, &error);
            Ok(())
        }
        _ => Err(error),
    }
}

/// Empties a staging folder with [`remove_left`].
///
/// # Errors
/// The folder cannot be read, and those of [`remove_left`].
pub(crate) fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        remove_left(&entry?.path())?;
    }
    Ok(())
}

fn is_left(path: &Path) -> bool {
    path.to_string_lossy().trim_end_matches(|character: char| character.is_ascii_digit()).ends_with(LEFT)
}

fn free_name(path: &Path) -> PathBuf {
    let name = |number: u64| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("{LEFT}{number}"));
        PathBuf::from(name)
    };
    (1..u64::MAX).map(name).find(|name| fs_err::symlink_metadata(name).is_err()).unwrap_or_else(|| name(0))
}

/// Restricts a folder to its owner. Logs a warning if it was open to others.
#[cfg(unix)]
pub(super) fn close_folder(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;

    const OTHERS: u32 = 0o077;
    let mode = |folder: &Path| fs_err::metadata(folder).map(|found| found.permissions().mode());
    if mode(folder).map_or(true, |mode| mode & OTHERS == 0) {
        return;
    }
    let closed = fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
    let path = folder.display();
    match closed.and_then(|()| mode(folder)) {
        Ok(mode) if mode & OTHERS == 0 => tracing::warn!(
            %path,
            "The state folder could be read by other users; it is its owner's alone now. Landed pages and earlier \
             generations may hold personal data."
        ),
        Ok(_) => tracing::warn!(
            %path,
            "The file system keeps no permissions: whoever reaches the state folder can read landed pages and earlier \
             generations."
        ),
        Err(error) => tracing::warn!(
            %path,
            %error,
            mend = mend(folder),
            "The state folder can be read by other users and cannot be closed to them."
        ),
    }
}

#[cfg(not(unix))]
pub(super) fn close_folder(_: &Path) {}

/// Creates a folder and its missing parents, restricted to their owner. An existing folder stays as it is.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// `path` as one word of a shell command, quoted if necessary.
#[cfg(any(unix, test))]
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-+,:@".contains(character);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Names of users and groups from `/etc/passwd` and `/etc/group`. An id without a name is shown as the number.
#[cfg(unix)]
pub(super) mod names {
    /// Name of a user.
    pub(crate) fn user(id: u32) -> String {
        named("/etc/passwd", id)
    }

    /// Name of a group.
    pub(crate) fn group(id: u32) -> String {
        named("/etc/group", id)
    }

    /// The first field of the line whose third field is `id`; the id if there is none.
    fn named(file: &str, id: u32) -> String {
        let id = id.to_string();
        let text = fs_err::read_to_string(file).unwrap_or_default();
        let name = text.lines().find_map(|line| {
            let mut words = line.split(':');
            let name = words.next()?;
            (words.nth(1)? == id).then(|| name.to_owned())
        });
        name.filter(|name| !name.is_empty()).unwrap_or(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        for (path, word) in [
            ("/data/vainu.duckdb.etl", "/data/vainu.duckdb.etl"),
            ("/my data/x", "'/my data/x'"),
            ("/it's", r"'/it'\''s'"),
            ("/a;b$c", "'/a;b$c'"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }

    #[test]
    fn only_what_lies_in_a_state_folder_is_given_away() {
        assert_eq!(state_folder(Path::new("/var/lib/vainu.duckdb")), None);
        let landing = Path::new("/var/lib/vainu.duckdb.etl/landing");
        assert_eq!(state_folder(landing), Some(Path::new("/var/lib/vainu.duckdb.etl")));
    }

    #[cfg(unix)]
    #[test]
    fn users_and_groups_without_a_name_are_numbers() {
        assert_eq!(names::user(0), "root");
        assert_eq!(names::user(4_111_222_333), "4111222333");
        assert_eq!(names::group(4_111_222_333), "4111222333");
    }

    #[test]
    fn a_folder_is_cleared_of_files_and_folders_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(dir.path().join("folder/inner")).unwrap();
        fs_err::write(dir.path().join("folder/inner/rows"), "x").unwrap();
        fs_err::write(dir.path().join("rows"), "x").unwrap();
        clear(dir.path()).unwrap();
        assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 0);
        assert!(clear(&dir.path().join("missing")).is_err());
    }

    #[test]
    fn what_is_left_is_removed_whether_file_or_folder_or_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("left");
        remove_left(&path).unwrap();
        fs_err::write(&path, "").unwrap();
        remove_left(&path).unwrap();
        fs_err::create_dir_all(path.join("inner")).unwrap();
        remove_left(&path).unwrap();
        assert!(!path.exists());
        assert!(is_left(Path::new("rows.left12")) && !is_left(Path::new("rows.lefty")));
    }
}
