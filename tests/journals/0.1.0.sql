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
INSERT INTO "requests" VALUES('q_d15ea982278c','/desk/shop0',1795731600138,126250000,6,7);
INSERT INTO "requests" VALUES('q_b9eb3f0b82f7','/desk/shop0',1795731600190,4335200000,14,15);
INSERT INTO "requests" VALUES('q_5e835cae967e','/desk/shop0',1795731600442,16595000,18,19);
INSERT INTO "requests" VALUES('q_f890019ffad9','/desk/shop0',1795731601302,15600000,51,53);
INSERT INTO "requests" VALUES('q_309a058b01f2','/desk/shop0',1795731601321,46410000,55,57);
INSERT INTO "requests" VALUES('q_b90a77d06d2f','/desk/shop0',1795731601322,40785000,56,60);
INSERT INTO "requests" VALUES('q_b85c7bc319f6','/desk/shop0',1795731601328,21535000,59,64);
INSERT INTO "requests" VALUES('q_1d8a67201922','/desk/shop0',1795731601337,66660000,63,68);
INSERT INTO "requests" VALUES('q_4a7bc8a9a635','/desk/shop0',1795731601522,3995000000,84,85);
INSERT INTO "requests" VALUES('q_337f35846a1a','/desk/shop0',1795731601988,3100000000,114,115);
INSERT INTO "requests" VALUES('q_907b69b23983','/desk/shop0',1795731601997,719600000,118,119);
INSERT INTO "requests" VALUES('q_d26c3ece8c07','/desk/shop0',1795731602240,27805000,137,138);
INSERT INTO "requests" VALUES('q_2b9083f7e08f','/desk/shop0',1795731602257,26870000,144,145);
INSERT INTO "requests" VALUES('q_2f3454767740','/desk/shop0',1795731603435,23660000,180,181);
INSERT INTO "requests" VALUES('q_1e01f2ce3ab2','/desk/shop0',1795731603841,40535000,202,203);
INSERT INTO "requests" VALUES('q_f35cc73abf4a','/desk/shop0',1795731603963,94285000,220,221);
INSERT INTO "requests" VALUES('q_f2279c2b93e5','/desk/shop0',1795731604354,20535000,242,243);
INSERT INTO "requests" VALUES('q_75c16794543e','/desk/shop0',1795731604391,31355000,250,251);
INSERT INTO "requests" VALUES('q_244b17b77d62','/desk/shop0',1795731604544,24285000,266,267);
INSERT INTO "requests" VALUES('q_72b477a0b1e5','/desk/shop0',1795731604926,394100000,283,284);
INSERT INTO "requests" VALUES('q_ac3d399e5a3e','/desk/shop0',1795731605128,5185000000,286,287);
INSERT INTO "requests" VALUES('q_6e3f1c4d6dc3','/desk/shop0',1795731605532,12285000,296,297);
INSERT INTO "requests" VALUES('q_77b25cb93805','/desk/shop0',1795731605541,21410000,298,300);
INSERT INTO "requests" VALUES('q_87a5dd7e01b8','/desk/shop0',1795731605543,21410000,299,302);
INSERT INTO "requests" VALUES('q_8c95a8ba8285','/desk/shop0',1795731606446,1520160000,330,331);
INSERT INTO "requests" VALUES('q_7d552b1d7429','/desk/shop0',1795731606498,393525000,338,339);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995257,20320855000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_644d3ff3',0);
INSERT INTO "streams" VALUES('r_6f2a01d1',0);
INSERT INTO "streams" VALUES('r_7ab375e4',0);
INSERT INTO "streams" VALUES('r_968dced7',0);
INSERT INTO "streams" VALUES('r_991459c1',0);
INSERT INTO "streams" VALUES('r_b4215262',0);
INSERT INTO "streams" VALUES('r_d36514be',0);
INSERT INTO "streams" VALUES('r_d7445ac2',0);
INSERT INTO "streams" VALUES('shadow_r_b4215262',0);
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
