//! The parts put together. A library, so that tests run the whole program on any clock; the commands and the
//! process's end are not here.

mod alerts;
mod belonging;
mod databases;
mod error;
mod first_jobs;
mod health;
mod judging;
mod limits;
mod outside;
mod own_name;
mod presence;
mod program;

pub(crate) use belonging::{belongs_to, insist};
pub(crate) use databases::{open_jtl, open_store, open_store_for_a_look};
pub use error::StartError;
pub(crate) use limits::limits;
pub use outside::sandbox_options;
pub(crate) use outside::{connect, insist_on_account, job_types};
pub use program::Program;
