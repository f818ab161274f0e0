BEGIN TRANSACTION;
CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        repository TEXT,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
CREATE TABLE requests (
        request_id TEXT PRIMARY KEY,
        repository TEXT NOT NULL,
        at INTEGER NOT NULL,
        counted INTEGER NOT NULL,
        reserved_seq INTEGER NOT NULL REFERENCES events (seq),
        settled_seq INTEGER REFERENCES events (seq)
    ) STRICT;
INSERT INTO "requests" VALUES('q_f57faf5d5136','/desk/shop0',1795732772360,126250000,6,7);
INSERT INTO "requests" VALUES('q_df33e6b0f88d','/desk/shop0',1795732772484,4335200000,14,15);
INSERT INTO "requests" VALUES('q_6c87786ebea9','/desk/shop0',1795732773609,16595000,18,19);
INSERT INTO "requests" VALUES('q_125e73f26717','/desk/shop0',1795732780965,15600000,46,47);
INSERT INTO "requests" VALUES('q_66e19769a66c','/desk/shop0',1795732781097,21535000,50,53);
INSERT INTO "requests" VALUES('q_89adbb4ea9ae','/desk/shop0',1795732781099,40785000,51,55);
INSERT INTO "requests" VALUES('q_dea76379265e','/desk/shop0',1795732781152,46410000,62,65);
INSERT INTO "requests" VALUES('q_9bf6718a6282','/desk/shop0',1795732781352,66660000,67,69);
INSERT INTO "requests" VALUES('q_25242ae501b5','/desk/shop0',1795732782548,3995000000,83,84);
INSERT INTO "requests" VALUES('q_6c76bc141433','/desk/shop0',1795732785230,3100000000,112,113);
INSERT INTO "requests" VALUES('q_441df1a066c0','/desk/shop0',1795732785283,719600000,116,117);
INSERT INTO "requests" VALUES('q_ab80292c6d19','/desk/shop0',1795732786359,27805000,135,137);
INSERT INTO "requests" VALUES('q_035e5db17dcd','/desk/shop0',1795732786429,26870000,142,143);
INSERT INTO "requests" VALUES('q_1c5abc68ea0e','/desk/shop0',1795732790388,23660000,178,179);
INSERT INTO "requests" VALUES('q_e327e34db5a5','/desk/shop0',1795732791399,40535000,200,201);
INSERT INTO "requests" VALUES('q_f79647021997','/desk/shop0',1795732791799,94285000,218,219);
INSERT INTO "requests" VALUES('q_9d8a2a4e43d1','/desk/shop0',1795732793156,20535000,240,241);
INSERT INTO "requests" VALUES('q_d55089085007','/desk/shop0',1795732793280,31355000,248,249);
INSERT INTO "requests" VALUES('q_f4f8a8bf997e','/desk/shop0',1795732793547,24285000,264,265);
INSERT INTO "requests" VALUES('q_cda12b9de470','/desk/shop0',1795732794231,394100000,281,282);
INSERT INTO "requests" VALUES('q_e9894051d85f','/desk/shop0',1795732794538,5185000000,284,285);
INSERT INTO "requests" VALUES('q_d52c5c768bed','/desk/shop0',1795732795031,12285000,294,295);
INSERT INTO "requests" VALUES('q_14c6dbe6b276','/desk/shop0',1795732795045,21410000,296,298);
INSERT INTO "requests" VALUES('q_7882f1d371c4','/desk/shop0',1795732795045,21410000,297,300);
INSERT INTO "requests" VALUES('q_eb4f07def3ae','/desk/shop0',1795732796335,1520160000,328,329);
INSERT INTO "requests" VALUES('q_f6127c3f4ba5','/desk/shop0',1795732796400,393525000,336,337);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995258,20320855000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_5e813b14',0);
INSERT INTO "streams" VALUES('r_606e7deb',0);
INSERT INTO "streams" VALUES('r_649aaa99',0);
INSERT INTO "streams" VALUES('r_873c773a',0);
INSERT INTO "streams" VALUES('r_a0e5e60a',0);
INSERT INTO "streams" VALUES('r_acfb77d6',0);
INSERT INTO "streams" VALUES('r_d6888c11',0);
INSERT INTO "streams" VALUES('r_da09859b',0);
INSERT INTO "streams" VALUES('shadow_r_acfb77d6',0);
CREATE INDEX runs_by_start ON events (seq) WHERE kind = 'run_created';
CREATE INDEX requests_by_time ON requests (at);
CREATE INDEX requests_open ON requests (reserved_seq) WHERE settled_seq IS NULL;
CREATE INDEX records ON events (seq) WHERE kind = 'task_recorded';
CREATE INDEX endings ON events (run_id, seq)
        WHERE kind IN ('run_accepted', 'run_undone', 'run_discarded');
CREATE TRIGGER events_in_streams AFTER INSERT ON events BEGIN
        INSERT OR IGNORE INTO streams VALUES (new.run_id, new.seq / 1024);
    END;
CREATE INDEX shadows ON events (run_id) WHERE kind = 'shadow_finished';
COMMIT;
PRAGMA user_version = 3;
