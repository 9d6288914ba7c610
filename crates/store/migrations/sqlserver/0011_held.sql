-- The waiting runs of a paused job are held until it is resumed, except those of a person: what somebody started goes on, and so do
-- its later slices. Whatever waits at this upgrade goes on as before.
ALTER TABLE marktwerk.runs ADD by_person bit NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.runs ADD held bit NOT NULL DEFAULT 0
GO
UPDATE marktwerk.runs SET by_person = 1
WHERE cause IN ('manual', 'again') OR (cause = 'more_to_do' AND state IN ('waiting', 'running', 'retrying'))
GO
DROP INDEX runs_ready ON marktwerk.runs
GO
CREATE INDEX runs_ready ON marktwerk.runs (state, held, priority, ready_at, id) INCLUDE (job_id, lane, account, job_type)
GO
