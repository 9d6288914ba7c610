//! Comparing the timer with the store, and learning a job that nobody told of.

use marktwerk_domain::job::JobId;
use marktwerk_store::jobs::JobStanding;

use super::Dispatcher;

/// Jobs named in a line at the most.
const NAMED: usize = 10;

impl Dispatcher {
    /// Takes over what stands otherwise in the store, and says so: without it such a job would fire late, or never.
    pub(super) async fn compare(&mut self, stored: &[JobStanding]) {
        let mut healed = Vec::new();
        for id in self.timer.differing(stored) {
            let before = self.timer.standing(&id);
            // What was fired since the others were read is known here.
            if self.reload(&id).await.is_err() {
                // The database is away; it is compared again soon.
                break;
            }
            if self.timer.standing(&id) != before {
                self.to_plan.insert(id.clone());
                healed.push(id);
            }
        }
        if healed.is_empty() {
            return;
        }
        let named: Vec<&str> = healed.iter().take(NAMED).map(JobId::as_str).collect();
        let more = if healed.len() > NAMED { ", …" } else { "" };
        let (count, named) = (healed.len(), named.join(", "));
        match self.shares_store {
            true => tracing::info!("{count} jobs were changed by other processes: {named}{more}"),
            false => tracing::warn!(
                "{count} jobs stood otherwise in the database than in the schedule, which follows it now: {named}{more}"
            ),
        }
    }

    /// A run was claimed of a job that the timer does not know: the store does.
    pub(super) async fn learn(&mut self, id: &JobId) {
        if self.timer.job(id).is_some() {
            return;
        }
        match self.store.job(id).await {
            // Also an archived one: its last runs are worked on.
            Ok(Some(job)) => self.put(job),
            Ok(None) => {}
            Err(error) => tracing::error!(job = %id, "a job cannot be read: {error}"),
        }
    }
}
