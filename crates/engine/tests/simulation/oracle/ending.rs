//! What attempts tell the journal: nothing of it has an effect without the lease, lines have no gaps, and an end is what the
//! workflow's answer means.

use marktwerk_domain::run::{Run, RunId, RunState, Trigger};
use marktwerk_store::journal::{AttemptEnd, Committed, Entry, Record};

use super::fuse::Ended;
use super::known::micros;
use super::{Oracle, Verdict, Violation, ensure};
use crate::trace::{Event, Who};

const FENCE: &str = "what has lost its lease has no effect";
const LINES: &str = "lines are numbered without gaps";

impl Oracle {
    pub(super) fn committed(
        &mut self,
        event: &Event,
        records: &[Record],
        answer: &Committed,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        let mut fenced: Vec<RunId> = Vec::new();
        let mut over = Vec::new();
        for Record { run, epoch, entry } in records {
            let known = self.run_mut(*run)?;
            if known.row.state != RunState::Running || known.row.epoch != *epoch {
                if !fenced.contains(run) {
                    fenced.push(*run);
                }
                continue;
            }
            match entry {
                Entry::Line(line) => {
                    known.row.last_line += 1;
                    ensure(line.line == known.row.last_line, LINES, || {
                        format!("run {run} has line {} after {}", line.line, known.row.last_line - 1)
                    })?;
                }
                Entry::Heartbeat { lease_until, .. } => {
                    known.lease_until = Some(micros(*lease_until));
                    known.renewed_at = event.since;
                }
                Entry::Steps(steps) => known.row.steps = steps.clone(),
                Entry::End(end) => {
                    if self.attempt_ends(event, (*run, *epoch), end, fresh)? {
                        over.push((*run, micros(end.ended_at)));
                    }
                }
            }
        }
        // What is stored together has one cause: a job that the last record pauses is paused for what follows on the first.
        for (run, at) in over {
            self.follows(run, fresh, at)?;
        }
        ensure(fenced == answer.fenced, FENCE, || {
            format!("fenced are {:?}, and have to be {fenced:?}", answer.fenced)
        })
    }

    /// Answers whether the run is over, so that others may follow on it.
    fn attempt_ends(
        &mut self,
        event: &Event,
        who: Who,
        end: &AttemptEnd,
        fresh: &mut Vec<Run>,
    ) -> Result<bool, Violation> {
        let (id, _) = who;
        let is_at_work = self.processes.values().any(|process| process.at_work.contains_key(&who));
        ensure(!is_at_work, "an end is stored when the work is over", || {
            format!("run {id} is still worked on")
        })?;
        let class = self.means(event, who, end)?;
        let known = self.run_mut(id)?;
        let at = micros(end.ended_at);
        ensure(end.line.line == known.row.last_line + 1, LINES, || {
            format!("run {id} ends with line {}", end.line.line)
        })?;
        ensure(end.line.status.is_some() == end.state.is_ended(), "one closing line for each run", || {
            format!("run {id} is {:?}, its line says {:?}", end.state, end.line.status)
        })?;
        known.row.last_line += 1;
        known.row.attempts_used += u32::from(end.uses_attempt);
        known.row.warnings = end.warnings;
        known.row.steps = end.steps.clone();
        if let Some(attempt) = known.attempts.last_mut() {
            attempt.ended_at = Some(at);
            attempt.outcome = end.outcome.to_owned();
            attempt.error = end.error.clone();
        }
        let (job, started_at) = (known.row.job_id.clone(), known.row.attempt_started_at);
        let wish = known.wish.clone().filter(|_| known.row.cancel_requested);
        let is_gone = self.job(&job)?.job.archived;
        let wish = wish.or(is_gone.then(|| "the job was archived".to_owned()));
        let marker = end.marker.as_deref().filter(|_| end.follow_up.is_none());
        let error = end.error.as_deref();
        let ended = Ended { run: id, state: end.state, started_at, ended_at: at, error, class, marker };
        self.remember(event, &job, &ended)?;
        if !end.state.is_ended() {
            self.waits_again(id, end.state, end.ready_at.map(micros), error)?;
            if let Some(wish) = wish {
                self.ends_cancelled(id, &wish, at, fresh)?;
            }
            return Ok(false);
        }
        self.leaves(id, end.state, error, at)?;
        let Some(follow_up) = &end.follow_up else { return Ok(true) };
        let row = self.run(id)?.row.clone();
        let goes_on = (&row.job_id, &row.parameters, row.priority, Some(id), Trigger::MoreToDo, &row.marker);
        let told = follow_up;
        let is = (&told.job_id, &told.parameters, told.priority, told.caused_by, told.trigger, &told.marker);
        ensure(is == goes_on, "the next slice goes on where the last one stopped", || {
            format!("{is:?}, {goes_on:?}")
        })?;
        let next = self.appears(follow_up, RunState::Waiting, at, fresh)?;
        if let Some(wish) = wish {
            self.ends_cancelled(next, &wish, at, fresh)?;
        }
        Ok(false)
    }
}
