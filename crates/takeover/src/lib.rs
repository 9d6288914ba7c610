//! Takes over from the system in use today: reads its tables, looks each order up in the ERP, and imports it once, in the state
//! that is true whatever the old marks say.
//!
//! [`decide`] is the whole judgement and asks nobody; [`take_over()`] reads, asks and writes; [`Report`] tells people what became of
//! each order. The old tables are only read: whoever wants to go back finds them as they were.

mod decision;
mod error;
mod evidence;
mod import;
mod old;
mod report;
mod take_over;
#[cfg(feature = "testing")]
pub mod testing;

pub use decision::{Decision, decide};
pub use error::TakeOverError;
pub use evidence::{Evidence, ReportedState};
pub use report::{Remark, Report, Rows};
pub use take_over::{Options, take_over};
