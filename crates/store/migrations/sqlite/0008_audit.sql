-- Who changed what: stored with the change itself.

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    run_id INTEGER,
    value_before TEXT,
    value_after TEXT
) STRICT;

CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_subject ON audit (subject, id);
CREATE INDEX audit_run ON audit (run_id, id) WHERE run_id IS NOT NULL;
