//! What is measured of runs, the journal, conditions and alerts. Counters belong to the process and begin at zero with it; how
//! things stand (the queue, the jobs) is asked of the store when somebody looks, and is not counted here.
//!
//! Labels are words of fixed lists, job types and job ids. Never a run's number, a reason or an error.

mod runs;

use marktwerk_domain::health::HealthChange;
use marktwerk_domain::log::Level;
use marktwerk_domain::policy::Condition;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

pub(crate) use runs::{
    attempt_began, attempt_ended, attempt_took, cancelled, cancelled_beside, lease_lost, rescued, skipped,
};

const RUNS: &str = "marktwerk_runs_total";
/// How long attempts worked, seconds.
pub const RUN_DURATION: &str = "marktwerk_run_duration_seconds";
/// How late runs of a schedule began, seconds.
pub const RUN_LATENESS: &str = "marktwerk_run_lateness_seconds";
const RETRIES: &str = "marktwerk_retries_total";
const SNOOZES: &str = "marktwerk_snoozes_total";
const RESCUES: &str = "marktwerk_rescues_total";
const LOST_LEASES: &str = "marktwerk_lost_leases_total";
const WORKERS: &str = "marktwerk_workers";
const BUSY: &str = "marktwerk_workers_busy";
const DATABASE_AWAY: &str = "marktwerk_database_away";
const LINES: &str = "marktwerk_log_lines_total";
const DROPPED_LINES: &str = "marktwerk_log_lines_dropped_total";
const READERS: &str = "marktwerk_live_readers";
const CONDITIONS: &str = "marktwerk_conditions_total";
const FAILED_PROBES: &str = "marktwerk_probes_failed_total";
const HEALTH: &str = "marktwerk_job_health_changes_total";
const ALERTS: &str = "marktwerk_alert_deliveries_total";
const RESTARTS: &str = "marktwerk_task_restarts_total";
const LOST_OUTPUT: &str = "marktwerk_output_lines_lost_total";

/// Says what each figure means, and begins those without a label at zero, so that the first event is a rise.
pub fn describe() {
    describe_counter!(
        RUNS,
        "Runs that ended, by job, state and trigger. A planned time that became no run counts as skipped."
    );
    describe_histogram!(RUN_DURATION, Unit::Seconds, "Time that attempts of runs took, from claim to end.");
    describe_histogram!(
        RUN_LATENESS,
        Unit::Seconds,
        "Time from a run's planned time to its start, for runs of a schedule and their first attempts."
    );
    describe_counter!(RETRIES, "Attempts after which the run was put back for another one, by cause.");
    describe_counter!(SNOOZES, "Attempts that asked to be continued later.");
    describe_counter!(
        RESCUES,
        "Runs that were found without a living worker, by the state that they were given."
    );
    describe_counter!(LOST_LEASES, "Attempts of this process that lost their lease while they worked.");
    describe_gauge!(WORKERS, "Runs that may be at work at the same time in this process.");
    describe_gauge!(BUSY, "Runs at work in this process.");
    describe_gauge!(DATABASE_AWAY, "1 while nothing can be fired or claimed because the database is away.");
    describe_counter!(LINES, "Log lines of runs that were stored, by level.");
    describe_counter!(DROPPED_LINES, "Log lines that were dropped because the journal was under pressure.");
    describe_gauge!(READERS, "Readers that follow the log live.");
    describe_counter!(CONDITIONS, "Conditions of jobs that were asked, by whether they held.");
    describe_counter!(
        FAILED_PROBES,
        "Probes that could not tell whether there is anything to do, so that the run started."
    );
    describe_counter!(HEALTH, "Jobs that were paused by the fuse, became degraded, or recovered.");
    describe_counter!(
        ALERTS,
        "Tries to send an alert, by channel: told (sent), failed (and tried again), given_up."
    );
    describe_counter!(RESTARTS, "Times that a task of this process panicked and began again, by task.");
    describe_counter!(
        LOST_OUTPUT,
        "Lines of the process's own output that could not be written: nobody reads it, or there is no room."
    );
    for name in [LOST_LEASES, DROPPED_LINES, LOST_OUTPUT] {
        counter!(name).increment(0);
    }
    gauge!(READERS).increment(0);
}

/// An engine has started.
pub(crate) fn started(workers: usize) {
    gauge!(WORKERS).set(workers as f64);
    database_away(false);
}

/// A worker is busy as long as this lives.
pub(crate) struct Busy;

impl Busy {
    pub(crate) fn begin() -> Self {
        gauge!(BUSY).increment(1);
        Self
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        gauge!(BUSY).decrement(1);
    }
}

/// A reader follows the log as long as this lives.
#[derive(Debug)]
pub(crate) struct Reading;

impl Reading {
    pub(crate) fn begin() -> Self {
        gauge!(READERS).increment(1);
        Self
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        gauge!(READERS).decrement(1);
    }
}

/// Whether the database is away, as the dispatcher sees it.
pub(crate) fn database_away(is_away: bool) {
    gauge!(DATABASE_AWAY).set(if is_away { 1.0 } else { 0.0 });
}

/// Lines were stored.
pub(crate) fn lines_stored(levels: impl Iterator<Item = Level>) {
    const LEVELS: [Level; 4] = [Level::Debug, Level::Info, Level::Warning, Level::Error];
    let mut counts = [0; LEVELS.len()];
    levels.for_each(|level| counts[level as usize] += 1);
    for (level, count) in LEVELS.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
        counter!(LINES, "level" => level.as_str()).increment(count);
    }
}

pub(crate) fn line_dropped() {
    counter!(DROPPED_LINES).increment(1);
}

pub(crate) fn condition_asked(condition: &Condition, held: bool) {
    let word = match condition {
        Condition::NewData => "new_data",
        Condition::AccountHealthy => "account_healthy",
        Condition::ErpReachable => "erp_reachable",
        Condition::Window(_) => "window",
        Condition::SucceededWithin { .. } => "succeeded_within",
    };
    let outcome = if held { "held" } else { "skipped" };
    counter!(CONDITIONS, "condition" => word, "outcome" => outcome).increment(1);
}

pub(crate) fn probe_failed(job_type: &str) {
    counter!(FAILED_PROBES, "job_type" => job_type.to_owned()).increment(1);
}

pub(crate) fn health_changed(change: HealthChange) {
    counter!(HEALTH, "change" => change.as_str()).increment(1);
}

pub(crate) fn alert(channel: &'static str, outcome: &'static str) {
    counter!(ALERTS, "channel" => channel, "outcome" => outcome).increment(1);
}

pub(crate) fn task_restarted(task: &'static str) {
    counter!(RESTARTS, "task" => task).increment(1);
}

pub(crate) fn output_line_lost() {
    counter!(LOST_OUTPUT).increment(1);
}
