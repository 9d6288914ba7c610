//! The end of a run that no worker reports: cancelled in the queue, skipped, lost.

use jiff::Timestamp;
use marktwerk_domain::log::LogLine;
use marktwerk_domain::run::{Run, RunState};
use rusqlite::params;

use super::chain;
use crate::StoreResult;
use crate::sqlite::lines;
use crate::sqlite::rows::{self, Micros};
use crate::sqlite::writing::Writing;

/// How a run ends.
pub(crate) struct Ending<'a> {
    pub(crate) state: RunState,
    /// Why, for people.
    pub(crate) error: &'a str,
    pub(crate) at: Timestamp,
    /// The closing line.
    pub(crate) line: LogLine,
}

/// Ends a run, writes its closing line, and queues what follows on it.
pub(crate) fn end(writing: &mut Writing<'_>, run: &Run, ending: &Ending<'_>) -> StoreResult<()> {
    debug_assert!(ending.state.is_ended() && ending.line.status.is_some(), "a closing line ends a run");
    rows::execute(
        writing.connection,
        "UPDATE runs SET state = ?2, ended_at = ?3, error = ?4, last_line = ?5, node = NULL, lease_until = NULL \
         WHERE id = ?1",
        params![run.id.0, ending.state.as_str(), Micros(ending.at), ending.error, ending.line.line],
    )?;
    writing.effects.jobs = true;
    lines::insert(writing, std::slice::from_ref(&ending.line))?;
    chain::follow(writing, &run.job_id, run.id, ending.state, ending.at)
}
