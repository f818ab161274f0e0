BEGIN TRANSACTION;
CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        repository TEXT,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
CREATE INDEX events_by_run ON events (run_id, seq);
CREATE INDEX runs_by_start ON events (seq) WHERE kind = 'run_created';
COMMIT;
PRAGMA user_version = 1;
