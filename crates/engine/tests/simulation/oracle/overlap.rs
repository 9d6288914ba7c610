//! What becomes of a planned time where its job is busy, and of times that are skipped.

use jiff::Timestamp;
use marktwerk_domain::policy::Overlap;
use marktwerk_domain::run::{Run, RunId, RunState};
use marktwerk_store::runs::{Firing, NewRun};

use super::{Oracle, Verdict};

impl Oracle {
    /// A planned time becomes a run, is skipped, or is counted in another, as the job's policy for overlaps says.
    pub(super) fn let_in(
        &mut self,
        firing: &Firing,
        run: &NewRun,
        now: Timestamp,
        made: &mut Vec<RunId>,
        wishes: &mut Vec<RunId>,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        let policy = firing.overlap;
        let in_the_way = |run: &RunId| {
            let is_asked_to_end = self.runs.get(run).is_none_or(|run| run.row.cancel_requested);
            // Missed times that are made up for together do not exclude each other.
            !(is_asked_to_end || policy == Overlap::Skip && made.contains(run))
        };
        let live: Vec<RunId> = self.job(&run.job_id)?.live.iter().copied().filter(in_the_way).collect();
        let has_room = live.len() < firing.max_instances as usize;
        if !has_room && policy == Overlap::Skip {
            let state = |run: &RunId| self.runs[run].row.state;
            let running = live.iter().find(|run| state(run) == RunState::Running);
            let says = running.or(live.first()).copied().unwrap_or(RunId(0));
            let reason = format!("run {says} is still {}", state(&says).as_str());
            return self.skipped(run, &reason, now, fresh);
        }
        let queues = matches!(policy, Overlap::QueueOne | Overlap::CancelRunning);
        if !has_room && queues && self.merges(run)? {
            return Ok(());
        }
        if !has_room && policy == Overlap::CancelRunning {
            let begun = live.iter().copied().filter(|run| self.runs[run].row.attempt > 0);
            let too_many: Vec<RunId> = begun.take(live.len() + 1 - firing.max_instances as usize).collect();
            for old in too_many {
                let reason = "a later planned time takes its place";
                if self.run(old)?.row.state == RunState::Running {
                    wishes.push(old);
                }
                self.cancel(old, reason, now, fresh)?;
            }
        }
        made.push(self.appears(run, RunState::Waiting, now, fresh)?);
        Ok(())
    }

    /// Whether a run that waits to do just the same takes this one's place: then it counts it.
    pub(super) fn merges(&mut self, new: &NewRun) -> Result<bool, super::Violation> {
        let is_alike = |id: &&RunId| {
            self.runs.get(id).is_some_and(|run| {
                run.row.state == RunState::Waiting
                    && run.row.attempt == 0
                    && run.row.trigger == new.trigger
                    && run.row.account == new.account
                    && run.row.parameters == new.parameters
            })
        };
        let Some(waiting) = self.job(&new.job_id)?.live.iter().rev().find(is_alike).copied() else {
            return Ok(false);
        };
        let row = &mut self.run_mut(waiting)?.row;
        row.merged += 1 + new.merged;
        row.priority = row.priority.min(new.priority);
        Ok(true)
    }

    /// Times that do not become runs are one row, and so is a streak of equal ones.
    pub(super) fn skipped(
        &mut self,
        new: &NewRun,
        reason: &str,
        now: Timestamp,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        if let Some(newest) = self.job(&new.job_id)?.newest {
            let row = &mut self.run_mut(newest)?.row;
            if row.state == RunState::Skipped && row.error.as_deref() == Some(reason) {
                row.merged += 1 + new.merged;
                row.ended_at = Some(now);
                return Ok(());
            }
        }
        let id = self.appears(new, RunState::Skipped, now, fresh)?;
        let row = &mut self.run_mut(id)?.row;
        row.error = Some(reason.to_owned());
        row.ended_at = Some(now);
        row.last_line = 1;
        Ok(())
    }
}
