//! What is looked for that stops the shop, as the settings say it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use marktwerk_engine::{FreeSpace, LookoutOptions};

use crate::config::{AlertRules, Settings, token_key};

/// What is looked for, and from when on people are told.
pub(super) fn lookout(settings: &Settings) -> LookoutOptions {
    let AlertRules { worker_minutes, credentials_days, free_disk_megabytes, attention, all_jobs, jobs } =
        settings.alerts.rules.clone();
    LookoutOptions {
        free_space: Some(free_space(settings)),
        disk_low: free_disk_megabytes.saturating_mul(1_000_000),
        worker: Duration::from_secs(worker_minutes.saturating_mul(60)),
        credentials: Duration::from_secs(credentials_days.saturating_mul(86_400)),
        before_deadline: settings.orders.limits().before_deadline,
        attention,
        all_jobs,
        jobs,
        ..LookoutOptions::default()
    }
}

/// The least of what is free where the program writes: data folder and database file.
fn free_space(settings: &Settings) -> FreeSpace {
    let mut folders: Vec<PathBuf> = vec![settings.data_dir.clone()];
    if settings.sqlserver.store.is_none() {
        folders.extend(settings.database().parent().map(PathBuf::from));
    }
    folders.retain(|folder| !folder.as_os_str().is_empty());
    Arc::new(move || folders.iter().filter_map(|folder| fs4::available_space(folder).ok()).min())
}

/// By account: where its token is read from, for people.
pub(super) fn credentials_from(settings: &Settings) -> BTreeMap<String, String> {
    let places = settings.accounts.iter().map(|account| {
        let origin = settings.origins.of(&token_key(account));
        (account.name.clone(), origin.to_string())
    });
    places.filter(|(_, place)| place != "default").collect()
}
