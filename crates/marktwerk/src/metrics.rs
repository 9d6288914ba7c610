//! What Prometheus is told at `/metrics`, of two kinds.
//!
//! What **happened** is counted where it happens, in the rooms, through the facade `metrics`; the one recorder behind it is
//! installed here. It belongs to the process: it begins at zero with it, and several programs in one process (tests) share it.
//!
//! How things **stand** (queue, jobs, orders, budgets, the process) is asked for at each scrape and rendered anew, so it is
//! never stale and costs nothing in between.

mod exposition;
mod process;
mod recorder;
mod standing;

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use marktwerk_connectors::Marketplace;
use marktwerk_domain::clock::SharedClock;
use marktwerk_engine::{Engine, Supervision};
use marktwerk_server::MetricsSource;
use marktwerk_store::SharedStore;
use tokio::task::JoinHandle;

pub use recorder::describe;

use exposition::{Exposition, Family};
use standing::Standing;

/// Samples of histograms are gathered and summed up this often at the latest; between two scrapes they take room.
const SUM_UP_EVERY: Duration = Duration::from_secs(5);

/// The engine, once it has started: it knows what is wrong.
pub(crate) type RunningEngine = Arc<OnceLock<Weak<Engine>>>;

/// What `/metrics` answers: to be made before anything begins that is measured.
pub(crate) fn source(
    store: &SharedStore,
    clock: &SharedClock,
    marketplaces: &[Arc<dyn Marketplace>],
    running: &RunningEngine,
) -> anyhow::Result<MetricsSource> {
    let recorder = recorder::install()?;
    let standing = Standing::new(store.clone(), clock.clone(), marketplaces.to_vec(), Arc::clone(running));
    let shared = Arc::new((recorder, standing));
    Ok(MetricsSource::new(move || {
        let shared = Arc::clone(&shared);
        async move {
            let (recorder, standing) = &*shared;
            let mut page = Exposition::after(recorder.render());
            standing.tell(&mut page).await;
            process::tell(&mut page);
            page.into_text()
        }
    }))
}

/// Sums samples up from now on.
pub(crate) fn keep_up(supervision: &Supervision, clock: &SharedClock) -> anyhow::Result<Upkeep> {
    let (recorder, watch) = (recorder::install()?, clock.clone());
    let begin = move || {
        let (recorder, watch) = (recorder.clone(), watch.clone());
        async move {
            loop {
                watch.sleep(SUM_UP_EVERY).await;
                recorder.run_upkeep();
            }
        }
    };
    Ok(Upkeep(supervision.keep("metrics", clock.clone(), begin)))
}

/// The names of what is asked for at each scrape. (What is counted, [`describe`] tells the recorder.)
pub fn standing_names() -> impl Iterator<Item = &'static str> {
    standing::FAMILIES.iter().chain(&process::FAMILIES).map(|family: &&Family| family.name)
}

/// The task that sums up; it ends with its value.
pub(crate) struct Upkeep(JoinHandle<()>);

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.0.abort();
    }
}
