//! Conditions: a run that is skipped for one has to be, and one that begins in spite of them must not be. They were asked some
//! time before, so that what changed meanwhile may have stood either way.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::job::Job;
use marktwerk_domain::policy::{Condition, Window};
use marktwerk_domain::timetable;
use marktwerk_engine::probe::ProbeResult;

use super::{Oracle, Verdict, ensure};
use crate::trace::Event;

const CONDITIONS: &str = "a run begins by itself only where its conditions hold";

/// Two questions may take half a minute each, and jobs wait for each other.
pub(super) const LATELY: Duration = Duration::from_secs(70);

impl Oracle {
    /// The probe of the job of that name was asked.
    pub(super) fn probed(&mut self, event: &Event, job: &str, sight: Option<&Result<ProbeResult, Failure>>) {
        if let Some(known) = self.jobs.values_mut().find(|known| known.job.id.as_str() == job) {
            known.sights.retain(|(since, _)| event.since < *since + LATELY);
            known.sights.push((event.since, sight.and_then(|sight| sight.as_ref().ok()).cloned()));
        }
    }

    /// Whether a run of `job` may be skipped for this reason; without one, whether it may begin with this marker.
    pub(super) fn may_start(
        &self,
        event: &Event,
        job: &Job,
        reason: Option<&str>,
        marker: Option<&str>,
    ) -> Verdict {
        let id = &job.id;
        let Some(reason) = reason else {
            for condition in &job.spec.policies.conditions {
                let fails = self.holds(event, job, condition) == Some(false);
                ensure(!fails, CONDITIONS, || format!("{id} begins, and {condition:?} does not hold"))?;
            }
            return self.has_seen(job, marker);
        };
        let fails = |condition: &&Condition| self.holds(event, job, condition) != Some(true);
        let failing = job
            .spec
            .policies
            .conditions
            .iter()
            .filter(fails)
            .find(|condition| says(condition) == kind(reason));
        ensure(failing.is_some(), CONDITIONS, || format!("{id} is skipped and all holds: {reason}"))
    }

    /// Whether it holds for certain, or does not; `None` where it may have been either way when it was asked.
    fn holds(&self, event: &Event, job: &Job, condition: &Condition) -> Option<bool> {
        let is_lately = |since: Duration| event.since < since + LATELY;
        match condition {
            Condition::Window(window) => {
                let zone = job.spec.policies.time_zone.as_deref();
                let zone =
                    zone.and_then(|name| timetable::zone(name).ok()).unwrap_or_else(|| self.zone.clone());
                let shown = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
                let lately = event.at - SignedDuration::try_from(LATELY).unwrap_or_default();
                let (now, then) = (is_within(window, shown(event.at)), is_within(window, shown(lately)));
                (now == then && !is_lately(self.jumped_at)).then_some(now)
            }
            Condition::SucceededWithin { job: other, minutes } => {
                let known = self.jobs.get(other)?;
                let limit = SignedDuration::from_mins(i64::from(*minutes));
                let fresh = |at: Timestamp| {
                    known.job.history.last_success_at.is_some_and(|ended| ended >= at - limit)
                };
                let lately = event.at - SignedDuration::try_from(LATELY).unwrap_or_default();
                let is_certain = !is_lately(known.succeeded_at) && !is_lately(self.jumped_at);
                (is_certain && fresh(event.at) == fresh(lately)).then_some(fresh(event.at))
            }
            Condition::AccountHealthy => self.was_well(event, &job.target.account),
            Condition::ErpReachable => self.was_well(event, "erp"),
            Condition::NewData => {
                let known = self.jobs.get(&job.id)?;
                if is_lately(known.succeeded_at) {
                    return None;
                }
                let last = known.job.history.last_marker.as_deref();
                let is_new =
                    |sight: &ProbeResult| sight.unfinished.is_some() || last != Some(sight.marker.as_str());
                let lately = known.sights.iter().filter(|(since, _)| is_lately(*since));
                all_alike(lately.map(|(_, sight)| sight.as_ref().is_none_or(is_new)))
            }
        }
    }

    /// Others ask, too, so that only answers that are all the same are certain.
    fn was_well(&self, event: &Event, what: &str) -> Option<bool> {
        let lately = self.examined.get(what)?.iter().filter(|(since, _)| event.since < *since + LATELY);
        all_alike(lately.map(|(_, is_well)| *is_well))
    }

    /// What becomes the job's marker was seen by its probe.
    fn has_seen(&self, job: &Job, marker: Option<&str>) -> Verdict {
        let asks = job.spec.policies.conditions.contains(&Condition::NewData);
        ensure(marker.is_none() || asks, CONDITIONS, || {
            format!("{} has a marker and no probe was asked", job.id)
        })
    }
}

/// What they all are; `None` where they differ, or there are none.
fn all_alike(mut answers: impl Iterator<Item = bool>) -> Option<bool> {
    let first = answers.next()?;
    answers.all(|answer| answer == first).then_some(first)
}

fn is_within(window: &Window, shown: DateTime) -> bool {
    let listed = |date: jiff::civil::Date| window.days.is_empty() || window.days.contains(&date.weekday());
    let today = listed(shown.date());
    let yesterday = shown.date().yesterday().is_ok_and(listed);
    if window.from < window.to {
        today && shown.time() >= window.from && shown.time() < window.to
    } else {
        (today && shown.time() >= window.from) || (yesterday && shown.time() < window.to)
    }
}

fn says(condition: &Condition) -> &'static str {
    match condition {
        Condition::NewData => "nothing new",
        Condition::AccountHealthy => "the account",
        Condition::ErpReachable => "the ERP",
        Condition::Window(_) => "outside",
        Condition::SucceededWithin { .. } => "has not succeeded",
    }
}

/// Which kind of condition a reason is of.
fn kind(reason: &str) -> &'static str {
    let kinds = ["nothing new", "the account", "the ERP", "outside"];
    kinds.into_iter().find(|kind| reason.starts_with(kind)).unwrap_or("has not succeeded")
}
