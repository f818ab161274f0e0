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
INSERT INTO "requests" VALUES('q_e2fcb066d359','/desk/shop0',1795735218479,126250000,6,7);
INSERT INTO "requests" VALUES('q_621847d79c37','/desk/shop0',1795735218579,4335200000,16,17);
INSERT INTO "requests" VALUES('q_ebd636b1256f','/desk/shop0',1795735218901,16595000,20,21);
INSERT INTO "requests" VALUES('q_4449a1b0bc47','/desk/shop0',1795735222882,15600000,50,52);
INSERT INTO "requests" VALUES('q_edb4a58b86cc','/desk/shop0',1795735222913,40785000,55,59);
INSERT INTO "requests" VALUES('q_08ad9263799b','/desk/shop0',1795735222917,87160000,56,61);
INSERT INTO "requests" VALUES('q_564e47b14e40','/desk/shop0',1795735222918,21535000,57,63);
INSERT INTO "requests" VALUES('q_7e8698e45599','/desk/shop0',1795735222949,46410000,66,70);
INSERT INTO "requests" VALUES('q_53ed62b1c3f5','/desk/shop0',1795735223115,3995000000,85,86);
INSERT INTO "requests" VALUES('q_4d7a0d41ba5d','/desk/shop0',1795735223612,3100000000,118,119);
INSERT INTO "requests" VALUES('q_cc679c4f7505','/desk/shop0',1795735223625,964600000,122,123);
INSERT INTO "requests" VALUES('q_2191ab4453ea','/desk/shop0',1795735223850,27805000,141,142);
INSERT INTO "requests" VALUES('q_65aae0bdca46','/desk/shop0',1795735223891,26870000,150,151);
INSERT INTO "requests" VALUES('q_e4661d8232cc','/desk/shop0',1795735225178,23660000,185,186);
INSERT INTO "requests" VALUES('q_6b48a816fbed','/desk/shop0',1795735225615,40535000,207,208);
INSERT INTO "requests" VALUES('q_dd0aff5f06a2','/desk/shop0',1795735225746,94285000,225,226);
INSERT INTO "requests" VALUES('q_334fff0d411a','/desk/shop0',1795735226148,20535000,246,247);
INSERT INTO "requests" VALUES('q_ca840a405b61','/desk/shop0',1795735226201,31355000,256,257);
INSERT INTO "requests" VALUES('q_ae43322b2c61','/desk/shop0',1795735226308,20035000,271,272);
INSERT INTO "requests" VALUES('q_80f821bcc7a6','/desk/shop0',1795735226345,15515000,279,280);
INSERT INTO "requests" VALUES('q_cff402a68505','/desk/shop0',1795735226949,13975000,306,307);
INSERT INTO "requests" VALUES('q_4cd577822046','/desk/shop0',1795735227354,31100000,325,326);
INSERT INTO "requests" VALUES('q_6a6ee926bdd2','/desk/shop0',1795735227662,536000000,342,343);
INSERT INTO "requests" VALUES('q_505c38fad8b7','/desk/shop0',1795735227833,5200000000,345,346);
INSERT INTO "requests" VALUES('q_adcafab63753','/desk/shop0',1795735228105,12315000,355,356);
INSERT INTO "requests" VALUES('q_72933b476829','/desk/shop0',1795735228110,21440000,357,359);
INSERT INTO "requests" VALUES('q_a6f0880e26fc','/desk/shop0',1795735228111,21440000,358,361);
INSERT INTO "requests" VALUES('q_3e137d156c02','/desk/shop0',1795735228630,1520190000,388,389);
INSERT INTO "requests" VALUES('q_d810a817e57e','/desk/shop0',1795735228674,393555000,398,399);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995261,20799745000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_036cd638',0);
INSERT INTO "streams" VALUES('r_0829d468',0);
INSERT INTO "streams" VALUES('r_4361117b',0);
INSERT INTO "streams" VALUES('r_47a81e3a',0);
INSERT INTO "streams" VALUES('r_6c7b85b7',0);
INSERT INTO "streams" VALUES('r_7df48002',0);
INSERT INTO "streams" VALUES('r_b4ce7d5f',0);
INSERT INTO "streams" VALUES('r_babe7594',0);
INSERT INTO "streams" VALUES('r_bf8f2de5',0);
INSERT INTO "streams" VALUES('shadow_r_036cd638',0);
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
