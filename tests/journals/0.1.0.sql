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
INSERT INTO "requests" VALUES('q_ae4f50afd475','/desk/shop0',1795796526132,126250000,6,7);
INSERT INTO "requests" VALUES('q_3f5374b3f5d3','/desk/shop0',1795796526268,4335200000,16,17);
INSERT INTO "requests" VALUES('q_4be8e6a0fc88','/desk/shop0',1795796526525,16595000,20,21);
INSERT INTO "requests" VALUES('q_7cadeca98874','/desk/shop0',1795796528335,15600000,49,52);
INSERT INTO "requests" VALUES('q_9340eb599d63','/desk/shop0',1795796528858,21535000,55,58);
INSERT INTO "requests" VALUES('q_0ad85533332d','/desk/shop0',1795796528868,40785000,57,61);
INSERT INTO "requests" VALUES('q_b6a027f7e5da','/desk/shop0',1795796528872,86660000,60,65);
INSERT INTO "requests" VALUES('q_0ca0227c001f','/desk/shop0',1795796528902,46410000,64,67);
INSERT INTO "requests" VALUES('q_4b58814b0f60','/desk/shop0',1795796529501,3992500000,83,85);
INSERT INTO "requests" VALUES('q_d4907cb50190','/desk/shop0',1795796531087,3107500000,118,119);
INSERT INTO "requests" VALUES('q_9543d3284d46','/desk/shop0',1795796531133,964900000,122,123);
INSERT INTO "requests" VALUES('q_a762bdbb6f2c','/desk/shop0',1795796532214,27805000,141,142);
INSERT INTO "requests" VALUES('q_dc4bba55ef12','/desk/shop0',1795796532309,26870000,150,151);
INSERT INTO "requests" VALUES('q_8d9d7256bf0a','/desk/shop0',1795796534237,23660000,185,186);
INSERT INTO "requests" VALUES('q_76ff9a220e76','/desk/shop0',1795796534747,40535000,207,208);
INSERT INTO "requests" VALUES('q_796ccd5353e5','/desk/shop0',1795796535005,94285000,225,226);
INSERT INTO "requests" VALUES('q_08ec063e1ad1','/desk/shop0',1795796535560,20535000,246,247);
INSERT INTO "requests" VALUES('q_4835fa577c3f','/desk/shop0',1795796535644,31355000,256,257);
INSERT INTO "requests" VALUES('q_7231a64d8581','/desk/shop0',1795796535856,20035000,271,272);
INSERT INTO "requests" VALUES('q_1a2104d549fa','/desk/shop0',1795796535946,15515000,279,280);
INSERT INTO "requests" VALUES('q_7c6044b473ed','/desk/shop0',1795796536768,13975000,306,307);
INSERT INTO "requests" VALUES('q_25e859c32278','/desk/shop0',1795796537382,30475000,325,326);
INSERT INTO "requests" VALUES('q_93d2646bc286','/desk/shop0',1795796538110,35440000,357,358);
INSERT INTO "requests" VALUES('q_74128e2443d7','/desk/shop0',1795796538659,24315000,378,379);
INSERT INTO "requests" VALUES('q_1eb0fb0cafca','/desk/shop0',1795796539019,536000000,395,396);
INSERT INTO "requests" VALUES('q_355f1d1092c9','/desk/shop0',1795796539188,5200000000,398,399);
INSERT INTO "requests" VALUES('q_9eba9223b465','/desk/shop0',1795796539485,12315000,408,409);
INSERT INTO "requests" VALUES('q_e5d0f6660cd8','/desk/shop0',1795796539490,21440000,410,412);
INSERT INTO "requests" VALUES('q_41f193dd3a19','/desk/shop0',1795796539490,21440000,411,414);
INSERT INTO "requests" VALUES('q_1f0180451785','/desk/shop0',1795796540217,1520190000,441,442);
INSERT INTO "requests" VALUES('q_38c815430037','/desk/shop0',1795796540304,393555000,451,452);
INSERT INTO "requests" VALUES('q_750818742536','/desk/shop0',1795796541047,23565000,473,474);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995329,20887240000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_15b8e45f',0);
INSERT INTO "streams" VALUES('r_4e89d066',0);
INSERT INTO "streams" VALUES('r_541c9237',0);
INSERT INTO "streams" VALUES('r_793c4fa3',0);
INSERT INTO "streams" VALUES('r_81ad30e2',0);
INSERT INTO "streams" VALUES('r_ab2af987',0);
INSERT INTO "streams" VALUES('r_affdcab4',0);
INSERT INTO "streams" VALUES('r_c89103e3',0);
INSERT INTO "streams" VALUES('r_cbc2a193',0);
INSERT INTO "streams" VALUES('r_d8a806c3',0);
INSERT INTO "streams" VALUES('r_f1eaeb61',0);
INSERT INTO "streams" VALUES('shadow_r_c89103e3',0);
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
