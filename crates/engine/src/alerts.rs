//! Telling people. Alerts are stored with the change that they tell of; here each channel goes through them with a cursor of its
//! own, so that nothing is lost by a crash or an outage of the channel, and nothing is told out of order. A channel may be told
//! twice of the same alert, and knows it by its number. Of several processes on one store one tells at a time.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::job::JobId;
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_store::meta::LeaderLease;
use marktwerk_store::{SharedStore, StoreError, StoreResult};

use crate::chance::Chance;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::metrics;
use crate::vitals::Vitals;

/// Changes wake it; this is how often it looks without one.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Only the holder of this lease sends alerts. A dead process's lease expires after `TERM`.
const LEASE: &str = "alerts.told_by";
const TERM: Duration = Duration::from_secs(120);
/// Alerts read at once.
const PAGE: usize = 50;
/// A channel that cannot be reached is tried again like this, and the alert is given up after a day of it.
const RETRY: RetryPolicy =
    RetryPolicy { attempts: 100, first_delay_seconds: 30, factor: 2.0, longest_delay_seconds: 900 };

/// A way to tell people.
#[async_trait]
pub trait AlertChannel: Send + Sync {
    /// Its name: `webhook`, `email`.
    fn name(&self) -> &'static str;

    /// Tells. A failure whose class is not worth another try gives this alert up.
    async fn tell(&self, alert: &Alert) -> Result<(), Failure>;
}

impl Engine {
    /// Tells every channel of a test alert; answers with what became of it, by channel.
    pub async fn test_alerts(&self) -> Vec<(&'static str, Result<(), Failure>)> {
        let alert = Alert {
            id: AlertId(0),
            at: self.clock.now(),
            change: None,
            job_id: JobId("test".to_owned()),
            run: None,
            title: "Test alert".to_owned(),
            message: "Alerts of jobs that fail and recover will arrive here.".to_owned(),
        };
        let mut answers = Vec::new();
        for channel in &self.alerts {
            answers.push((channel.name(), channel.tell(&alert).await));
        }
        answers
    }

    /// What people were told or are to be told, newest first.
    pub async fn latest_alerts(&self, limit: usize) -> Result<Vec<Alert>, EngineError> {
        Ok(self.store.latest_alerts(limit).await?)
    }
}

/// Tells until it is aborted. `node` is this process, where others share the store.
pub(crate) async fn run(
    engine: Weak<Engine>,
    store: SharedStore,
    clock: SharedClock,
    chance: Chance,
    node: Option<String>,
) {
    let known = engine.upgrade().map(|engine| (engine.alerts.clone(), Arc::clone(&engine.vitals)));
    let Some((channels, vitals)) = known else { return };
    let post = |channel| Post::new(channel, chance.clone(), Arc::clone(&vitals));
    let mut posts: Vec<Post> = channels.into_iter().map(post).collect();
    let mut house = House { engine, cursor: None };
    let mut changes = store.changes();
    loop {
        let seen = changes.borrow_and_update().alerts;
        let mut wake_in = LOOK_EVERY;
        if let Err(error) = house.follow(&store).await {
            say(&error);
        }
        for post in &mut posts {
            match post.deliver(&store, &clock, node.as_deref()).await {
                Ok(Some(wait)) => wake_in = wake_in.min(wait),
                Ok(None) => {}
                Err(error) => say(&EngineError::Store(error)),
            }
        }
        let news = async {
            // Many other changes pass by.
            while changes.borrow_and_update().alerts == seen {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            biased;
            () = news => {}
            () = clock.sleep(wake_in) => {}
        }
    }
}

/// The program's own ear: a job that the store has paused is silent in the timer and paused in the jobs file, too.
struct House {
    engine: Weak<Engine>,
    cursor: Option<AlertId>,
}

impl House {
    async fn follow(&mut self, store: &SharedStore) -> Result<(), EngineError> {
        let Some(cursor) = self.cursor else {
            // What was paused before this start was read with the jobs.
            self.cursor = Some(newest(store).await?);
            return Ok(());
        };
        for alert in store.alerts_after(cursor, PAGE).await? {
            if alert.change == Some(HealthChange::Paused)
                && let Some(engine) = self.engine.upgrade()
            {
                engine.book.follow_the_store(&alert.job_id).await?;
            }
            self.cursor = Some(alert.id);
            // What is not about a job has no place among the changes of jobs.
            alert.change.filter(|_| alert.run.is_some()).into_iter().for_each(metrics::health_changed);
        }
        Ok(())
    }
}

/// One channel and how far it is.
struct Post {
    channel: Arc<dyn AlertChannel>,
    fact: String,
    cursor: Option<AlertId>,
    tries: u32,
    next_try: Option<Timestamp>,
    chance: Chance,
    vitals: Arc<Vitals>,
}

impl Post {
    fn new(channel: Arc<dyn AlertChannel>, chance: Chance, vitals: Arc<Vitals>) -> Self {
        let fact = format!("alerts.{}.cursor", channel.name());
        Self { channel, fact, cursor: None, tries: 0, next_try: None, chance, vitals }
    }

    /// Tells what is to be told; answers how long to wait for the next try, where one is needed.
    async fn deliver(
        &mut self,
        store: &SharedStore,
        clock: &SharedClock,
        node: Option<&str>,
    ) -> StoreResult<Option<Duration>> {
        if !holds_lease(store, clock, node).await? {
            // A new holder of the lease goes on where the previous one stopped.
            self.cursor = None;
            return Ok(None);
        }
        let mut cursor = self.cursor(store).await?;
        if let Some(wait) =
            self.next_try.and_then(|at| Duration::try_from(at.duration_since(clock.now())).ok())
            && !wait.is_zero()
        {
            return Ok(Some(wait));
        }
        loop {
            let alerts = store.alerts_after(cursor, PAGE).await?;
            if alerts.is_empty() {
                return Ok(None);
            }
            for alert in alerts {
                if !holds_lease(store, clock, node).await? {
                    return Ok(None);
                }
                if let Some(wait) = self.tell(&alert, clock.now()).await {
                    self.next_try = clock.now().checked_add(wait).ok();
                    return Ok(Some(wait));
                }
                (self.tries, self.next_try) = (0, None);
                cursor = alert.id;
                store.set_fact(&self.fact, &cursor.0.to_string()).await?;
                self.cursor = Some(cursor);
            }
        }
    }

    /// Tells of one alert; answers with the wait before the next try. `None`: told, or given up, which is said.
    async fn tell(&mut self, alert: &Alert, now: Timestamp) -> Option<Duration> {
        let name = self.channel.name();
        let Err(failure) = self.channel.tell(alert).await else {
            metrics::alert(name, "told");
            self.vitals.told_by(name, Ok(()));
            return None;
        };
        self.vitals.told_by(name, Err(failure.message.clone()));
        self.tries += 1;
        let wait = failure
            .class
            .is_worth_retrying()
            .then(|| RETRY.delay_after(self.tries, self.chance.part()))
            .flatten();
        // A receiver that asks for more patience gets it.
        let asked = failure.class.not_before().map(|until| until.duration_since(now));
        let asked = asked.and_then(|asked| Duration::try_from(asked).ok()).unwrap_or_default();
        let wait = wait.map(|wait| wait.max(asked));
        metrics::alert(name, if wait.is_some() { "failed" } else { "given_up" });
        match wait {
            Some(_) if self.tries == 1 => {
                tracing::warn!(
                    "alert {} could not be sent by {name} and is tried again: {failure}",
                    alert.id.0
                );
            }
            Some(_) => {}
            None => tracing::error!("alert {} is not sent by {name}: {failure}", alert.id.0),
        }
        wait
    }

    /// How far this channel is; one that is new begins with what comes from now on.
    async fn cursor(&mut self, store: &SharedStore) -> StoreResult<AlertId> {
        if let Some(cursor) = self.cursor {
            return Ok(cursor);
        }
        let stored = store.fact(&self.fact).await?;
        let cursor = match stored {
            Some(text) => {
                let unreadable = || StoreError::Unreadable(format!("{} is not a number", self.fact));
                AlertId(text.parse().map_err(|_| unreadable())?)
            }
            None => newest(store).await?,
        };
        store.set_fact(&self.fact, &cursor.0.to_string()).await?;
        self.cursor = Some(cursor);
        Ok(cursor)
    }
}

/// Whether it is this process that tells, for the next minutes, too.
pub(crate) async fn holds_lease(
    store: &SharedStore,
    clock: &SharedClock,
    node: Option<&str>,
) -> StoreResult<bool> {
    let Some(node) = node else { return Ok(true) };
    let now = clock.now();
    let until = now.checked_add(TERM).unwrap_or(Timestamp::MAX);
    store.acquire(&LeaderLease { name: LEASE.to_owned(), holder: node.to_owned(), now, until }).await
}

/// A database that is away is the dispatcher's to say; the next look comes.
fn say(error: &EngineError) {
    if !matches!(error, EngineError::Store(StoreError::Unavailable(_))) {
        tracing::warn!("alerts are looked at again: {error}");
    }
}

async fn newest(store: &SharedStore) -> StoreResult<AlertId> {
    Ok(store.latest_alerts(1).await?.first().map_or(AlertId(0), |alert| alert.id))
}
