//! The file on the disk: read and replaced as people have it (a link, somebody else's, mounted alone into a container), never waited
//! for without a limit, and never written over where it is another than was expected. What it says is for others.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use super::{JobsFileError, decoding, inaccessible};

/// A look at the file, or reading it, takes no longer.
const READING: Duration = Duration::from_secs(5);
/// Writing it takes no longer.
const WRITING: Duration = Duration::from_secs(30);

/// What tells cheaply that a file is the one that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device, inode, and when it was changed in any way.
    identity: [i64; 4],
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) bytes: Vec<u8>,
    pub(crate) stamp: Stamp,
}

/// What became of a write.
#[derive(Debug)]
pub(crate) enum Written {
    /// The file has the new content.
    Done(Stamp),
    /// It is another than was expected, and stays so.
    Edited,
    /// It cannot be exchanged for another file without becoming another one: it has to be written in place.
    OnlyInPlace,
}

/// The file at its place. All access to it is in threads of its own: a share that hangs holds nobody up but whoever asks for it.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    path: PathBuf,
    /// An earlier access has not come back.
    hangs: Arc<AtomicBool>,
}

impl Disk {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, hangs: Arc::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How it looks from outside; `None` where there is no file.
    pub(crate) async fn stamp(&self) -> Result<Option<Stamp>, JobsFileError> {
        let path = self.path.clone();
        let stamp = self.aside(READING, move || Ok(regular(&path)?.as_ref().map(Stamp::of))).await;
        stamp.map_err(|reason| inaccessible(&self.path, "read", reason))
    }

    /// What stands there; `None` where there is no file.
    pub(crate) async fn read(&self) -> Result<Option<Found>, JobsFileError> {
        let path = self.path.clone();
        self.aside(READING, move || read(&path))
            .await
            .map_err(|reason| inaccessible(&self.path, "read", reason))
    }

    /// Puts a new file in the place of the one whose hash is `expected` (`None`: of none), at once or not at all.
    pub(crate) async fn replace(
        &self,
        content: Arc<[u8]>,
        expected: Option<String>,
    ) -> Result<Written, JobsFileError> {
        let path = self.path.clone();
        let written = self.aside(WRITING, move || replace(&path, &content, expected.as_deref())).await;
        written.map_err(|reason| inaccessible(&self.path, "written", reason))
    }

    /// Writes into the file that is there. A crash meanwhile leaves a beginning of the content.
    pub(crate) async fn write_in_place(
        &self,
        content: Arc<[u8]>,
        expected: Option<String>,
    ) -> Result<Written, JobsFileError> {
        let path = self.path.clone();
        let written = self.aside(WRITING, move || write_in_place(&path, &content, expected.as_deref())).await;
        written.map_err(|reason| inaccessible(&self.path, "written", reason))
    }

    async fn aside<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let hangs = Arc::clone(&self.hangs);
        // A blocking job, for which a manual clock stands still; it waits for a thread that the end of the program does not wait for.
        tokio::task::spawn_blocking(move || within(limit, hangs, work))
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

/// The text of the file at `path`, `None` where there is none. Blocks, but not for ever.
pub(super) fn read_within_limit(path: &Path) -> Result<Option<String>, JobsFileError> {
    let asked = path.to_owned();
    let found = within(READING, Arc::default(), move || read(&asked));
    let found = found.map_err(|reason| inaccessible(path, "read", reason))?;
    found.map(|found| text(path, &found.bytes)).transpose()
}

/// The text of what stands in the file.
pub(super) fn text(path: &Path, bytes: &[u8]) -> Result<String, JobsFileError> {
    decoding::text_of(bytes).map_err(|misread| JobsFileError::Malformed {
        path: path.display().to_string(),
        line: misread.line,
        column: misread.column,
        field: None,
        reason: misread.reason,
    })
}

/// Writes a file where there is none. Blocks, but not for ever.
pub(super) fn create(path: &Path, content: &str) -> Result<(), JobsFileError> {
    let (asked, content) = (path.to_owned(), content.to_owned());
    let written = within(WRITING, Arc::default(), move || match replace(&asked, content.as_bytes(), None)? {
        Written::Done(_) => Ok(()),
        Written::Edited | Written::OnlyInPlace => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there already"))
        }
    });
    written.map_err(|reason| inaccessible(path, "written", reason))
}

fn within<T: Send + 'static>(
    limit: Duration,
    hangs: Arc<AtomicBool>,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let late = |what: &str| io::Error::new(io::ErrorKind::TimedOut, what.to_owned());
    if hangs.load(Ordering::Acquire) {
        return Err(late(
            "an earlier access to it has not come back; look whether its disk or share answers",
        ));
    }
    let (answer, answered) = mpsc::channel();
    let comes_back = Arc::clone(&hangs);
    std::thread::Builder::new().name("jobs file".to_owned()).spawn(move || {
        // Nobody may be waiting for it any more.
        let _ = answer.send(work());
        comes_back.store(false, Ordering::Release);
    })?;
    match answered.recv_timeout(limit) {
        Ok(done) => done,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            hangs.store(true, Ordering::Release);
            // It may have come back just now, and then nobody else says so.
            match answered.recv_timeout(Duration::from_millis(1)) {
                Ok(done) => {
                    hangs.store(false, Ordering::Release);
                    done
                }
                Err(_) => {
                    let seconds = limit.as_secs();
                    Err(late(&format!(
                        "it did not answer within {seconds} s; look whether its disk or share answers"
                    )))
                }
            }
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::Error::other("the access to it broke off")),
    }
}

/// What is known of a regular file; `None` where there is nothing. Follows links, and opens nothing.
fn regular(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(data) if data.is_file() => Ok(Some(data)),
        Ok(data) => Err(not_regular(&data)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn not_regular(data: &Metadata) -> io::Error {
    let what = if data.is_dir() { "a folder" } else { "a pipe, socket or device" };
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("it is {what} and not a file; put a regular file there, or none"),
    )
}

fn read(path: &Path) -> io::Result<Option<Found>> {
    if regular(path)?.is_none() {
        return Ok(None);
    }
    let mut file = match not_waiting(OpenOptions::new().read(true)).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // What stands there may have changed since the look.
    let before = file.metadata()?;
    if !before.is_file() {
        return Err(not_regular(&before));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // Taken before it was read: what is written meanwhile makes another one.
    Ok(Some(Found { bytes, stamp: Stamp::of(&before) }))
}

fn replace(path: &Path, content: &[u8], expected: Option<&str>) -> io::Result<Written> {
    let target = target(path)?;
    let before = regular(&target)?;
    if before.is_none() && expected.is_some() {
        // It was taken away: it comes back.
        return replace(path, content, None);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let temporary = beside(&target);
    let fresh = match fresh_file(&temporary) {
        Ok(fresh) => fresh,
        Err(error) if before.is_some() && may_not_write_there(&error) => return Ok(Written::OnlyInPlace),
        Err(error) => return Err(error),
    };
    let done = fill(fresh, content, before.as_ref()).and_then(|is_alike| match (is_alike, &before) {
        (false, _) => Ok(Written::OnlyInPlace),
        (true, None) => appear(&temporary, &target),
        (true, Some(_)) => exchange(&temporary, &target, expected),
    });
    if !matches!(done, Ok(Written::Done(_))) {
        // What is left over does no harm.
        let _ = fs::remove_file(&temporary);
        return done;
    }
    File::open(folder)?.sync_all()?;
    done
}

/// The file that a link leads to, also one that is not there yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    // As many as the system itself follows.
    for _ in 0..40 {
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "its links go round in a circle"))
}

fn beside(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    target.with_file_name(name)
}

/// A file that nobody else has, for this user alone.
fn fresh_file(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for_this_user(OpenOptions::new().write(true).create_new(true)).open(path)
}

fn may_not_write_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Whether the new file has the owner and the rights of the old one.
fn fill(mut file: File, content: &[u8], before: Option<&Metadata>) -> io::Result<bool> {
    if let Some(before) = before
        && !make_alike(&file, before)?
    {
        return Ok(false);
    }
    file.write_all(content)?;
    file.sync_all()?;
    Ok(true)
}

/// A file where there was none.
fn appear(temporary: &Path, target: &Path) -> io::Result<Written> {
    match fs::hard_link(temporary, target) {
        Ok(()) => fs::remove_file(temporary)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Written::Edited),
        // Not every file system has links.
        Err(_) => fs::rename(temporary, target)?,
    }
    stamped(target)
}

/// The new file takes the place of the old one, which is looked at then: nobody can edit it between the look and the change.
fn exchange(temporary: &Path, target: &Path, expected: Option<&str>) -> io::Result<Written> {
    let is_expected =
        |path: &Path| Ok::<_, io::Error>(expected == Some(super::hash(&fs::read(path)?).as_str()));
    match swap(temporary, target) {
        Ok(()) => match is_expected(temporary) {
            Ok(true) => {
                fs::remove_file(temporary)?;
                stamped(target)
            }
            // The file that was there was edited, or cannot be read: it is put back.
            looked => {
                swap(temporary, target).map_err(|error| kept(temporary, &error))?;
                looked.map(|_| Written::Edited)
            }
        },
        Err(error) if is_mounted(&error) => Ok(Written::OnlyInPlace),
        // Not every file system can do that.
        Err(_) if !is_expected(target)? => Ok(Written::Edited),
        Err(_) => match fs::rename(temporary, target) {
            Ok(()) => stamped(target),
            Err(error) if is_mounted(&error) => Ok(Written::OnlyInPlace),
            Err(error) => Err(error),
        },
    }
}

/// The file that somebody edited could not get its place back: it is kept under another name.
fn kept(temporary: &Path, error: &io::Error) -> io::Error {
    let edited = temporary.with_extension("edited");
    match fs::rename(temporary, &edited) {
        Ok(()) => io::Error::new(
            error.kind(),
            format!("{error}; what was edited by hand is in {}", edited.display()),
        ),
        Err(second) => io::Error::new(error.kind(), format!("{error}; {second}")),
    }
}

fn is_mounted(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices)
}

fn write_in_place(path: &Path, content: &[u8], expected: Option<&str>) -> io::Result<Written> {
    let mut file = not_waiting(OpenOptions::new().read(true).write(true)).open(path)?;
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(not_regular(&data));
    }
    let mut before = Vec::new();
    file.read_to_end(&mut before)?;
    if expected != Some(super::hash(&before).as_str()) {
        return Ok(Written::Edited);
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(content)?;
    file.sync_all()?;
    stamped(path)
}

fn stamped(path: &Path) -> io::Result<Written> {
    Ok(Written::Done(Stamp::of(&fs::metadata(path)?)))
}

impl Stamp {
    /// Whether the file has more than so many bytes.
    pub(crate) fn is_larger_than(&self, bytes: u64) -> bool {
        self.length > bytes
    }

    #[cfg(unix)]
    fn of(data: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let number = |value: u64| i64::from_ne_bytes(value.to_ne_bytes());
        let identity = [number(data.dev()), number(data.ino()), data.ctime(), data.ctime_nsec()];
        Self { length: data.len(), modified: data.modified().ok(), identity }
    }

    #[cfg(not(unix))]
    fn of(data: &Metadata) -> Self {
        Self { length: data.len(), modified: data.modified().ok(), identity: [0; 4] }
    }
}

/// Opening a pipe or a device does not wait for anybody.
#[cfg(unix)]
fn not_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
}

#[cfg(not(unix))]
fn not_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn for_this_user(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn for_this_user(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Gives a file the owner and the rights of another; whether it could.
#[cfg(unix)]
fn make_alike(file: &File, before: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    let is_owned_alike = (own.uid(), own.gid()) == (before.uid(), before.gid());
    if !is_owned_alike && fchown(file, Some(before.uid()), Some(before.gid())).is_err() {
        return Ok(false);
    }
    // After the owner, whose change takes some of them away.
    file.set_permissions(before.permissions())?;
    Ok(true)
}

#[cfg(not(unix))]
fn make_alike(_: &File, _: &Metadata) -> io::Result<bool> {
    Ok(true)
}

/// Two files change places at once.
#[cfg(target_os = "linux")]
fn swap(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn swap(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A share that does not answer: it is asked once, and again when that has come back.
    #[test]
    fn an_access_that_hangs_makes_the_next_ones_fail_at_once_until_it_comes_back() {
        let hangs = Arc::new(AtomicBool::new(false));
        let (release, released) = mpsc::channel::<()>();
        let stuck = move || released.recv().map_err(io::Error::other);
        let first = within(Duration::from_millis(20), Arc::clone(&hangs), stuck).unwrap_err();
        assert_eq!(first.kind(), io::ErrorKind::TimedOut);
        // It would wait for ten minutes if it were tried.
        let second = within(Duration::from_secs(600), Arc::clone(&hangs), || Ok(())).unwrap_err().to_string();
        assert!(second.contains("an earlier access to it has not come back"), "{second}");
        release.send(()).unwrap();
        while hangs.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        within(Duration::from_secs(60), hangs, || Ok(())).unwrap();
    }
}
