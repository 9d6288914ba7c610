//! Jobs are added, changed and paused here, whoever asks: validated, committed, told to the dispatcher, and written
//! back to the jobs file, in this order: a file that cannot be written must not leave a job that nobody schedules.

mod align;
mod audited;
mod change;
mod draft;
mod links;
mod preview;
mod seconds;
mod validate;
mod words;

pub(crate) use links::check_links;
pub(crate) use words::{asked_for, is_time};

pub use draft::JobDraft;
pub use seconds::Seconds;
