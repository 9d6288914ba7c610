//! The one writer of everything that happens to a run between claim and end.
//!
//! Two lanes lead to it: the plain one may overflow (DEBUG and INFO lines), the important one makes its sender wait. A sequence
//! number keeps their common order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::log::Level;
use marktwerk_domain::run::{Epoch, RunId};
use marktwerk_store::journal::{Committed, Entry, Record};
use marktwerk_store::{SharedStore, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::metrics;

/// Lines that wait at the most in the plain lane before they are dropped.
const PLAIN_LANE: usize = 10_000;
/// Records that wait at the most in the important lane before their senders wait.
const IMPORTANT_LANE: usize = 1_000;
/// Under load, plain lines are stored in batches: this often, or once this many are waiting.
const BATCH_EVERY: Duration = Duration::from_millis(50);
const BATCH_LINES: usize = 500;
/// Between two tries while the database is away.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// How often a shutdown tries again while the database is away, in all.
const TRIES_AT_SHUTDOWN: u32 = 4;

/// Whether a record had an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// Stored.
    Stored,
    /// The run's lease belongs to another attempt: no effect.
    Fenced,
    /// The journal is closed, or the record could not be stored.
    Failed,
}

struct Numbered {
    sequence: u64,
    record: Record,
    confirm: Option<oneshot::Sender<Confirmation>>,
}

/// The senders' side.
#[derive(Clone)]
pub(crate) struct Journal {
    lanes: Arc<Lanes>,
}

struct Lanes {
    sequence: AtomicU64,
    dropped: AtomicU64,
    plain: mpsc::Sender<Numbered>,
    important: mpsc::Sender<Numbered>,
}

impl Journal {
    /// The senders' side, and the writer to be run. It ends after `close` is cancelled and both lanes are empty.
    pub(crate) fn new(store: SharedStore, clock: SharedClock, close: CancellationToken) -> (Self, Writer) {
        let (plain, plain_receiver) = mpsc::channel(PLAIN_LANE);
        let (important, important_receiver) = mpsc::channel(IMPORTANT_LANE);
        let writer = Writer {
            store,
            clock,
            close,
            plain: plain_receiver,
            important: important_receiver,
            is_away: false,
            tries_at_shutdown: 0,
        };
        let lanes = Lanes { sequence: AtomicU64::new(0), dropped: AtomicU64::new(0), plain, important };
        (Self { lanes: Arc::new(lanes) }, writer)
    }

    /// Sends into the plain lane; `false` when it is full.
    pub(crate) fn try_send(&self, record: Record) -> bool {
        let sent = self.lanes.plain.try_send(self.number(record, None)).is_ok();
        if !sent {
            self.lanes.dropped.fetch_add(1, Ordering::Relaxed);
            metrics::line_dropped();
        }
        sent
    }

    /// Sends into the important lane.
    pub(crate) async fn send(&self, record: Record) {
        if self.lanes.important.send(self.number(record, None)).await.is_err() {
            tracing::error!("the journal is closed: a record was lost");
        }
    }

    /// Sends into the important lane and waits until it is stored.
    pub(crate) async fn confirm(&self, record: Record) -> Confirmation {
        let (sender, receiver) = oneshot::channel();
        if self.lanes.important.send(self.number(record, Some(sender))).await.is_err() {
            return Confirmation::Failed;
        }
        receiver.await.unwrap_or(Confirmation::Failed)
    }

    /// Lines dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.lanes.dropped.load(Ordering::Relaxed)
    }

    fn number(&self, record: Record, confirm: Option<oneshot::Sender<Confirmation>>) -> Numbered {
        Numbered { sequence: self.lanes.sequence.fetch_add(1, Ordering::Relaxed), record, confirm }
    }
}

/// The one that stores.
pub(crate) struct Writer {
    store: SharedStore,
    clock: SharedClock,
    close: CancellationToken,
    plain: mpsc::Receiver<Numbered>,
    important: mpsc::Receiver<Numbered>,
    is_away: bool,
    tries_at_shutdown: u32,
}

impl Writer {
    pub(crate) async fn run(mut self) {
        let mut batch: Vec<Numbered> = Vec::new();
        let mut stored_at: Option<Duration> = None;
        while self.wait(&mut batch).await {
            self.let_lines_gather(&mut batch, stored_at).await;
            // Important first: whatever its sender said before it lies in the plain lane by then.
            drain(&mut self.important, &mut batch);
            drain(&mut self.plain, &mut batch);
            batch.sort_by_key(|numbered| numbered.sequence);
            for part in parts(std::mem::take(&mut batch)) {
                self.store(part).await;
            }
            stored_at = Some(self.clock.monotonic());
        }
    }

    /// Waits for something to store; `false` when the journal is closed and empty.
    async fn wait(&mut self, batch: &mut Vec<Numbered>) -> bool {
        let received = tokio::select! {
            biased;
            Some(numbered) = self.important.recv() => Some(numbered),
            Some(numbered) = self.plain.recv() => Some(numbered),
            () = self.close.cancelled() => self.important.try_recv().or_else(|_| self.plain.try_recv()).ok(),
            else => None,
        };
        let goes_on = received.is_some();
        batch.extend(received);
        goes_on
    }

    /// The first line after silence is stored at once; under load plain lines wait for company, and nobody waits for them.
    async fn let_lines_gather(&mut self, batch: &mut Vec<Numbered>, stored_at: Option<Duration>) {
        let Some(stored_at) = stored_at else { return };
        let since = self.clock.monotonic().saturating_sub(stored_at);
        if since >= BATCH_EVERY || batch.iter().any(|numbered| numbered.confirm.is_some()) {
            return;
        }
        let mut company = self.clock.sleep(BATCH_EVERY - since);
        while batch.len() + self.plain.len() < BATCH_LINES {
            tokio::select! {
                biased;
                () = self.close.cancelled() => return,
                () = &mut company => return,
                Some(numbered) = self.important.recv() => {
                    let somebody_waits = numbered.confirm.is_some();
                    batch.push(numbered);
                    if somebody_waits {
                        return;
                    }
                }
                Some(numbered) = self.plain.recv() => batch.push(numbered),
            }
        }
    }

    async fn store(&mut self, part: Vec<Numbered>) {
        let (records, confirms): (Vec<Record>, Vec<_>) =
            part.into_iter().map(|numbered| (numbered.record, numbered.confirm)).unzip();
        let confirmations: Vec<Confirmation> = match self.commit(&records).await {
            Ok(committed) => records.iter().map(|record| confirmation(&committed, record)).collect(),
            Err(StoreError::Unavailable(_)) => vec![Confirmation::Failed; records.len()],
            Err(error) => self.commit_one_by_one(&records, error).await,
        };
        let stored = records.iter().zip(&confirmations);
        let stored = stored.filter(|(_, confirmation)| **confirmation == Confirmation::Stored);
        metrics::lines_stored(stored.filter_map(|(record, _)| level(record)));
        for (confirm, confirmation) in confirms.into_iter().zip(confirmations) {
            // Whoever asked may have gone; the record is stored all the same.
            let _ = confirm.map(|confirm| confirm.send(confirmation));
        }
    }

    /// Commits, and holds what it has while the database is away.
    async fn commit(&mut self, records: &[Record]) -> Result<Committed, StoreError> {
        loop {
            match self.store.commit(records).await {
                Err(StoreError::Unavailable(reason)) => {
                    if !self.is_away {
                        tracing::error!("the database is away; {} records wait: {reason}", records.len());
                        self.is_away = true;
                    }
                    if self.close.is_cancelled() {
                        self.tries_at_shutdown += 1;
                        if self.tries_at_shutdown > TRIES_AT_SHUTDOWN {
                            tracing::error!("{} records were lost at shutdown", records.len());
                            return Err(StoreError::Unavailable(reason));
                        }
                    }
                    self.clock.sleep(RETRY_EVERY).await;
                }
                answer => {
                    if self.is_away && answer.is_ok() {
                        tracing::info!("the database is back");
                        self.is_away = false;
                    }
                    return answer;
                }
            }
        }
    }

    /// A record that the database refuses must not take others with it, not even those of its own run.
    async fn commit_one_by_one(&mut self, records: &[Record], error: StoreError) -> Vec<Confirmation> {
        tracing::error!("a batch of {} records was refused, storing them singly: {error}", records.len());
        let mut confirmations = Vec::with_capacity(records.len());
        for record in records {
            confirmations.push(match self.commit(std::slice::from_ref(record)).await {
                Ok(committed) => confirmation(&committed, record),
                Err(error) => {
                    let run = record.run;
                    tracing::error!("a record of run {run} could not be stored and is lost: {error}");
                    Confirmation::Failed
                }
            });
        }
        confirmations
    }
}

/// The level of the line that a record holds.
fn level(record: &Record) -> Option<Level> {
    match &record.entry {
        Entry::Line(line) => Some(line.level),
        Entry::End(end) => Some(end.line.level),
        Entry::Heartbeat { .. } | Entry::Steps(_) => None,
    }
}

fn confirmation(committed: &Committed, record: &Record) -> Confirmation {
    match committed.fenced.contains(&record.run) {
        true => Confirmation::Fenced,
        false => Confirmation::Stored,
    }
}

/// Cuts a batch so that within a part all records of a run meet the same fate: they are of one attempt, and none comes after
/// its end. The store tells by run what was fenced, and a line that comes too late must not make a stored end look fenced.
fn parts(batch: Vec<Numbered>) -> Vec<Vec<Numbered>> {
    let mut parts = vec![Vec::new()];
    // The attempt that each run has in the last part; `None` after its end.
    let mut attempts: HashMap<RunId, Option<Epoch>> = HashMap::new();
    for numbered in batch {
        let Record { run, epoch, entry } = &numbered.record;
        if attempts.get(run).is_some_and(|attempt| *attempt != Some(*epoch)) {
            parts.push(Vec::new());
            attempts.clear();
        }
        attempts.insert(*run, (!matches!(entry, Entry::End(_))).then_some(*epoch));
        if let Some(part) = parts.last_mut() {
            part.push(numbered);
        }
    }
    parts
}

fn drain(lane: &mut mpsc::Receiver<Numbered>, batch: &mut Vec<Numbered>) {
    while let Ok(numbered) = lane.try_recv() {
        batch.push(numbered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_attempts_of_a_run_are_not_in_one_part() {
        let batch = [(1, 1), (2, 1), (1, 1), (1, 2), (2, 1)].map(|(run, epoch)| Numbered {
            sequence: 0,
            record: Record {
                run: RunId(run),
                epoch: Epoch(epoch),
                entry: Entry::Heartbeat {
                    at: jiff::Timestamp::UNIX_EPOCH,
                    lease_until: jiff::Timestamp::UNIX_EPOCH,
                },
            },
            confirm: None,
        });
        let lengths: Vec<usize> = parts(batch.into()).iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 2]);
    }
}
