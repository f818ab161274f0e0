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
INSERT INTO "requests" VALUES('q_fd13d0ec7987','/desk/shop0',1795710797947,125875000,6,7);
INSERT INTO "requests" VALUES('q_a375b20c70c2','/desk/shop0',1795710798069,4334600000,14,15);
INSERT INTO "requests" VALUES('q_443c4b447e19','/desk/shop0',1795710798629,16565000,18,19);
INSERT INTO "requests" VALUES('q_a3b9d7bd9bb3','/desk/shop0',1795710803478,15570000,47,48);
INSERT INTO "requests" VALUES('q_68436299b095','/desk/shop0',1795710803504,40755000,49,51);
INSERT INTO "requests" VALUES('q_19e3d5726f01','/desk/shop0',1795710803505,66630000,50,53);
INSERT INTO "requests" VALUES('q_775bf2b3decb','/desk/shop0',1795710803566,46380000,61,65);
INSERT INTO "requests" VALUES('q_8e05bef1def5','/desk/shop0',1795710803639,21505000,71,72);
INSERT INTO "requests" VALUES('q_b343db5c64c9','/desk/shop0',1795710804039,3977500000,82,84);
INSERT INTO "requests" VALUES('q_f561cb0b4346','/desk/shop0',1795710805426,2677500000,114,115);
INSERT INTO "requests" VALUES('q_693481ca8ab5','/desk/shop0',1795710805438,672700000,118,119);
INSERT INTO "requests" VALUES('q_dcfabc13c7de','/desk/shop0',1795710806227,27775000,137,138);
INSERT INTO "requests" VALUES('q_35189f20ba6b','/desk/shop0',1795710806270,26840000,143,144);
INSERT INTO "requests" VALUES('q_1289eb7b0fe8','/desk/shop0',1795710809515,23630000,180,181);
INSERT INTO "requests" VALUES('q_2454b2f82a28','/desk/shop0',1795710810734,40505000,202,203);
INSERT INTO "requests" VALUES('q_77fc6ab91eee','/desk/shop0',1795710810981,93755000,220,221);
INSERT INTO "requests" VALUES('q_1553ed68e700','/desk/shop0',1795710811862,20505000,242,243);
INSERT INTO "requests" VALUES('q_7e1c88c4e9ac','/desk/shop0',1795710811935,31325000,250,251);
INSERT INTO "requests" VALUES('q_a6676cbd15a3','/desk/shop0',1795710812178,24255000,266,267);
INSERT INTO "requests" VALUES('q_cd04ec4eda17','/desk/shop0',1795710812909,393800000,283,284);
INSERT INTO "requests" VALUES('q_22cfe3a7ff88','/desk/shop0',1795710813246,5170000000,286,287);
INSERT INTO "requests" VALUES('q_ebfa140fa0ad','/desk/shop0',1795710813842,12255000,296,297);
INSERT INTO "requests" VALUES('q_53c4108ce18e','/desk/shop0',1795710813862,21380000,298,300);
INSERT INTO "requests" VALUES('q_b3f9582454e4','/desk/shop0',1795710813864,21380000,299,302);
INSERT INTO "requests" VALUES('q_76b2ed9afbe0','/desk/shop0',1795710815780,1520130000,330,331);
INSERT INTO "requests" VALUES('q_3f981d4e6b35','/desk/shop0',1795710815857,393495000,338,340);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995234,19816610000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_0c9f6a1c',0);
INSERT INTO "streams" VALUES('r_17db8f63',0);
INSERT INTO "streams" VALUES('r_1e63f1d8',0);
INSERT INTO "streams" VALUES('r_334d1ab8',0);
INSERT INTO "streams" VALUES('r_5ab5c406',0);
INSERT INTO "streams" VALUES('r_5fddfe65',0);
INSERT INTO "streams" VALUES('r_a78b45ba',0);
INSERT INTO "streams" VALUES('r_f08aeae7',0);
INSERT INTO "streams" VALUES('shadow_r_17db8f63',0);
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
