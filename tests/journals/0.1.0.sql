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
INSERT INTO "requests" VALUES('q_3dbd4c123928','/desk/shop0',1795835562443,126375000,6,7);
INSERT INTO "requests" VALUES('q_77475395a381','/desk/shop0',1795835562530,4335400000,14,15);
INSERT INTO "requests" VALUES('q_ba1c1922a9f6','/desk/shop0',1795835563329,16605000,18,19);
INSERT INTO "requests" VALUES('q_4473ebb2ace3','/desk/shop0',1795835566193,15725000,50,54);
INSERT INTO "requests" VALUES('q_2821d64fb35c','/desk/shop0',1795835566238,21545000,55,59);
INSERT INTO "requests" VALUES('q_0761e664cd7c','/desk/shop0',1795835566238,46420000,56,62);
INSERT INTO "requests" VALUES('q_af0dde9be3f9','/desk/shop0',1795835566239,40795000,57,65);
INSERT INTO "requests" VALUES('q_3bec03d73894','/desk/shop0',1795835566239,86670000,58,67);
INSERT INTO "requests" VALUES('q_5c5ace7fb735','/desk/shop0',1795835566545,3997500000,84,85);
INSERT INTO "requests" VALUES('q_abb8b28f1c34','/desk/shop0',1795835567733,3110000000,117,118);
INSERT INTO "requests" VALUES('q_eb5f6313fcaa','/desk/shop0',1795835567739,965000000,121,122);
INSERT INTO "requests" VALUES('q_67970faeffab','/desk/shop0',1795835568061,27815000,141,142);
INSERT INTO "requests" VALUES('q_270e2787dfe2','/desk/shop0',1795835568074,26880000,148,149);
INSERT INTO "requests" VALUES('q_79f4700062d2','/desk/shop0',1795835569918,23670000,185,186);
INSERT INTO "requests" VALUES('q_37ba5775c250','/desk/shop0',1795835570475,40545000,207,208);
INSERT INTO "requests" VALUES('q_d916bfb6b66e','/desk/shop0',1795835570791,94295000,225,226);
INSERT INTO "requests" VALUES('q_749731106e39','/desk/shop0',1795835571690,20545000,246,247);
INSERT INTO "requests" VALUES('q_028f09d58fdf','/desk/shop0',1795835571771,31365000,255,256);
INSERT INTO "requests" VALUES('q_d4e219945e69','/desk/shop0',1795835572187,39920000,271,272);
INSERT INTO "requests" VALUES('q_6967aa99df31','/desk/shop0',1795835572252,20930000,282,283);
INSERT INTO "requests" VALUES('q_7ef84578f100','/desk/shop0',1795835573035,356700000,299,300);
INSERT INTO "requests" VALUES('q_a0c70bef0ed4','/desk/shop0',1795835573607,20045000,322,323);
INSERT INTO "requests" VALUES('q_5c3f3c3bd34c','/desk/shop0',1795835573626,15525000,328,329);
INSERT INTO "requests" VALUES('q_c78faaf92368','/desk/shop0',1795835574596,13985000,357,358);
INSERT INTO "requests" VALUES('q_5e1f3d589116','/desk/shop0',1795835575403,30475000,376,377);
INSERT INTO "requests" VALUES('q_f4b74ec4ea81','/desk/shop0',1795835576260,35440000,408,409);
INSERT INTO "requests" VALUES('q_a2ba3bf2caa7','/desk/shop0',1795835576864,24315000,429,430);
INSERT INTO "requests" VALUES('q_028e5639aaca','/desk/shop0',1795835577566,536000000,446,447);
INSERT INTO "requests" VALUES('q_caba019b786d','/desk/shop0',1795835577756,5200000000,449,450);
INSERT INTO "requests" VALUES('q_b2bc345fd0d8','/desk/shop0',1795835578422,12315000,459,460);
INSERT INTO "requests" VALUES('q_9205222507dc','/desk/shop0',1795835578431,21440000,461,463);
INSERT INTO "requests" VALUES('q_e5a102669677','/desk/shop0',1795835578433,21440000,462,466);
INSERT INTO "requests" VALUES('q_b0e8cf721972','/desk/shop0',1795835579832,1520190000,492,493);
INSERT INTO "requests" VALUES('q_9fd46717d755','/desk/shop0',1795835579853,393555000,500,501);
INSERT INTO "requests" VALUES('q_3bf5c7f1d8dd','/desk/shop0',1795835580937,23565000,525,526);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995372,21312990000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_14b371a3',0);
INSERT INTO "streams" VALUES('r_3197c942',0);
INSERT INTO "streams" VALUES('r_463b62bf',0);
INSERT INTO "streams" VALUES('r_4a9a17ec',0);
INSERT INTO "streams" VALUES('r_79426659',0);
INSERT INTO "streams" VALUES('r_b9e3bd4f',0);
INSERT INTO "streams" VALUES('r_d185eb4a',0);
INSERT INTO "streams" VALUES('r_d3b4f5f8',0);
INSERT INTO "streams" VALUES('r_e8c26c3f',0);
INSERT INTO "streams" VALUES('r_ed59a26e',0);
INSERT INTO "streams" VALUES('r_f799b424',0);
INSERT INTO "streams" VALUES('r_fcee978e',0);
INSERT INTO "streams" VALUES('shadow_r_fcee978e',0);
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
