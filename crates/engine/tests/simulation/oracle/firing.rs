//! Planned times: each that comes has its turn once, in time, and becomes what its job's policies say.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::policy::Misfire;
use marktwerk_domain::run::{Run, Trigger};
use marktwerk_domain::schedule::Schedule;
use marktwerk_domain::timetable;
use marktwerk_store::runs::{Fired, Firing, NewRun};

use super::known::micros;
use super::times::Times;
use super::{Oracle, Verdict, Violation, ensure, violation};
use crate::trace::Event;

const EACH_ONCE: &str = "each planned time has its turn once";
const POLICY: &str = "a late time becomes what its policy says";
const IN_TIME: &str = "a planned time has its turn in time";

/// A planned time is fired within this where nothing is in the way (a jump of the clock is noticed within 5 s, and calls may be slow), …
const PROMPTLY: Duration = Duration::from_secs(6);
/// … and within this for each job whose conditions are asked, for an answer may take half a minute.
const ASKING: Duration = Duration::from_secs(70);
/// Late for a job that skips missed times and has no grace of its own.
const A_LITTLE_LATE: i64 = 60;
const MADE_UP_FOR: usize = 100;
/// Of more missed times by the wall clock the count is a lower bound.
const COUNTED_EXACTLY: u32 = 9_999;

/// What the planned times up to now become: (latest, others counted in it), too late or beyond what is made up for, and runs.
type Plan = (Vec<(Timestamp, u32)>, Vec<(Timestamp, u32)>);

fn plan(covered: &[Timestamp], now: Timestamp, job: &Job) -> Plan {
    let policies = &job.spec.policies;
    let skips = policies.misfire == Misfire::Skip;
    let grace = policies.grace_seconds.map(i64::from).or(skips.then_some(A_LITTLE_LATE));
    let is_late = |at: &Timestamp| {
        grace.is_some_and(|grace| now.duration_since(*at) > SignedDuration::from_secs(grace))
    };
    let as_one = |times: &[Timestamp]| times.last().map(|last| (*last, times.len() as u32 - 1));
    let (late, in_time): (Vec<Timestamp>, Vec<Timestamp>) = covered.iter().partition(|at| is_late(at));
    let mut missed: Vec<_> = as_one(&late).into_iter().collect();
    if policies.misfire != Misfire::All {
        return (missed, as_one(&in_time).into_iter().collect());
    }
    let (beyond, made_up) = in_time.split_at(in_time.len().saturating_sub(MADE_UP_FOR));
    missed.extend(as_one(beyond));
    (missed, made_up.iter().map(|at| (*at, 0)).collect())
}

impl Oracle {
    /// The planned times of a job.
    pub(super) fn times(&self, job: &Job) -> Times {
        let zone = job.spec.policies.time_zone.as_deref();
        let zone = zone.and_then(|name| timetable::zone(name).ok()).unwrap_or_else(|| self.zone.clone());
        Times::of(&job.spec.schedule, zone, job.anchor)
    }

    pub(super) fn fired(
        &mut self,
        event: &Event,
        firing: &Firing,
        now: Timestamp,
        answer: &Fired,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        let id = &firing.job_id;
        let known = self.job(id)?;
        let is_due =
            known.job.next_due == Some(firing.seen_due) && known.job.spec.enabled && !known.job.archived;
        let Fired::Done { queued, cancelling } = answer else {
            return ensure(!is_due, EACH_ONCE, || {
                format!("{id} was due {} and was not fired", firing.seen_due)
            });
        };
        ensure(is_due, EACH_ONCE, || {
            format!("{id} was fired for {} and was due {:?}", firing.seen_due, known.job.next_due)
        })?;
        if firing.runs.is_empty() && firing.skips.is_empty() {
            return self.planned_anew(event, firing, now);
        }
        self.fits(event, firing, now)?;
        self.is_in_time(event, firing.seen_due, id)?;
        let job = &mut self.job_mut(id)?;
        job.job.next_due = firing.next_due;
        job.due_since = event.since;
        for skip in &firing.skips {
            if !self.has_row(&skip.run) {
                self.skipped(&skip.run, &skip.reason, now, fresh)?;
            }
        }
        let (mut made, mut wishes) = (Vec::new(), Vec::new());
        for run in &firing.runs {
            if !self.has_row(run) {
                self.let_in(firing, run, now, &mut made, &mut wishes, fresh)?;
            }
        }
        ensure((&made, &wishes) == (queued, cancelling), "the answer tells what was done", || {
            format!("{id}: queued {made:?}, cancelling {wishes:?}, and was told {queued:?}, {cancelling:?}")
        })
    }

    /// The clock was put back, and the job was due later than its schedule can give: it is due at the first time from now on.
    fn planned_anew(&mut self, event: &Event, firing: &Firing, now: Timestamp) -> Verdict {
        let id = &firing.job_id;
        let job = &self.job(id)?.job;
        let (times, due) = (self.times(job), firing.seen_due);
        let first = match job.spec.schedule {
            Schedule::Every { seconds, .. } if times.waits_for_the_end() => {
                Some(now + SignedDuration::from_secs(seconds.into()))
            }
            _ => times.first_after(now),
        };
        ensure(first.is_some_and(|first| first < due) && firing.next_due == first, EACH_ONCE, || {
            format!("{id} was due {due}, its first time is {first:?}, and it became {:?}", firing.next_due)
        })?;
        let known = self.job_mut(id)?;
        known.job.next_due = first;
        known.due_since = event.since;
        Ok(())
    }

    fn has_row(&self, run: &NewRun) -> bool {
        self.jobs.get(&run.job_id).is_some_and(|job| job.rows.contains(&micros(run.planned_at)))
    }

    /// The schedule must be the newest, policies may be those of a moment ago.
    fn fits(&self, event: &Event, firing: &Firing, now: Timestamp) -> Verdict {
        let known = self.job(&firing.job_id)?;
        let times = self.times(&known.job);
        let id = &firing.job_id;
        let covered = times.between(firing.seen_due, now);
        ensure(now >= firing.seen_due, IN_TIME, || format!("{id} was fired before its time"))?;
        ensure(covered.first() == Some(&firing.seen_due), EACH_ONCE, || {
            format!("{id} was fired for {}, which is no planned time of it", firing.seen_due)
        })?;
        let next_due = if times.waits_for_the_end() { None } else { times.first_after(now) };
        ensure(firing.next_due == next_due, EACH_ONCE, || {
            format!("{id} is due next {next_due:?}, and not {:?}", firing.next_due)
        })?;
        let mut wrong = None;
        for version in known.versions(event.since) {
            match self.fits_policies(event, version, firing, &covered, now) {
                Ok(()) => return Ok(()),
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        Err(wrong.unwrap_or_else(|| violation(POLICY, "no version of the job")))
    }

    fn fits_policies(
        &self,
        event: &Event,
        job: &Job,
        firing: &Firing,
        covered: &[Timestamp],
        now: Timestamp,
    ) -> Verdict {
        let (missed, runs) = plan(covered, now, job);
        let told = |run: &NewRun| (run.planned_at, run.merged);
        let is_as = |told: &[(Timestamp, u32)], planned: &[(Timestamp, u32)]| {
            let is_same = |((at, count), (planned, most)): (&(Timestamp, u32), &(Timestamp, u32))| {
                at == planned && (count == most || (COUNTED_EXACTLY..*most).contains(count))
            };
            told.len() == planned.len() && told.iter().zip(planned).all(is_same)
        };
        let (late, skipped) = firing.skips.split_at(missed.len().min(firing.skips.len()));
        let as_told: Vec<_> = late.iter().map(|skip| told(&skip.run)).collect();
        let id = &job.id;
        ensure(is_as(&as_told, &missed), POLICY, || {
            format!("{id}: missed are {missed:?}, and not {as_told:?}")
        })?;
        let as_told: Vec<_> =
            skipped.iter().map(|skip| told(&skip.run)).chain(firing.runs.iter().map(told)).collect();
        ensure(is_as(&as_told, &runs), POLICY, || format!("{id}: to run are {runs:?}, and not {as_told:?}"))?;
        ensure(skipped.is_empty() || firing.runs.is_empty(), POLICY, || {
            format!("{id}: some were let in and some were not")
        })?;
        if !runs.is_empty() {
            let reason = skipped.first().map(|skip| skip.reason.as_str());
            let marker = firing.runs.first().and_then(|run| run.marker.as_deref());
            self.may_start(event, job, reason, marker)?;
        }
        let policies = &job.spec.policies;
        ensure(
            (firing.overlap, firing.max_instances) == (policies.overlap, policies.max_instances),
            POLICY,
            || format!("{id} goes by {:?} of {}", firing.overlap, firing.max_instances),
        )?;
        let latest = now + SignedDuration::from_secs(policies.jitter_seconds.into());
        for run in &firing.runs {
            ensure(now <= run.ready_at && run.ready_at <= latest, POLICY, || {
                format!("{id}: ready at {}, fired at {now}", run.ready_at)
            })?;
            self.is_as_the_job_says(job, run, Trigger::Schedule)?;
        }
        Ok(())
    }

    /// A run is given what its job says.
    pub(super) fn is_as_the_job_says(&self, job: &Job, run: &NewRun, trigger: Trigger) -> Verdict {
        let says =
            (&job.id, &job.spec.job_type, &job.target.account, &job.target.lane, job.spec.priority, trigger);
        let is = (&run.job_id, &run.job_type, &run.account, &run.lane, run.priority, run.trigger);
        ensure(is == says, "a run is given what its job says", || format!("{is:?} instead of {says:?}"))?;
        ensure(trigger != Trigger::Schedule || run.parameters == job.spec.parameters, POLICY, || {
            format!("{}: parameters {:?}", job.id, run.parameters)
        })
    }

    fn is_in_time(&self, event: &Event, due: Timestamp, id: &JobId) -> Verdict {
        let (Some(since), Some(allowed)) = (self.late_since(event, due, id)?, self.allowed(id)) else {
            return Ok(());
        };
        ensure(event.since.saturating_sub(since) <= allowed, IN_TIME, || {
            format!("{id} was due {due} and was fired at {}", event.at)
        })
    }

    /// Since when nothing has been in the way of a planned time that has come.
    fn late_since(&self, event: &Event, due: Timestamp, id: &JobId) -> Result<Option<Duration>, Violation> {
        let Some(undisturbed) = self.undisturbed_since else { return Ok(None) };
        let late = Duration::try_from(event.at.duration_since(due)).unwrap_or_default();
        let came = event.since.saturating_sub(late);
        Ok(Some(undisturbed.max(came).max(self.job(id)?.due_since)))
    }

    /// How late a job may be fired. Those whose conditions are asked may have to wait for each other.
    fn allowed(&self, id: &JobId) -> Option<Duration> {
        let asked = self.jobs.values().filter(|job| !job.job.spec.policies.conditions.is_empty()).count();
        let is_asked = |job: &Job| !job.spec.policies.conditions.is_empty();
        let known = self.jobs.get(id)?;
        let may_be_asked = is_asked(&known.job) || known.before.iter().any(|(_, job)| is_asked(job));
        Some(if may_be_asked { ASKING * u32::try_from(asked + 1).ok()? } else { PROMPTLY })
    }

    /// Jobs that are due are fired, and those that wait for the end of a run have one.
    pub(super) fn nothing_is_overdue(&mut self, event: &Event) -> Verdict {
        for (id, known) in &self.jobs {
            if let Some(due) = known.job.next_due.filter(|due| *due <= event.at) {
                self.is_in_time(event, due, id)?;
            }
        }
        let undisturbed = self.undisturbed_since;
        for (id, known) in &mut self.jobs {
            let Job { spec, next_due, archived, .. } = &known.job;
            let waits = spec.enabled && !archived && next_due.is_none() && spec.schedule.waits_for_the_end();
            let since = known.unplanned_since.unwrap_or(event.since);
            known.unplanned_since = (waits && known.live.is_empty()).then_some(since);
            let since = undisturbed
                .map(|undisturbed| undisturbed.max(since))
                .filter(|_| known.unplanned_since.is_some());
            ensure(since.is_none_or(|since| event.since - since <= PROMPTLY), EACH_ONCE, || {
                format!("{id} has no next time, and no run of it is live")
            })?;
        }
        Ok(())
    }

    /// A job that is counted from the end of its run gets its next time then.
    pub(super) fn planned_after_the_end(
        &mut self,
        event: &Event,
        id: &JobId,
        next_due: Timestamp,
    ) -> Verdict {
        let jumped = event.since < self.jumped_at + PROMPTLY;
        let known = self.job_mut(id)?;
        let Schedule::Every { seconds, .. } = known.job.spec.schedule else {
            return Err(violation(EACH_ONCE, format!("{id} does not wait for an end")));
        };
        let is_planned = known.job.next_due.is_some() || !known.job.spec.enabled || known.job.archived;
        ensure(!is_planned && known.live.is_empty(), EACH_ONCE, || {
            let (job, live) = (&known.job, &known.live);
            let (due, enabled, archived) = (job.next_due, job.spec.enabled, job.archived);
            format!(
                "{id} was planned: due {due:?}, enabled {enabled}, archived {archived}, live {live:?}, {:?}",
                job.health
            )
        })?;
        let wait = next_due.duration_since(event.at).as_secs_f64();
        let seconds = f64::from(seconds);
        ensure(jumped || (wait <= seconds && wait > seconds - PROMPTLY.as_secs_f64()), EACH_ONCE, || {
            format!("{id} is due {wait} s after the end of its run, and not {seconds}")
        })?;
        known.job.next_due = Some(next_due);
        known.due_since = event.since;
        Ok(())
    }
}
