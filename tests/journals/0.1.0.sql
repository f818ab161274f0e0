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
INSERT INTO "requests" VALUES('q_0491df796475','/desk/shop0',1795733706568,126250000,6,7);
INSERT INTO "requests" VALUES('q_c5f8c3df4511','/desk/shop0',1795733706649,4335200000,15,16);
INSERT INTO "requests" VALUES('q_11e18505451b','/desk/shop0',1795733706992,16595000,19,20);
INSERT INTO "requests" VALUES('q_1a54d41c0c99','/desk/shop0',1795733711755,15600000,44,46);
INSERT INTO "requests" VALUES('q_f9b95813fd72','/desk/shop0',1795733711785,21535000,48,49);
INSERT INTO "requests" VALUES('q_976dd1d2dc5e','/desk/shop0',1795733711807,46410000,54,56);
INSERT INTO "requests" VALUES('q_52997f5743b0','/desk/shop0',1795733711828,87160000,60,62);
INSERT INTO "requests" VALUES('q_88c2a4b6a6e7','/desk/shop0',1795733711902,40785000,70,71);
INSERT INTO "requests" VALUES('q_74a4ca4e6a51','/desk/shop0',1795733712203,3995000000,84,85);
INSERT INTO "requests" VALUES('q_2a2aa8d80566','/desk/shop0',1795733713108,3100000000,117,118);
INSERT INTO "requests" VALUES('q_333168b057bc','/desk/shop0',1795733713151,964600000,121,122);
INSERT INTO "requests" VALUES('q_537d61d84e40','/desk/shop0',1795733713709,27805000,140,142);
INSERT INTO "requests" VALUES('q_4ad982953fee','/desk/shop0',1795733713734,26870000,147,148);
INSERT INTO "requests" VALUES('q_4ca4ed6b9f16','/desk/shop0',1795733715863,23660000,183,184);
INSERT INTO "requests" VALUES('q_2df6b93b90a8','/desk/shop0',1795733716316,40535000,205,206);
INSERT INTO "requests" VALUES('q_c77cc4a16d83','/desk/shop0',1795733716491,94285000,223,224);
INSERT INTO "requests" VALUES('q_12e539b00f33','/desk/shop0',1795733716993,20535000,244,245);
INSERT INTO "requests" VALUES('q_1aafad9b7729','/desk/shop0',1795733717046,31355000,253,254);
INSERT INTO "requests" VALUES('q_b7b92fe22a71','/desk/shop0',1795733717190,24285000,268,269);
INSERT INTO "requests" VALUES('q_0683c938b893','/desk/shop0',1795733717648,394100000,285,286);
INSERT INTO "requests" VALUES('q_e0f0b3eb67dc','/desk/shop0',1795733717959,5185000000,288,289);
INSERT INTO "requests" VALUES('q_1e9376c9c646','/desk/shop0',1795733718498,12285000,298,299);
INSERT INTO "requests" VALUES('q_5614608d5464','/desk/shop0',1795733718504,21410000,300,302);
INSERT INTO "requests" VALUES('q_87367312b545','/desk/shop0',1795733718505,21410000,301,304);
INSERT INTO "requests" VALUES('q_a4a5dffc0667','/desk/shop0',1795733719344,1520160000,331,332);
INSERT INTO "requests" VALUES('q_f1c8040f3d48','/desk/shop0',1795733719384,393525000,339,340);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995259,20586355000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_09cc04de',0);
INSERT INTO "streams" VALUES('r_5d7479b2',0);
INSERT INTO "streams" VALUES('r_7e7aab61',0);
INSERT INTO "streams" VALUES('r_ae1ecbc1',0);
INSERT INTO "streams" VALUES('r_bca01f84',0);
INSERT INTO "streams" VALUES('r_c047fe9d',0);
INSERT INTO "streams" VALUES('r_ddfe14a2',0);
INSERT INTO "streams" VALUES('r_ec7b6258',0);
INSERT INTO "streams" VALUES('shadow_r_bca01f84',0);
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
