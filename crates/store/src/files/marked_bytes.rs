//! A lock in the file itself, on bytes far beyond those that SQLite locks: it follows the file to each of its names, and removing the
//! lock file beside it does not remove it. What is locked tells by whom: the number of bytes is the process number, and a
//! second range is as long as the seconds from 1970 to the moment of locking, since such a lock has no other room for words.

use std::fs::File;

use jiff::Timestamp;

/// Whose the file is now.
pub(crate) enum Mark {
    /// Ours, as long as it is open. Also where this system or the file's disk has no such locks.
    Ours,
    /// Another's: its process number, and since when it has it.
    Another { process: u32, since: Option<Timestamp> },
}

/// Tries to mark the file as this process's. The file must be open for writing.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn mark(file: &File) -> std::io::Result<Mark> {
    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};

    let ours = range(PROCESS, std::process::id().into());
    match fcntl(file, FcntlArg::F_OFD_SETLK(&ours)) {
        Ok(_) | Err(Errno::EINVAL | Errno::ENOSYS | Errno::ENOLCK | Errno::EOPNOTSUPP) => Ok(Mark::Ours),
        Err(Errno::EAGAIN | Errno::EACCES) => {
            let process = length(file, PROCESS).and_then(|length| u32::try_from(length).ok());
            let since = length(file, SINCE).and_then(|length| Timestamp::from_second(length).ok());
            Ok(Mark::Another { process: process.unwrap_or_default(), since })
        }
        Err(error) => Err(error.into()),
    }
}

/// Adds to the mark since when it is there.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn note_since(file: &File, since: Timestamp) {
    use nix::fcntl::{FcntlArg, fcntl};
    // It only informs; whose the file is has been settled by the first range.
    let _ = fcntl(file, FcntlArg::F_OFD_SETLK(&range(SINCE, since.as_second())));
}

/// SQLite locks the 512 bytes from 1 GiB on.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
const PROCESS: i64 = 1 << 40;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
const SINCE: i64 = 1 << 41;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn range(start: i64, length: i64) -> nix::libc::flock {
    use nix::libc::{F_WRLCK, SEEK_SET, flock};
    // Both constants are single digits.
    flock {
        l_type: F_WRLCK as i16,
        l_whence: SEEK_SET as i16,
        l_start: start,
        l_len: length.max(1),
        l_pid: 0,
    }
}

/// The length of the range that another holds from here on.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn length(file: &File, start: i64) -> Option<i64> {
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc::F_UNLCK;

    let mut asked = range(start, 1);
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut asked)).ok()?;
    (i32::from(asked.l_type) != F_UNLCK && asked.l_start == start).then_some(asked.l_len)
}

/// Elsewhere the lock file alone decides.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn mark(_file: &File) -> std::io::Result<Mark> {
    Ok(Mark::Ours)
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn note_since(_file: &File, _since: Timestamp) {}
