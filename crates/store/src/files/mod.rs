//! Files of ours as the operating system sees them: which one a path leads to, who holds it, who may read it, and what kind of disk it
//! lies on. Nothing here knows what is in them.

mod identity;
mod lock_file;
mod marked_bytes;
mod mounts;
mod privacy;

pub(crate) use identity::Identity;
pub use identity::{Loss, Watched};
pub(crate) use lock_file::{LockFile, Taken, holder};
pub(crate) use marked_bytes::{Mark, mark, note_since};
pub use mounts::{NetworkMount, network_mount};
pub(crate) use privacy::tighten;
pub use privacy::{create_private, make_private_by_default, make_private_folder, open_to_others};
