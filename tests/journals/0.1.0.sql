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
INSERT INTO "requests" VALUES('q_2ed3915e7f4b','/desk/shop0',1795731981957,126250000,6,7);
INSERT INTO "requests" VALUES('q_1f3272e40864','/desk/shop0',1795731982055,4335200000,14,15);
INSERT INTO "requests" VALUES('q_2b0d43326a2f','/desk/shop0',1795731982919,16595000,18,19);
INSERT INTO "requests" VALUES('q_0762b7358ede','/desk/shop0',1795731987925,15600000,48,49);
INSERT INTO "requests" VALUES('q_fef5a845521e','/desk/shop0',1795731987961,21535000,53,57);
INSERT INTO "requests" VALUES('q_d5d244b899a8','/desk/shop0',1795731987962,46410000,54,59);
INSERT INTO "requests" VALUES('q_df386dbdae06','/desk/shop0',1795731987963,66660000,55,61);
INSERT INTO "requests" VALUES('q_f6b6735423d6','/desk/shop0',1795731987994,40785000,67,69);
INSERT INTO "requests" VALUES('q_9badcaaa026a','/desk/shop0',1795731988502,3995000000,83,85);
INSERT INTO "requests" VALUES('q_6b5b60a7ea0e','/desk/shop0',1795731990038,3100000000,114,115);
INSERT INTO "requests" VALUES('q_14ef5c4812a8','/desk/shop0',1795731990076,719600000,118,119);
INSERT INTO "requests" VALUES('q_ae7d2768bde8','/desk/shop0',1795731990738,27805000,137,138);
INSERT INTO "requests" VALUES('q_4e5b3ea5ffac','/desk/shop0',1795731990780,26870000,144,145);
INSERT INTO "requests" VALUES('q_19656c8470bd','/desk/shop0',1795731993697,23660000,180,181);
INSERT INTO "requests" VALUES('q_236e9eef4bd6','/desk/shop0',1795731994634,40535000,202,203);
INSERT INTO "requests" VALUES('q_d7e00ca97b5f','/desk/shop0',1795731994939,94285000,220,221);
INSERT INTO "requests" VALUES('q_9a30ddd7c9d8','/desk/shop0',1795731995901,20535000,242,243);
INSERT INTO "requests" VALUES('q_5197936f5415','/desk/shop0',1795731996072,31355000,250,251);
INSERT INTO "requests" VALUES('q_bd521cadeaa9','/desk/shop0',1795731996268,24285000,266,267);
INSERT INTO "requests" VALUES('q_1e6b9f6a8bb8','/desk/shop0',1795731997206,394100000,283,284);
INSERT INTO "requests" VALUES('q_6df03a9034a7','/desk/shop0',1795731997506,5185000000,286,287);
INSERT INTO "requests" VALUES('q_6dd257d782d6','/desk/shop0',1795731997989,12285000,296,297);
INSERT INTO "requests" VALUES('q_ac84d0c17a02','/desk/shop0',1795731997997,21410000,298,300);
INSERT INTO "requests" VALUES('q_a780b9143ae3','/desk/shop0',1795731997998,21410000,299,302);
INSERT INTO "requests" VALUES('q_899b2bb86725','/desk/shop0',1795731999391,1520160000,330,331);
INSERT INTO "requests" VALUES('q_704c02e63870','/desk/shop0',1795731999446,393525000,338,340);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995257,20320855000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_0ae983d1',0);
INSERT INTO "streams" VALUES('r_1d41f749',0);
INSERT INTO "streams" VALUES('r_5acaec0e',0);
INSERT INTO "streams" VALUES('r_6e53d5eb',0);
INSERT INTO "streams" VALUES('r_70015121',0);
INSERT INTO "streams" VALUES('r_958391d5',0);
INSERT INTO "streams" VALUES('r_d8758aa9',0);
INSERT INTO "streams" VALUES('r_e6f38a24',0);
INSERT INTO "streams" VALUES('shadow_r_70015121',0);
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
