//! The jobs of a first start. Written as a jobs file before the engine reads it, so that they are jobs like all
//! others from the first moment on; where a file or a job exists (or existed), nothing is written.

use std::path::Path;

use anyhow::Context;
use jiff::civil::{Time, time};
use marktwerk_domain::job::{Parameters, Priority};
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::jobs_file::{self, JobsDocument};
use marktwerk_store::SharedStore;
use serde_json::Map;

const MINUTES: i64 = 5;

/// When nobody buys, and after the hour that summer time moves.
const AT_NIGHT: Time = time(3, 30, 0, 0);

/// Writes the jobs file of a first start. `accounts` are the TEMU accounts; the first one needs no name in the file.
pub(super) async fn write(path: &Path, store: &SharedStore, accounts: &[&str]) -> anyhow::Result<()> {
    if path.exists() || !store.jobs(true).await?.is_empty() {
        return Ok(());
    }
    let entries = accounts.iter().enumerate().flat_map(|(index, name)| match index {
        0 => entries("", ""),
        _ => entries(name, &format!("-{name}")),
    });
    let text = JobsDocument::render(entries.collect(), &Map::new());
    jobs_file::create(path, &text).with_context(|| {
        let folder = path.parent().unwrap_or(path).display();
        format!("{} cannot be written; give this user the right to write in {folder}", path.display())
    })
}

fn entries(account: &str, suffix: &str) -> Vec<JobDraft> {
    let named = |job_type: &str, suffix: &str| Some(format!("{job_type}{suffix}"));
    let mode = |mode: &str| Parameters::from_iter([("mode".to_owned(), mode.into())]);
    let (orders, inventory) = ("order_workflow", "inventory_workflow");
    let draft = |id, job_type, description: &str| JobDraft {
        id,
        account: account.to_owned(),
        description: description.to_owned(),
        ..JobDraft::every_minutes(job_type, MINUTES)
    };
    vec![
        JobDraft {
            // Stock is published only once orders are known.
            priority: Priority::High,
            ..draft(named(orders, suffix), orders, "TEMU Bestellungen synchronisieren")
        },
        JobDraft {
            parameters: mode("quick"),
            ..draft(named(inventory, suffix), inventory, "TEMU Lagerbestände abgleichen")
        },
        JobDraft {
            interval_minutes: None,
            daily: Some(vec![AT_NIGHT]),
            parameters: mode("full"),
            ..draft(
                named(inventory, &format!("{suffix}-full")),
                inventory,
                "TEMU Angebote einlesen und Lagerbestände vollständig abgleichen",
            )
        },
    ]
}
