//! The stored lines as they come, for one reader. Each reader has a cursor of its own on the log table, so that a slow one
//! costs nobody anything and misses nothing without being told.

use std::collections::VecDeque;

use marktwerk_domain::log::LogRow;
use marktwerk_store::changes::Changes;
use marktwerk_store::logs::LogFilter;
use marktwerk_store::{SharedStore, StoreError};
use tokio::sync::watch;

use crate::metrics::Reading;

/// Lines read at once.
const PAGE: usize = 200;
/// Whoever is further behind is told so and goes on at the end of the table.
const FURTHEST_BEHIND: i64 = 2_000;

/// What a reader is given next.
#[derive(Debug, Clone, PartialEq)]
pub enum TailItem {
    /// A stored line.
    Line(Box<LogRow>),
    /// Lines were passed over: ask for what comes after `after`.
    Lagged {
        /// The `log_id` of the last line that the reader was given (or where it began).
        after: i64,
        /// How many lines were passed over.
        dropped: u64,
    },
    /// The reader began after a line that does not exist: of another database, or deleted. It goes on from the end.
    Beyond {
        /// Where the reader wanted to begin.
        after: i64,
        /// The `log_id` of the newest line: the lines after it follow.
        end: i64,
    },
}

/// A reader of the log table's end.
pub struct LiveTail {
    store: SharedStore,
    changes: watch::Receiver<Changes>,
    cursor: i64,
    page: VecDeque<LogRow>,
    /// Whether there are lines up to where the reader began was looked at.
    is_checked: bool,
    _reading: Reading,
}

impl LiveTail {
    /// Begins after the line `after`.
    pub fn after(store: SharedStore, after: i64) -> Self {
        let changes = store.changes();
        Self {
            store,
            changes,
            cursor: after,
            page: VecDeque::new(),
            is_checked: false,
            _reading: Reading::begin(),
        }
    }

    /// The next item, as soon as there is one: each line once, in the order of storage. Safe to drop and call again.
    pub async fn next(&mut self) -> Result<TailItem, StoreError> {
        if !self.is_checked {
            // The table itself is asked: other processes may have stored lines of which this one has not heard yet.
            let end = self.store.highest_log_id().await?;
            self.is_checked = true;
            if end < self.cursor {
                let after = std::mem::replace(&mut self.cursor, end);
                return Ok(TailItem::Beyond { after, end });
            }
        }
        loop {
            if let Some(row) = self.page.pop_front() {
                self.cursor = row.log_id;
                return Ok(TailItem::Line(Box::new(row)));
            }
            let highest = self.changes.borrow_and_update().highest_log_id;
            if highest > self.cursor + FURTHEST_BEHIND {
                let dropped = self.store.count_logs(self.cursor, highest).await?;
                let after = std::mem::replace(&mut self.cursor, highest);
                return Ok(TailItem::Lagged { after, dropped });
            }
            if highest > self.cursor {
                let filter = LogFilter { after: Some(self.cursor), limit: PAGE, ..LogFilter::default() };
                self.page = self.store.logs(&filter).await?.into();
                if self.page.is_empty() {
                    // The lines up to there were deleted meanwhile.
                    self.cursor = highest;
                }
                continue;
            }
            if self.changes.changed().await.is_err() {
                return Err(StoreError::Unavailable("the store is closed".to_owned()));
            }
        }
    }
}
