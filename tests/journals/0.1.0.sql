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
INSERT INTO "requests" VALUES('q_4e4ab3699375','/desk/shop0',1795709907297,125875000,6,7);
INSERT INTO "requests" VALUES('q_a7ca19136e05','/desk/shop0',1795709907387,4334600000,14,15);
INSERT INTO "requests" VALUES('q_e412299522be','/desk/shop0',1795709907911,16565000,18,19);
INSERT INTO "requests" VALUES('q_01753a9a7d6a','/desk/shop0',1795709912150,15570000,47,48);
INSERT INTO "requests" VALUES('q_82aac7a557e7','/desk/shop0',1795709912192,46380000,50,54);
INSERT INTO "requests" VALUES('q_f28685108592','/desk/shop0',1795709912193,66630000,52,57);
INSERT INTO "requests" VALUES('q_4bc940303bc0','/desk/shop0',1795709912222,21505000,60,64);
INSERT INTO "requests" VALUES('q_849b0293827d','/desk/shop0',1795709912250,40755000,67,69);
INSERT INTO "requests" VALUES('q_edd539039abd','/desk/shop0',1795709912632,3977500000,85,87);
INSERT INTO "requests" VALUES('q_c28db403061e','/desk/shop0',1795709912988,2677500000,111,112);
INSERT INTO "requests" VALUES('q_d348665c6d57','/desk/shop0',1795709913002,672700000,115,116);
INSERT INTO "requests" VALUES('q_99d1f68fcfa3','/desk/shop0',1795709913405,27775000,137,138);
INSERT INTO "requests" VALUES('q_6de5c01acbdf','/desk/shop0',1795709913420,26840000,144,145);
INSERT INTO "requests" VALUES('q_ba28ec3038d9','/desk/shop0',1795709915398,23630000,180,181);
INSERT INTO "requests" VALUES('q_e522b30b0119','/desk/shop0',1795709915875,40505000,202,203);
INSERT INTO "requests" VALUES('q_67877289f289','/desk/shop0',1795709916101,93755000,220,221);
INSERT INTO "requests" VALUES('q_3eef7bbba835','/desk/shop0',1795709916674,20505000,242,243);
INSERT INTO "requests" VALUES('q_ec5f58d9d89a','/desk/shop0',1795709916735,31325000,250,251);
INSERT INTO "requests" VALUES('q_f1f40c0b1d0f','/desk/shop0',1795709916925,24255000,266,267);
INSERT INTO "requests" VALUES('q_baf9d13cc1ea','/desk/shop0',1795709917321,393800000,283,284);
INSERT INTO "requests" VALUES('q_1fd97f65abc9','/desk/shop0',1795709917567,5170000000,286,287);
INSERT INTO "requests" VALUES('q_480b7327ac95','/desk/shop0',1795709917943,12255000,296,297);
INSERT INTO "requests" VALUES('q_844245cab1eb','/desk/shop0',1795709917950,21380000,298,300);
INSERT INTO "requests" VALUES('q_e0bce014b43e','/desk/shop0',1795709917952,21380000,299,302);
INSERT INTO "requests" VALUES('q_6dcd1838b9b3','/desk/shop0',1795709918712,1520130000,330,331);
INSERT INTO "requests" VALUES('q_40f31f50ae0a','/desk/shop0',1795709918730,393495000,338,339);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995233,19816610000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_08e3f16a',0);
INSERT INTO "streams" VALUES('r_230a3696',0);
INSERT INTO "streams" VALUES('r_5f5f6d04',0);
INSERT INTO "streams" VALUES('r_772aae15',0);
INSERT INTO "streams" VALUES('r_98e66071',0);
INSERT INTO "streams" VALUES('r_e149d28a',0);
INSERT INTO "streams" VALUES('r_e9529be6',0);
INSERT INTO "streams" VALUES('r_fd81817b',0);
INSERT INTO "streams" VALUES('shadow_r_772aae15',0);
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
