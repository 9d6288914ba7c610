//! What kind of disk a path lies on, as Linux tells in /proc/self/mountinfo. A database does not belong on a share: locks and shared memory
//! are promises that network file systems keep only in part.

use std::fmt;
use std::path::{Path, PathBuf};

/// File systems whose files are another machine's.
const KINDS: [&str; 13] = [
    "9p",
    "afs",
    "ceph",
    "cifs",
    "coda",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
];

/// A share that a path lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkMount {
    /// Such as `nfs4` or `cifs`.
    pub kind: String,
    /// Such as `server:/export`.
    pub source: String,
}

impl fmt::Display for NetworkMount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the share {} ({})", self.source, self.kind)
    }
}

/// The share that the path, or the nearest folder above it that exists, lies on. `None` on a local disk, and where this cannot be known.
pub fn network_mount(path: &Path) -> Option<NetworkMount> {
    let absolute = std::path::absolute(path).ok()?;
    let there = absolute.ancestors().find_map(|ancestor| std::fs::canonicalize(ancestor).ok())?;
    network_mount_in(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, &there)
}

/// One line a mount: `36 35 98:0 /root /mount/point options … - kind source options`. Of two on one folder the later one is seen.
fn network_mount_in(mounts: &str, path: &Path) -> Option<NetworkMount> {
    let nearest = mounts.lines().filter_map(parsed).filter(|(point, ..)| path.starts_with(point));
    let (_, kind, source) = nearest.max_by_key(|(point, ..)| point.components().count())?;
    KINDS.contains(&kind.as_str()).then_some(NetworkMount { kind, source })
}

fn parsed(line: &str) -> Option<(PathBuf, String, String)> {
    let (mount, file_system) = line.split_once(" - ")?;
    let point = mount.split(' ').nth(4)?;
    let mut file_system = file_system.split(' ');
    Some((unescaped(point).into(), file_system.next()?.to_owned(), unescaped(file_system.next()?)))
}

/// Blanks, tabs, line ends and backslashes are written as `\040` and so on.
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = r"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:51 / /mnt/shop\040data rw,relatime shared:30 - nfs4 nas:/export/shop rw,vers=4.2
41 40 254:1 / /mnt/shop\040data/local rw,relatime - ext4 /dev/vdb rw
42 22 0:52 / /srv rw - cifs //nas/my\040share rw
43 22 0:53 / /srv rw - tmpfs tmpfs rw
44 22 0:54 / /srv2 rw - cifs //nas/my\040share rw";

    #[test]
    fn a_share_is_named_with_what_is_mounted_nearest() {
        let share = |path: &str| network_mount_in(MOUNTS, Path::new(path)).map(|mount| mount.to_string());
        assert_eq!(
            share("/mnt/shop data/marktwerk.db").as_deref(),
            Some("the share nas:/export/shop (nfs4)")
        );
        assert_eq!(share("/srv2").as_deref(), Some("the share //nas/my share (cifs)"));
        for local in ["/mnt/shop data/local/marktwerk.db", "/mnt/shop", "/home/shop/data", "/srv/covered"] {
            assert_eq!(share(local), None, "{local}");
        }
        assert_eq!(network_mount_in("", Path::new("/")), None);
    }

    #[test]
    fn what_does_not_exist_yet_lies_where_its_folder_does() {
        assert_eq!(network_mount(&std::env::temp_dir().join("not there/marktwerk.db")), None);
    }
}
