//! What the oracle knows: how each job and each run must stand, from what was seen to happen.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::run::{Attempt, Epoch, Run, RunId, RunState, Trigger};
use marktwerk_engine::probe::ProbeResult;
use marktwerk_store::runs::NewRun;

use super::{Oracle, Verdict, Violation, violation};

/// A change of a job reaches the dispatcher a moment after the store: so long an older version may still be gone by.
const A_MOMENT: Duration = Duration::from_secs(10);

/// A job.
pub(crate) struct KnownJob {
    /// As it must stand.
    pub(crate) job: Job,
    /// As it stood before, each with the time of its end.
    pub(crate) before: Vec<(Duration, Job)>,
    /// Planned times that have a row.
    pub(crate) rows: BTreeSet<Timestamp>,
    pub(crate) newest: Option<RunId>,
    /// Its live runs, the oldest first.
    pub(crate) live: BTreeSet<RunId>,
    /// Since when its next planned time stands.
    pub(crate) due_since: Duration,
    /// When a run of it succeeded or its marker changed.
    pub(crate) succeeded_at: Duration,
    /// What its probe saw lately, and when it was asked; `None` where it could not tell.
    pub(crate) sights: Vec<(Duration, Option<ProbeResult>)>,
    /// Since when it has neither a next time nor a run whose end it could wait for.
    pub(crate) unplanned_since: Option<Duration>,
}

/// A run.
pub(crate) struct KnownRun {
    /// As its row must stand.
    pub(crate) row: Run,
    pub(crate) lane: Option<String>,
    pub(crate) node: Option<String>,
    /// The process whose dispatcher has claimed it.
    pub(crate) process: u32,
    pub(crate) lease_until: Option<Timestamp>,
    /// When its lease was granted or renewed last.
    pub(crate) renewed_at: Duration,
    pub(crate) claimed_at: Duration,
    /// The versions of its job that its worker may have been given.
    pub(crate) versions: Vec<Job>,
    pub(crate) attempts: Vec<Attempt>,
    /// The reason that came with the wish to cancel it.
    pub(crate) wish: Option<String>,
    /// A person asked for it, or for the one that it goes on with: a pause does not hold it.
    pub(crate) by_person: bool,
    /// Since when nothing has kept it from being claimed.
    pub(crate) free_since: Option<Duration>,
}

/// As the database keeps it.
pub(crate) fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

impl KnownJob {
    pub(crate) fn new(job: Job, since: Duration) -> Self {
        Self {
            job,
            before: Vec::new(),
            rows: BTreeSet::new(),
            newest: None,
            live: BTreeSet::new(),
            due_since: since,
            succeeded_at: Duration::ZERO,
            sights: Vec::new(),
            unplanned_since: None,
        }
    }

    /// The job as it stands, and as it stood a moment ago.
    pub(crate) fn versions(&self, since: Duration) -> impl Iterator<Item = &Job> {
        let recent = self.before.iter().rev().take_while(move |(until, _)| since <= *until + A_MOMENT);
        std::iter::once(&self.job).chain(recent.map(|(_, job)| job))
    }

    /// It is changed now.
    pub(crate) fn change(&mut self, since: Duration) -> &mut Job {
        self.before.retain(|(until, _)| since <= *until + A_MOMENT);
        self.before.push((since, self.job.clone()));
        &mut self.job
    }
}

impl Oracle {
    pub(crate) fn job(&self, id: &JobId) -> Result<&KnownJob, Violation> {
        self.jobs
            .get(id)
            .ok_or_else(|| violation("nothing comes from nowhere", format!("a job {id} that nobody added")))
    }

    pub(crate) fn job_mut(&mut self, id: &JobId) -> Result<&mut KnownJob, Violation> {
        self.jobs
            .get_mut(id)
            .ok_or_else(|| violation("nothing comes from nowhere", format!("a job {id} that nobody added")))
    }

    pub(crate) fn run(&self, id: RunId) -> Result<&KnownRun, Violation> {
        self.runs.get(&id).ok_or_else(|| violation("nothing comes from nowhere", format!("run {id}")))
    }

    pub(crate) fn run_mut(&mut self, id: RunId) -> Result<&mut KnownRun, Violation> {
        self.runs.get_mut(&id).ok_or_else(|| violation("nothing comes from nowhere", format!("run {id}")))
    }

    /// A run must have appeared, waiting or skipped as is said here, with this content.
    pub(crate) fn appears(
        &mut self,
        new: &NewRun,
        state: RunState,
        now: Timestamp,
        fresh: &mut Vec<Run>,
    ) -> Result<RunId, Violation> {
        let is_it = |run: &Run| {
            run.job_id == new.job_id
                && run.trigger == new.trigger
                && run.caused_by == new.caused_by
                && (run.trigger != Trigger::Schedule || run.planned_at == micros(new.planned_at))
        };
        let Some(index) = fresh.iter().position(is_it) else {
            let what = format!(
                "no run of {} ({}) for {} was made",
                new.job_id,
                new.trigger.as_str(),
                new.planned_at
            );
            return Err(violation("nothing is lost", what));
        };
        let found = fresh.remove(index);
        let row = Run {
            id: found.id,
            job_id: new.job_id.clone(),
            job_type: new.job_type.clone(),
            account: new.account.clone(),
            trigger: new.trigger,
            caused_by: new.caused_by,
            planned_at: micros(new.planned_at),
            created_at: micros(now),
            ready_at: micros(new.ready_at),
            state,
            priority: new.priority,
            parameters: new.parameters.clone(),
            from_step: new.from_step.clone(),
            marker: new.marker.clone(),
            attempts_used: 0,
            attempt: 0,
            epoch: Epoch(0),
            started_at: None,
            attempt_started_at: None,
            ended_at: None,
            warnings: 0,
            error: None,
            steps: Vec::new(),
            merged: new.merged,
            cancel_requested: false,
            last_line: 0,
        };
        let id = row.id;
        let goes_on_for_a_person = new.trigger == Trigger::MoreToDo
            && new.caused_by.and_then(|cause| self.runs.get(&cause)).is_some_and(|cause| cause.by_person);
        let by_person = matches!(new.trigger, Trigger::Manual | Trigger::Again) || goes_on_for_a_person;
        let known = KnownRun {
            row,
            lane: new.lane.clone(),
            node: None,
            process: 0,
            lease_until: None,
            renewed_at: Duration::ZERO,
            claimed_at: Duration::ZERO,
            versions: Vec::new(),
            attempts: Vec::new(),
            wish: None,
            by_person,
            free_since: None,
        };
        if self.runs.insert(id, known).is_some() {
            return Err(violation("numbers rise", format!("run {id} was there already")));
        }
        let job = self.job_mut(&new.job_id)?;
        if new.trigger == Trigger::Schedule && !job.rows.insert(micros(new.planned_at)) {
            let what = format!("{} has two runs for {}", new.job_id, new.planned_at);
            return Err(violation("no planned time is doubled", what));
        }
        job.newest = job.newest.max(Some(id));
        if !state.is_ended() {
            job.live.insert(id);
            self.waiting.insert(id);
        }
        Ok(id)
    }

    /// Whether a run waits because its job is paused.
    pub(crate) fn is_held(&self, known: &KnownRun) -> bool {
        let is_paused = self.jobs.get(&known.row.job_id).is_some_and(|job| !job.job.spec.enabled);
        is_paused && !known.by_person
    }

    /// Nothing else has appeared.
    pub(crate) fn nothing_else(&self, fresh: &[Run]) -> Verdict {
        match fresh.first() {
            None => Ok(()),
            Some(run) => {
                let (id, job, trigger) = (run.id, &run.job_id, run.trigger.as_str());
                let what = format!("run {id} of {job} ({trigger}) for {}, without a cause", run.planned_at);
                Err(violation("nothing comes from nowhere", what))
            }
        }
    }
}
