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
INSERT INTO "requests" VALUES('q_f3f29807b13e','/desk/shop0',1795748732319,126250000,6,7);
INSERT INTO "requests" VALUES('q_497b6e8c5ad3','/desk/shop0',1795748732615,4335200000,16,17);
INSERT INTO "requests" VALUES('q_830e3ad64155','/desk/shop0',1795748732842,16595000,20,21);
INSERT INTO "requests" VALUES('q_f7c605b54786','/desk/shop0',1795748736987,15600000,54,55);
INSERT INTO "requests" VALUES('q_2c8d70301531','/desk/shop0',1795748737014,21535000,56,58);
INSERT INTO "requests" VALUES('q_03a4648bcfe8','/desk/shop0',1795748737018,40785000,57,61);
INSERT INTO "requests" VALUES('q_ed8316b1bc78','/desk/shop0',1795748737023,46410000,60,65);
INSERT INTO "requests" VALUES('q_eb72c3381080','/desk/shop0',1795748737029,87160000,64,67);
INSERT INTO "requests" VALUES('q_064bb9379e6e','/desk/shop0',1795748737286,3995000000,85,86);
INSERT INTO "requests" VALUES('q_b4020b17c766','/desk/shop0',1795748738130,3100000000,118,119);
INSERT INTO "requests" VALUES('q_c8f56a921183','/desk/shop0',1795748738144,964600000,122,123);
INSERT INTO "requests" VALUES('q_87828ef45566','/desk/shop0',1795748738434,27805000,142,143);
INSERT INTO "requests" VALUES('q_cb658517a568','/desk/shop0',1795748738486,26870000,150,151);
INSERT INTO "requests" VALUES('q_6c2713409b04','/desk/shop0',1795748739843,23660000,185,186);
INSERT INTO "requests" VALUES('q_8e051ce8d082','/desk/shop0',1795748740356,40535000,207,208);
INSERT INTO "requests" VALUES('q_0478f5715e85','/desk/shop0',1795748740563,94285000,225,226);
INSERT INTO "requests" VALUES('q_2cb0a153db21','/desk/shop0',1795748741068,20535000,246,247);
INSERT INTO "requests" VALUES('q_8f9def0a117a','/desk/shop0',1795748741163,31355000,256,257);
INSERT INTO "requests" VALUES('q_53e07e5c15ff','/desk/shop0',1795748741330,20035000,271,272);
INSERT INTO "requests" VALUES('q_a532494a25cc','/desk/shop0',1795748741416,15515000,279,280);
INSERT INTO "requests" VALUES('q_66208bdc3974','/desk/shop0',1795748742392,13975000,306,307);
INSERT INTO "requests" VALUES('q_adf2d1648126','/desk/shop0',1795748742825,30475000,325,326);
INSERT INTO "requests" VALUES('q_c849d3ce141d','/desk/shop0',1795748743344,35440000,357,358);
INSERT INTO "requests" VALUES('q_2709179f5858','/desk/shop0',1795748743795,24315000,378,379);
INSERT INTO "requests" VALUES('q_a5f726823b2c','/desk/shop0',1795748744324,536000000,395,396);
INSERT INTO "requests" VALUES('q_802db9655bc9','/desk/shop0',1795748744536,5200000000,398,399);
INSERT INTO "requests" VALUES('q_49925de959ba','/desk/shop0',1795748744883,12315000,408,409);
INSERT INTO "requests" VALUES('q_91dd9eff5e3a','/desk/shop0',1795748744888,21440000,410,412);
INSERT INTO "requests" VALUES('q_ed0d905086d6','/desk/shop0',1795748744889,21440000,411,414);
INSERT INTO "requests" VALUES('q_d93ff58b5105','/desk/shop0',1795748745696,1520190000,441,442);
INSERT INTO "requests" VALUES('q_5f4cc93b49e2','/desk/shop0',1795748745768,393555000,451,452);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995276,20858875000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_0e7b20a9',0);
INSERT INTO "streams" VALUES('r_1cfa4f07',0);
INSERT INTO "streams" VALUES('r_3c1990f0',0);
INSERT INTO "streams" VALUES('r_7614e79b',0);
INSERT INTO "streams" VALUES('r_8171ef1f',0);
INSERT INTO "streams" VALUES('r_8270f805',0);
INSERT INTO "streams" VALUES('r_c4f38c49',0);
INSERT INTO "streams" VALUES('r_c4f5cab2',0);
INSERT INTO "streams" VALUES('r_d65a3c9a',0);
INSERT INTO "streams" VALUES('r_fe089b06',0);
INSERT INTO "streams" VALUES('shadow_r_3c1990f0',0);
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
