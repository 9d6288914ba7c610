//! The message `jobs_update`: all jobs to whoever comes, and then those that changed, put together once for everybody: four times a
//! second at the most, less often where there are very many jobs, and not at all while nobody listens.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_store::StoreResult;
use serde_json::json;
use tokio::sync::{Mutex, broadcast};
use tokio_util::sync::CancellationToken;

use super::Source;
use crate::documented::{JobItem, item, job_items, running};

/// Between two looks.
const THROTTLE: Duration = Duration::from_millis(250);
/// A look takes no more than this part of the time.
const SHARE: u32 = 10;
/// After one that failed.
const PATIENCE: Duration = Duration::from_secs(2);
/// Messages that a reader may be behind; then it is sent all jobs again.
const BEHIND: usize = 16;

/// The job list as those who listen know it.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    news: broadcast::Sender<Arc<News>>,
    /// How the jobs stood when they were told of last.
    told: Arc<Mutex<HashMap<JobId, Mark>>>,
}

/// What tells that a job is to be told of again. Its lines come by themselves.
#[derive(Debug, PartialEq)]
struct Mark {
    version: i64,
    next_due: Option<Timestamp>,
    last_run: Option<Timestamp>,
    is_running: bool,
}

/// The jobs that changed, as a message.
#[derive(Debug)]
pub(crate) struct News {
    with_lines: Utf8Bytes,
    without_lines: Utf8Bytes,
}

impl News {
    /// The message; `with_lines` are the latest ones of each job.
    pub(crate) fn message(&self, with_lines: bool) -> Utf8Bytes {
        if with_lines { self.with_lines.clone() } else { self.without_lines.clone() }
    }
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { news: broadcast::Sender::new(BEHIND), told: Arc::default() }
    }

    /// All jobs now, and what changes from now on.
    pub(crate) async fn join(
        &self,
        source: &Source,
        with_lines: bool,
    ) -> StoreResult<(Utf8Bytes, broadcast::Receiver<Arc<News>>)> {
        let mut told = self.told.lock().await;
        self.tell(source, &mut told).await?;
        // Before the jobs are read: what changes meanwhile is told after them.
        let news = self.news.subscribe();
        drop(told);
        let mut jobs = job_items(source).await?;
        if !with_lines {
            jobs.iter_mut().for_each(|job| job.recent_logs.clear());
        }
        Ok((json!({ "type": "jobs_update", "data": jobs, "all": true }).to_string().into(), news))
    }

    /// Tells of what changes until `closing`.
    pub(crate) async fn keep(self, source: Source, closing: CancellationToken) {
        tokio::select! {
            () = closing.cancelled() => {}
            () = self.follow(source) => {}
        }
    }

    async fn follow(&self, source: Source) {
        let clock = source.engine().clock();
        let mut changes = source.store().changes();
        let mut seen = None;
        while changes.changed().await.is_ok() {
            let now = changes.borrow_and_update().jobs;
            if self.news.receiver_count() == 0 || seen == Some(now) {
                continue;
            }
            let began = clock.monotonic();
            let mut known = self.told.lock().await;
            let told = self.tell(&source, &mut known).await;
            drop(known);
            let took = clock.monotonic().saturating_sub(began);
            let pause = match told {
                Ok(()) => {
                    seen = Some(now);
                    THROTTLE.max(took * SHARE)
                }
                Err(error) => {
                    tracing::warn!("the live job list could not be read: {error}");
                    changes.mark_changed();
                    PATIENCE
                }
            };
            clock.sleep(pause).await;
        }
    }

    /// Tells those who listen what is not as they know it.
    async fn tell(&self, source: &Source, told: &mut HashMap<JobId, Mark>) -> StoreResult<()> {
        let (standings, running) = (source.store().job_standings().await?, running(source).await?);
        let marks = standings.into_iter().map(|standing| {
            let is_running = running.contains(&standing.id);
            let (version, next_due, last_run) = (standing.version, standing.next_due, standing.last_run);
            (standing.id, Mark { version, next_due, last_run, is_running })
        });
        let marks: HashMap<JobId, Mark> = marks.collect();
        if self.news.receiver_count() > 0 {
            let changed = marks.iter().filter(|(id, mark)| told.get(*id) != Some(*mark));
            let changed: Vec<JobId> = changed.map(|(id, _)| id.clone()).collect();
            let removed: Vec<&JobId> = told.keys().filter(|id| !marks.contains_key(*id)).collect();
            if !changed.is_empty() || !removed.is_empty() {
                let jobs = self.items(source, &changed, &marks).await?;
                // Nobody may be left to hear it.
                let _ = self.news.send(Arc::new(news(jobs, &removed)));
            }
        }
        *told = marks;
        Ok(())
    }

    async fn items(
        &self,
        source: &Source,
        ids: &[JobId],
        marks: &HashMap<JobId, Mark>,
    ) -> StoreResult<Vec<JobItem>> {
        let mut items = Vec::with_capacity(ids.len());
        for job in source.jobs_of(ids).await? {
            let is_running = marks.get(&job.id).is_some_and(|mark| mark.is_running);
            items.push(item(source, job, is_running).await?);
        }
        items.sort_by(|one, other| one.job_id.cmp(&other.job_id));
        Ok(items)
    }
}

fn news(mut jobs: Vec<JobItem>, removed: &[&JobId]) -> News {
    let message = |jobs: &[JobItem]| {
        let message = json!({ "type": "jobs_update", "data": jobs, "all": false, "removed": removed });
        Utf8Bytes::from(message.to_string())
    };
    let with_lines = message(&jobs);
    jobs.iter_mut().for_each(|job| job.recent_logs.clear());
    News { with_lines, without_lines: message(&jobs) }
}
