//! Jobs that name others: chains and conditions. Checked over all jobs as they would stand after a change, so that no chain
//! leads nowhere or round in a circle.

use std::collections::{BTreeMap, HashMap};

use marktwerk_domain::job::{JobId, JobSpec};
use marktwerk_domain::policy::{After, Condition};

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

/// The jobs that a job names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Links {
    /// It follows on these.
    pub(crate) after: Vec<After>,
    /// Its conditions ask for these.
    pub(crate) asked: Vec<JobId>,
}

impl Links {
    pub(crate) fn of(spec: &JobSpec) -> Self {
        let asked = spec.policies.conditions.iter().filter_map(|condition| match condition {
            Condition::SucceededWithin { job, .. } => Some(job.clone()),
            _ => None,
        });
        Self { after: spec.policies.after.clone(), asked: asked.collect() }
    }

    /// All of them, in no order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &JobId> {
        self.after.iter().map(|after| &after.job).chain(&self.asked)
    }
}

/// Refuses links to jobs that are not among these, and chains that come back to where they began.
pub(crate) fn check_links<'a>(jobs: impl Iterator<Item = (&'a JobId, &'a JobSpec)>) -> Result<(), BadLink> {
    let jobs: HashMap<&JobId, Links> = jobs.map(|(id, spec)| (id, Links::of(spec))).collect();
    let mut ids: Vec<&JobId> = jobs.keys().copied().collect();
    ids.sort();
    check_links_of(ids.into_iter(), &|id| jobs.get(id))
}

/// The same for some of the jobs; `links` knows those of all, as they would stand.
pub(crate) fn check_links_of<'a>(
    ids: impl Iterator<Item = &'a JobId>,
    links: &impl Fn(&JobId) -> Option<&'a Links>,
) -> Result<(), BadLink> {
    let missing = |job: &JobId| format!("there is no job `{job}`");
    for id in ids {
        let bad = |field, reason| BadLink { job: id.clone(), field, reason };
        let Some(own) = links(id) else { continue };
        if let Some(after) = own.after.iter().find(|after| links(&after.job).is_none()) {
            return Err(bad("after", missing(&after.job)));
        }
        if let Some(job) = own.asked.iter().find(|job| links(job).is_none()) {
            return Err(bad("conditions", missing(job)));
        }
        if let Some(circle) = circle(id, links) {
            let path: Vec<&str> = circle.iter().map(|job| job.as_str()).collect();
            return Err(bad("after", format!("the chain would go round for ever: {}", path.join(" → "))));
        }
    }
    Ok(())
}

/// The way from `start` along those that follow back to itself, where there is one. Each job is looked at once.
fn circle<'a>(start: &'a JobId, links: &impl Fn(&JobId) -> Option<&'a Links>) -> Option<Vec<&'a JobId>> {
    let mut came_from: BTreeMap<&JobId, &JobId> = BTreeMap::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        // From a job to those that it follows on: against the arrows, which makes no difference to a circle.
        for parent in links(id).into_iter().flat_map(|links| &links.after).map(|after| &after.job) {
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
    use marktwerk_domain::policy::{On, Policies};
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
        check_links(jobs.iter().map(|(id, spec)| (id, spec))).map_err(|link| link.reason)
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
