//! Gives a new file the permissions of the file that it replaces. The same users can read it, and at no time others.

use std::path::Path;

/// Gives `to` the owner, group, access list, extended attributes and mode of `from`, as far as this process is allowed
/// to. Logs a warning about users who lose access. `published` is the path of the file for the messages.
#[cfg(unix)]
pub(crate) fn inherit(from: &Path, to: &Path, published: &Path) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let path = published.display();
    let earlier = match fs_err::metadata(from) {
        Ok(earlier) => earlier,
        Err(error) => {
            return tracing::warn!(%error, "The permissions of the published file cannot be read, and are not kept.");
        }
    };
    let mode = earlier.mode() & 0o7777;
    // Only the owner can read the file until everything else is set.
    let closed = fs_err::set_permissions(to, std::fs::Permissions::from_mode(0o600));
    let owned = owners::keep(&earlier, to);
    attributes::keep(from, to, published);
    let opened = fs_err::set_permissions(to, std::fs::Permissions::from_mode(mode));
    let kept = closed.and(opened).and_then(|()| fs_err::metadata(to));
    match kept.map(|kept| kept.mode() & 0o7777) {
        Ok(now) if now == mode => {}
        Ok(now) => tracing::warn!(
            %path,
            mode = format!("{now:o}"),
            earlier = format!("{mode:o}"),
            "The file system keeps no permissions: those of the earlier file are lost."
        ),
        Err(error) => tracing::warn!(%path, %error, "The permissions of the earlier file cannot be kept."),
    }
    for lost in owned.lost(&earlier) {
        tracing::warn!(%path, mend = lost.mend(published), "{}", lost.sentence());
    }
}

#[cfg(not(unix))]
pub(crate) fn inherit(from: &Path, to: &Path, published: &Path) {
    let kept = fs_err::metadata(from).and_then(|found| fs_err::set_permissions(to, found.permissions()));
    if let Err(error) = kept {
        tracing::warn!(path = %published.display(), %error, "The permissions of the earlier file cannot be kept.");
    }
}

#[cfg(unix)]
mod owners {
    use std::fs::Metadata;
    use std::os::unix::fs::{MetadataExt, chown};
    use std::path::Path;

    use super::super::rights::{names, quoted};

    /// Which owner and group of the earlier file the new one has.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Owned {
        user: bool,
        group: bool,
        /// Id of the group that the new file has.
        now: u32,
    }

    /// A user or group that could read the earlier file and cannot read the new one.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Lost {
        User(u32),
        /// Id of the group, and id of the group that has its rights now.
        Group(u32, u32),
    }

    /// Gives the file the owner and group of the earlier one, or only the group if changing the owner is not allowed.
    pub(super) fn keep(earlier: &Metadata, to: &Path) -> Owned {
        let (user, group) = (earlier.uid(), earlier.gid());
        let own = |found: &Metadata| Owned {
            user: found.uid() == user,
            group: found.gid() == group,
            now: found.gid(),
        };
        let wanting = |to: &Path| {
            fs_err::metadata(to).map_or(Owned { user: true, group: true, now: group }, |f| own(&f))
        };
        let first = wanting(to);
        if first.user && first.group {
            return first;
        }
        // A user who cannot change the owner can still change the group to one that the user is a member of.
        if chown(to, Some(user), Some(group)).is_err() && !first.group {
            let _ = chown(to, None, Some(group));
        }
        wanting(to)
    }

    impl Owned {
        pub(super) fn lost(self, earlier: &Metadata) -> Vec<Lost> {
            let mode = earlier.mode();
            let mut lost = Vec::new();
            // The owner does not matter if everybody may read the file, or if it is root.
            if mode & 0o004 != 0 {
                return lost;
            }
            if !self.user && mode & 0o400 != 0 && earlier.uid() != 0 {
                lost.push(Lost::User(earlier.uid()));
            }
            if !self.group && mode & 0o040 != 0 {
                lost.push(Lost::Group(earlier.gid(), self.now));
            }
            lost
        }
    }

    impl Lost {
        pub(super) fn sentence(self) -> String {
            match self {
                Self::User(user) => format!(
                    "The earlier file belonged to `{}`, which this user may not give a file to: unless its group can read \
                     the new one, `{0}` no longer can.",
                    names::user(user)
                ),
                Self::Group(group, now) => format!(
                    "The earlier file was of the group `{}`, which this user may not give a file to: its members can no \
                     longer read the new one, and those of `{}` can.",
                    names::group(group),
                    names::group(now)
                ),
            }
        }

        pub(super) fn mend(self, path: &Path) -> String {
            match self {
                Self::User(user) => format!("sudo chown {} {}", names::user(user), quoted(path)),
                Self::Group(group, _) => format!("sudo chgrp {} {}", names::group(group), quoted(path)),
            }
        }
    }
}

/// Extended attributes. An access list (ACL) is one of them.
#[cfg(target_os = "linux")]
mod attributes {
    use std::ffi::{CStr, CString};
    use std::path::Path;

    use rustix::fs::{XattrFlags, getxattr, listxattr, removexattr, setxattr};

    /// Name of the attribute with the access list: the users and groups, besides owner and group, that have access.
    const ACCESS_LIST: &CStr = c"system.posix_acl_access";

    /// Copies the extended attributes. Logs a warning if the access list, or an attribute in the namespace `user.`,
    /// cannot be copied.
    pub(super) fn keep(from: &Path, to: &Path, published: &Path) {
        // The folder may give every new file a default access list, which the earlier file did not have.
        if value(from, ACCESS_LIST).is_none()
            && value(to, ACCESS_LIST).is_some()
            && let Err(error) = removexattr(to, ACCESS_LIST)
        {
            let path = published.display();
            tracing::warn!(%path, %error, "The access list (ACL) that the folder gives to new files cannot be taken away: who is let in by it can read the new file, and could not read the earlier one.");
        }
        for name in names(from) {
            let Some(value) = value(from, &name) else { continue };
            if self::value(to, &name).as_ref() == Some(&value) {
                continue;
            }
            let Err(error) = setxattr(to, name.as_c_str(), &value, XattrFlags::empty()) else { continue };
            let (path, shown) = (published.display(), name.to_string_lossy());
            if name.as_c_str() == ACCESS_LIST {
                tracing::warn!(%path, %error, "The access list (ACL) of the earlier file cannot be kept: who was let in by it can no longer read the new one.");
            } else if shown.starts_with("user.") {
                tracing::warn!(%path, %error, attribute = %shown, "An extended attribute of the earlier file cannot be kept.");
            } else {
                tracing::debug!(%path, %error, attribute = %shown, "An extended attribute of the system is not kept.");
            }
        }
    }

    fn names(path: &Path) -> Vec<CString> {
        let mut list = vec![0_u8; 64 << 10];
        let Ok(length) = listxattr(path, list.as_mut_slice()) else { return Vec::new() };
        let list = list.get(..length).unwrap_or_default();
        list.split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .filter_map(|name| CString::new(name).ok())
            .collect()
    }

    fn value(path: &Path, name: &CStr) -> Option<Vec<u8>> {
        let mut value = vec![0_u8; 64 << 10];
        let length = getxattr(path, name, value.as_mut_slice()).ok()?;
        value.truncate(length);
        Some(value)
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod attributes {
    use std::path::Path;

    /// Does nothing: other systems have extended attributes in other forms, which are not kept.
    pub(super) fn keep(_: &Path, _: &Path, _: &Path) {}
}
