//! What a write call works with: the connection inside the open transaction, the zone of the log table,
//! and the note of what it moved, for those who watch.

use jiff::tz::TimeZone;
use marktwerk_domain::run::RunId;
use rusqlite::Connection;

use crate::effects::Effects;

/// One call inside the writer's transaction.
pub(crate) struct Writing<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) zone: &'a TimeZone,
    pub(crate) effects: Effects,
    /// The run that this call queues: an entry of the audit that is stored with it is about that run.
    pub(crate) queued: Option<RunId>,
    /// Nothing was as the caller expected it, and nothing was changed: entries of the audit that the call carries are not stored.
    pub(crate) changed_nothing: bool,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(connection: &'a Connection, zone: &'a TimeZone) -> Self {
        Self { connection, zone, effects: Effects::default(), queued: None, changed_nothing: false }
    }
}
