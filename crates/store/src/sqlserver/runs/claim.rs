//! Claiming: the queue is read in its order, what is at a limit is passed over, and what is free is leased, all in one
//! transaction. The order itself is [`crate::claiming`]'s.
//!
//! A line of the queue is what waits in one state with one priority: so each is read in the order of the index, a page at a time,
//! and a long queue of blocked runs stays on the server.

use std::collections::VecDeque;

use marktwerk_domain::run::{Run, RunId};
use marktwerk_sqlserver::{Connection, ToSql};

use super::{read, row};
use crate::claiming::{AtTheirLimit, Busy, Candidate, Turns};
use crate::runs::{Claim, RANKS};
use crate::sqlserver::columns::{self, Columns, micros};
use crate::sqlserver::lease_clock;
use crate::sqlserver::writing::Writing;
use crate::{StoreError, StoreResult};

const STATES: [&str; 2] = ["waiting", "retrying"];
/// Rows of each line that one statement reads: usually more than a claim takes.
const PAGE: i64 = 200;

pub(super) async fn claim(writing: &mut Writing<'_>, claim: &Claim) -> StoreResult<Vec<Run>> {
    let chosen = choose(writing.connection, claim).await?;
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    writing.effects.jobs = true;
    lease(writing, &chosen, claim).await
}

/// The runs to claim, in their order.
async fn choose(connection: &mut Connection, claim: &Claim) -> StoreResult<Vec<i64>> {
    let mut busy = Busy::with(&claim.limits, running(connection).await?);
    let mut lines = Line::all();
    let mut turns = Turns::of(claim);
    let mut chosen = Vec::new();
    while chosen.len() < claim.limit {
        lines.iter_mut().for_each(|line| line.pass_over_blocked(&busy));
        if lines.iter().any(Line::is_dry) {
            read_on(connection, &mut lines, &busy, claim).await?;
            continue;
        }
        let heads = lines.iter_mut().filter(|line| !line.rows.is_empty());
        let next = heads.min_by_key(|line| {
            let head = line.rows.front()?;
            Some((turns.order(line.rank, head.ready_at, claim), line.rank, head.ready_at, head.id))
        });
        let Some((rank, head)) = next.and_then(|line| Some((line.rank, line.rows.pop_front()?))) else {
            break;
        };
        turns.take(rank);
        chosen.push(head.id);
        busy.take(head);
    }
    Ok(chosen)
}

/// The ready runs of one state and priority, oldest first.
struct Line {
    state: &'static str,
    rank: usize,
    /// What was read and not passed over yet.
    rows: VecDeque<Candidate>,
    /// `ready_at` and number of the last row that was read.
    read_to: (i64, i64),
    has_more: bool,
}

impl Line {
    fn all() -> Vec<Self> {
        let of_rank = |rank| {
            STATES.map(|state| Self {
                state,
                rank,
                rows: VecDeque::new(),
                read_to: (i64::MIN, 0),
                has_more: true,
            })
        };
        (0..RANKS).flat_map(of_rank).collect()
    }

    /// What is at a limit stays there for the rest of this claim.
    fn pass_over_blocked(&mut self, busy: &Busy<'_>) {
        while let Some(head) = self.rows.front()
            && !busy.admits(&head.job, head.lane.as_deref(), &head.account, &head.job_type)
        {
            self.rows.pop_front();
        }
    }

    fn is_dry(&self) -> bool {
        self.rows.is_empty() && self.has_more
    }
}

/// Reads the next page of each dry line, without what is at a limit already.
async fn read_on(
    connection: &mut Connection,
    lines: &mut [Line],
    busy: &Busy<'_>,
    claim: &Claim,
) -> StoreResult<()> {
    let AtTheirLimit { jobs, lanes, types, accounts } = busy.at_their_limit();
    let limits =
        [columns::json(&jobs)?, columns::json(&lanes)?, columns::json(&types)?, columns::json(&accounts)?];
    let now = micros(claim.now);
    let mut values: Vec<&dyn ToSql> = vec![&now, &PAGE];
    values.extend(limits.iter().map(|names| names as &dyn ToSql));
    let mut parts = Vec::new();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.is_dry()) {
        values.extend([&line.read_to.0 as &dyn ToSql, &line.read_to.1]);
        parts.push(page(number, line, values.len() - 1));
    }
    let sql = parts.join(" UNION ALL ");
    let rows = connection.query("read the queue", &sql, &values).await?;
    let mut pages: Vec<Vec<Candidate>> = lines.iter().map(|_| Vec::new()).collect();
    for row in &rows {
        let mut columns = Columns::of(row);
        let number: usize = columns.integer()?;
        let page = pages.get_mut(number).ok_or_else(|| row.unreadable(0, "the number of a line"))?;
        page.push(candidate(&mut columns)?);
    }
    for (line, mut page) in lines.iter_mut().zip(pages) {
        if !line.is_dry() {
            continue;
        }
        line.has_more = i64::try_from(page.len()).is_ok_and(|rows| rows >= PAGE);
        page.sort_by_key(|run| (run.ready_at, run.id));
        if let Some(last) = page.last() {
            line.read_to = (micros(last.ready_at), last.id);
        }
        line.rows = page.into();
    }
    Ok(())
}

/// A page of a line; `cursor` is the number of the first of its two parameters.
fn page(number: usize, line: &Line, cursor: usize) -> String {
    let Line { state, rank, .. } = line;
    let (ready_at, id) = (cursor, cursor + 1);
    format!(
        "SELECT * FROM (SELECT TOP (@P2) {number} AS line, id, ready_at, job_id, lane, account, job_type \
         FROM marktwerk.runs \
         WHERE state = '{state}' AND held = 0 AND priority = {rank} AND ready_at <= @P1 \
         AND ready_at >= @P{ready_at} AND (ready_at > @P{ready_at} OR id > @P{id}) \
         AND job_id NOT IN (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P3)) \
         AND (lane IS NULL OR lane NOT IN \
         (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P4))) \
         AND job_type NOT IN (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P5)) \
         AND account NOT IN (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P6)) \
         ORDER BY ready_at, id) AS line{number}"
    )
}

fn candidate(columns: &mut Columns<'_>) -> StoreResult<Candidate> {
    Ok(Candidate {
        id: columns.integer()?,
        ready_at: columns.time()?,
        job: columns.text()?,
        lane: columns.optional_text()?,
        account: columns.text()?,
        job_type: columns.text()?,
    })
}

/// What is at work.
async fn running(connection: &mut Connection) -> StoreResult<Vec<Candidate>> {
    let sql =
        "SELECT id, ready_at, job_id, lane, account, job_type FROM marktwerk.runs WHERE state = 'running'";
    columns::map(&connection.query("read what is at work", sql, &[]).await?, candidate)
}

/// Takes the leases and opens the attempts.
async fn lease(writing: &mut Writing<'_>, chosen: &[i64], claim: &Claim) -> StoreResult<Vec<Run>> {
    let sql = format!(
        "UPDATE marktwerk.runs SET state = 'running', epoch = epoch + 1, attempt = attempt + 1, node = @P2, lease_until = {} + @P3, \
             started_at = COALESCE(started_at, @P4), attempt_started_at = @P4, warnings = 0, error = NULL, steps = '[]' \
         WHERE id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1)); \
         INSERT INTO marktwerk.attempts (run_id, number, epoch, node, started_at, outcome) \
         SELECT id, attempt, epoch, @P2, @P4, 'running' FROM marktwerk.runs \
         WHERE id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1)); \
         SELECT {} FROM marktwerk.runs WHERE id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1))",
        writing.leases.now("@P4"),
        row::COLUMNS
    );
    let (ids, now) = (columns::json(chosen)?, micros(claim.now));
    let length = lease_clock::length(claim.now, claim.lease_until);
    let rows = writing.connection.query("take leases", &sql, &[&ids, &claim.node, &length, &now]).await?;
    let mut leased = read::by_number(columns::map(&rows, row::run)?);
    let missing = |id: i64| StoreError::NotFound(format!("run {id}"));
    chosen.iter().map(|id| leased.remove(&RunId(*id)).ok_or_else(|| missing(*id))).collect()
}
