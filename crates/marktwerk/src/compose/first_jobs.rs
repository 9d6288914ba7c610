//! The jobs of a first start. Written as a jobs file before the engine reads it, so that they are jobs like all
//! others from the first moment on; where a file or a job exists (or existed), nothing is written.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use jiff::civil::{Time, time};
use marktwerk_connectors::kind::Jobs;
use marktwerk_connectors::{KINDS, Kind, Marketplace};
use marktwerk_domain::job::{Parameters, Priority};
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::jobs_file::{self, JobsDocument};
use marktwerk_store::SharedStore;
use serde_json::Map;

/// When nobody buys, and after the hour that summer time moves.
const AT_NIGHT: Time = time(3, 30, 0, 0);

/// Writes the jobs file of a first start. The first account at each marketplace needs no name in the file.
pub(super) async fn write(
    path: &Path,
    store: &SharedStore,
    marketplaces: &[Arc<dyn Marketplace>],
) -> anyhow::Result<()> {
    if path.exists() || !store.jobs(true).await?.is_empty() {
        return Ok(());
    }
    let mut jobs = Vec::new();
    for kind in KINDS {
        let accounts = marketplaces.iter().map(|one| one.account());
        let names = accounts.filter(|account| account.marketplace == kind.name).map(|account| &account.name);
        jobs.extend(names.enumerate().flat_map(|(index, name)| match index {
            0 => entries(kind, "", ""),
            _ => entries(kind, name, &format!("-{name}")),
        }));
    }
    let text = JobsDocument::render(jobs, &Map::new());
    jobs_file::create(path, &text).with_context(|| {
        let folder = path.parent().unwrap_or(path).display();
        format!("{} cannot be written; give this user the right to write in {folder}", path.display())
    })
}

fn entries(kind: &Kind, account: &str, suffix: &str) -> Vec<JobDraft> {
    let Jobs { orders, orders_every, inventory, inventory_every, .. } = kind.jobs;
    let named = |job_type: &str, suffix: &str| Some(format!("{job_type}{suffix}"));
    let mode = |mode: &str| Parameters::from_iter([("mode".to_owned(), mode.into())]);
    let (orders, inventory) = (orders.name, inventory.name);
    let draft = |id, job_type, minutes, description: &str| JobDraft {
        id,
        account: account.to_owned(),
        description: format!("{} {description}", kind.title),
        ..JobDraft::every_minutes(job_type, minutes)
    };
    vec![
        JobDraft {
            // Stock is published only once orders are known.
            priority: Priority::High,
            ..draft(named(orders, suffix), orders, orders_every, "Bestellungen synchronisieren")
        },
        JobDraft {
            parameters: mode("quick"),
            ..draft(named(inventory, suffix), inventory, inventory_every, "Lagerbestände abgleichen")
        },
        JobDraft {
            interval_minutes: None,
            daily: Some(vec![AT_NIGHT]),
            parameters: mode("full"),
            ..draft(
                named(inventory, &format!("{suffix}-full")),
                inventory,
                inventory_every,
                "Angebote einlesen und Lagerbestände vollständig abgleichen",
            )
        },
    ]
}
