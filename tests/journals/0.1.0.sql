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
INSERT INTO "requests" VALUES('q_30c5038ed2e5','/desk/shop0',1795735386076,126250000,6,7);
INSERT INTO "requests" VALUES('q_e199afd15e62','/desk/shop0',1795735386245,4335200000,16,17);
INSERT INTO "requests" VALUES('q_3214a0da1035','/desk/shop0',1795735386624,16595000,20,21);
INSERT INTO "requests" VALUES('q_59ce2723f8ef','/desk/shop0',1795735391852,15600000,45,46);
INSERT INTO "requests" VALUES('q_27dc7ef83d5d','/desk/shop0',1795735391887,46410000,47,49);
INSERT INTO "requests" VALUES('q_32b71f6c0a6f','/desk/shop0',1795735391939,21535000,57,59);
INSERT INTO "requests" VALUES('q_c8c1c2cdc5eb','/desk/shop0',1795735391968,40785000,61,63);
INSERT INTO "requests" VALUES('q_8bfcf13be44f','/desk/shop0',1795735392031,87160000,71,72);
INSERT INTO "requests" VALUES('q_e3c35e16d193','/desk/shop0',1795735392378,3995000000,85,86);
INSERT INTO "requests" VALUES('q_130320df44b8','/desk/shop0',1795735393242,3100000000,118,119);
INSERT INTO "requests" VALUES('q_f0fea654a508','/desk/shop0',1795735393254,964600000,122,123);
INSERT INTO "requests" VALUES('q_1400663d77f5','/desk/shop0',1795735393688,27805000,141,142);
INSERT INTO "requests" VALUES('q_17e6c3b0571d','/desk/shop0',1795735393748,26870000,150,151);
INSERT INTO "requests" VALUES('q_1e3a3f86ff54','/desk/shop0',1795735396543,23660000,185,186);
INSERT INTO "requests" VALUES('q_5ad1d4d0ec12','/desk/shop0',1795735397833,40535000,207,208);
INSERT INTO "requests" VALUES('q_f6cca189621c','/desk/shop0',1795735398102,94285000,225,226);
INSERT INTO "requests" VALUES('q_e9a1c60e630c','/desk/shop0',1795735398716,20535000,246,247);
INSERT INTO "requests" VALUES('q_e21f635da7d6','/desk/shop0',1795735398811,31355000,256,257);
INSERT INTO "requests" VALUES('q_d09487e6b214','/desk/shop0',1795735399001,20035000,271,272);
INSERT INTO "requests" VALUES('q_6cf2c40706c5','/desk/shop0',1795735399081,15515000,279,280);
INSERT INTO "requests" VALUES('q_6b912436ca65','/desk/shop0',1795735400098,13975000,306,307);
INSERT INTO "requests" VALUES('q_2866b1c7eef8','/desk/shop0',1795735401068,31100000,325,326);
INSERT INTO "requests" VALUES('q_e0a6ccf9ac4c','/desk/shop0',1795735401628,536000000,342,343);
INSERT INTO "requests" VALUES('q_e9d30f84d13a','/desk/shop0',1795735401910,5200000000,345,346);
INSERT INTO "requests" VALUES('q_317fddc001ed','/desk/shop0',1795735402751,12315000,355,356);
INSERT INTO "requests" VALUES('q_dceac94603b5','/desk/shop0',1795735402777,21440000,357,359);
INSERT INTO "requests" VALUES('q_2871db475965','/desk/shop0',1795735402777,21440000,358,361);
INSERT INTO "requests" VALUES('q_df34dc265fe6','/desk/shop0',1795735404439,1520190000,388,389);
INSERT INTO "requests" VALUES('q_b132a62588bd','/desk/shop0',1795735404516,393555000,398,399);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995261,20799745000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_2c22e714',0);
INSERT INTO "streams" VALUES('r_4ba69882',0);
INSERT INTO "streams" VALUES('r_530c0ae0',0);
INSERT INTO "streams" VALUES('r_66f861dc',0);
INSERT INTO "streams" VALUES('r_9444c1d9',0);
INSERT INTO "streams" VALUES('r_9e38bdaf',0);
INSERT INTO "streams" VALUES('r_b235d101',0);
INSERT INTO "streams" VALUES('r_bdb66695',0);
INSERT INTO "streams" VALUES('r_f7737b6a',0);
INSERT INTO "streams" VALUES('shadow_r_530c0ae0',0);
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
