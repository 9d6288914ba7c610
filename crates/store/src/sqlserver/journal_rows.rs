//! Writing what a commit changes in runs and attempts, many of a kind in one statement.

use marktwerk_domain::run::RunId;

use super::columns::{self, micros, optional_micros};
use super::row_values::{self, Row};
use super::writing::Writing;
use crate::StoreResult;
use crate::journal::AttemptEnd;

/// A run that goes on; columns without a value stay as they are.
pub(super) struct HeldRun {
    pub(super) id: i64,
    pub(super) last_line: i64,
    /// When the lease was renewed, by its holder's clock, and for how long.
    pub(super) renewed_at: Option<i64>,
    pub(super) lease: Option<i64>,
    pub(super) steps: Option<String>,
}

impl HeldRun {
    fn row(&self) -> Row<'_, 5> {
        [
            ("id", self.id.into()),
            ("last_line", self.last_line.into()),
            ("renewed_at", self.renewed_at.into()),
            ("lease", self.lease.into()),
            ("steps", self.steps.as_deref().into()),
        ]
    }
}

/// Writes what running attempts told.
pub(super) async fn hold(writing: &mut Writing<'_>, runs: &[HeldRun]) -> StoreResult<()> {
    let rows: Vec<Row<'_, 5>> = runs.iter().map(HeldRun::row).collect();
    let blank = row_values::blank(&rows);
    for piece in row_values::pieces("held", &[], &rows, &blank) {
        let sql = format!(
            "UPDATE run SET last_line = held.last_line, lease_until = COALESCE({} + held.lease, run.lease_until), \
                 steps = COALESCE(held.steps, run.steps) \
             FROM marktwerk.runs AS run JOIN {} ON run.id = held.id",
            writing.leases.now("held.renewed_at"),
            piece.table
        );
        writing.connection.execute("write running runs", &sql, &piece.values).await?;
    }
    Ok(())
}

/// An attempt that ended, with what its run becomes.
pub(super) struct ClosedAttempt<'a> {
    run: RunId,
    attempt: u32,
    last_line: i64,
    steps: String,
    end: &'a AttemptEnd,
}

impl<'a> ClosedAttempt<'a> {
    pub(super) fn of(run: RunId, attempt: u32, last_line: i64, end: &'a AttemptEnd) -> StoreResult<Self> {
        Ok(Self { run, attempt, last_line, steps: columns::json(&end.steps)?, end })
    }

    fn row(&self) -> Row<'_, 12> {
        // Destructured, so that a new field is not forgotten here.
        let AttemptEnd {
            state,
            outcome,
            error,
            ended_at,
            ready_at,
            uses_attempt,
            warnings,
            line: _,
            steps: _,
            follow_up: _,
            trouble: _,
            marker: _,
        } = self.end;
        [
            ("id", self.run.0.into()),
            ("attempt", i64::from(self.attempt).into()),
            ("state", state.as_str().into()),
            ("outcome", (*outcome).into()),
            ("error", error.as_deref().into()),
            ("ended_at", micros(*ended_at).into()),
            ("over_at", state.is_ended().then(|| micros(*ended_at)).into()),
            ("ready_at", optional_micros(*ready_at).into()),
            ("used", i64::from(*uses_attempt).into()),
            ("warnings", i64::from(*warnings).into()),
            ("steps", self.steps.as_str().into()),
            ("last_line", self.last_line.into()),
        ]
    }
}

/// Writes ends, in their runs and in their attempts.
pub(super) async fn close(writing: &mut Writing<'_>, ended: &[ClosedAttempt<'_>]) -> StoreResult<()> {
    let rows: Vec<Row<'_, 12>> = ended.iter().map(ClosedAttempt::row).collect();
    let blank = row_values::blank(&rows);
    for piece in row_values::pieces("ended", &[], &rows, &blank) {
        let table = &piece.table;
        let sql = format!(
            "UPDATE run SET state = ended.state, ended_at = ended.over_at, \
                 ready_at = COALESCE(ended.ready_at, run.ready_at), attempts_used = run.attempts_used + ended.used, \
                 warnings = ended.warnings, error = ended.error, steps = ended.steps, last_line = ended.last_line, \
                 node = NULL, lease_until = NULL \
             FROM marktwerk.runs AS run JOIN {table} ON run.id = ended.id; \
             UPDATE attempt SET ended_at = ended.ended_at, outcome = ended.outcome, error = ended.error \
             FROM marktwerk.attempts AS attempt JOIN {table} \
                 ON attempt.run_id = ended.id AND attempt.number = ended.attempt"
        );
        writing.connection.execute("write ended attempts", &sql, &piece.values).await?;
    }
    Ok(())
}
