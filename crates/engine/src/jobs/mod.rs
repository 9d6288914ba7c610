//! A job as people and programs write it, and as it is stored: drafts, their rules, how jobs name each other, when they are due. Who
//! changes jobs does it in the book ([`crate::book`]).

mod align;
mod audited;
mod draft;
mod links;
mod seconds;
mod validate;
mod words;

pub(crate) use links::{Links, check_links, check_links_of};
pub(crate) use validate::check_new_id;
pub(crate) use words::{asked_for, is_time};

pub use draft::JobDraft;
pub use seconds::Seconds;
