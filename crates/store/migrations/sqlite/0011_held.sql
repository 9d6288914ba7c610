-- The waiting runs of a paused job are held until it is resumed, except those of a person: what somebody started goes on, and so do
-- its later slices. Whatever waits at this upgrade goes on as before.
ALTER TABLE runs ADD COLUMN by_person INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET by_person = 1
    WHERE cause IN ('manual', 'again') OR (cause = 'more_to_do' AND state IN ('waiting', 'running', 'retrying'));

DROP INDEX runs_ready;
CREATE INDEX runs_ready ON runs (priority, ready_at, id, job_id, lane, account, job_type, state)
    WHERE state IN ('waiting', 'retrying') AND held = 0;

-- Lines are listed in the order in which they were stored, whatever the clock showed: each index ends in the line's number.
DROP INDEX scheduler_logs_level;
CREATE INDEX scheduler_logs_level ON scheduler_logs (level);
DROP INDEX scheduler_logs_job;
CREATE INDEX scheduler_logs_job ON scheduler_logs (rtrim(job_id, '0123456789'));
