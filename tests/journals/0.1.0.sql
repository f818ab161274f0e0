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
INSERT INTO "requests" VALUES('q_5d3d81951f8c','/desk/shop0',1795736312403,126250000,6,7);
INSERT INTO "requests" VALUES('q_00c161d5e980','/desk/shop0',1795736312529,4335200000,16,17);
INSERT INTO "requests" VALUES('q_9cde40447909','/desk/shop0',1795736313292,16595000,20,21);
INSERT INTO "requests" VALUES('q_58813db9fd3a','/desk/shop0',1795736318321,15600000,47,48);
INSERT INTO "requests" VALUES('q_17dc49975487','/desk/shop0',1795736318344,21535000,50,53);
INSERT INTO "requests" VALUES('q_8af166880671','/desk/shop0',1795736318369,40785000,56,60);
INSERT INTO "requests" VALUES('q_5d2632500159','/desk/shop0',1795736318384,46410000,59,63);
INSERT INTO "requests" VALUES('q_823f3a4f31f1','/desk/shop0',1795736318420,87160000,69,71);
INSERT INTO "requests" VALUES('q_6cf9ba9faff3','/desk/shop0',1795736318725,3995000000,82,83);
INSERT INTO "requests" VALUES('q_3818778395c1','/desk/shop0',1795736319756,3100000000,118,119);
INSERT INTO "requests" VALUES('q_182d2fdd55f1','/desk/shop0',1795736319772,964600000,122,123);
INSERT INTO "requests" VALUES('q_e54c75f7045f','/desk/shop0',1795736320481,27805000,141,142);
INSERT INTO "requests" VALUES('q_29c0ba740b74','/desk/shop0',1795736320568,26870000,150,151);
INSERT INTO "requests" VALUES('q_957fc50aee84','/desk/shop0',1795736323182,23660000,185,186);
INSERT INTO "requests" VALUES('q_9233a829d60b','/desk/shop0',1795736323977,40535000,207,208);
INSERT INTO "requests" VALUES('q_923a4f9e7d2d','/desk/shop0',1795736324224,94285000,225,226);
INSERT INTO "requests" VALUES('q_707dd72edfc8','/desk/shop0',1795736325058,20535000,246,247);
INSERT INTO "requests" VALUES('q_ad17a6e6462a','/desk/shop0',1795736325216,31355000,256,257);
INSERT INTO "requests" VALUES('q_272bf85fb139','/desk/shop0',1795736325460,20035000,271,272);
INSERT INTO "requests" VALUES('q_08b26985fb93','/desk/shop0',1795736325525,15515000,279,280);
INSERT INTO "requests" VALUES('q_c8c95da4faef','/desk/shop0',1795736327402,13975000,306,307);
INSERT INTO "requests" VALUES('q_907daa0a4e93','/desk/shop0',1795736328589,30475000,325,326);
INSERT INTO "requests" VALUES('q_1ac07d812814','/desk/shop0',1795736330096,35440000,357,358);
INSERT INTO "requests" VALUES('q_855dbf89585a','/desk/shop0',1795736331005,24315000,378,379);
INSERT INTO "requests" VALUES('q_bde228c2b3fd','/desk/shop0',1795736331719,536000000,395,396);
INSERT INTO "requests" VALUES('q_707b4c29290d','/desk/shop0',1795736332053,5200000000,398,399);
INSERT INTO "requests" VALUES('q_53a98bddbad6','/desk/shop0',1795736332796,12315000,408,409);
INSERT INTO "requests" VALUES('q_ee6a0ef2e667','/desk/shop0',1795736332803,21440000,410,412);
INSERT INTO "requests" VALUES('q_37b227131304','/desk/shop0',1795736332804,21440000,411,414);
INSERT INTO "requests" VALUES('q_967481422f1c','/desk/shop0',1795736334291,1520190000,441,442);
INSERT INTO "requests" VALUES('q_2662186e6b2c','/desk/shop0',1795736334355,393555000,451,452);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995262,20858875000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_113e422f',0);
INSERT INTO "streams" VALUES('r_20d7ec10',0);
INSERT INTO "streams" VALUES('r_26ab4463',0);
INSERT INTO "streams" VALUES('r_30e88e13',0);
INSERT INTO "streams" VALUES('r_334268d2',0);
INSERT INTO "streams" VALUES('r_3b5bc264',0);
INSERT INTO "streams" VALUES('r_94456ac1',0);
INSERT INTO "streams" VALUES('r_ba4f4b02',0);
INSERT INTO "streams" VALUES('r_c40550d4',0);
INSERT INTO "streams" VALUES('r_e5876bec',0);
INSERT INTO "streams" VALUES('shadow_r_c40550d4',0);
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
