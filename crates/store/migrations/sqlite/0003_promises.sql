-- What the scheduler promises beyond intervals: policies, chains, the fuse and its alerts.

ALTER TABLE jobs ADD COLUMN policies TEXT NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN target TEXT NOT NULL DEFAULT '{"account":"","lane":null,"accepts":[]}';
ALTER TABLE jobs ADD COLUMN health TEXT NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN last_success_at INTEGER;
ALTER TABLE jobs ADD COLUMN last_marker TEXT;
UPDATE jobs SET last_success_at = last_run WHERE last_succeeded = 1;

ALTER TABLE runs ADD COLUMN from_step TEXT;
ALTER TABLE runs ADD COLUMN marker TEXT;

-- Limits by account and job type are looked at in passing, too.
DROP INDEX runs_ready;
CREATE INDEX runs_ready ON runs (priority, ready_at, id, job_id, lane, account, job_type, state)
    WHERE state IN ('waiting', 'retrying');

-- Which jobs follow on which, written with the job.
CREATE TABLE chains (
    parent TEXT NOT NULL,
    child TEXT NOT NULL,
    on_end TEXT NOT NULL,
    PRIMARY KEY (parent, child, on_end)
) STRICT, WITHOUT ROWID;
CREATE INDEX chains_child ON chains (child);

-- State changes that people are told of, stored with the change itself.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    change TEXT,
    job_id TEXT NOT NULL,
    run_id INTEGER,
    title TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT;
