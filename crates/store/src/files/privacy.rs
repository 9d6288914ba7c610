//! Who may read what the program keeps: buyers' names and addresses are in the database, its log and its copies, so that all of it is
//! its user's alone: files 0600, folders 0700. Systems without such rights keep theirs.

use std::fs::{self, DirBuilder, OpenOptions};
use std::path::Path;

/// From here on each file and folder that this process makes, by whatever library, is its user's alone.
pub fn make_private_by_default() {
    #[cfg(unix)]
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}

/// A file that these options make will be its user's alone, also in a process that serves others and has not asked for it in general.
pub fn create_private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the folder, and those above it that are missing.
pub fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The rights of a file or folder (as `755`) in which others than its user have a part. A folder that the program was started in, or one
/// above it, holds more than the program's and is nobody's business here.
#[cfg(unix)]
pub fn open_to_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).ok()?;
    let mode = metadata.permissions().mode();
    (mode & 0o077 != 0 && !(metadata.is_dir() && holds_more(path))).then(|| format!("{:o}", mode & 0o777))
}

/// The rights of a file or folder in which others than its user have a part.
#[cfg(not(unix))]
pub fn open_to_others(_path: &Path) -> Option<String> {
    None
}

/// Takes the rights of others away where the file or folder is this user's own.
#[cfg(unix)]
pub(crate) fn tighten(path: &Path) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let (Some(rights), Ok(metadata)) = (open_to_others(path), fs::metadata(path)) else { return };
    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        return;
    }
    let shown = path.display();
    let only_ours = fs::Permissions::from_mode(metadata.permissions().mode() & 0o700);
    match fs::set_permissions(path, only_ours) {
        Ok(()) => tracing::info!("{shown} was open to others ({rights}): it is this user's alone now"),
        Err(error) => {
            tracing::warn!("{shown} is open to others ({rights}), which cannot be changed: {error}")
        }
    }
}

#[cfg(unix)]
fn holds_more(folder: &Path) -> bool {
    let here = std::env::current_dir().and_then(fs::canonicalize);
    matches!((here, fs::canonicalize(folder)), (Ok(here), Ok(folder)) if here.starts_with(&folder))
}

#[cfg(not(unix))]
pub(crate) fn tighten(_path: &Path) {}
