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
INSERT INTO "requests" VALUES('q_44e85de39488','/desk/shop0',1795730930124,126250000,6,7);
INSERT INTO "requests" VALUES('q_b35bc04c4a8f','/desk/shop0',1795730930182,4335200000,14,15);
INSERT INTO "requests" VALUES('q_5f65988f4adf','/desk/shop0',1795730930488,16595000,18,19);
INSERT INTO "requests" VALUES('q_398b4dffb494','/desk/shop0',1795730934453,15600000,47,48);
INSERT INTO "requests" VALUES('q_bcd5318175ae','/desk/shop0',1795730934483,46410000,51,54);
INSERT INTO "requests" VALUES('q_be1461c92a5f','/desk/shop0',1795730934490,21535000,53,57);
INSERT INTO "requests" VALUES('q_7962cbc30193','/desk/shop0',1795730934496,40785000,56,61);
INSERT INTO "requests" VALUES('q_5b1c34fb1635','/desk/shop0',1795730934527,66660000,69,70);
INSERT INTO "requests" VALUES('q_a3d5a0ebca9f','/desk/shop0',1795730934767,3995000000,84,85);
INSERT INTO "requests" VALUES('q_e029f5527a1e','/desk/shop0',1795730935356,3100000000,114,115);
INSERT INTO "requests" VALUES('q_159fe96ae0b4','/desk/shop0',1795730935370,719600000,118,119);
INSERT INTO "requests" VALUES('q_1bab10069aef','/desk/shop0',1795730935639,27805000,137,138);
INSERT INTO "requests" VALUES('q_c5630583b054','/desk/shop0',1795730935664,26870000,144,145);
INSERT INTO "requests" VALUES('q_9a23065ca224','/desk/shop0',1795730936937,23660000,180,181);
INSERT INTO "requests" VALUES('q_b60beb80ae35','/desk/shop0',1795730937345,40535000,202,203);
INSERT INTO "requests" VALUES('q_9a65dcdde90b','/desk/shop0',1795730937473,94285000,220,221);
INSERT INTO "requests" VALUES('q_e953ed76351a','/desk/shop0',1795730937872,20535000,242,243);
INSERT INTO "requests" VALUES('q_a43a6d9ae94c','/desk/shop0',1795730937911,31355000,250,251);
INSERT INTO "requests" VALUES('q_3b17456a482e','/desk/shop0',1795730938025,24285000,266,267);
INSERT INTO "requests" VALUES('q_01ae72ddf4c2','/desk/shop0',1795730938366,394100000,283,284);
INSERT INTO "requests" VALUES('q_68c6f1b3b597','/desk/shop0',1795730938554,5185000000,286,287);
INSERT INTO "requests" VALUES('q_7fb3279afdd3','/desk/shop0',1795730938867,12285000,296,297);
INSERT INTO "requests" VALUES('q_87bc1fd5475d','/desk/shop0',1795730938873,21410000,298,300);
INSERT INTO "requests" VALUES('q_59bb7158e6af','/desk/shop0',1795730938874,21410000,299,302);
INSERT INTO "requests" VALUES('q_f92278e41bde','/desk/shop0',1795730939402,1520160000,330,331);
INSERT INTO "requests" VALUES('q_e7e1a4846bd6','/desk/shop0',1795730939423,393525000,338,339);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995256,20320855000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_2ae1a656',0);
INSERT INTO "streams" VALUES('r_69792878',0);
INSERT INTO "streams" VALUES('r_ae71e08c',0);
INSERT INTO "streams" VALUES('r_c32f8d34',0);
INSERT INTO "streams" VALUES('r_cfd6c4be',0);
INSERT INTO "streams" VALUES('r_d3a81c99',0);
INSERT INTO "streams" VALUES('r_f1a83d3f',0);
INSERT INTO "streams" VALUES('r_f1c2cc87',0);
INSERT INTO "streams" VALUES('shadow_r_c32f8d34',0);
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
