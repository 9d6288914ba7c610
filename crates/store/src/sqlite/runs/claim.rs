//! Claiming: the queue is read in its order over a covering index, what is at a limit is passed over, and
//! what is free is leased, all in one transaction.

use jiff::Timestamp;
use marktwerk_domain::run::{Run, RunId};
use rusqlite::{CachedStatement, Connection, Rows, params};

use super::read;
use crate::StoreResult;
use crate::claiming::{Busy, Candidate, Turns};
use crate::runs::{Claim, RANKS};
use crate::sqlite::rows::{self, Micros};
use crate::sqlite::writing::Writing;

/// The ready runs of one priority, in their order.
pub(in crate::sqlite) fn queue(rank: usize) -> String {
    format!(
        "SELECT id, ready_at, job_id, lane, account, job_type FROM runs INDEXED BY runs_ready \
         WHERE state IN ('waiting', 'retrying') AND held = 0 AND priority = {rank} AND ready_at <= ?1 ORDER BY ready_at, id"
    )
}

pub(super) fn claim(writing: &mut Writing<'_>, claim: &Claim) -> StoreResult<Vec<Run>> {
    let chosen = choose(writing.connection, claim)?;
    writing.effects.jobs |= !chosen.is_empty();
    chosen.into_iter().map(|id| lease(writing.connection, id, claim)).collect()
}

/// The runs to claim, in their order.
fn choose(connection: &Connection, claim: &Claim) -> StoreResult<Vec<i64>> {
    let mut busy = Busy::with(&claim.limits, running(connection)?);
    let mut statements: Vec<CachedStatement<'_>> =
        (0..RANKS).map(|rank| connection.prepare_cached(&queue(rank))).collect::<rusqlite::Result<_>>()?;
    let mut lines: Vec<Line<'_>> = Vec::with_capacity(RANKS);
    for statement in &mut statements {
        lines.push(Line { rows: statement.query([Micros(claim.now)])?, head: None });
    }
    let mut turns = Turns::of(claim);
    let mut chosen = Vec::new();
    while chosen.len() < claim.limit {
        let mut next: Option<(usize, (i64, u64))> = None;
        for (rank, line) in lines.iter_mut().enumerate() {
            if let Some(ready_at) = line.head(&busy)? {
                let order = turns.order(rank, ready_at, claim);
                if next.is_none_or(|(_, best)| order < best) {
                    next = Some((rank, order));
                }
            }
        }
        let Some((rank, _)) = next else { break };
        if let Some(head) = lines[rank].head.take() {
            turns.take(rank);
            chosen.push(head.id);
            busy.take(head);
        }
    }
    Ok(chosen)
}

/// The ready runs of one priority.
struct Line<'a> {
    rows: Rows<'a>,
    /// The first that is free.
    head: Option<Candidate>,
}

impl Line<'_> {
    /// Since when the first free run has been ready. What is at a limit stays there for the rest of this claim.
    fn head(&mut self, busy: &Busy<'_>) -> StoreResult<Option<Timestamp>> {
        if self
            .head
            .as_ref()
            .is_some_and(|head| !busy.admits(&head.job, head.lane.as_deref(), &head.account, &head.job_type))
        {
            self.head = None;
        }
        while self.head.is_none() {
            let Some(row) = self.rows.next()? else { return Ok(None) };
            let text = |index| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
            let lane = row.get_ref(3)?.as_str_or_null().map_err(rusqlite::Error::from)?;
            let (job, account, job_type) = (text(2)?, text(4)?, text(5)?);
            if busy.admits(job, lane, account, job_type) {
                self.head = Some(Candidate {
                    id: row.get(0)?,
                    ready_at: row.get::<_, Micros>(1)?.0,
                    job: job.to_owned(),
                    lane: lane.map(str::to_owned),
                    account: account.to_owned(),
                    job_type: job_type.to_owned(),
                });
            }
        }
        Ok(self.head.as_ref().map(|head| head.ready_at))
    }
}

/// Takes the lease and opens the attempt.
fn lease(connection: &Connection, id: i64, claim: &Claim) -> StoreResult<Run> {
    // Without RETURNING, which costs more than to read the row.
    let sql = "UPDATE runs SET state = 'running', epoch = epoch + 1, attempt = attempt + 1, node = ?2, lease_until = ?3, \
         started_at = COALESCE(started_at, ?4), attempt_started_at = ?4, warnings = 0, error = NULL, steps = '[]' \
         WHERE id = ?1";
    let params = params![id, claim.node, Micros(claim.lease_until), Micros(claim.now)];
    rows::execute(connection, sql, params)?;
    let run = read::existing(connection, RunId(id))?;
    rows::execute(
        connection,
        "INSERT INTO attempts (run_id, number, epoch, node, started_at, outcome) VALUES (?1, ?2, ?3, ?4, ?5, 'running')",
        params![id, run.attempt, run.epoch.0, claim.node, Micros(claim.now)],
    )?;
    Ok(run)
}

/// What is at work.
fn running(connection: &Connection) -> StoreResult<Vec<Candidate>> {
    let sql =
        "SELECT id, job_id, lane, account, job_type FROM runs INDEXED BY runs_state WHERE state = 'running'";
    rows::all(connection, sql, [], |row| {
        Ok(Candidate {
            id: row.get(0)?,
            ready_at: Timestamp::MIN,
            job: row.get(1)?,
            lane: row.get(2)?,
            account: row.get(3)?,
            job_type: row.get(4)?,
        })
    })
}
