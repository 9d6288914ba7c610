//! What changes, as it changes: the job list rebuilt once per change for everybody, and one socket per reader with a cursor
//! of its own on the log.

mod board;
mod socket;
mod source;

pub(crate) use board::Board;
pub(crate) use socket::open;
pub(crate) use source::Source;
