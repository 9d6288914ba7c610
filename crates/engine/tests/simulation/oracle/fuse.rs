//! What a job remembers of its runs, and its fuse: five refusals in a row pause it, five failures of an outage mark it, each
//! with one alert, and the first success afterwards is told.

use jiff::Timestamp;
use marktwerk_domain::failure::FailureClass;
use marktwerk_domain::health::{Alarm, HealthChange, JobHealth, Trouble};
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState};

use super::{Oracle, Verdict};
use crate::trace::Event;

const IN_A_ROW: u32 = 5;

/// An attempt that ended.
pub(super) struct Ended<'a> {
    pub(super) run: RunId,
    pub(super) state: RunState,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Timestamp,
    pub(super) error: Option<&'a str>,
    /// Of a run that failed.
    pub(super) class: Option<FailureClass>,
    pub(super) marker: Option<&'a str>,
}

impl Oracle {
    pub(super) fn remember(&mut self, event: &Event, job: &JobId, ended: &Ended<'_>) -> Verdict {
        let known = self.job_mut(job)?;
        let history = &mut known.job.history;
        match ended.state {
            RunState::Succeeded => {
                history.last_succeeded = Some(true);
                history.last_error = None;
                history.last_success_at = Some(ended.ended_at);
                history.failures_in_a_row = 0;
                if let Some(marker) = ended.marker {
                    history.last_marker = Some(marker.to_owned());
                }
                known.succeeded_at = event.since;
            }
            RunState::Failed | RunState::Lost | RunState::Retrying => {
                history.last_succeeded = Some(false);
                history.last_error = ended.error.map(str::to_owned);
                history.failures_in_a_row += u32::from(ended.state != RunState::Retrying);
            }
            _ => return Ok(()),
        }
        history.last_run = ended.started_at;
        match ended.state {
            RunState::Succeeded => self.is_well_again(job, ended.run),
            RunState::Failed | RunState::Lost => self.has_trouble(event, job, ended),
            _ => Ok(()),
        }
    }

    fn is_well_again(&mut self, job: &JobId, run: RunId) -> Verdict {
        let health = std::mem::take(&mut self.job_mut(job)?.job.health);
        if health.alarm.is_some() {
            self.alerts.push((HealthChange::Recovered, job.clone(), run));
        }
        Ok(())
    }

    fn has_trouble(&mut self, event: &Event, job: &JobId, ended: &Ended<'_>) -> Verdict {
        let trouble = match ended.class {
            Some(FailureClass::Refused | FailureClass::Unauthorised | FailureClass::Unreadable) => {
                Trouble::Blocked
            }
            // Somebody has to hear of a mistake of the program, and of what was lost with its process, too.
            _ => Trouble::Outage,
        };
        let known = self.job_mut(job)?;
        let health: &mut JobHealth = &mut known.job.health;
        let goes_on = health.trouble == Some(trouble);
        health.in_a_row = if goes_on { health.in_a_row + 1 } else { 1 };
        health.trouble = Some(trouble);
        if health.in_a_row < IN_A_ROW {
            return Ok(());
        }
        let told = match trouble {
            Trouble::Blocked if known.job.spec.enabled && !known.job.archived => {
                health.alarm = Some(Alarm::Paused);
                let job = known.change(event.since);
                job.spec.enabled = false;
                job.next_due = None;
                job.version += 1;
                HealthChange::Paused
            }
            Trouble::Outage if health.alarm.is_none() => {
                health.alarm = Some(Alarm::Degraded);
                HealthChange::Degraded
            }
            // It stands still already, or people know.
            _ => return Ok(()),
        };
        self.alerts.push((told, job.clone(), ended.run));
        Ok(())
    }
}
