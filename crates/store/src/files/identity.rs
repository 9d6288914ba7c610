//! Which file a path leads to. Links, relative paths and other mounts lead to the same file by different names; a file that was
//! removed or replaced has the name and is another one. Device and inode tell.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file or folder, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Elsewhere the time of its creation stands for it.
    #[cfg(windows)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::windows::fs::MetadataExt;
        Self { device: 0, inode: metadata.creation_time() }
    }
}

/// A file or folder that has to stay where it is while the program runs.
#[derive(Debug, Clone)]
pub struct Watched {
    path: PathBuf,
    identity: Identity,
}

/// What became of a [`Watched`] one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing has its name any more.
    Removed,
    /// Another one has its name.
    Replaced,
}

impl Watched {
    /// What is at the path now.
    pub(crate) fn at(path: &Path) -> std::io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: Identity::of(&fs::metadata(path)?) })
    }

    /// The path at which this one has to stay.
    pub(crate) fn as_known(path: &Path, identity: Identity) -> Self {
        Self { path: path.to_owned(), identity }
    }

    /// Where it has to be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is gone. A path that cannot be asked just now (a disk error, a right that is missing) is no loss. Blocks.
    pub fn loss(&self) -> Option<Loss> {
        match fs::metadata(&self.path) {
            Ok(found) if Identity::of(&found) == self.identity => None,
            Ok(_) => Some(Loss::Replaced),
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
                .then_some(Loss::Removed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_the_same_file_and_a_new_one_of_the_name_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "one").unwrap();
        fs::hard_link(&file, &link).unwrap();
        let watched = Watched::at(&link).unwrap();
        assert_eq!(watched.loss(), None);
        assert_eq!(Watched::as_known(&file, watched.identity).loss(), None);
        fs::write(folder.path().join("new"), "two").unwrap();
        fs::rename(folder.path().join("new"), &link).unwrap();
        assert_eq!(watched.loss(), Some(Loss::Replaced));
        fs::remove_file(&link).unwrap();
        assert_eq!(watched.loss(), Some(Loss::Removed));
        assert_eq!(Watched::as_known(&file.join("below"), watched.identity).loss(), Some(Loss::Removed));
    }
}
