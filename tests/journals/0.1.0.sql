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
INSERT INTO "requests" VALUES('q_6933e6af318c','/desk/shop0',1795844260007,126375000,6,7);
INSERT INTO "requests" VALUES('q_30ab1355be13','/desk/shop0',1795844260047,4335400000,14,15);
INSERT INTO "requests" VALUES('q_a6867eaddb5a','/desk/shop0',1795844260218,16605000,18,20);
INSERT INTO "requests" VALUES('q_9fefe931bd44','/desk/shop0',1795844265092,15725000,44,46);
INSERT INTO "requests" VALUES('q_9b568bf84cba','/desk/shop0',1795844265123,21545000,48,50);
INSERT INTO "requests" VALUES('q_47d46bdbba81','/desk/shop0',1795844265153,40795000,59,62);
INSERT INTO "requests" VALUES('q_4e62878a3c56','/desk/shop0',1795844265154,46420000,60,65);
INSERT INTO "requests" VALUES('q_f31c327de550','/desk/shop0',1795844265155,87170000,61,68);
INSERT INTO "requests" VALUES('q_adfa12ab7d91','/desk/shop0',1795844265412,4000000000,84,85);
INSERT INTO "requests" VALUES('q_8e592294a46e','/desk/shop0',1795844265844,3110000000,117,118);
INSERT INTO "requests" VALUES('q_9b03a9b6869e','/desk/shop0',1795844265855,965000000,121,122);
INSERT INTO "requests" VALUES('q_de7d62f06451','/desk/shop0',1795844266050,27815000,141,142);
INSERT INTO "requests" VALUES('q_145690df8b2e','/desk/shop0',1795844266060,26880000,147,149);
INSERT INTO "requests" VALUES('q_11bd6df5befc','/desk/shop0',1795844267060,23670000,185,186);
INSERT INTO "requests" VALUES('q_3fa71e79139f','/desk/shop0',1795844267525,40545000,207,208);
INSERT INTO "requests" VALUES('q_68337c8e86b8','/desk/shop0',1795844267802,94420000,225,226);
INSERT INTO "requests" VALUES('q_fe470ccd24a8','/desk/shop0',1795844268262,20545000,246,247);
INSERT INTO "requests" VALUES('q_afe91a39ce0b','/desk/shop0',1795844268317,31365000,255,256);
INSERT INTO "requests" VALUES('q_417146c0222c','/desk/shop0',1795844268655,39920000,271,272);
INSERT INTO "requests" VALUES('q_68d8b2094b13','/desk/shop0',1795844268705,20930000,282,283);
INSERT INTO "requests" VALUES('q_a5bafccaa156','/desk/shop0',1795844269087,356700000,299,300);
INSERT INTO "requests" VALUES('q_9b130d9cadc9','/desk/shop0',1795844269604,20045000,322,323);
INSERT INTO "requests" VALUES('q_b2a32c9b45a9','/desk/shop0',1795844269615,15525000,328,330);
INSERT INTO "requests" VALUES('q_bec728cfc738','/desk/shop0',1795844270131,13985000,357,358);
INSERT INTO "requests" VALUES('q_dd56e337df40','/desk/shop0',1795844270501,30475000,376,377);
INSERT INTO "requests" VALUES('q_4a8597a28300','/desk/shop0',1795844270935,35440000,408,409);
INSERT INTO "requests" VALUES('q_5234e772bd0b','/desk/shop0',1795844271283,24315000,429,430);
INSERT INTO "requests" VALUES('q_025dd165db71','/desk/shop0',1795844271610,536000000,446,447);
INSERT INTO "requests" VALUES('q_912d492db149','/desk/shop0',1795844271748,5200000000,449,450);
INSERT INTO "requests" VALUES('q_63f096491173','/desk/shop0',1795844272010,12315000,459,460);
INSERT INTO "requests" VALUES('q_460f19f266ec','/desk/shop0',1795844272019,21440000,461,463);
INSERT INTO "requests" VALUES('q_37c73936ffde','/desk/shop0',1795844272020,21440000,462,466);
INSERT INTO "requests" VALUES('q_5473f32ec6f6','/desk/shop0',1795844272523,1520190000,492,493);
INSERT INTO "requests" VALUES('q_20e91f90ffb6','/desk/shop0',1795844272550,393555000,504,505);
INSERT INTO "requests" VALUES('q_32ecbd502eeb','/desk/shop0',1795844273396,23565000,527,528);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995382,21316115000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_109acdc9',0);
INSERT INTO "streams" VALUES('r_29ef3602',0);
INSERT INTO "streams" VALUES('r_2d6cef84',0);
INSERT INTO "streams" VALUES('r_7029d344',0);
INSERT INTO "streams" VALUES('r_72ef5e55',0);
INSERT INTO "streams" VALUES('r_9e470d02',0);
INSERT INTO "streams" VALUES('r_a6853868',0);
INSERT INTO "streams" VALUES('r_cd109a08',0);
INSERT INTO "streams" VALUES('r_e7b6932a',0);
INSERT INTO "streams" VALUES('r_f64c7545',0);
INSERT INTO "streams" VALUES('r_ff21c382',0);
INSERT INTO "streams" VALUES('r_ff7ba262',0);
INSERT INTO "streams" VALUES('shadow_r_ff7ba262',0);
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
