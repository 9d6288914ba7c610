//! Whether a run may start by itself: the job's conditions, asked one after the other. The reason of a skip is the same text as
//! long as its cause is, so that a streak of skips is one row of the history.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::failure::FailureClass;
use marktwerk_domain::job::{Job, JobId, Parameters};
use marktwerk_domain::policy::{Condition, Window};
use marktwerk_domain::reason::Reason;
use marktwerk_domain::stock::StockEntry;
use marktwerk_store::{SharedStore, StoreResult, stock};

use crate::metrics;
use crate::planner::Planner;
use crate::probe::ProbeQuestion;
use crate::supervision::words;

/// Time limit of a question to the outside world.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the conditions say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// All of them hold.
    Start {
        /// What the probe saw, where one was asked.
        marker: Option<String>,
    },
    /// One does not.
    Skip {
        /// Why, for people.
        reason: String,
    },
}

impl Judgement {
    /// Of a job without conditions.
    pub(crate) const FREE: Self = Self::Start { marker: None };
}

/// What the conditions of this version of a job say.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) judgement: Judgement,
    /// [`Job::version`].
    pub(crate) version: i64,
}

/// Asks.
#[derive(Clone)]
pub(crate) struct ConditionCheck {
    pub(crate) store: SharedStore,
    pub(crate) clock: SharedClock,
    pub(crate) planner: Planner,
}

impl ConditionCheck {
    /// Whether a run of `job` with these parameters may start now.
    pub(crate) async fn judge(&self, job: &Job, parameters: &Parameters) -> StoreResult<Judgement> {
        let mut marker = None;
        for condition in &job.spec.policies.conditions {
            let failed = match condition {
                Condition::Window(window) => self.window(job, window),
                Condition::SucceededWithin { job, minutes } => self.succeeded_within(job, *minutes).await?,
                Condition::AccountHealthy => self.account_healthy(&job.target.account).await?,
                Condition::ErpReachable => self.erp_reachable().await,
                Condition::NewData => match self.new_data(job, parameters).await? {
                    Ok(seen) => {
                        marker = seen;
                        None
                    }
                    Err(reason) => Some(reason),
                },
            };
            metrics::condition_asked(condition, failed.is_none());
            if let Some(reason) = failed {
                return Ok(Judgement::Skip { reason });
            }
        }
        Ok(Judgement::Start { marker })
    }

    fn window(&self, job: &Job, window: &Window) -> Option<String> {
        let zone = self.planner.zone_of(&job.spec).unwrap_or(TimeZone::UTC);
        let is_within = contains(window, self.clock.now(), &zone);
        (!is_within).then(|| {
            let clock = |time: jiff::civil::Time| time.strftime("%H:%M").to_string();
            format!("outside of its window, {} to {}", clock(window.from), clock(window.to))
        })
    }

    async fn succeeded_within(&self, other: &JobId, minutes: u32) -> StoreResult<Option<String>> {
        let job = self.store.job(other).await?;
        let since = self.clock.now() - SignedDuration::from_mins(i64::from(minutes));
        let is_fresh = job.and_then(|job| job.history.last_success_at).is_some_and(|at| at >= since);
        Ok((!is_fresh).then(|| format!("{other} has not succeeded within {minutes} minutes")))
    }

    async fn account_healthy(&self, account: &str) -> StoreResult<Option<String>> {
        let Some(diagnose) = self.planner.registry.diagnose().map(Arc::clone) else {
            return Ok(Some("it is not known whether its account is healthy".to_owned()));
        };
        let answer = self.in_time(diagnose.test_account(account)).await;
        let class = match answer {
            Some(Ok(_)) => return Ok(None),
            Some(Err(failure)) => {
                if failure.class == FailureClass::Unauthorised {
                    self.call_a_person(account, failure.message).await?;
                }
                failure.class.as_str()
            }
            None => "no answer in time",
        };
        Ok(Some(format!("the account {account} is not healthy: {class}")))
    }

    /// Without runs there is no fuse that would blow: credentials that are refused need a person all the same.
    async fn call_a_person(&self, account: &str, message: String) -> StoreResult<()> {
        let read_from =
            self.planner.registry.diagnose().and_then(|diagnose| diagnose.credentials_from(account));
        let (account, cause) = (account.to_owned(), Reason::quoted(message));
        let entry = StockEntry::Unauthorised { account: account.clone(), cause, read_from };
        let item = stock::attention(&account, &account, &entry);
        self.store.raise(&[item], self.clock.now()).await
    }

    async fn erp_reachable(&self) -> Option<String> {
        let Some(diagnose) = self.planner.registry.diagnose().map(Arc::clone) else {
            return Some("it is not known whether the ERP answers".to_owned());
        };
        let answers = matches!(self.in_time(diagnose.test_erp()).await, Some(Ok(_)));
        (!answers).then(|| "the ERP does not answer".to_owned())
    }

    /// What the probe saw, or why the run is not to start. What cannot be known is no reason: the run will tell what is wrong.
    async fn new_data(
        &self,
        job: &Job,
        parameters: &Parameters,
    ) -> StoreResult<Result<Option<String>, String>> {
        let Some(probe) = self.planner.registry.probe(&job.spec.job_type) else { return Ok(Ok(None)) };
        let question = ProbeQuestion {
            account: job.target.account.clone(),
            parameters: parameters.clone(),
            now: self.clock.now(),
        };
        let sight = match self.in_time(probe.look(&question)).await {
            Some(Ok(sight)) => sight,
            Some(Err(failure)) => {
                metrics::probe_failed(&job.spec.job_type);
                tracing::info!("{}: its probe cannot tell, so it starts: {failure}", job.id);
                return Ok(Ok(None));
            }
            None => {
                metrics::probe_failed(&job.spec.job_type);
                tracing::info!("{}: its probe gave no answer in time, so it starts", job.id);
                return Ok(Ok(None));
            }
        };
        // The job as it was put down may be older than its last success.
        let last = self.store.job(&job.id).await?.and_then(|job| job.history.last_marker);
        if sight.unfinished.is_none() && last.as_deref() == Some(sight.marker.as_str()) {
            return Ok(Err("nothing new since the last success".to_owned()));
        }
        Ok(Ok(Some(sight.marker)))
    }

    /// The answer of the outside world; one that panics is none.
    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            answer = AssertUnwindSafe(answer).catch_unwind() => answer
                .inspect_err(|panic| tracing::error!("a question before a run panicked: {}", words(&**panic)))
                .ok(),
            () = self.clock.sleep(PATIENCE) => None,
        }
    }
}

/// Whether the wall clock of `zone` is within the window at `now`. A window over midnight belongs to the day that it begins on.
fn contains(window: &Window, now: Timestamp, zone: &TimeZone) -> bool {
    let local = now.to_zoned(zone.clone()).datetime();
    let is_day = |day| window.days.is_empty() || window.days.contains(&day);
    let (day, time) = (local.date().weekday(), local.time());
    if window.from < window.to {
        return is_day(day) && window.from <= time && time < window.to;
    }
    (is_day(day) && time >= window.from) || (is_day(day.previous()) && time < window.to)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, time};

    use super::*;

    #[test]
    fn a_window_over_midnight_belongs_to_its_first_day() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let night = Window { days: vec![Weekday::Friday], from: time(22, 0, 0, 0), to: time(6, 0, 0, 0) };
        assert!(contains(&night, at("2026-11-27T22:00:00+01:00"), &zone));
        assert!(contains(&night, at("2026-11-28T05:59:59+01:00"), &zone));
        assert!(!contains(&night, at("2026-11-28T06:00:00+01:00"), &zone));
        assert!(!contains(&night, at("2026-11-28T22:00:00+01:00"), &zone));
        assert!(!contains(&night, at("2026-11-27T05:00:00+01:00"), &zone));
    }

    #[test]
    fn a_window_of_a_day_ends_before_its_end() {
        let day = Window { days: Vec::new(), from: time(8, 0, 0, 0), to: time(18, 0, 0, 0) };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(contains(&day, at("2026-11-28T08:00:00Z"), &TimeZone::UTC));
        assert!(!contains(&day, at("2026-11-28T18:00:00Z"), &TimeZone::UTC));
    }
}
