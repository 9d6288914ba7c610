//! From a draft to a specification: every rule a job must keep, whoever writes it. An error names the field as it is written.

use std::collections::BTreeSet;

use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobSpec};
use marktwerk_domain::policy::{Condition, Misfire, Policies};
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::schedule::{CountedFrom, LONGEST_INTERVAL_MINUTES, Schedule};
use marktwerk_domain::words::nearest;
use serde_json::{Map, Value};

use super::draft::{JobDraft, SCHEDULES};
use super::seconds::Seconds;
use crate::error::EngineError;
use crate::planner::Planner;
use crate::registry::Known;
use crate::workflow::WorkflowDescription;

/// Characters of a description at the most.
const LONGEST_DESCRIPTION: usize = 2_000;
/// Characters of an id at the most: with the run's number it must fit into `scheduler_logs.job_id`, varchar(255).
const LONGEST_ID: usize = 200;
/// Words that stand where an id stands, in addresses such as `/api/v1/jobs/export`.
const RESERVED_IDS: [&str; 4] = ["bulk", "export", "import", "preview"];
/// A day and a year, in seconds.
const DAY: u32 = 86_400;
const YEAR: u32 = LONGEST_INTERVAL_MINUTES * 60;

impl Planner {
    /// What a job is told to do by this draft. Whether the jobs that it names exist is checked over all jobs together
    /// (`links`).
    pub(crate) fn spec(&self, draft: &JobDraft) -> Result<JobSpec, EngineError> {
        if draft.job_type.is_empty() {
            return Err(EngineError::invalid("job_type", "is missing"));
        }
        let (job_type, known) = self.registry.resolve(&draft.job_type)?;
        if let Some(id) = &draft.id {
            check_id(id)?;
        }
        if let Known::Runs(description) = known {
            self.check_against(draft, description)?;
        }
        check_description(&draft.description)?;
        let spec = JobSpec {
            job_type,
            written_type: draft.job_type.clone(),
            account: draft.account.clone(),
            schedule: schedule(draft)?,
            enabled: draft.enabled,
            description: draft.description.clone(),
            parameters: draft.parameters.clone(),
            priority: draft.priority,
            retry: retry(draft.retry.clone().unwrap_or_default())?,
            policies: policies(draft)?,
        };
        // A cron that never happens or a zone that does not exist is refused here and not when it should be due.
        let timetable = self.timetable(&spec, Timestamp::UNIX_EPOCH);
        timetable.map_err(|error| EngineError::invalid(error.field, error.reason))?;
        Ok(spec)
    }

    fn check_against(&self, draft: &JobDraft, description: &WorkflowDescription) -> Result<(), EngineError> {
        self.registry.check_parameters(description.job_type, &draft.parameters)?;
        let known = self.registry.conditions(description);
        match draft.conditions.iter().map(word).find(|word| !known.contains(word)) {
            Some(word) => {
                let reason = format!("`{word}` cannot be asked for the job type {}", description.job_type);
                Err(EngineError::invalid("conditions", reason))
            }
            None => Ok(()),
        }
    }
}

impl Planner {
    /// What a new or changed job is told to do; a job type that only later versions run is refused.
    pub(crate) fn runnable_spec(&self, draft: &JobDraft) -> Result<JobSpec, EngineError> {
        known_fields(draft)?;
        if draft.job_type.is_empty() {
            return Err(EngineError::invalid("job_type", "is missing"));
        }
        let (job_type, known) = self.registry.resolve(&draft.job_type)?;
        match known {
            Known::Runs(_) => {
                let spec = self.spec(draft)?;
                self.check_account(&spec)?;
                Ok(spec)
            }
            Known::Planned => Err(EngineError::invalid(
                "job_type",
                format!("`{job_type}` is documented, but not in this version"),
            )),
        }
    }

    /// What a job would be told to do after a patch.
    pub(crate) fn patched(&self, job: &Job, patch: &Map<String, Value>) -> Result<JobSpec, EngineError> {
        if let Some(field) = ["id", "job_type"].into_iter().find(|field| patch.contains_key(*field)) {
            return Err(EngineError::invalid(field, "stays for the life of a job; add another job instead"));
        }
        check_names(patch)?;
        let mut document = match serde_json::to_value(JobDraft::of(job)) {
            Ok(Value::Object(document)) => document,
            _ => return Err(EngineError::invalid("job", "cannot be written as JSON")),
        };
        // Another kind of schedule takes the place of the one that is there.
        if SCHEDULES.iter().any(|field| patch.contains_key(*field)) {
            SCHEDULES.iter().for_each(|field| drop(document.remove(*field)));
            document.remove("from");
        }
        for (name, value) in patch {
            match value {
                Value::Null => document.remove(name),
                value => document.insert(name.clone(), value.clone()),
            };
        }
        let draft = JobDraft::read(Value::Object(document))?;
        known_fields(&draft)?;
        // A job whose type is not in this version can be replaced, too.
        let spec = self.spec(&draft)?;
        self.check_account(&spec)?;
        Ok(spec)
    }
}

/// Refuses fields that a job does not have. (In the jobs file they are kept: others may have written them.)
fn known_fields(draft: &JobDraft) -> Result<(), EngineError> {
    match draft.unknown.keys().next() {
        Some(name) => Err(not_a_field(name)),
        None => Ok(()),
    }
}

/// Refuses an id that a new job cannot have. Those that are there keep theirs.
pub(crate) fn check_new_id(id: &str) -> Result<(), EngineError> {
    let refused = |reason: String| Err(EngineError::invalid("id", reason));
    if id.chars().all(|letter| letter == '.') {
        return refused(format!("`{id}` cannot be part of an address; choose an id with letters or digits"));
    }
    // Executions are named by their job, `_` and the number of their run.
    match id.rsplit_once('_') {
        Some((job, number)) if !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()) => {
            refused(format!(
                "`{id}` is how a run of the job `{job}` is named in the log; choose another id, such as `{job}-{number}`"
            ))
        }
        _ => Ok(()),
    }
}

/// Refuses the names of a patch that would be passed over: taking back a field that there is not changes nothing.
fn check_names(patch: &Map<String, Value>) -> Result<(), EngineError> {
    let taken_back = patch.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name);
    let is_field = |name: &str| JobDraft::FIELDS.contains(&name) || name == "coalesce";
    match taken_back.into_iter().find(|name| !is_field(name)) {
        Some(name) => Err(not_a_field(name)),
        None => Ok(()),
    }
}

fn not_a_field(name: &str) -> EngineError {
    let all = JobDraft::FIELDS.join(", ");
    let reason = match nearest(name, &JobDraft::FIELDS) {
        Some(near) => format!("is not a field of a job; did you mean {near}? There are {all}"),
        None => format!("is not a field of a job; there are {all}"),
    };
    EngineError::invalid(name, reason)
}

fn word(condition: &Condition) -> &'static str {
    match condition {
        Condition::NewData => "new_data",
        Condition::AccountHealthy => "account_healthy",
        Condition::ErpReachable => "erp_reachable",
        Condition::Window(_) => "window",
        Condition::SucceededWithin { .. } => "succeeded_within",
    }
}

fn schedule(draft: &JobDraft) -> Result<Schedule, EngineError> {
    let given = [
        draft.interval_minutes.is_some(),
        draft.every.is_some(),
        draft.cron.is_some(),
        draft.daily.is_some(),
        draft.manual == Some(true),
    ];
    let names: Vec<&str> =
        SCHEDULES.iter().zip(given).filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    let [name] = names.as_slice() else {
        let (field, found) = match names.as_slice() {
            [] if draft.unknown.is_empty() => ("interval_minutes", "none of them".to_owned()),
            [] => {
                let unknown: Vec<&str> = draft.unknown.keys().map(String::as_str).collect();
                ("interval_minutes", format!("none of them, and not known: {}", unknown.join(", ")))
            }
            [first, ..] => (*first, names.join(" and ")),
        };
        let reason = format!("one of {} says when a job runs; here is {found}", SCHEDULES.join(", "));
        return Err(EngineError::invalid(field, reason));
    };
    if draft.from.is_some() && !matches!(*name, "interval_minutes" | "every") {
        return Err(EngineError::invalid(
            "from",
            format!("says how an interval is counted; {name} has none"),
        ));
    }
    let from = draft.from.unwrap_or(CountedFrom::Start);
    match (draft.interval_minutes, draft.every, &draft.cron, &draft.daily) {
        (Some(minutes), ..) => {
            let schedule = Schedule::every_minutes(minutes)
                .map_err(|error| EngineError::invalid(error.field, error.reason))?;
            match schedule {
                Schedule::Every { seconds, .. } => Ok(Schedule::Every { seconds, from }),
                other => Ok(other),
            }
        }
        (_, Some(Seconds(seconds)), ..) => {
            Ok(Schedule::Every { seconds: within("every", seconds, 1, YEAR)?, from })
        }
        (_, _, Some(expression), _) => Ok(Schedule::Cron { expression: expression.trim().to_owned() }),
        (_, _, _, Some(times)) => {
            let at: BTreeSet<_> = times.iter().copied().collect();
            Ok(Schedule::Daily { at: at.into_iter().collect() })
        }
        _ => Ok(Schedule::Manual),
    }
}

fn policies(draft: &JobDraft) -> Result<Policies, EngineError> {
    let seconds = |field, value: Option<Seconds>, least, most| {
        value.map(|Seconds(seconds)| within(field, seconds, least, most)).transpose()
    };
    let misfire = match (draft.misfire, draft.coalesce) {
        (Some(_), Some(_)) => {
            return Err(EngineError::invalid("coalesce", "is another word for misfire; give one of them"));
        }
        (Some(misfire), None) => misfire,
        (None, Some(false)) => Misfire::All,
        (None, _) => Misfire::Latest,
    };
    for condition in &draft.conditions {
        match condition {
            Condition::Window(window) if window.from == window.to => {
                return Err(EngineError::invalid(
                    "conditions",
                    "a window's `from` and `to` are the same time",
                ));
            }
            Condition::SucceededWithin { minutes, .. } => {
                within("conditions.succeeded_within.minutes", *minutes, 1, LONGEST_INTERVAL_MINUTES)?;
            }
            _ => {}
        }
    }
    Ok(Policies {
        time_zone: draft.time_zone.clone(),
        jitter_seconds: seconds("jitter", draft.jitter, 0, DAY)?.unwrap_or(0),
        misfire,
        grace_seconds: seconds("grace", draft.grace, 1, YEAR)?,
        overlap: draft.overlap.unwrap_or_default(),
        max_instances: within("max_instances", draft.max_instances.unwrap_or(1), 1, 100)?,
        time_limit_seconds: seconds("time_limit", draft.time_limit, 1, YEAR)?,
        conditions: draft.conditions.clone(),
        after: draft.after.clone(),
    })
}

fn retry(retry: RetryPolicy) -> Result<RetryPolicy, EngineError> {
    within("retry.attempts", retry.attempts, 1, 100)?;
    within("retry.first_delay_seconds", retry.first_delay_seconds, 0, DAY)?;
    within("retry.longest_delay_seconds", retry.longest_delay_seconds, 0, DAY)?;
    if !(1.0..=10.0).contains(&retry.factor) {
        return Err(EngineError::invalid(
            "retry.factor",
            format!("must be from 1 to 10, not {}", retry.factor),
        ));
    }
    Ok(retry)
}

fn within(field: &str, value: u32, least: u32, most: u32) -> Result<u32, EngineError> {
    match (least..=most).contains(&value) {
        true => Ok(value),
        false => Err(EngineError::invalid(field, format!("must be from {least} to {most}, not {value}"))),
    }
}

fn check_id(id: &str) -> Result<(), EngineError> {
    if RESERVED_IDS.contains(&id) {
        return Err(EngineError::invalid(
            "id",
            format!("`{id}` is a word of the interface; choose another id"),
        ));
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(is_plain) {
        let shown: String = id.chars().take(40).collect();
        let reason = format!("must be 1 to {LONGEST_ID} letters, digits, - _ and ., not `{shown}`");
        return Err(EngineError::invalid("id", reason));
    }
    Ok(())
}

fn check_description(description: &str) -> Result<(), EngineError> {
    match description.chars().count() {
        0..=LONGEST_DESCRIPTION => Ok(()),
        length => Err(EngineError::invalid(
            "description",
            format!("has {length} characters; {LONGEST_DESCRIPTION} are the most"),
        )),
    }
}
