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
INSERT INTO "requests" VALUES('q_738f789c091c','/desk/shop0',1795731285231,126250000,6,7);
INSERT INTO "requests" VALUES('q_d63db3db6df4','/desk/shop0',1795731285296,4335200000,14,15);
INSERT INTO "requests" VALUES('q_e411de6a3258','/desk/shop0',1795731285611,16595000,18,19);
INSERT INTO "requests" VALUES('q_52851620b69b','/desk/shop0',1795731289685,15600000,46,47);
INSERT INTO "requests" VALUES('q_32f826bee6b8','/desk/shop0',1795731289713,21535000,49,51);
INSERT INTO "requests" VALUES('q_8ce4c0144c65','/desk/shop0',1795731289714,40785000,50,53);
INSERT INTO "requests" VALUES('q_d242ff76b4bd','/desk/shop0',1795731289753,66660000,61,62);
INSERT INTO "requests" VALUES('q_af3377d5800d','/desk/shop0',1795731289842,46410000,70,71);
INSERT INTO "requests" VALUES('q_0ff0a32bd7e1','/desk/shop0',1795731290065,3995000000,83,84);
INSERT INTO "requests" VALUES('q_a87f635e1dff','/desk/shop0',1795731290977,2695000000,114,115);
INSERT INTO "requests" VALUES('q_999ec49152c0','/desk/shop0',1795731290996,673400000,118,119);
INSERT INTO "requests" VALUES('q_10f55c44ce90','/desk/shop0',1795731291391,27805000,137,138);
INSERT INTO "requests" VALUES('q_e5b1f9c322f4','/desk/shop0',1795731291401,26870000,143,144);
INSERT INTO "requests" VALUES('q_a772381eac26','/desk/shop0',1795731293492,23660000,180,181);
INSERT INTO "requests" VALUES('q_6fc7006b2057','/desk/shop0',1795731293906,40535000,202,203);
INSERT INTO "requests" VALUES('q_f928e46cb693','/desk/shop0',1795731294055,94285000,220,221);
INSERT INTO "requests" VALUES('q_c14760b2c9f0','/desk/shop0',1795731294546,20535000,242,243);
INSERT INTO "requests" VALUES('q_1a042a2378f0','/desk/shop0',1795731294590,31355000,250,251);
INSERT INTO "requests" VALUES('q_35da691019f5','/desk/shop0',1795731294731,24285000,266,267);
INSERT INTO "requests" VALUES('q_dd35d0cb08ea','/desk/shop0',1795731295089,394100000,283,284);
INSERT INTO "requests" VALUES('q_5853b71a12b0','/desk/shop0',1795731295307,5185000000,286,287);
INSERT INTO "requests" VALUES('q_982eeae0d5e6','/desk/shop0',1795731295606,12285000,296,297);
INSERT INTO "requests" VALUES('q_bfb7e9146267','/desk/shop0',1795731295613,21410000,298,300);
INSERT INTO "requests" VALUES('q_962a19b2c6a8','/desk/shop0',1795731295613,21410000,299,302);
INSERT INTO "requests" VALUES('q_7a9fc44eac1e','/desk/shop0',1795731296293,1520160000,330,331);
INSERT INTO "requests" VALUES('q_0bcbab0d590b','/desk/shop0',1795731296318,393525000,338,339);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995256,19869655000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_0e9718e7',0);
INSERT INTO "streams" VALUES('r_117bba1a',0);
INSERT INTO "streams" VALUES('r_1418229a',0);
INSERT INTO "streams" VALUES('r_30a504cd',0);
INSERT INTO "streams" VALUES('r_4f5af18d',0);
INSERT INTO "streams" VALUES('r_86068145',0);
INSERT INTO "streams" VALUES('r_ba73133c',0);
INSERT INTO "streams" VALUES('r_e751fd30',0);
INSERT INTO "streams" VALUES('shadow_r_117bba1a',0);
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
