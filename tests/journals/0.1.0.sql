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
INSERT INTO "requests" VALUES('q_30d1af92167f','/desk/shop0',1795733413747,126250000,6,7);
INSERT INTO "requests" VALUES('q_37e3e51c9c46','/desk/shop0',1795733413851,4335200000,15,16);
INSERT INTO "requests" VALUES('q_305290419f92','/desk/shop0',1795733414331,16595000,19,20);
INSERT INTO "requests" VALUES('q_945ba6a0fc63','/desk/shop0',1795733418656,15600000,47,48);
INSERT INTO "requests" VALUES('q_51bb7765737c','/desk/shop0',1795733418683,21535000,49,51);
INSERT INTO "requests" VALUES('q_6b3f50dd440f','/desk/shop0',1795733418684,87160000,50,53);
INSERT INTO "requests" VALUES('q_7b235fda1bcf','/desk/shop0',1795733418728,46410000,62,64);
INSERT INTO "requests" VALUES('q_bb53055094fa','/desk/shop0',1795733418737,40785000,66,68);
INSERT INTO "requests" VALUES('q_2c260721b4eb','/desk/shop0',1795733418996,3995000000,84,85);
INSERT INTO "requests" VALUES('q_02d33f7b499c','/desk/shop0',1795733419784,3100000000,117,118);
INSERT INTO "requests" VALUES('q_7e8bc1d888aa','/desk/shop0',1795733419791,964600000,121,122);
INSERT INTO "requests" VALUES('q_98ddaa8ac26b','/desk/shop0',1795733420254,27805000,140,141);
INSERT INTO "requests" VALUES('q_7fc8c72d037a','/desk/shop0',1795733420266,26870000,146,147);
INSERT INTO "requests" VALUES('q_29b6c480aa27','/desk/shop0',1795733422012,23660000,183,184);
INSERT INTO "requests" VALUES('q_deff33294a1b','/desk/shop0',1795733422620,40535000,205,206);
INSERT INTO "requests" VALUES('q_2294b3a0e118','/desk/shop0',1795733422783,94285000,223,224);
INSERT INTO "requests" VALUES('q_23494a890d58','/desk/shop0',1795733423343,20535000,244,245);
INSERT INTO "requests" VALUES('q_88081c213fc0','/desk/shop0',1795733423380,31355000,252,253);
INSERT INTO "requests" VALUES('q_0ba497b3de55','/desk/shop0',1795733423541,24285000,268,269);
INSERT INTO "requests" VALUES('q_df7df3e32046','/desk/shop0',1795733423921,394100000,285,286);
INSERT INTO "requests" VALUES('q_23aca4bdfdbd','/desk/shop0',1795733424118,5185000000,288,289);
INSERT INTO "requests" VALUES('q_e437116415e0','/desk/shop0',1795733424451,12285000,298,299);
INSERT INTO "requests" VALUES('q_ca98597d83a4','/desk/shop0',1795733424466,21410000,300,302);
INSERT INTO "requests" VALUES('q_32d0f3930d11','/desk/shop0',1795733424466,21410000,301,304);
INSERT INTO "requests" VALUES('q_44fa5f0ae19c','/desk/shop0',1795733425138,1520160000,331,332);
INSERT INTO "requests" VALUES('q_0ae22f263f9f','/desk/shop0',1795733425156,393525000,339,340);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995259,20586355000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_33b219bd',0);
INSERT INTO "streams" VALUES('r_5e8158b8',0);
INSERT INTO "streams" VALUES('r_6d26c30c',0);
INSERT INTO "streams" VALUES('r_8fcc499a',0);
INSERT INTO "streams" VALUES('r_b1f5bea1',0);
INSERT INTO "streams" VALUES('r_b70b8a8b',0);
INSERT INTO "streams" VALUES('r_f0edfe3e',0);
INSERT INTO "streams" VALUES('r_f6617d76',0);
INSERT INTO "streams" VALUES('shadow_r_f0edfe3e',0);
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
