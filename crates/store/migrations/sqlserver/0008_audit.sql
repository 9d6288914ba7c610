-- Who changed what: stored with the change itself.

CREATE TABLE marktwerk.audit (
    id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    who nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    action varchar(60) COLLATE Latin1_General_BIN2 NOT NULL,
    subject nvarchar(450) COLLATE Latin1_General_BIN2 NOT NULL,
    run_id bigint NULL,
    value_before nvarchar(max) NULL,
    value_after nvarchar(max) NULL
)
GO
CREATE INDEX audit_who ON marktwerk.audit (who, id)
GO
CREATE INDEX audit_subject ON marktwerk.audit (subject, id)
GO
CREATE INDEX audit_run ON marktwerk.audit (run_id, id)
