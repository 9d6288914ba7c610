//! What the outside knows of the jobs: of each what was acknowledged last, and beside it what a change without an answer may have made of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is compared of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) every: u64,
    pub(crate) enabled: bool,
    pub(crate) description: String,
}

impl Standing {
    /// Reads a job as the interface and the jobs file write it; `None` for one that is no interval of seconds.
    pub(crate) fn read(job: &Value) -> Option<Self> {
        let every = job["every"].as_u64()?;
        let description = job["description"].as_str().unwrap_or_default().to_owned();
        Some(Self { every, enabled: job["enabled"].as_bool().unwrap_or(true), description })
    }
}

/// The jobs of one client, by id. What a job may be: one state while all is known, several once an answer is missing.
#[derive(Debug, Default)]
pub(crate) struct Ledger(BTreeMap<String, Vec<Option<Standing>>>);

impl Ledger {
    /// The jobs of which everything is known, with how they stand.
    pub(crate) fn settled(&self) -> Vec<(&String, Option<&Standing>)> {
        let of = |states: &'_ Vec<Option<Standing>>| match states.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        };
        let settled = self.0.iter().filter(|(_, states)| of(states).is_some());
        settled.map(|(id, states)| (id, states.first().and_then(Option::as_ref))).collect()
    }

    /// A change was acknowledged.
    pub(crate) fn is_now(&mut self, id: &str, standing: Option<Standing>) {
        self.0.insert(id.to_owned(), vec![standing]);
    }

    /// A change has no answer: it may have happened.
    pub(crate) fn may_be(&mut self, id: &str, standing: Option<Standing>) {
        self.0.entry(id.to_owned()).or_insert_with(|| vec![None]).push(standing);
    }

    /// Compares with how the jobs of this client stand, `prefix` being the beginning of their ids, and takes that for the truth from now on.
    /// A job that the fuse paused is as it was otherwise.
    pub(crate) fn settle(&mut self, prefix: &str, jobs: &[Value]) {
        let mut there: BTreeMap<&str, &Value> = BTreeMap::new();
        for job in jobs {
            if let Some(id) = job["id"].as_str().filter(|id| id.starts_with(prefix)) {
                there.insert(id, job);
            }
        }
        for id in there.keys() {
            assert!(self.0.contains_key(*id), "nobody has added {id}");
        }
        for (id, states) in &mut self.0 {
            let job = there.get(id.as_str());
            let is = job.and_then(|job| Standing::read(job));
            let by_fuse = job.is_some_and(|job| job["state"]["health"]["mark"] == "paused");
            let is_as = |state: &Option<Standing>| match (state, &is) {
                (Some(state), Some(is)) if by_fuse => {
                    *state == Standing { enabled: state.enabled, ..is.clone() }
                }
                (state, is) => state == is,
            };
            assert!(states.iter().any(is_as), "{id} is {job:?}, and was to be one of {states:?}");
            *states = vec![is];
        }
        self.0.retain(|_, states| states.iter().any(Option::is_some));
    }
}
