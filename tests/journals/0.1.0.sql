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
INSERT INTO "requests" VALUES('q_fb4f5f6f7a8c','/desk/shop0',1795730226941,126250000,6,7);
INSERT INTO "requests" VALUES('q_2903ea0c124f','/desk/shop0',1795730227023,4335200000,14,15);
INSERT INTO "requests" VALUES('q_8162875e5186','/desk/shop0',1795730227388,16595000,18,19);
INSERT INTO "requests" VALUES('q_4e48e2bb9803','/desk/shop0',1795730231493,15600000,50,53);
INSERT INTO "requests" VALUES('q_95ff59e8c299','/desk/shop0',1795730231523,46410000,55,58);
INSERT INTO "requests" VALUES('q_d078dc2b910e','/desk/shop0',1795730231524,66660000,56,62);
INSERT INTO "requests" VALUES('q_a38f5a29d63a','/desk/shop0',1795730231525,40785000,57,60);
INSERT INTO "requests" VALUES('q_cfad0f86c12a','/desk/shop0',1795730231551,21535000,64,68);
INSERT INTO "requests" VALUES('q_57b3ef073ff0','/desk/shop0',1795730231801,3995000000,84,85);
INSERT INTO "requests" VALUES('q_a0e4a580c83a','/desk/shop0',1795730232399,2695000000,114,115);
INSERT INTO "requests" VALUES('q_de8f8c07ae74','/desk/shop0',1795730232419,673400000,118,119);
INSERT INTO "requests" VALUES('q_2eace09c2811','/desk/shop0',1795730232774,27805000,137,138);
INSERT INTO "requests" VALUES('q_0e3ec791a9f0','/desk/shop0',1795730232792,26870000,144,145);
INSERT INTO "requests" VALUES('q_ddcdc613284b','/desk/shop0',1795730234159,23660000,180,181);
INSERT INTO "requests" VALUES('q_f6febf3ce49a','/desk/shop0',1795730234668,40535000,202,203);
INSERT INTO "requests" VALUES('q_3003c4dde8ca','/desk/shop0',1795730234838,94285000,220,221);
INSERT INTO "requests" VALUES('q_659dd8724c8e','/desk/shop0',1795730235289,20535000,242,243);
INSERT INTO "requests" VALUES('q_ecab61d1af34','/desk/shop0',1795730235334,31355000,250,251);
INSERT INTO "requests" VALUES('q_10b5c2fe7013','/desk/shop0',1795730235454,24285000,266,267);
INSERT INTO "requests" VALUES('q_067ca369e064','/desk/shop0',1795730235842,394100000,283,284);
INSERT INTO "requests" VALUES('q_d43c8d8d5c20','/desk/shop0',1795730236062,5185000000,286,287);
INSERT INTO "requests" VALUES('q_9b2c88b5eb11','/desk/shop0',1795730236446,12285000,296,297);
INSERT INTO "requests" VALUES('q_663df3364c1f','/desk/shop0',1795730236454,21410000,298,300);
INSERT INTO "requests" VALUES('q_a7243ee11ad5','/desk/shop0',1795730236455,21410000,299,302);
INSERT INTO "requests" VALUES('q_80d41d282ada','/desk/shop0',1795730237204,1520160000,330,331);
INSERT INTO "requests" VALUES('q_354725caafa2','/desk/shop0',1795730237235,393525000,338,339);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995255,19869655000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_0478caa8',0);
INSERT INTO "streams" VALUES('r_21810094',0);
INSERT INTO "streams" VALUES('r_52fa39be',0);
INSERT INTO "streams" VALUES('r_64fa1770',0);
INSERT INTO "streams" VALUES('r_6a2c28e5',0);
INSERT INTO "streams" VALUES('r_93345691',0);
INSERT INTO "streams" VALUES('r_cf2795bc',0);
INSERT INTO "streams" VALUES('r_de41ef38',0);
INSERT INTO "streams" VALUES('shadow_r_21810094',0);
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
