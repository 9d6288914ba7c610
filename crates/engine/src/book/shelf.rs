//! What the book knows of the jobs without asking the store: which there are, how they name each other, and what the jobs file says of
//! each, in its order and its words. Small, since it is all in memory; what a job does stands in the store.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::policy::On;
use serde_json::{Map, Value};

use crate::jobs::{JobDraft, Links};
use crate::jobs_file::{self, JobsDocument};
use crate::planner::Planner;

/// See the module.
#[derive(Default)]
pub(crate) struct Shelf {
    entries: HashMap<JobId, Entry>,
    /// The jobs in the order of the file.
    places: BTreeMap<u64, JobId>,
    next_place: u64,
    /// Who names a job, in a chain or a condition.
    named_by: HashMap<JobId, BTreeSet<JobId>>,
    /// Fields of the file beside its jobs.
    unknown: Map<String, Value>,
    /// Whether there is a file that texts are kept for.
    has_file: bool,
}

struct Entry {
    version: i64,
    links: Links,
    place: u64,
    text: Box<str>,
    /// As others wrote it, where the program would write it in other words.
    words: Option<Box<JobDraft>>,
}

impl Shelf {
    pub(crate) fn new(has_file: bool) -> Self {
        Self { has_file, ..Self::default() }
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        // A key is looked up by itself; an id is a text and nothing else.
        self.entries.contains_key(&JobId(id.to_owned()))
    }

    pub(crate) fn links(&self, id: &JobId) -> Option<&Links> {
        self.entries.get(id).map(|entry| &entry.links)
    }

    pub(crate) fn version(&self, id: &JobId) -> Option<i64> {
        self.entries.get(id).map(|entry| entry.version)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &JobId> {
        self.entries.keys()
    }

    /// What the file says of a job.
    pub(crate) fn text(&self, id: &JobId) -> Option<&str> {
        self.entries.get(id).map(|entry| &*entry.text)
    }

    /// Those that name a job.
    pub(crate) fn named_by(&self, id: &JobId) -> impl Iterator<Item = &JobId> {
        self.named_by.get(id).into_iter().flatten()
    }

    /// Those that follow on a job, by id.
    pub(crate) fn followers(&self, id: &JobId) -> Vec<(JobId, On)> {
        let links = self.named_by(id).filter_map(|other| Some((other, self.links(other)?)));
        let after = links.flat_map(|(other, links)| links.after.iter().map(move |after| (other, after)));
        after.filter(|(_, after)| after.job == *id).map(|(other, after)| (other.clone(), after.on)).collect()
    }

    /// Takes a job in, or its newest version.
    pub(crate) fn put(&mut self, planner: &Planner, job: &Job) {
        let known = self.remove(&job.id);
        let place = known.as_ref().map_or(self.next_place, |known| known.place);
        let words = known.and_then(|known| known.words);
        self.put_at(planner, job, place, words);
    }

    /// A job is there no more.
    pub(crate) fn take_out(&mut self, id: &JobId) {
        self.remove(id);
    }

    /// All jobs anew: in the order and the words of a document, those that it does not have at its end.
    pub(crate) fn lay_out(&mut self, planner: &Planner, jobs: &[Job], document: &JobsDocument) {
        let mut rest: BTreeMap<&str, &Job> = jobs.iter().map(|job| (job.id.as_str(), job)).collect();
        let has_file = self.has_file;
        *self = Self { unknown: document.unknown.clone(), ..Self::new(has_file) };
        for ((draft, _), id) in document.entries.iter().zip(planner.ids(document)) {
            if let Some(job) = rest.remove(id.as_str()) {
                self.put_at(planner, job, self.next_place, Some(Box::new(draft.clone())));
            }
        }
        rest.into_values().for_each(|job| self.put(planner, job));
    }

    /// The whole file.
    pub(crate) fn file(&self) -> String {
        let entries = self.places.values().filter_map(|id| self.text(id));
        jobs_file::joined(entries, &self.unknown)
    }

    fn put_at(&mut self, planner: &Planner, job: &Job, place: u64, words: Option<Box<JobDraft>>) {
        let (text, words) = match self.has_file {
            true => written(planner, job, words),
            false => (Box::default(), None),
        };
        let links = Links::of(&job.spec);
        for named in links.names() {
            self.named_by.entry(named.clone()).or_default().insert(job.id.clone());
        }
        self.places.insert(place, job.id.clone());
        self.next_place = self.next_place.max(place + 1);
        let entry = Entry { version: job.version, links, place, text, words };
        self.entries.insert(job.id.clone(), entry);
    }

    fn remove(&mut self, id: &JobId) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.places.remove(&entry.place);
        for named in entry.links.names() {
            if let Some(namers) = self.named_by.get_mut(named) {
                namers.remove(id);
                if namers.is_empty() {
                    self.named_by.remove(named);
                }
            }
        }
        Some(entry)
    }
}

/// A job as the file says it, always under its own name: in the words that stand there where they still mean the same, and with what
/// others wrote. The words come back where they are not the program's.
fn written(planner: &Planner, job: &Job, words: Option<Box<JobDraft>>) -> (Box<str>, Option<Box<JobDraft>>) {
    let own = JobDraft { id: Some(job.id.0.clone()), ..JobDraft::of(job) };
    let draft = match words {
        None => own.clone(),
        Some(words) => {
            let words = JobDraft { id: own.id.clone(), ..*words };
            match words == own || planner.spec(&words).is_ok_and(|spec| spec == job.spec) {
                true => words,
                false => JobDraft { unknown: words.unknown, ..own.clone() },
            }
        }
    };
    let text = jobs_file::entry_text(&draft).into_boxed_str();
    (text, (draft != own).then(|| Box::new(draft)))
}
