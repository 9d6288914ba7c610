//! What the database itself can do: the same rows, written by a loop that decides nothing.

use std::path::Path;
use std::time::Instant;

use jiff::tz::TimeZone;
use marktwerk_store::sqlite::SqliteStore;
use rusqlite::{Connection, params};

use crate::house::folder;
use crate::{percentile, report};

const RUNS: usize = 40_000;
const LINES: usize = 200_000;
const COMMITS: usize = 2_000;
/// Runs per transaction, as many as the engine has workers.
const BATCH: usize = 1_024;

pub(crate) fn measure() {
    let folder = folder();
    runs(&open(&folder.path().join("runs.db")));
    lines(&open(&folder.path().join("lines.db")));
    commits(&open(&folder.path().join("commits.db")));
}

/// A file with the program's schema, and a connection in its settings.
fn open(path: &Path) -> Connection {
    drop(SqliteStore::open(path, TimeZone::UTC).unwrap());
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000; \
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
        )
        .unwrap();
    connection.set_prepared_statement_cache_capacity(64);
    connection
}

const RUN: &str = "INSERT INTO runs (job_id, job_type, account, cause, planned_at, created_at, ready_at, state, priority, \
     parameters, attempts_used, attempt, epoch, started_at, attempt_started_at, ended_at, last_line) \
     VALUES (?1, 'empty', '', 'manual', ?2, ?2, ?2, 'succeeded', 1, '{}', 1, 1, 1, ?2, ?2, ?2, 2)";
const ATTEMPT: &str = "INSERT INTO attempts (run_id, number, epoch, node, started_at, ended_at, outcome) \
     VALUES (?1, 1, 1, '0123456789abcdef', ?2, ?2, 'succeeded')";
const LINE: &str = "INSERT INTO scheduler_logs (job_id, job_type, level, message, timestamp, duration_seconds, status, run, \
     attempt, line, at_utc) VALUES (?1, 'empty', 'INFO', ?2, '2026-11-23 09:00:00.000000', ?3, ?4, ?5, 1, ?6, ?7)";

/// Each run row inserted once in its final state, its attempt, and its two lines. (The engine also queues and claims it.)
fn runs(connection: &Connection) {
    let started = Instant::now();
    for batch in 0..RUNS.div_ceil(BATCH) {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for number in (batch * BATCH)..RUNS.min((batch + 1) * BATCH) {
            let at = 1_790_000_000_000_000 + number as i64;
            let job = format!("empty-{}", number % 2_000);
            connection.prepare_cached(RUN).unwrap().execute(params![job, at]).unwrap();
            let id = connection.last_insert_rowid();
            connection.prepare_cached(ATTEMPT).unwrap().execute(params![id, at]).unwrap();
            let execution = format!("{job}_{id}");
            let no_status: Option<&str> = None;
            let opening =
                params![execution, "empty started (manual, attempt 1)", no_status, no_status, id, 1, at];
            connection.prepare_cached(LINE).unwrap().execute(opening).unwrap();
            let closing = params![execution, "empty finished in 0.0 s", 0.0001, "SUCCESS", id, 2, at];
            connection.prepare_cached(LINE).unwrap().execute(closing).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    let per_second = RUNS as f64 / started.elapsed().as_secs_f64();
    let note =
        format!("{RUNS} finished runs with their attempts and lines, inserted {BATCH} per transaction");
    report("limit_runs_per_second", per_second, &note);
}

fn lines(connection: &Connection) {
    let started = Instant::now();
    for batch in 0..LINES / 500 {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for number in (batch * 500) as i64..((batch + 1) * 500) as i64 {
            let no_status: Option<&str> = None;
            let message = format!("line {number} of a run that says what it does, as runs do");
            let line = params!["empty-1_1", message, no_status, no_status, 1, number, number];
            connection.prepare_cached(LINE).unwrap().execute(line).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    let per_second = LINES as f64 / started.elapsed().as_secs_f64();
    report("limit_log_lines_per_second", per_second, &format!("{LINES} lines, 500 per transaction"));
}

/// One run row per transaction: what no answer that is on disk can be quicker than.
fn commits(connection: &Connection) {
    let mut took = Vec::with_capacity(COMMITS);
    for number in 0..COMMITS {
        let started = Instant::now();
        connection.prepare_cached(RUN).unwrap().execute(params!["empty-1", number as i64]).unwrap();
        took.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    took.sort_by(f64::total_cmp);
    let note = format!("{COMMITS} run rows, each in a transaction of its own");
    report("limit_commits_per_second", COMMITS as f64 / (took.iter().sum::<f64>() / 1_000.0), &note);
    report("limit_commit_p50_ms", percentile(&took, 0.50), &note);
    report("limit_commit_p99_ms", percentile(&took, 0.99), &note);
}
