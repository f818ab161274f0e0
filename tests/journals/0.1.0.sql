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
INSERT INTO "requests" VALUES('q_32d94a01973a','/desk/shop0',1795709139764,125875000,6,7);
INSERT INTO "requests" VALUES('q_bda5f3b98000','/desk/shop0',1795709139893,4334600000,14,15);
INSERT INTO "requests" VALUES('q_0bccdd9b32e9','/desk/shop0',1795709141244,16565000,18,19);
INSERT INTO "requests" VALUES('q_0b4a6ce119cb','/desk/shop0',1795709145816,15570000,47,48);
INSERT INTO "requests" VALUES('q_da8bbfa3defe','/desk/shop0',1795709145848,46380000,49,51);
INSERT INTO "requests" VALUES('q_c1a4afbca886','/desk/shop0',1795709145849,40755000,50,53);
INSERT INTO "requests" VALUES('q_5b771199b338','/desk/shop0',1795709145907,21505000,62,63);
INSERT INTO "requests" VALUES('q_1897dcf5eccb','/desk/shop0',1795709145967,66630000,73,74);
INSERT INTO "requests" VALUES('q_b4b130eed892','/desk/shop0',1795709146249,3977500000,83,85);
INSERT INTO "requests" VALUES('q_473a2e0cb906','/desk/shop0',1795709147354,2677500000,114,115);
INSERT INTO "requests" VALUES('q_bc08f1e5e580','/desk/shop0',1795709147404,672700000,118,119);
INSERT INTO "requests" VALUES('q_7410e5488b38','/desk/shop0',1795709147903,27775000,137,138);
INSERT INTO "requests" VALUES('q_5db2369e5a4f','/desk/shop0',1795709147925,26840000,143,145);
INSERT INTO "requests" VALUES('q_8fdff21e848d','/desk/shop0',1795709151141,23630000,180,181);
INSERT INTO "requests" VALUES('q_f7ad5792eb6e','/desk/shop0',1795709151805,40505000,202,203);
INSERT INTO "requests" VALUES('q_2d141af44473','/desk/shop0',1795709152221,93755000,220,221);
INSERT INTO "requests" VALUES('q_d9df6a08ea39','/desk/shop0',1795709153331,20505000,242,243);
INSERT INTO "requests" VALUES('q_49fc87e9f5c1','/desk/shop0',1795709153427,31325000,250,251);
INSERT INTO "requests" VALUES('q_9e70713b1e8e','/desk/shop0',1795709153830,24255000,266,267);
INSERT INTO "requests" VALUES('q_f5d283bd9fba','/desk/shop0',1795709154724,393800000,283,284);
INSERT INTO "requests" VALUES('q_d711c489454a','/desk/shop0',1795709155138,5170000000,286,287);
INSERT INTO "requests" VALUES('q_c8029914f61e','/desk/shop0',1795709155898,12255000,296,297);
INSERT INTO "requests" VALUES('q_f360fb7dca4d','/desk/shop0',1795709155935,21380000,298,300);
INSERT INTO "requests" VALUES('q_4fe98c8bb2b1','/desk/shop0',1795709155936,21380000,299,302);
INSERT INTO "requests" VALUES('q_f8188e466a08','/desk/shop0',1795709157085,1520130000,330,331);
INSERT INTO "requests" VALUES('q_9e34fb2d7e87','/desk/shop0',1795709157152,393495000,338,339);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995232,19816610000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_1dc32a18',0);
INSERT INTO "streams" VALUES('r_23cd0d69',0);
INSERT INTO "streams" VALUES('r_3dba3716',0);
INSERT INTO "streams" VALUES('r_9526fc47',0);
INSERT INTO "streams" VALUES('r_b2a518d2',0);
INSERT INTO "streams" VALUES('r_b59a191a',0);
INSERT INTO "streams" VALUES('r_d94107c5',0);
INSERT INTO "streams" VALUES('r_debb226f',0);
INSERT INTO "streams" VALUES('shadow_r_debb226f',0);
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
