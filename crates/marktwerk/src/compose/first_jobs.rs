//! The jobs of a first start. Written as a jobs file before the engine reads it, so that they are jobs like all
//! others from the first moment on; where a file or a job exists (or existed), nothing is written.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use marktwerk_domain::job::{Parameters, Priority};
use marktwerk_engine::jobs_file::{FileEntry, JobsDocument};
use marktwerk_store::SharedStore;
use serde_json::Map;

const MINUTES_OF_A_DAY: i64 = 1_440;

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
    replace(path, &text).with_context(|| {
        let folder = path.parent().unwrap_or(path).display();
        format!("{} cannot be written; give this user the right to write in {folder}", path.display())
    })
}

fn entries(account: &str, suffix: &str) -> Vec<FileEntry> {
    let named = |job_type: &str, suffix: &str| (!suffix.is_empty()).then(|| format!("{job_type}{suffix}"));
    let (orders, inventory) = ("order_workflow", "inventory_workflow");
    let entry = |id, job_type: &str, interval_minutes, description: &str, mode: Option<&str>| FileEntry {
        id,
        job_type: job_type.to_owned(),
        interval_minutes,
        enabled: true,
        description: description.to_owned(),
        account: account.to_owned(),
        // Stock is published only once orders are known.
        priority: if job_type == orders { Priority::High } else { Priority::Medium },
        parameters: mode
            .map(|mode| Parameters::from_iter([("mode".to_owned(), mode.into())]))
            .unwrap_or_default(),
        unknown: Map::new(),
    };
    vec![
        entry(named(orders, suffix), orders, 5, "TEMU Bestellungen synchronisieren", None),
        entry(named(inventory, suffix), inventory, 5, "TEMU Lagerbestände abgleichen", Some("quick")),
        entry(
            named(inventory, &format!("{suffix}-full")),
            inventory,
            MINUTES_OF_A_DAY,
            "TEMU Angebote einlesen und Lagerbestände vollständig abgleichen",
            Some("full"),
        ),
    ]
}

/// At once or not at all; the data folder is locked, so nobody else writes here.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension("json.new");
    let mut file = File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}
