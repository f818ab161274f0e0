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
INSERT INTO "requests" VALUES('q_ee884e397ddf','/desk/shop0',1795707038695,125875000,5,6);
INSERT INTO "requests" VALUES('q_206f9f4a65dd','/desk/shop0',1795707038735,4334600000,9,10);
INSERT INTO "requests" VALUES('q_680e5fa0bbc5','/desk/shop0',1795707038943,29815000,15,16);
INSERT INTO "requests" VALUES('q_ea85bb21197e','/desk/shop0',1795707038997,17335000,19,21);
INSERT INTO "requests" VALUES('q_f35d7f45cbf8','/desk/shop0',1795707042696,15570000,43,46);
INSERT INTO "requests" VALUES('q_94b32814ba2a','/desk/shop0',1795707042727,21505000,49,53);
INSERT INTO "requests" VALUES('q_85bd69a3d31f','/desk/shop0',1795707042734,46380000,51,54);
INSERT INTO "requests" VALUES('q_5c39808bb7ae','/desk/shop0',1795707042738,40755000,52,55);
INSERT INTO "requests" VALUES('q_bed69fb22cc8','/desk/shop0',1795707042763,66630000,57,61);
INSERT INTO "requests" VALUES('q_40582782d4b5','/desk/shop0',1795707042960,3977500000,74,75);
INSERT INTO "requests" VALUES('q_8ec9d0f36637','/desk/shop0',1795707043345,2677500000,97,98);
INSERT INTO "requests" VALUES('q_7e778454fab7','/desk/shop0',1795707043360,672700000,101,102);
INSERT INTO "requests" VALUES('q_046bdfcd462d','/desk/shop0',1795707043650,27775000,118,119);
INSERT INTO "requests" VALUES('q_56e1a6e7accd','/desk/shop0',1795707043664,26840000,122,123);
INSERT INTO "requests" VALUES('q_db957a4ecf27','/desk/shop0',1795707044638,23630000,153,154);
INSERT INTO "requests" VALUES('q_c9fd306f2692','/desk/shop0',1795707045118,40505000,171,172);
INSERT INTO "requests" VALUES('q_e0ddbbb9bf3b','/desk/shop0',1795707045227,93755000,186,187);
INSERT INTO "requests" VALUES('q_0b80e21c7795','/desk/shop0',1795707045523,20505000,204,205);
INSERT INTO "requests" VALUES('q_f6977e607762','/desk/shop0',1795707045540,31325000,208,209);
INSERT INTO "requests" VALUES('q_de861c62acde','/desk/shop0',1795707045646,24255000,223,224);
INSERT INTO "requests" VALUES('q_bef04db5ea39','/desk/shop0',1795707045881,393800000,237,238);
INSERT INTO "requests" VALUES('q_7d5cf3bf7b54','/desk/shop0',1795707045992,5170000000,240,241);
INSERT INTO "requests" VALUES('q_c372dc4db21b','/desk/shop0',1795707046219,12255000,249,250);
INSERT INTO "requests" VALUES('q_028019826931','/desk/shop0',1795707046230,21380000,251,253);
INSERT INTO "requests" VALUES('q_1e3455b14c27','/desk/shop0',1795707046232,21380000,252,254);
INSERT INTO "requests" VALUES('q_86164b447bd0','/desk/shop0',1795707046653,1520130000,277,278);
INSERT INTO "requests" VALUES('q_ebc9bfedc2b4','/desk/shop0',1795707046685,393495000,283,284);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995230,19847195000);
CREATE INDEX events_by_run ON events (run_id, seq);
CREATE INDEX runs_by_start ON events (seq) WHERE kind = 'run_created';
CREATE INDEX requests_by_time ON requests (at);
CREATE INDEX requests_open ON requests (reserved_seq) WHERE settled_seq IS NULL;
CREATE INDEX records ON events (seq) WHERE kind = 'task_recorded';
CREATE INDEX endings ON events (run_id, seq)
        WHERE kind IN ('run_accepted', 'run_undone', 'run_discarded');
COMMIT;
PRAGMA user_version = 2;
