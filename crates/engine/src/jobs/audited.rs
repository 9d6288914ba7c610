//! The audit's entries about jobs: a job as it would be written, and of a change the fields that differ.

use std::collections::BTreeSet;

use marktwerk_domain::audit::{AuditAction, AuditEntry};
use marktwerk_domain::job::{Job, JobId, JobSpec};
use serde_json::{Map, Value};

use super::draft::JobDraft;
use crate::book::Hand;

impl Hand<'_> {
    /// A job that is added.
    pub(crate) fn added(&self, job: &Job) -> AuditEntry {
        self.entry(AuditAction::JobAdded, &job.id).after(document(job).into())
    }

    /// A job that is told to do something else.
    pub(crate) fn changed(&self, job: &Job, spec: &JobSpec) -> AuditEntry {
        let changed = Job { spec: spec.clone(), ..job.clone() };
        let (before, after) = difference(&document(job), &document(&changed));
        let action = match (after.len(), after.get("enabled")) {
            (1, Some(Value::Bool(false))) => AuditAction::JobPaused,
            (1, Some(Value::Bool(true))) => AuditAction::JobResumed,
            _ => AuditAction::JobChanged,
        };
        self.entry(action, &job.id).before(before.into()).after(after.into())
    }

    /// A job that is taken out of the schedule.
    pub(crate) fn removed(&self, job: &Job) -> AuditEntry {
        self.entry(AuditAction::JobRemoved, &job.id).before(document(job).into())
    }

    fn entry(&self, action: AuditAction, job: &JobId) -> AuditEntry {
        AuditEntry::of_job(self.book.clock.now(), &self.actor, action, job)
    }
}

fn document(job: &Job) -> Map<String, Value> {
    match serde_json::to_value(JobDraft::of(job)) {
        Ok(Value::Object(document)) => document,
        _ => Map::new(),
    }
}

/// The fields in which two documents differ, as they are in the one and in the other; null where a field is missing.
fn difference(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> (Map<String, Value>, Map<String, Value>) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing: Vec<&String> =
        names.into_iter().filter(|name| before.get(*name) != after.get(*name)).collect();
    let side = |document: &Map<String, Value>| {
        let value = |name: &&String| ((*name).clone(), document.get(*name).cloned().unwrap_or_default());
        differing.iter().map(value).collect()
    };
    (side(before), side(after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_has_the_fields_that_differ_on_both_sides() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let before = map(json!({ "enabled": true, "interval_minutes": 5, "parameters": { "a": 1 } }));
        let after = map(json!({ "enabled": true, "cron": "0 2 * * *", "parameters": { "a": 2 } }));
        let (old, new) = difference(&before, &after);
        assert_eq!(
            Value::from(old),
            json!({ "cron": null, "interval_minutes": 5, "parameters": { "a": 1 } })
        );
        let expected = json!({ "cron": "0 2 * * *", "interval_minutes": null, "parameters": { "a": 2 } });
        assert_eq!(Value::from(new), expected);
        assert!(difference(&before, &before).0.is_empty());
    }
}
