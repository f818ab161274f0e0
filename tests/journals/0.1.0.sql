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
INSERT INTO "requests" VALUES('q_d49d32f0a669','/desk/shop0',1795819520683,126375000,6,7);
INSERT INTO "requests" VALUES('q_20fbedab1b80','/desk/shop0',1795819520752,4335400000,16,17);
INSERT INTO "requests" VALUES('q_1991b8e7aeb1','/desk/shop0',1795819521110,16605000,20,21);
INSERT INTO "requests" VALUES('q_fa2be7442431','/desk/shop0',1795819525019,15725000,51,54);
INSERT INTO "requests" VALUES('q_0df7b69f28bd','/desk/shop0',1795819525061,87170000,56,59);
INSERT INTO "requests" VALUES('q_1d0c4918ea90','/desk/shop0',1795819525066,21545000,57,61);
INSERT INTO "requests" VALUES('q_523845b9e8c0','/desk/shop0',1795819525071,40795000,58,63);
INSERT INTO "requests" VALUES('q_2e6da1ad0c76','/desk/shop0',1795819525095,46420000,67,69);
INSERT INTO "requests" VALUES('q_3aff6023572b','/desk/shop0',1795819525278,3997500000,85,86);
INSERT INTO "requests" VALUES('q_b4233e9a2c68','/desk/shop0',1795819525725,3110000000,118,119);
INSERT INTO "requests" VALUES('q_2499f988c41a','/desk/shop0',1795819525739,965000000,122,123);
INSERT INTO "requests" VALUES('q_bfae81438e2c','/desk/shop0',1795819525997,27815000,143,144);
INSERT INTO "requests" VALUES('q_59e1c2d517dc','/desk/shop0',1795819526031,26880000,151,152);
INSERT INTO "requests" VALUES('q_728e34a0cd9c','/desk/shop0',1795819527346,23670000,186,187);
INSERT INTO "requests" VALUES('q_2c433e124d0a','/desk/shop0',1795819527698,40545000,208,209);
INSERT INTO "requests" VALUES('q_58431bb15b2d','/desk/shop0',1795819527878,94420000,226,227);
INSERT INTO "requests" VALUES('q_a86c8824f440','/desk/shop0',1795819528238,20545000,247,248);
INSERT INTO "requests" VALUES('q_fa1f5ec93621','/desk/shop0',1795819528292,31365000,257,258);
INSERT INTO "requests" VALUES('q_a205270959dd','/desk/shop0',1795819528528,20045000,272,273);
INSERT INTO "requests" VALUES('q_46b9e60f6d80','/desk/shop0',1795819528557,15525000,280,281);
INSERT INTO "requests" VALUES('q_f10066fbe61a','/desk/shop0',1795819529193,13985000,307,308);
INSERT INTO "requests" VALUES('q_ddbeaae000d5','/desk/shop0',1795819529552,30475000,326,327);
INSERT INTO "requests" VALUES('q_13d6a355137a','/desk/shop0',1795819530027,35440000,358,359);
INSERT INTO "requests" VALUES('q_02904d65c8cf','/desk/shop0',1795819530370,24315000,379,380);
INSERT INTO "requests" VALUES('q_99dfef56f9a2','/desk/shop0',1795819530709,536000000,396,397);
INSERT INTO "requests" VALUES('q_5a936e57c587','/desk/shop0',1795819530876,5200000000,399,400);
INSERT INTO "requests" VALUES('q_e998b726b031','/desk/shop0',1795819531164,12315000,409,410);
INSERT INTO "requests" VALUES('q_e1fae37daa2e','/desk/shop0',1795819531172,21440000,411,413);
INSERT INTO "requests" VALUES('q_29b5cc67fa2b','/desk/shop0',1795819531172,21440000,412,415);
INSERT INTO "requests" VALUES('q_968e7e1a188f','/desk/shop0',1795819531676,1520190000,442,443);
INSERT INTO "requests" VALUES('q_13a3053983cb','/desk/shop0',1795819531709,393555000,452,453);
INSERT INTO "requests" VALUES('q_d72713192a01','/desk/shop0',1795819532439,23565000,474,475);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995355,20896065000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_1e4c39e2',0);
INSERT INTO "streams" VALUES('r_3659b204',0);
INSERT INTO "streams" VALUES('r_64944331',0);
INSERT INTO "streams" VALUES('r_70b6830a',0);
INSERT INTO "streams" VALUES('r_9448472b',0);
INSERT INTO "streams" VALUES('r_a43db252',0);
INSERT INTO "streams" VALUES('r_a55e18c8',0);
INSERT INTO "streams" VALUES('r_c753b4bc',0);
INSERT INTO "streams" VALUES('r_c9ff3c54',0);
INSERT INTO "streams" VALUES('r_e2977d98',0);
INSERT INTO "streams" VALUES('r_fe3ee3ed',0);
INSERT INTO "streams" VALUES('shadow_r_64944331',0);
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
