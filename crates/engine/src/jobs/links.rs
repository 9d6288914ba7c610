//! Jobs that name others: chains and conditions. Checked over all jobs as they would stand after a change, so that no chain
//! leads nowhere or round in a circle.

use std::collections::BTreeMap;

use marktwerk_domain::job::{JobId, JobSpec};
use marktwerk_domain::policy::Condition;

use crate::error::EngineError;

/// A link that cannot be, and the job that has it.
#[derive(Debug)]
pub(crate) struct BadLink {
    pub(crate) job: JobId,
    pub(crate) field: &'static str,
    pub(crate) reason: String,
}

impl From<BadLink> for EngineError {
    fn from(link: BadLink) -> Self {
        Self::invalid(link.field, format!("{} (job {})", link.reason, link.job))
    }
}

/// Refuses links to jobs that are not among these, and chains that come back to where they began.
pub(crate) fn check_links(jobs: &BTreeMap<&JobId, &JobSpec>) -> Result<(), BadLink> {
    let missing = |job: &JobId| format!("there is no job `{job}`");
    for (id, spec) in jobs {
        let bad = |field, reason| BadLink { job: (*id).clone(), field, reason };
        for after in &spec.policies.after {
            if !jobs.contains_key(&after.job) {
                return Err(bad("after", missing(&after.job)));
            }
        }
        for condition in &spec.policies.conditions {
            if let Condition::SucceededWithin { job, .. } = condition
                && !jobs.contains_key(job)
            {
                return Err(bad("conditions", missing(job)));
            }
        }
    }
    for id in jobs.keys() {
        if let Some(circle) = circle(jobs, id) {
            let path: Vec<&str> = circle.iter().map(|job| job.as_str()).collect();
            let reason = format!("the chain would go round for ever: {}", path.join(" → "));
            return Err(BadLink { job: (*id).clone(), field: "after", reason });
        }
    }
    Ok(())
}

/// The way from `start` along those that follow back to itself, where there is one. Each job is looked at once.
fn circle<'a>(jobs: &BTreeMap<&'a JobId, &'a JobSpec>, start: &'a JobId) -> Option<Vec<&'a JobId>> {
    let mut came_from: BTreeMap<&JobId, &JobId> = BTreeMap::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        // From a job to those that it follows on: against the arrows, which makes no difference to a circle.
        for parent in jobs.get(id).into_iter().flat_map(|spec| &spec.policies.after).map(|after| &after.job) {
            if parent == start {
                let mut path = vec![start, id];
                while let Some(next) = came_from.get(path[path.len() - 1]) {
                    path.push(next);
                }
                return Some(path);
            }
            if !came_from.contains_key(parent) {
                came_from.insert(parent, id);
                open.push(parent);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use marktwerk_domain::policy::{After, On, Policies};
    use marktwerk_domain::schedule::Schedule;

    use super::*;

    fn check(jobs: &[(&str, &[&str])]) -> Result<(), String> {
        let jobs: Vec<(JobId, JobSpec)> = jobs
            .iter()
            .map(|(id, parents)| {
                let after =
                    parents.iter().map(|job| After { job: JobId((*job).to_owned()), on: On::Success });
                let spec = JobSpec {
                    job_type: "play".to_owned(),
                    written_type: "play".to_owned(),
                    account: String::new(),
                    schedule: Schedule::Manual,
                    enabled: true,
                    description: String::new(),
                    parameters: Default::default(),
                    priority: Default::default(),
                    retry: Default::default(),
                    policies: Policies { after: after.collect(), ..Policies::default() },
                };
                (JobId((*id).to_owned()), spec)
            })
            .collect();
        let jobs = jobs.iter().map(|(id, spec)| (id, spec)).collect();
        check_links(&jobs).map_err(|link| link.reason)
    }

    #[test]
    fn a_circle_is_named_with_its_way() {
        let reason = check(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"])]).unwrap_err();
        assert_eq!(reason, "the chain would go round for ever: a → b → c → a");
        assert_eq!(check(&[("a", &["a"])]).unwrap_err(), "the chain would go round for ever: a → a");
    }

    #[test]
    fn ways_that_meet_again_are_no_circle() {
        assert_eq!(check(&[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"])]), Ok(()));
    }

    #[test]
    fn a_chain_to_nowhere_is_refused() {
        assert_eq!(check(&[("a", &["ghost"])]).unwrap_err(), "there is no job `ghost`");
    }
}
