//! What people ask for: jobs added, changed and removed, runs started and cancelled.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::run::{Run, RunId, RunState, Trigger};
use marktwerk_domain::schedule::Schedule;
use marktwerk_store::jobs::{JobEdit, NextDue};
use marktwerk_store::runs::NewRun;

use super::known::{KnownJob, micros};
use super::{Oracle, Verdict, ensure};
use crate::trace::Event;

/// So old a time may be that somebody looked at before the store was told.
const A_MOMENT: SignedDuration = SignedDuration::from_secs(2);

const STORM: &str = "a change of a schedule counts from now";

impl Oracle {
    pub(super) fn added(&mut self, event: &Event, jobs: &[Job]) -> Verdict {
        for new in jobs {
            self.allows(new);
            self.counts_from(event.at, new, new.anchor, new.next_due)?;
            match self.jobs.get_mut(&new.id) {
                None => {
                    self.jobs.insert(new.id.clone(), KnownJob::new(new.clone(), event.since));
                }
                // It comes back to life with its history.
                Some(known) => {
                    ensure(known.job.archived, "an id is taken once", || {
                        format!("{} was added twice", new.id)
                    })?;
                    let old = known.change(event.since);
                    let Job { spec, target, anchor, next_due, .. } = new.clone();
                    (old.spec, old.target, old.anchor, old.next_due) = (spec, target, anchor, next_due);
                    old.archived = false;
                    old.version += 1;
                    old.health = old.health.after_resume();
                    known.due_since = event.since;
                }
            }
        }
        Ok(())
    }

    pub(super) fn edited(&mut self, event: &Event, edits: &[JobEdit]) -> Verdict {
        let is_beginning = !self.process(event.process).is_up;
        for edit in edits {
            let old = self.job(&edit.id)?.job.clone();
            ensure(!old.archived, "an archived job is not changed", || edit.id.to_string())?;
            let new = Job {
                spec: edit.spec.clone(),
                target: edit.target.clone(),
                anchor: edit.anchor,
                next_due: match edit.next_due {
                    NextDue::Stays => old.next_due,
                    NextDue::Becomes(next_due) => next_due,
                },
                ..old.clone()
            };
            // An interval does not know the clock on the wall: another zone changes nothing of it.
            let same_zone = old.spec.policies.time_zone == new.spec.policies.time_zone
                || matches!(new.spec.schedule, Schedule::Every { .. });
            let same_times = old.spec.schedule == new.spec.schedule && same_zone;
            let goes_on = same_times && old.spec.enabled == new.spec.enabled && old.anchor == new.anchor;
            if !(goes_on && new.next_due == old.next_due) {
                // Where it goes on, only a process that begins on a clock that was put back plans anew.
                let is_put_back = is_beginning && new.next_due.is_some() && new.next_due < old.next_due;
                ensure(!goes_on || is_put_back, STORM, || {
                    format!("{} was due {:?} and is due {:?} now", edit.id, old.next_due, new.next_due)
                })?;
                let anew = |at| self.is_counted_anew(&old, &new, same_times, at);
                let before = self.clock_before_a_jump(event);
                anew(event.at).or_else(|broken| before.map_or(Err(broken), anew))?;
            }
            let is_resumed = new.spec.enabled && !old.spec.enabled;
            self.allows(&new);
            let known = self.job_mut(&edit.id)?;
            *known.change(event.since) = new;
            known.job.version += 1;
            known.due_since = event.since;
            if is_resumed {
                known.job.health = known.job.health.after_resume();
            }
        }
        Ok(())
    }

    fn allows(&mut self, job: &Job) {
        let most = self.most_instances.entry(job.id.0.clone()).or_default();
        *most = (*most).max(job.spec.policies.max_instances);
    }

    /// What the clock would show had it not just jumped. The dispatcher counts anew beside what people do, and the jump may have come
    /// between that and the store.
    fn clock_before_a_jump(&self, event: &Event) -> Option<Timestamp> {
        let has_just_jumped = event.since <= self.jumped_at + A_MOMENT.unsigned_abs();
        has_just_jumped.then(|| event.at - self.jumped_by)
    }

    fn is_counted_anew(&self, old: &Job, new: &Job, same_times: bool, at: Timestamp) -> Verdict {
        let was_ahead = old.anchor > at;
        ensure(!same_times || new.anchor == old.anchor || was_ahead, STORM, || {
            format!("{} lost its grid", new.id)
        })?;
        let anchor = if same_times { at } else { new.anchor };
        self.counts_from(at, new, anchor, new.next_due)
    }

    /// The next planned time is the first after the moment of the change, and the grid of a new schedule begins there.
    fn counts_from(
        &self,
        at: Timestamp,
        job: &Job,
        anchor: Timestamp,
        next_due: Option<Timestamp>,
    ) -> Verdict {
        let id = &job.id;
        let asked = at - A_MOMENT;
        ensure(asked <= anchor && anchor <= at, STORM, || format!("{id} is counted from {anchor}"))?;
        if !job.spec.enabled {
            return ensure(next_due.is_none(), STORM, || format!("{id} is paused and due {next_due:?}"));
        }
        let times = self.times(job);
        if times.waits_for_the_end() {
            let interval = job.spec.schedule.interval_minutes().map_or(0, |minutes| i64::from(minutes) * 60);
            let latest = at + SignedDuration::from_secs(interval);
            return ensure(next_due.is_some_and(|due| due <= latest), STORM, || {
                format!("{id} is due {next_due:?}")
            });
        }
        let (earliest, latest) = (times.first_after(asked), times.first_after(at));
        ensure(earliest <= next_due && next_due <= latest, STORM, || {
            format!("{id} is due {next_due:?}, and its first time from now on is {latest:?}")
        })
    }

    pub(super) fn archived(
        &mut self,
        event: &Event,
        ids: &[JobId],
        now: Timestamp,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        for id in ids {
            let known = self.job_mut(id)?;
            if known.job.archived {
                continue;
            }
            let job = known.change(event.since);
            job.archived = true;
            job.next_due = None;
            job.version += 1;
            for run in known.live.clone() {
                if self.waiting.contains(&run) {
                    self.cancel(run, "the job was archived", now, fresh)?;
                }
            }
        }
        Ok(())
    }

    /// By hand, at the start, again: queued at once, whatever is at work or paused.
    pub(super) fn queued(
        &mut self,
        new: &NewRun,
        now: Timestamp,
        answer: &Run,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        let job = self.job(&new.job_id)?.job.clone();
        let of_a_person = matches!(new.trigger, Trigger::Manual | Trigger::Again | Trigger::StartUp);
        ensure(of_a_person, "runs are made by their causes", || format!("{new:?}"))?;
        self.is_as_the_job_says(&job, new, new.trigger)?;
        if new.trigger == Trigger::Again {
            let repeats = new.caused_by.and_then(|id| self.runs.get(&id));
            let is_same = repeats.is_some_and(|old| old.row.parameters == new.parameters);
            ensure(is_same, "a repetition does the same", || format!("{new:?}"))?;
        }
        let id = self.appears(new, RunState::Waiting, now, fresh)?;
        let row = &self.run(id)?.row;
        ensure(answer == row, "the answer is the run", || format!("{answer:?}\n  instead of {row:?}"))
    }

    pub(super) fn cancelled(
        &mut self,
        id: RunId,
        reason: &str,
        now: Timestamp,
        answer: &Run,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        self.cancel(id, reason, now, fresh)?;
        let row = &self.run(id)?.row;
        ensure(answer == row, "the answer is the run", || format!("{answer:?}\n  instead of {row:?}"))
    }

    /// At once in the queue, as a wish at work.
    pub(super) fn cancel(
        &mut self,
        id: RunId,
        reason: &str,
        now: Timestamp,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        let known = self.run_mut(id)?;
        match known.row.state {
            RunState::Waiting | RunState::Retrying => self.ends_cancelled(id, reason, now, fresh),
            RunState::Running if !known.row.cancel_requested => {
                known.row.cancel_requested = true;
                known.wish = Some(reason.to_owned());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The store ends a run as cancelled, with its closing line.
    pub(super) fn ends_cancelled(
        &mut self,
        id: RunId,
        reason: &str,
        now: Timestamp,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        self.run_mut(id)?.row.last_line += 1;
        self.is_over(id, RunState::Cancelled, Some(reason), micros(now), fresh)
    }
}
