//! On a database that several processes share, each has a name: that of its data folder. A folder that was copied bears the name of the
//! first one, and each of the two would take the other's jobs file for edited by hand. So the name is a lease, and a second
//! holder is refused.

use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use marktwerk_store::SharedStore;
use marktwerk_store::data_folder::DataFolder;
use marktwerk_store::meta::LeaderLease;
use tokio::task::JoinHandle;

use super::error::StartError;

/// The lease is granted for this long: so long it stays with a machine that lost its power.
const LEASE: Duration = Duration::from_secs(60);
/// It is renewed this often, and asked for this often while another still has it.
const RENEWED: Duration = Duration::from_secs(15);

/// The name, as long as this value lives.
pub(super) struct OwnName {
    name: String,
    renewing: JoinHandle<()>,
}

impl OwnName {
    /// Takes the folder's name. Whoever starts again on the same folder of the same machine has it at once; another waits for the end of
    /// a lease that nobody renews.
    pub(super) async fn take(
        store: &SharedStore,
        clock: &SharedClock,
        folder: &DataFolder,
    ) -> anyhow::Result<Self> {
        let name = folder.name()?;
        let holder = format!("{} on {}", shown(folder), machine());
        let lease = move |name: &str, now: Timestamp| LeaderLease {
            name: format!("process.{name}"),
            holder: holder.clone(),
            now,
            until: now + LEASE,
        };
        let patience = clock.now() + LEASE + RENEWED;
        while !store.acquire(&lease(&name, clock.now())).await? {
            let other = store.fact(&format!("process.{name}")).await?.unwrap_or_default();
            let other = other.split_once(' ').map_or("unknown", |(_, holder)| holder);
            if clock.now() >= patience {
                return Err(StartError::new(format!(
                    "the data folder {} bears the same name as {other}, which works on this database too: one of them is a copy. Remove \
                     marktwerk.name and workers_config.json in the copy, or stop the other program",
                    folder.path().display()
                ))
                .into());
            }
            tracing::info!("this data folder's name is still held by {other}: waiting for up to a minute");
            clock.sleep(RENEWED).await;
        }
        let (store, clock, renewed) = (store.clone(), clock.clone(), name.clone());
        let renewing = tokio::spawn(async move {
            loop {
                clock.sleep(RENEWED).await;
                match store.acquire(&lease(&renewed, clock.now())).await {
                    Ok(true) => {}
                    Ok(false) => tracing::error!(
                        "another program took this data folder's name while the database was away: one of the two folders is a copy; \
                         remove marktwerk.name in it"
                    ),
                    Err(error) => {
                        tracing::debug!(%error, "the lease on this data folder's name could not be renewed")
                    }
                }
            }
        });
        Ok(Self { name, renewing })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for OwnName {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

fn shown(folder: &DataFolder) -> String {
    let path = folder.path();
    std::fs::canonicalize(path).as_deref().unwrap_or(path).display().to_string()
}

/// As other machines know it.
fn machine() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "this machine".to_owned(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use marktwerk_domain::clock::ManualClock;
    use marktwerk_store::sqlite::SqliteStore;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_copied_folder_is_refused_by_the_name_of_the_first_until_that_has_gone() {
        let clock: SharedClock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory(TimeZone::UTC).unwrap());
        let place = tempfile::tempdir().unwrap();
        let folder = |name: &str| DataFolder::lock(&place.path().join(name), "a test").unwrap();
        let (first, other) = (folder("first"), folder("other"));
        let held = OwnName::take(&store, &clock, &first).await.unwrap();
        let apart = OwnName::take(&store, &clock, &other).await.unwrap();
        assert_ne!(held.name(), apart.name());

        std::fs::create_dir(place.path().join("copy")).unwrap();
        std::fs::copy(place.path().join("first/marktwerk.name"), place.path().join("copy/marktwerk.name"))
            .unwrap();
        let copy = folder("copy");
        let refused = OwnName::take(&store, &clock, &copy).await.err().unwrap().to_string();
        assert!(refused.contains("first on ") && refused.contains("Remove marktwerk.name"), "{refused}");

        // Killed: on its own folder it is back at once, on another one when the lease has ended.
        drop(held);
        let before = clock.now();
        let again = OwnName::take(&store, &clock, &first).await.unwrap();
        assert_eq!(clock.now(), before);
        drop(again);
        OwnName::take(&store, &clock, &copy).await.unwrap();
        assert!(clock.now().duration_since(before).as_secs() >= 45, "{}", clock.now());
    }
}
