//! What must hold at a calm moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::ledger::Standing;
use crate::shop::{LOOK_EVERY, PATIENCE, Shop};

/// The file follows the last change, and the timer the store, within this; the machine may be busy.
const AGREES_WITHIN: Duration = Duration::from_secs(40);
/// Of a trouble, and of its end, health tells within this: a write is tried every 20 seconds, and a minute without one is the limit.
pub(crate) const TOLD_WITHIN: Duration = Duration::from_secs(110);
/// An enabled job of a few seconds runs within this, though its account's lane is shared with all others.
const RUNS_WITHIN: Duration = Duration::from_secs(120);
/// Reasons of health that the disturbances themselves may cause: a dead reader of the output, calls refused on a wrong clock, a small disk.
const ALLOWED: [&str; 8] = [
    "lines_dropped",
    "jobs_failing",
    "worker_stuck",
    "orders_late",
    "disk_low",
    "credentials_refused",
    "credentials_end",
    "database_away",
];

type Standings = BTreeMap<String, Standing>;

impl Shop {
    /// Health says so within its time; answers with its last answer.
    pub(crate) async fn health_becomes(&self, status: u16) -> Value {
        let began = Instant::now();
        loop {
            let told = self.get("/api/health").await;
            match told {
                Some((is, told)) if is == status => return told,
                told => assert!(began.elapsed() < TOLD_WITHIN, "health is to be {status}, and is {told:?}"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Nothing is wrong that this process could help.
    pub(crate) async fn health_is_well(&self) {
        let told = self.health_becomes(200).await;
        for reason in told["reasons"].as_array().into_iter().flatten() {
            let code = reason["code"].as_str().unwrap_or_default();
            assert!(ALLOWED.contains(&code), "health: {told}");
        }
    }

    /// Database, memory and jobs file say the same of every job; answers with the jobs.
    pub(crate) async fn agreed(&self) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let jobs = self.jobs().await;
            let in_memory = standings(&jobs);
            let (in_database, in_file) = (self.in_database(), self.in_file());
            if in_file.as_ref() == Some(&in_memory) && in_database == in_memory {
                return jobs;
            }
            assert!(
                began.elapsed() < AGREES_WITHIN,
                "the jobs do not agree\nin memory:   {in_memory:?}\nin database: {in_database:?}\nin the file: {in_file:?}"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn in_database(&self) -> Standings {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = Connection::open_with_flags(self.data("marktwerk.db"), flags).unwrap();
        database.busy_timeout(PATIENCE).unwrap();
        let sql = "SELECT id, schedule, enabled, description FROM jobs WHERE archived = 0";
        let mut query = database.prepare(sql).unwrap();
        let rows = query.query_map([], |row| {
            let schedule: String = row.get(1)?;
            let schedule: Value = serde_json::from_str(&schedule).unwrap();
            let every = schedule["seconds"].as_u64();
            let standing = every.map(|every| (every, row.get(2), row.get(3)));
            let id: String = row.get(0)?;
            Ok(match standing {
                Some((every, enabled, description)) => {
                    Some((id, Standing { every, enabled: enabled?, description: description? }))
                }
                None => None,
            })
        });
        rows.unwrap().filter_map(Result::unwrap).filter(|(id, _)| is_ours(id)).collect()
    }

    /// `None` while it is being written.
    fn in_file(&self) -> Option<Standings> {
        let text = fs::read_to_string(self.jobs_file()).ok()?;
        let file: Value = serde_json::from_str(&text).ok()?;
        let jobs = file["jobs"].as_array().or_else(|| file.as_array())?;
        Some(standings(jobs))
    }

    /// Every enabled job of the clients begins a run from now on, and what runs now comes to its end.
    pub(crate) async fn everything_runs(&self) {
        let began = Instant::now();
        let running = self.running().await;
        let before: BTreeMap<String, Value> = enabled(&self.jobs().await);
        loop {
            let now = enabled(&self.jobs().await);
            let rests = |(id, last_run): &(&String, &Value)| now.get(*id).is_none_or(|now| now == *last_run);
            let resting: Vec<_> = before.iter().filter(rests).collect();
            let still: Vec<_> = self.running().await.intersection(&running).copied().collect();
            if resting.is_empty() && still.is_empty() {
                return;
            }
            assert!(
                began.elapsed() < RUNS_WITHIN,
                "these jobs do not run: {resting:?}; these runs do not end: {still:?}\n{:#?}",
                self.jobs().await
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn running(&self) -> BTreeSet<i64> {
        let (_, told) = self.get("/api/v1/runs?state=running").await.expect("it lists its runs");
        let runs =
            told["runs"].as_array().or_else(|| told.as_array()).unwrap_or_else(|| panic!("runs: {told}"));
        runs.iter().filter_map(|run| run["id"].as_i64()).collect()
    }
}

/// Whether a job belongs to the clients or to the hand. The jobs of a first start are left out.
fn is_ours(id: &str) -> bool {
    id.starts_with('c') || id.starts_with("hand")
}

fn standings(jobs: &[Value]) -> Standings {
    let of = |job: &Value| Some((job["id"].as_str()?.to_owned(), Standing::read(job)?));
    jobs.iter().filter_map(of).filter(|(id, _)| is_ours(id)).collect()
}

/// The last runs of the jobs that run by themselves.
fn enabled(jobs: &[Value]) -> BTreeMap<String, Value> {
    let of = |job: &Value| Some((job["id"].as_str()?.to_owned(), job["state"]["last_run"].clone()));
    let runs_by_itself = |job: &&Value| job["enabled"] == true;
    jobs.iter().filter(runs_by_itself).filter_map(of).filter(|(id, _)| is_ours(id)).collect()
}
