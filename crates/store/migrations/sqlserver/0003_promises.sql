-- What the scheduler promises beyond intervals: policies, chains, the fuse and its alerts.

ALTER TABLE marktwerk.jobs ADD policies nvarchar(max) NOT NULL DEFAULT '{}'
GO
ALTER TABLE marktwerk.jobs ADD target nvarchar(max) NOT NULL DEFAULT '{"account":"","lane":null,"accepts":[]}'
GO
ALTER TABLE marktwerk.jobs ADD health nvarchar(max) NOT NULL DEFAULT '{}'
GO
ALTER TABLE marktwerk.jobs ADD last_success_at bigint NULL
GO
ALTER TABLE marktwerk.jobs ADD last_marker nvarchar(max) NULL
GO
ALTER TABLE marktwerk.runs ADD from_step nvarchar(100) NULL
GO
ALTER TABLE marktwerk.runs ADD marker nvarchar(max) NULL
GO
-- Which jobs follow on which, written with the job.
CREATE TABLE marktwerk.chains (
    parent nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    child nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    on_end varchar(30) NOT NULL,
    PRIMARY KEY (parent, child, on_end)
)
GO
CREATE INDEX chains_child ON marktwerk.chains (child)
GO
-- State changes that people are told of, stored with the change itself.
CREATE TABLE marktwerk.alerts (
    id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    change varchar(30) NULL,
    job_id nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    run_id bigint NULL,
    title nvarchar(max) NOT NULL,
    message nvarchar(max) NOT NULL
)
