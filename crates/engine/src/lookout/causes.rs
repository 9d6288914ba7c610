//! What stops the shop now, from what the database knows, each cause under a name of its own; and telling people once of each, and once
//! that it is over.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::{Attention, AttentionKind};
use marktwerk_domain::concern::{Concern, ConcernCode};
use marktwerk_domain::health::{Alarm, HealthChange};
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::judgement::{Group, groups};
use marktwerk_domain::language::{Language, Reader};
use marktwerk_domain::reason::Reason;
use marktwerk_store::alerts::NewAlert;
use marktwerk_store::{SharedStore, StoreResult};
use serde::{Deserialize, Serialize};

use super::LookoutOptions;
use crate::registry::Registry;

/// The fact that holds the causes that people were told of.
const TOLD: &str = "alerts.causes";
/// Subjects that a message names at the most.
const NAMED: usize = 10;

/// Something that stops the shop, or a part of it.
pub(super) struct Cause {
    /// The same as long as it lasts.
    name: String,
    /// What it is in the health answer, if it is there.
    code: Option<ConcernCode>,
    subject: String,
    job: JobId,
    since: Timestamp,
    /// One line for people.
    title: String,
    details: Reason,
    /// Whether people are told; else the screen alone shows it.
    is_told: bool,
}

impl Cause {
    /// As the health answer has it.
    pub(super) fn concern(&self) -> Option<Concern> {
        let Self { code, subject, details, since, .. } = self;
        let (subject, details) = (subject.clone(), details.clone());
        code.map(|code| Concern { code, subject, details, since: *since })
    }
}

/// What is known now.
pub(super) struct Causes<'a> {
    pub(super) options: &'a LookoutOptions,
    pub(super) now: Timestamp,
    pub(super) started_at: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) free_space: Option<u64>,
    pub(super) attentions: Vec<Attention>,
    pub(super) jobs: Vec<Job>,
    /// When the credentials of accounts end.
    pub(super) credentials: Vec<(String, Timestamp)>,
}

impl Causes<'_> {
    /// All of them.
    pub(super) fn all(&self, registry: &Registry) -> Vec<Cause> {
        let mut all: Vec<Cause> = Vec::new();
        all.extend(self.disk());
        all.extend(self.ending_credentials());
        all.extend(self.entries());
        for job in self.jobs.iter() {
            all.extend(cannot_run(job, registry, self.now));
            all.extend(failing(job, self.now));
            all.extend(self.of_job(job));
        }
        all
    }

    fn disk(&self) -> Option<Cause> {
        let free = self.free_space.filter(|free| *free < self.options.disk_low)? / 1_000_000;
        let details = Reason::new([
            format!(
                "{free} MB are free on the disk of the data folder. Make room: once it is full, nothing can be stored and no job starts."
            ),
            format!(
                "Auf dem Datenträger des Datenordners sind {free} MB frei. Bitte Platz schaffen: Ist er voll, lässt sich nichts mehr \
                 speichern, und kein Job startet."
            ),
        ]);
        let title = format!("The disk is nearly full: {free} MB are free");
        Some(self.cause("disk_low", Some(ConcernCode::DiskLow), "", title, details))
    }

    fn ending_credentials(&self) -> Vec<Cause> {
        let ends_soon = |end: &Timestamp| {
            SignedDuration::try_from(self.options.credentials)
                .is_ok_and(|soon| end.duration_since(self.now) <= soon)
        };
        let ending = self.credentials.iter().filter(|(_, end)| ends_soon(end));
        let cause = |(account, end): &(String, Timestamp)| {
            let (date, german) = (end.strftime("%Y-%m-%d"), end.strftime("%d.%m.%Y"));
            let has_ended = Reason::new([
                format!(
                    "The credentials of {account} ended on {date}: nothing of this account is read or reported any more. Authorise the app \
                     again at the marketplace, and enter the new ones."
                ),
                format!(
                    "Die Zugangsdaten von {account} sind am {german} abgelaufen: Für dieses Konto wird nichts mehr gelesen und gemeldet. \
                     Bitte die App am Marktplatz neu autorisieren und die neuen eintragen."
                ),
            ]);
            let will_end = Reason::new([
                format!(
                    "The credentials of {account} end on {date}. Authorise the app again at the marketplace before, and enter the new \
                     ones; after that day nothing of this account is read or reported."
                ),
                format!(
                    "Die Zugangsdaten von {account} laufen am {german} ab. Bitte die App vorher am Marktplatz neu autorisieren und die \
                     neuen eintragen; danach wird für dieses Konto nichts mehr gelesen und gemeldet."
                ),
            ]);
            let (title, details) = match *end > self.now {
                true => (format!("The credentials of {account} end on {date}"), will_end),
                false => (format!("The credentials of {account} ended on {date}"), has_ended),
            };
            let name = format!("credentials_end:{account}:{date}");
            self.cause(&name, Some(ConcernCode::CredentialsEnd), account, title, details)
        };
        ending.map(cause).collect()
    }

    /// Entries of the attention list, those of one kind and account together.
    fn entries(&self) -> Vec<Cause> {
        let mut causes: BTreeMap<(&str, &str), Vec<&Attention>> = BTreeMap::new();
        // An order that needs a person for another reason is late all the same.
        let late: Vec<Attention> = self.attentions.iter().filter_map(|entry| self.as_late(entry)).collect();
        for entry in self.attentions.iter().chain(&late) {
            // The worker is one for all accounts, and told of in two ways.
            let (account, kind) = match entry.kind {
                AttentionKind::WorkerStopped | AttentionKind::WorkerStuck => ("", "worker_stuck"),
                kind => (entry.account.as_str(), kind.as_str()),
            };
            causes.entry((account, kind)).or_default().push(entry);
        }
        for entries in causes.values_mut() {
            // The most urgent first, where they have deadlines; else as they came.
            entries.sort_by_key(|entry| (deadline(entry).is_none(), deadline(entry)));
        }
        let cause = |((account, kind), entries): (&(&str, &str), &Vec<&Attention>)| {
            let first = *entries.first()?;
            let since = entries.iter().map(|entry| entry.since).min()?;
            let code = code_of(first.kind);
            let is_told = matches!(code, Some(ConcernCode::CredentialsRefused | ConcernCode::WorkerStuck))
                || self.options.attention.contains(&first.kind);
            if code.is_none() && !is_told {
                return None;
            }
            let mut subjects: Vec<&str> = entries.iter().map(|entry| entry.subject.as_str()).collect();
            let more = subjects.len().saturating_sub(NAMED);
            subjects.truncate(NAMED);
            let more = if more > 0 { format!(", + {more}") } else { String::new() };
            let of = match (account, first.kind.is_of_an_order()) {
                (_, true) => format!(": {}{more}", subjects.join(", ")),
                (&"", false) => String::new(),
                (account, false) => format!(" ({account})"),
            };
            let message = |language| {
                let reader = Reader { language, zone: self.zone.clone() };
                told(&groups(entries.iter().map(|entry| (*entry).clone()).collect()), &reader)
            };
            let details = Reason::new([Language::English, Language::German].map(message));
            let title = match code {
                Some(ConcernCode::CredentialsRefused) => {
                    format!("{account}: the marketplace refuses the credentials")
                }
                Some(ConcernCode::WorkerStuck) => "The JTL-Worker takes no orders".to_owned(),
                _ => format!("{}{of}", first.kind.words(Language::English)),
            };
            let cause = self.cause(&format!("attention:{account}:{kind}"), code, account, title, details);
            Some(Cause { since, is_told, ..cause })
        };
        causes.iter().filter_map(cause).collect()
    }

    /// The entry of an order that may miss its deadline although that is not what the entry is about.
    fn as_late(&self, entry: &Attention) -> Option<Attention> {
        let is_told = matches!(entry.kind, AttentionKind::Late | AttentionKind::Waiting);
        let deadline = deadline(entry).filter(|_| entry.kind.is_of_an_order() && !is_told)?;
        let is_near_since = deadline.checked_sub(self.options.before_deadline).unwrap_or(deadline);
        let since = entry.since.max(is_near_since);
        Some(Attention { kind: AttentionKind::Late, since, ..entry.clone() })
    }

    /// What the settings say of this job.
    fn of_job(&self, job: &Job) -> Vec<Cause> {
        let rules = self.options.of_job(job.id.as_str());
        let mut causes = Vec::new();
        if !job.spec.enabled {
            return causes;
        }
        let failures = job.history.failures_in_a_row;
        if rules.failures.is_some_and(|limit| failures >= limit) {
            let error = job.history.last_error.as_deref().unwrap_or("no reason was given");
            let details = Reason::new([
                format!("{} failed {failures} times in a row. Last error: {error}.", job.id),
                format!(
                    "{} ist {failures}-mal hintereinander gescheitert. Letzter Fehler: „{error}“.",
                    job.id
                ),
            ]);
            let title = format!("{} fails", job.id);
            // The fuse has sent an alert of these failures already.
            let is_told = job.health.alarm.is_none();
            causes.push(Cause { is_told, ..self.of(job, "failures", title, details) });
        }
        let last = job.history.last_success_at.into_iter().chain([job.anchor, self.started_at]).max();
        let silent = last.map(|last| self.now.duration_since(last)).unwrap_or_default();
        let limit = rules.without_success.and_then(|limit| SignedDuration::try_from(limit).ok());
        if limit.is_some_and(|limit| silent >= limit) {
            let minutes = silent.as_mins();
            let details = Reason::new([
                format!(
                    "No run of {} succeeded for {minutes} minutes. Look at its runs and at the log.",
                    job.id
                ),
                format!(
                    "Seit {minutes} Minuten ist kein Lauf von {} gelungen. Bitte Läufe und Protokoll ansehen.",
                    job.id
                ),
            ]);
            let title = format!("{}: no run succeeded for {minutes} minutes", job.id);
            causes.push(self.of(job, "without_success", title, details));
        }
        causes
    }

    fn of(&self, job: &Job, what: &str, title: String, details: Reason) -> Cause {
        let name = format!("job:{}:{what}", job.id);
        let cause = self.cause(&name, Some(ConcernCode::JobsFailing), job.id.as_str(), title, details);
        Cause { job: job.id.clone(), ..cause }
    }

    fn cause(
        &self,
        name: &str,
        code: Option<ConcernCode>,
        subject: &str,
        title: String,
        details: Reason,
    ) -> Cause {
        Cause {
            name: name.to_owned(),
            code,
            subject: subject.to_owned(),
            job: JobId(String::new()),
            since: self.now,
            title,
            details,
            is_told: true,
        }
    }
}

/// When an order must leave, where its entry says so.
fn deadline(entry: &Attention) -> Option<Timestamp> {
    entry.facts.get("deadline")?.as_str()?.parse().ok()
}

/// What a cause of several groups of entries says. A group of one order does not name it.
fn told(groups: &[Group], reader: &Reader) -> String {
    let named = |group: &Group| match group.entries.as_slice() {
        [only] if groups.len() > 1 => format!("{}: {}", only.subject, group.message(reader)),
        _ => group.message(reader),
    };
    groups.iter().map(named).collect::<Vec<_>>().join("\n")
}

/// What an entry of the attention list says of the whole program.
fn code_of(kind: AttentionKind) -> Option<ConcernCode> {
    match kind {
        AttentionKind::Unauthorised => Some(ConcernCode::CredentialsRefused),
        AttentionKind::WorkerStopped | AttentionKind::WorkerStuck => Some(ConcernCode::WorkerStuck),
        AttentionKind::Late | AttentionKind::Waiting => Some(ConcernCode::OrdersLate),
        _ => None,
    }
}

/// People are told of what the fuse did when it did it.
fn failing(job: &Job, now: Timestamp) -> Option<Cause> {
    let error = job.history.last_error.as_deref().unwrap_or("no reason was given");
    let details = match job.health.alarm? {
        Alarm::Paused if job.spec.enabled => return None,
        Alarm::Paused => Reason::new([
            format!(
                "{} was paused because its runs failed: {error}. Mend the cause, then enable it again.",
                job.id
            ),
            format!(
                "{} wurde angehalten, weil seine Läufe scheiterten: „{error}“. Bitte die Ursache beheben und ihn wieder einschalten.",
                job.id
            ),
        ]),
        Alarm::Degraded => Reason::new([
            format!("{} fails again and again: {error}. Its schedule goes on.", job.id),
            format!("{} scheitert immer wieder: „{error}“. Sein Zeitplan läuft weiter.", job.id),
        ]),
    };
    Some(shown(job, ConcernCode::JobsFailing, "health", details, job.history.last_run.unwrap_or(now)))
}

/// An enabled job whose type or account is not there.
fn cannot_run(job: &Job, registry: &Registry, now: Timestamp) -> Option<Cause> {
    let job_type = job.spec.job_type.as_str();
    if !job.spec.enabled || registry.planned().any(|planned| planned == job_type) {
        return None;
    }
    let account = &job.target.account;
    let details = match registry.description(job_type) {
        None => Reason::new([
            format!(
                "{} cannot run: {job_type} is not a job type of this version. Remove or pause it.",
                job.id
            ),
            format!(
                "{} kann nicht laufen: {job_type} ist kein Jobtyp dieser Version. Bitte löschen oder pausieren.",
                job.id
            ),
        ]),
        Some(description) if account.is_empty() || description.accounts.contains(account) => return None,
        Some(_) => Reason::new([
            format!(
                "{} cannot run: the account {account} is not in the settings. Enter it there, or give the job another one.",
                job.id
            ),
            format!(
                "{} kann nicht laufen: Das Konto {account} steht nicht in den Einstellungen. Bitte dort eintragen oder dem Job ein \
                 anderes geben.",
                job.id
            ),
        ]),
    };
    Some(shown(job, ConcernCode::JobsCannotRun, "cannot_run", details, now))
}

fn shown(job: &Job, code: ConcernCode, what: &str, details: Reason, since: Timestamp) -> Cause {
    Cause {
        name: format!("job:{}:{what}", job.id),
        code: Some(code),
        subject: job.id.to_string(),
        job: job.id.clone(),
        since,
        title: details.english.clone(),
        details,
        is_told: false,
    }
}

/// A cause as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    job: String,
    title: String,
    since: Timestamp,
}

/// Tells people of what is new, and that the rest is over. An alert is stored before it counts as told: a crash in between tells twice.
pub(super) async fn tell(
    store: &SharedStore,
    all: &[Cause],
    now: Timestamp,
    zone: &TimeZone,
) -> StoreResult<()> {
    let stored = store.fact(TOLD).await?;
    // What cannot be read is told once more.
    let mut told: BTreeMap<String, Told> =
        stored.as_deref().and_then(|stored| serde_json::from_str(stored).ok()).unwrap_or_default();
    for cause in all.iter().filter(|cause| cause.is_told) {
        if told.contains_key(&cause.name) {
            continue;
        }
        let (job_id, title, message) =
            (cause.job.clone(), cause.title.clone(), cause.details.english.clone());
        tracing::warn!("{title}");
        let entry = Told { job: job_id.0.clone(), title: title.clone(), since: cause.since };
        store.add_alert(&NewAlert { at: now, change: None, job_id, run: None, title, message }).await?;
        told.insert(cause.name.clone(), entry);
        store.set_fact(TOLD, &written(&told)).await?;
    }
    let is_over = |name: &String| all.iter().all(|cause| cause.name != *name);
    let over: Vec<String> = told.keys().filter(|name| is_over(name)).cloned().collect();
    for name in over {
        let Some(over) = told.remove(&name) else { continue };
        let title = format!("Over: {}", over.title);
        tracing::info!("{title}");
        let began = over.since.to_zoned(zone.clone());
        let message = format!("What began on {} is over.", began.strftime("%Y-%m-%d at %H:%M %Z"));
        let (job_id, change) = (JobId(over.job), Some(HealthChange::Recovered));
        store.add_alert(&NewAlert { at: now, change, job_id, run: None, title, message }).await?;
        store.set_fact(TOLD, &written(&told)).await?;
    }
    Ok(())
}

fn written(told: &BTreeMap<String, Told>) -> String {
    serde_json::to_string(told).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_have_ended_are_no_recovery() {
        let end: Timestamp = "2026-12-02T08:00:00Z".parse().unwrap();
        let options = LookoutOptions::default();
        let told = |now: Timestamp| {
            let causes = Causes {
                options: &options,
                now,
                started_at: now,
                zone: TimeZone::UTC,
                free_space: None,
                attentions: Vec::new(),
                jobs: Vec::new(),
                credentials: vec![("shop".to_owned(), end)],
            };
            let all = causes.ending_credentials().into_iter();
            all.map(|cause| (cause.name, cause.details.english)).collect::<Vec<_>>()
        };
        assert_eq!(told(end - SignedDuration::from_hours(15 * 24)), []);
        let (before, after) =
            (told(end - SignedDuration::from_hours(1)), told(end + SignedDuration::from_hours(1)));
        assert!(
            before[0].1.contains("end on 2026-12-02") && after[0].1.contains("ended on 2026-12-02"),
            "{after:?}"
        );
        assert_eq!(before[0].0, after[0].0, "it is the same cause, which goes on");
    }
}
