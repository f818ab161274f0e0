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
INSERT INTO "requests" VALUES('q_3974d942c552','/desk/shop0',1795732104167,126250000,6,7);
INSERT INTO "requests" VALUES('q_aa41bcc7ac03','/desk/shop0',1795732104249,4335200000,14,15);
INSERT INTO "requests" VALUES('q_c77bbc1871f8','/desk/shop0',1795732104778,16595000,18,19);
INSERT INTO "requests" VALUES('q_21b1b9a4961e','/desk/shop0',1795732109583,15600000,48,51);
INSERT INTO "requests" VALUES('q_d2be24fe50ff','/desk/shop0',1795732109620,21535000,54,57);
INSERT INTO "requests" VALUES('q_ddea7a0e47aa','/desk/shop0',1795732109621,66660000,55,60);
INSERT INTO "requests" VALUES('q_fcadbc1fd0aa','/desk/shop0',1795732109622,40785000,56,62);
INSERT INTO "requests" VALUES('q_4299572b4034','/desk/shop0',1795732109641,46410000,65,68);
INSERT INTO "requests" VALUES('q_028b8a181ed3','/desk/shop0',1795732109937,3995000000,81,82);
INSERT INTO "requests" VALUES('q_72427e8d2678','/desk/shop0',1795732111061,3100000000,114,115);
INSERT INTO "requests" VALUES('q_80f2f78b8f02','/desk/shop0',1795732111083,719600000,118,119);
INSERT INTO "requests" VALUES('q_1ed2e852c9c1','/desk/shop0',1795732111712,27805000,137,138);
INSERT INTO "requests" VALUES('q_34e44b5f380e','/desk/shop0',1795732111748,26870000,144,145);
INSERT INTO "requests" VALUES('q_50652e5477ba','/desk/shop0',1795732113890,23660000,180,181);
INSERT INTO "requests" VALUES('q_74b14fe3db4c','/desk/shop0',1795732114791,40535000,202,203);
INSERT INTO "requests" VALUES('q_c8c3aa410927','/desk/shop0',1795732115009,94285000,220,221);
INSERT INTO "requests" VALUES('q_9aa836fda0d9','/desk/shop0',1795732116037,20535000,242,243);
INSERT INTO "requests" VALUES('q_e66a83ba93ab','/desk/shop0',1795732116095,31355000,250,251);
INSERT INTO "requests" VALUES('q_6446f870fb23','/desk/shop0',1795732116301,24285000,266,267);
INSERT INTO "requests" VALUES('q_47651f20234b','/desk/shop0',1795732117150,394100000,283,284);
INSERT INTO "requests" VALUES('q_04dc1a8b72df','/desk/shop0',1795732117545,5185000000,286,287);
INSERT INTO "requests" VALUES('q_4d7f4c25ac4f','/desk/shop0',1795732118116,12285000,296,297);
INSERT INTO "requests" VALUES('q_0d4d16a30a34','/desk/shop0',1795732118130,21410000,298,300);
INSERT INTO "requests" VALUES('q_72e82360782d','/desk/shop0',1795732118130,21410000,299,302);
INSERT INTO "requests" VALUES('q_c35ae658b787','/desk/shop0',1795732119271,1520160000,330,331);
INSERT INTO "requests" VALUES('q_be70c38cd488','/desk/shop0',1795732119336,393525000,339,340);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995257,20320855000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_245d0bfe',0);
INSERT INTO "streams" VALUES('r_311764b7',0);
INSERT INTO "streams" VALUES('r_41efa34f',0);
INSERT INTO "streams" VALUES('r_4824a0fb',0);
INSERT INTO "streams" VALUES('r_5db0776f',0);
INSERT INTO "streams" VALUES('r_7ad2316e',0);
INSERT INTO "streams" VALUES('r_87171e4d',0);
INSERT INTO "streams" VALUES('r_97e0c713',0);
INSERT INTO "streams" VALUES('shadow_r_87171e4d',0);
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
