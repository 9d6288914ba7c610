//! A database that cannot be written to stores no alert: this one goes out directly, and is tried again from memory. It is said once, and
//! once that it is over.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::job::JobId;

use crate::alerts::AlertChannel;
use crate::vitals::Vitals;

/// Between two tries of a channel that failed; a receiver may ask for more.
const AGAIN: Duration = Duration::from_secs(60);

pub(super) struct Outcry {
    channels: Vec<Waiting>,
    clock: SharedClock,
    vitals: Arc<Vitals>,
    /// People were told, or are being told.
    is_told: bool,
    /// Numbers of alerts that are not stored lie below zero, and none is used twice.
    last: i64,
}

/// A channel, and what it has not sent yet.
struct Waiting {
    channel: Arc<dyn AlertChannel>,
    alerts: Vec<Alert>,
    not_before: Option<Timestamp>,
}

impl Outcry {
    pub(super) fn new(channels: Vec<Arc<dyn AlertChannel>>, clock: SharedClock, vitals: Arc<Vitals>) -> Self {
        let wait = |channel| Waiting { channel, alerts: Vec::new(), not_before: None };
        Self { channels: channels.into_iter().map(wait).collect(), clock, vitals, is_told: false, last: 0 }
    }

    /// `fault`: since when nothing can be stored, and why.
    pub(super) async fn follow(&mut self, fault: Option<(Timestamp, String)>) {
        match (fault, self.is_told) {
            (Some((since, reason)), false) => {
                tracing::error!("nothing could be stored for a minute: {reason}");
                let message = format!(
                    "Since {since}: {reason}. No job starts and no end of a run is stored until then; nothing is acknowledged that was not \
                     stored. Look at the disk and at the database; work goes on by itself once it can."
                );
                self.say(None, "Nothing can be stored in the database".to_owned(), message);
            }
            (None, true) => {
                tracing::info!("what is to be stored is stored again");
                let title = "The database is back".to_owned();
                self.say(Some(HealthChange::Recovered), title, "Work goes on by itself.".to_owned());
            }
            _ => {}
        }
        self.send().await;
    }

    fn say(&mut self, change: Option<HealthChange>, title: String, message: String) {
        self.is_told = change.is_none();
        let at = self.clock.now();
        self.last = (self.last - 1).min(-at.as_second());
        let job_id = JobId(String::new());
        let alert = Alert { id: AlertId(self.last), at, change, job_id, run: None, title, message };
        for waiting in &mut self.channels {
            waiting.alerts.push(alert.clone());
        }
    }

    async fn send(&mut self) {
        for waiting in &mut self.channels {
            while let Some(alert) = waiting.alerts.first() {
                let now = self.clock.now();
                if waiting.not_before.is_some_and(|at| at > now) {
                    break;
                }
                let told = waiting.channel.tell(alert).await;
                let outcome = told.as_ref().map(drop).map_err(|failure| failure.message.clone());
                self.vitals.told_by(waiting.channel.name(), outcome);
                match told {
                    Err(failure) if failure.class.is_worth_retrying() => {
                        let asked = failure.class.not_before();
                        let at = now.checked_add(AGAIN).unwrap_or(Timestamp::MAX);
                        waiting.not_before = Some(asked.map_or(at, |asked| asked.max(at)));
                        tracing::warn!(
                            "an alert could not be sent by {} and is tried again: {failure}",
                            waiting.channel.name()
                        );
                        break;
                    }
                    Err(failure) => {
                        tracing::error!("an alert is not sent by {}: {failure}", waiting.channel.name());
                    }
                    Ok(()) => {}
                }
                waiting.alerts.remove(0);
                waiting.not_before = None;
            }
        }
    }
}
