//! What happened: numbered by the run's owner, stored by one writer, shown from the store.
//!
//! [`Capture`] numbers the lines of one attempt and hands them over; `writer` stores them in batches; [`LiveTail`]
//! follows the stored lines. Nothing is shown that is not stored.

mod capture;
mod live;
mod writer;

pub(crate) use capture::{Capture, Closing};
pub use live::{LiveTail, TailItem};
pub(crate) use writer::{Confirmation, Journal};
