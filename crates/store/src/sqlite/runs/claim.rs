//! Claiming: the queue is read in its order over a covering index, what is blocked is passed over, and
//! what is free is leased, all in one transaction.

use std::collections::HashSet;

use marktwerk_domain::run::Run;
use rusqlite::{Connection, params};

use super::row;
use crate::StoreResult;
use crate::runs::Claim;
use crate::sqlite::rows::{self, Micros};
use crate::sqlite::writing::Writing;

/// The ready runs of one priority, in their order.
pub(in crate::sqlite) const QUEUE: &str = "SELECT id, job_id, lane FROM runs INDEXED BY runs_ready \
         WHERE state IN ('waiting', 'retrying') AND priority = ?1 AND ready_at <= ?2 ORDER BY ready_at, id";

pub(super) fn claim(writing: &mut Writing<'_>, claim: &Claim) -> StoreResult<Vec<Run>> {
    let chosen = choose(writing.connection, claim)?;
    writing.effects.jobs |= !chosen.is_empty();
    chosen.into_iter().map(|id| lease(writing.connection, id, claim)).collect()
}

/// The runs to claim, by priority, `ready_at` and number.
fn choose(connection: &Connection, claim: &Claim) -> StoreResult<Vec<i64>> {
    let mut busy = Busy::read(connection)?;
    let mut chosen = Vec::new();
    let mut statement = connection.prepare_cached(QUEUE)?;
    for rank in 0..=2 {
        let mut queue = statement.query(params![rank, Micros(claim.now)])?;
        while chosen.len() < claim.limit {
            let Some(row) = queue.next()? else { break };
            let lane = row.get_ref(2)?.as_str_or_null().map_err(rusqlite::Error::from)?;
            let job = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            if busy.admit(job, lane) {
                chosen.push(row.get(0)?);
            }
        }
    }
    Ok(chosen)
}

/// Takes the lease and opens the attempt.
fn lease(connection: &Connection, id: i64, claim: &Claim) -> StoreResult<Run> {
    let sql = format!(
        "UPDATE runs SET state = 'running', epoch = epoch + 1, attempt = attempt + 1, node = ?2, lease_until = ?3, \
         started_at = COALESCE(started_at, ?4), attempt_started_at = ?4, warnings = 0, error = NULL, steps = '[]' \
         WHERE id = ?1 RETURNING {}",
        row::COLUMNS
    );
    let params = params![id, claim.node, Micros(claim.lease_until), Micros(claim.now)];
    let mut statement = connection.prepare_cached(&sql)?;
    let run = statement.query_row(params, row::run)?;
    rows::execute(
        connection,
        "INSERT INTO attempts (run_id, number, epoch, node, started_at, outcome) VALUES (?1, ?2, ?3, ?4, ?5, 'running')",
        params![id, run.attempt, run.epoch.0, claim.node, Micros(claim.now)],
    )?;
    Ok(run)
}

/// Jobs and lanes with a running run.
struct Busy {
    jobs: HashSet<String>,
    lanes: HashSet<String>,
}

impl Busy {
    fn read(connection: &Connection) -> StoreResult<Self> {
        let sql = "SELECT job_id, lane FROM runs INDEXED BY runs_state WHERE state = 'running'";
        let running = rows::all(connection, sql, [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
        })?;
        let (jobs, lanes): (HashSet<_>, Vec<_>) = running.into_iter().unzip();
        Ok(Self { jobs, lanes: lanes.into_iter().flatten().collect() })
    }

    /// Whether a run of this job and lane may begin; then they are taken.
    fn admit(&mut self, job: &str, lane: Option<&str>) -> bool {
        if self.jobs.contains(job) || lane.is_some_and(|lane| self.lanes.contains(lane)) {
            return false;
        }
        self.jobs.insert(job.to_owned());
        self.lanes.extend(lane.map(str::to_owned));
        true
    }
}
