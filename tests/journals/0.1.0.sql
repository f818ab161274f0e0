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
INSERT INTO "requests" VALUES('q_660cb2c55710','/desk/shop0',1795808609688,126375000,6,7);
INSERT INTO "requests" VALUES('q_692587f5371c','/desk/shop0',1795808609747,4335400000,16,17);
INSERT INTO "requests" VALUES('q_342a786b4952','/desk/shop0',1795808609893,16605000,20,21);
INSERT INTO "requests" VALUES('q_b5657cb54d26','/desk/shop0',1795808613941,15725000,51,52);
INSERT INTO "requests" VALUES('q_91d36f7a6c01','/desk/shop0',1795808613959,21545000,53,56);
INSERT INTO "requests" VALUES('q_442666b9674f','/desk/shop0',1795808613960,87170000,54,58);
INSERT INTO "requests" VALUES('q_75f2b0527e4c','/desk/shop0',1795808613960,46420000,55,60);
INSERT INTO "requests" VALUES('q_fdf8bb6f331d','/desk/shop0',1795808614007,40795000,69,70);
INSERT INTO "requests" VALUES('q_ddcac92b1873','/desk/shop0',1795808614228,3997500000,85,87);
INSERT INTO "requests" VALUES('q_185a11f19f28','/desk/shop0',1795808614685,3110000000,118,119);
INSERT INTO "requests" VALUES('q_3752315a78e7','/desk/shop0',1795808614697,965000000,122,123);
INSERT INTO "requests" VALUES('q_7d50ac42e8fe','/desk/shop0',1795808614938,27815000,142,143);
INSERT INTO "requests" VALUES('q_37d57306791e','/desk/shop0',1795808614975,26880000,151,152);
INSERT INTO "requests" VALUES('q_a93a48cdbd06','/desk/shop0',1795808616174,23670000,186,187);
INSERT INTO "requests" VALUES('q_6a77de47b750','/desk/shop0',1795808616531,40545000,208,209);
INSERT INTO "requests" VALUES('q_567bbfe2b433','/desk/shop0',1795808616720,94420000,226,227);
INSERT INTO "requests" VALUES('q_122d2d729a38','/desk/shop0',1795808617091,20545000,247,248);
INSERT INTO "requests" VALUES('q_d3b84448e2bb','/desk/shop0',1795808617143,31365000,257,258);
INSERT INTO "requests" VALUES('q_6f45ff3618e5','/desk/shop0',1795808617374,20045000,272,273);
INSERT INTO "requests" VALUES('q_948799d6974a','/desk/shop0',1795808617405,15525000,280,281);
INSERT INTO "requests" VALUES('q_427c0e834de4','/desk/shop0',1795808618020,13985000,307,308);
INSERT INTO "requests" VALUES('q_d802277458a4','/desk/shop0',1795808618385,30475000,326,327);
INSERT INTO "requests" VALUES('q_61a07beb5557','/desk/shop0',1795808618859,35440000,358,359);
INSERT INTO "requests" VALUES('q_0d3fb58c73e7','/desk/shop0',1795808619187,24315000,379,380);
INSERT INTO "requests" VALUES('q_210982c3b9b4','/desk/shop0',1795808619484,536000000,396,397);
INSERT INTO "requests" VALUES('q_a62907cc97cf','/desk/shop0',1795808619634,5200000000,399,400);
INSERT INTO "requests" VALUES('q_d9fd58ace693','/desk/shop0',1795808619882,12315000,409,410);
INSERT INTO "requests" VALUES('q_be6eed22e8f9','/desk/shop0',1795808619889,21440000,411,413);
INSERT INTO "requests" VALUES('q_8fe923c61be9','/desk/shop0',1795808619889,21440000,412,415);
INSERT INTO "requests" VALUES('q_ec21a0378a5e','/desk/shop0',1795808620366,1520190000,442,443);
INSERT INTO "requests" VALUES('q_1539e3256631','/desk/shop0',1795808620402,393555000,452,453);
INSERT INTO "requests" VALUES('q_ebc93ba8b79a','/desk/shop0',1795808621157,23565000,474,475);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995342,20896065000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_09e49d01',0);
INSERT INTO "streams" VALUES('r_10338a88',0);
INSERT INTO "streams" VALUES('r_27c772bc',0);
INSERT INTO "streams" VALUES('r_4c8955e3',0);
INSERT INTO "streams" VALUES('r_7eecba37',0);
INSERT INTO "streams" VALUES('r_9ab1b48f',0);
INSERT INTO "streams" VALUES('r_a6824ba7',0);
INSERT INTO "streams" VALUES('r_ba08d1d9',0);
INSERT INTO "streams" VALUES('r_ba82ae9b',0);
INSERT INTO "streams" VALUES('r_c0a23c07',0);
INSERT INTO "streams" VALUES('r_d7387064',0);
INSERT INTO "streams" VALUES('shadow_r_7eecba37',0);
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
