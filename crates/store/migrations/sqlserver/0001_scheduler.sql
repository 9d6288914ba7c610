-- Jobs, their runs and attempts, the documented log table, and small facts by name. Ours stand in a schema of their own, so that
-- they never meet a table of another program; the documented table stays where it is.
-- Times are bigint microseconds UTC wherever a name does not say otherwise. Keys compare by code point, as they do elsewhere.

IF SCHEMA_ID('marktwerk') IS NULL EXEC('CREATE SCHEMA marktwerk')
GO
CREATE TABLE marktwerk.jobs (
    id nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL PRIMARY KEY,
    job_type nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    written_type nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    account nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    schedule nvarchar(max) NOT NULL,
    enabled bit NOT NULL,
    description nvarchar(max) NOT NULL,
    parameters nvarchar(max) NOT NULL,
    priority int NOT NULL,
    retry nvarchar(max) NOT NULL,
    version bigint NOT NULL,
    anchor bigint NOT NULL,
    next_due bigint NULL,
    created_at bigint NOT NULL,
    archived bit NOT NULL,
    last_run bigint NULL,
    last_duration float NULL,
    last_error nvarchar(max) NULL,
    last_succeeded bit NULL,
    failures_in_a_row bigint NOT NULL
)
GO
CREATE INDEX jobs_due ON marktwerk.jobs (next_due, enabled, archived)
GO
CREATE TABLE marktwerk.runs (
    id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    job_id nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    job_type nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    account nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    lane nvarchar(200) COLLATE Latin1_General_BIN2 NULL,
    cause varchar(30) NOT NULL,
    caused_by bigint NULL,
    planned_at bigint NOT NULL,
    created_at bigint NOT NULL,
    ready_at bigint NOT NULL,
    state varchar(30) NOT NULL,
    priority int NOT NULL,
    parameters nvarchar(max) NOT NULL,
    attempts_used bigint NOT NULL DEFAULT 0,
    attempt bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,
    started_at bigint NULL,
    attempt_started_at bigint NULL,
    ended_at bigint NULL,
    warnings bigint NOT NULL DEFAULT 0,
    error nvarchar(max) NULL,
    steps nvarchar(max) NOT NULL DEFAULT '[]',
    merged bigint NOT NULL DEFAULT 0,
    cancel_requested bit NOT NULL DEFAULT 0,
    cancel_reason nvarchar(max) NULL,
    last_line bigint NOT NULL DEFAULT 0,
    node nvarchar(100) NULL,
    lease_until bigint NULL
)
GO
-- A job's runs, newest first; and the run that stands for a planned time.
CREATE INDEX runs_job ON marktwerk.runs (job_id, id)
GO
CREATE INDEX runs_planned ON marktwerk.runs (job_id, planned_at, cause)
GO
-- What a job has at work or in the queue, among the many runs that are over.
CREATE INDEX runs_live ON marktwerk.runs (job_id, state)
GO
-- Runs in a state, newest first.
CREATE INDEX runs_state ON marktwerk.runs (state, id)
GO
-- Covers what a claim looks at, so that passing over a long queue of blocked runs reads no row. A heartbeat changes none of it.
CREATE INDEX runs_ready ON marktwerk.runs (state, priority, ready_at, id) INCLUDE (job_id, lane, account, job_type)
GO
CREATE TABLE marktwerk.attempts (
    run_id bigint NOT NULL,
    number bigint NOT NULL,
    epoch bigint NOT NULL,
    node nvarchar(100) NOT NULL,
    started_at bigint NOT NULL,
    ended_at bigint NULL,
    outcome varchar(30) NOT NULL,
    error nvarchar(max) NULL,
    PRIMARY KEY (run_id, number)
)
GO
CREATE TABLE marktwerk.facts (
    name nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL PRIMARY KEY,
    value nvarchar(max) NOT NULL
)
GO
-- The documented table. [timestamp] is the server's local wall time, as GETDATE() gives it; the columns from [run] on are ours. Where
-- the system in use today has made it already, it keeps its rows and everything it has.
IF OBJECT_ID('dbo.scheduler_logs', 'U') IS NULL
CREATE TABLE dbo.scheduler_logs (
    log_id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    job_id varchar(255) NOT NULL,
    job_type varchar(100) NOT NULL,
    level varchar(20) NOT NULL,
    message nvarchar(max) NOT NULL,
    timestamp datetime2 NOT NULL DEFAULT GETDATE(),
    duration_seconds float NULL,
    status varchar(20) NULL,
    error_text nvarchar(max) NULL
)
GO
IF COL_LENGTH('dbo.scheduler_logs', 'run') IS NULL ALTER TABLE dbo.scheduler_logs ADD run bigint NULL
GO
IF COL_LENGTH('dbo.scheduler_logs', 'attempt') IS NULL ALTER TABLE dbo.scheduler_logs ADD attempt bigint NULL
GO
IF COL_LENGTH('dbo.scheduler_logs', 'step') IS NULL ALTER TABLE dbo.scheduler_logs ADD step nvarchar(100) NULL
GO
IF COL_LENGTH('dbo.scheduler_logs', 'line') IS NULL ALTER TABLE dbo.scheduler_logs ADD line bigint NULL
GO
IF COL_LENGTH('dbo.scheduler_logs', 'at_utc') IS NULL ALTER TABLE dbo.scheduler_logs ADD at_utc bigint NULL
GO
IF COL_LENGTH('dbo.scheduler_logs', 'fields') IS NULL ALTER TABLE dbo.scheduler_logs ADD fields nvarchar(max) NULL
GO
CREATE INDEX marktwerk_logs_job_id ON dbo.scheduler_logs (job_id, timestamp)
GO
CREATE INDEX marktwerk_logs_timestamp ON dbo.scheduler_logs (timestamp)
GO
CREATE INDEX marktwerk_logs_level ON dbo.scheduler_logs (level, timestamp)
GO
CREATE INDEX marktwerk_logs_status ON dbo.scheduler_logs (status, timestamp) INCLUDE (job_id, job_type, duration_seconds, at_utc)
