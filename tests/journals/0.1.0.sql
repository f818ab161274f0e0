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
INSERT INTO "requests" VALUES('q_b7ffe0ede558','/desk/shop0',1795820764138,126375000,6,7);
INSERT INTO "requests" VALUES('q_d466c3b0b069','/desk/shop0',1795820764337,4335400000,16,17);
INSERT INTO "requests" VALUES('q_74709a04cc37','/desk/shop0',1795820765082,16605000,20,21);
INSERT INTO "requests" VALUES('q_7d3c9ceb3e82','/desk/shop0',1795820770218,15725000,48,49);
INSERT INTO "requests" VALUES('q_315392beab8c','/desk/shop0',1795820770315,40795000,51,54);
INSERT INTO "requests" VALUES('q_d1df71005903','/desk/shop0',1795820770316,46420000,52,56);
INSERT INTO "requests" VALUES('q_cda25a182a65','/desk/shop0',1795820770455,21545000,62,64);
INSERT INTO "requests" VALUES('q_2685b5c15857','/desk/shop0',1795820770552,87170000,71,74);
INSERT INTO "requests" VALUES('q_aa18786b5e6b','/desk/shop0',1795820771025,3997500000,85,86);
INSERT INTO "requests" VALUES('q_af9b342c279d','/desk/shop0',1795820772143,3110000000,118,119);
INSERT INTO "requests" VALUES('q_d3105cea06f9','/desk/shop0',1795820772151,965000000,122,123);
INSERT INTO "requests" VALUES('q_d5f118e06181','/desk/shop0',1795820772744,27815000,143,144);
INSERT INTO "requests" VALUES('q_0c8d1eb1153b','/desk/shop0',1795820772810,26880000,151,152);
INSERT INTO "requests" VALUES('q_ab3ce2f56258','/desk/shop0',1795820775219,23670000,186,187);
INSERT INTO "requests" VALUES('q_063772239d6a','/desk/shop0',1795820775721,40545000,208,209);
INSERT INTO "requests" VALUES('q_78ec3f3f6062','/desk/shop0',1795820776025,94420000,226,227);
INSERT INTO "requests" VALUES('q_7c461e3a91d3','/desk/shop0',1795820776607,20545000,247,248);
INSERT INTO "requests" VALUES('q_5aae018b8dba','/desk/shop0',1795820776710,31365000,257,258);
INSERT INTO "requests" VALUES('q_9ff675fdcf1f','/desk/shop0',1795820777165,20045000,272,273);
INSERT INTO "requests" VALUES('q_448ced08748e','/desk/shop0',1795820777220,15525000,280,281);
INSERT INTO "requests" VALUES('q_445838b13e64','/desk/shop0',1795820778644,13985000,307,308);
INSERT INTO "requests" VALUES('q_cd34a0f84710','/desk/shop0',1795820779120,30475000,326,327);
INSERT INTO "requests" VALUES('q_53b92a1ca952','/desk/shop0',1795820779950,35440000,358,359);
INSERT INTO "requests" VALUES('q_de381365df7f','/desk/shop0',1795820781034,24315000,379,380);
INSERT INTO "requests" VALUES('q_42b5dd8e89b3','/desk/shop0',1795820781764,536000000,396,397);
INSERT INTO "requests" VALUES('q_21a4b77b3690','/desk/shop0',1795820782406,5200000000,399,400);
INSERT INTO "requests" VALUES('q_1a1bb3d91306','/desk/shop0',1795820783378,12315000,409,410);
INSERT INTO "requests" VALUES('q_0385e9bce2a5','/desk/shop0',1795820783390,21440000,411,413);
INSERT INTO "requests" VALUES('q_31785b11da7c','/desk/shop0',1795820783391,21440000,412,415);
INSERT INTO "requests" VALUES('q_092c3ebd29b0','/desk/shop0',1795820785535,1520190000,442,443);
INSERT INTO "requests" VALUES('q_c89721906fdb','/desk/shop0',1795820785599,393555000,451,452);
INSERT INTO "requests" VALUES('q_c401f822e74a','/desk/shop0',1795820787547,23565000,474,475);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995356,20896065000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_019d15c0',0);
INSERT INTO "streams" VALUES('r_17b99207',0);
INSERT INTO "streams" VALUES('r_1e27c7dd',0);
INSERT INTO "streams" VALUES('r_23605670',0);
INSERT INTO "streams" VALUES('r_67735c0f',0);
INSERT INTO "streams" VALUES('r_953179e2',0);
INSERT INTO "streams" VALUES('r_a982c32e',0);
INSERT INTO "streams" VALUES('r_d0f6bd7f',0);
INSERT INTO "streams" VALUES('r_d31f7593',0);
INSERT INTO "streams" VALUES('r_d47f37f5',0);
INSERT INTO "streams" VALUES('r_e561d928',0);
INSERT INTO "streams" VALUES('shadow_r_23605670',0);
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
