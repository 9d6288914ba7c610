-- Jobs, their runs and attempts, the documented log table, and small facts by name.
-- Times are integer microseconds UTC wherever a name does not say otherwise.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY NOT NULL,
    job_type TEXT NOT NULL,
    written_type TEXT NOT NULL,
    account TEXT NOT NULL,
    schedule TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    description TEXT NOT NULL,
    parameters TEXT NOT NULL,
    priority INTEGER NOT NULL,
    retry TEXT NOT NULL,
    version INTEGER NOT NULL,
    anchor INTEGER NOT NULL,
    next_due INTEGER,
    created_at INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    last_run INTEGER,
    last_duration REAL,
    last_error TEXT,
    last_succeeded INTEGER,
    failures_in_a_row INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_due ON jobs (next_due) WHERE enabled = 1 AND archived = 0 AND next_due IS NOT NULL;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL,
    job_type TEXT NOT NULL,
    account TEXT NOT NULL,
    lane TEXT,
    cause TEXT NOT NULL,
    caused_by INTEGER,
    planned_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    parameters TEXT NOT NULL,
    attempts_used INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER,
    attempt_started_at INTEGER,
    ended_at INTEGER,
    warnings INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    steps TEXT NOT NULL DEFAULT '[]',
    merged INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    cancel_reason TEXT,
    last_line INTEGER NOT NULL DEFAULT 0,
    node TEXT,
    lease_until INTEGER
) STRICT;

CREATE INDEX runs_job ON runs (job_id);
CREATE INDEX runs_state ON runs (state);
CREATE INDEX runs_live ON runs (job_id) WHERE state IN ('waiting', 'running', 'retrying');
-- Covers what a claim looks at, so that passing over a long queue of blocked runs reads no row.
CREATE INDEX runs_ready ON runs (priority, ready_at, id, job_id, lane, state)
    WHERE state IN ('waiting', 'retrying');
CREATE UNIQUE INDEX runs_planned ON runs (job_id, planned_at) WHERE cause = 'schedule';

CREATE TABLE attempts (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    node TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

-- The documented table. `timestamp` is local wall time of the configured zone; the columns from `run` on are ours.
CREATE TABLE scheduler_logs (
    log_id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id varchar(255) NOT NULL,
    job_type varchar(100) NOT NULL,
    level varchar(20) NOT NULL,
    message TEXT NOT NULL,
    timestamp TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime') || '000'),
    duration_seconds REAL,
    status varchar(20),
    error_text TEXT,
    run INTEGER,
    attempt INTEGER,
    step TEXT,
    line INTEGER,
    at_utc INTEGER,
    fields TEXT
);

CREATE INDEX scheduler_logs_job_id ON scheduler_logs (job_id);
CREATE INDEX scheduler_logs_timestamp ON scheduler_logs (timestamp);
CREATE INDEX scheduler_logs_level ON scheduler_logs (level, timestamp);
-- All runs of one job, newest first: an execution's id without its number.
CREATE INDEX scheduler_logs_job ON scheduler_logs (rtrim(job_id, '0123456789'), timestamp);
-- Statistics read closing lines only, and nothing but this index.
CREATE INDEX scheduler_logs_closing ON scheduler_logs (timestamp, at_utc, status, duration_seconds, job_id, job_type)
    WHERE status IS NOT NULL;

CREATE TABLE facts (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
