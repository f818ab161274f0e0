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
INSERT INTO "requests" VALUES('q_6da2d3bfb2ea','/desk/shop0',1795834222997,126375000,6,7);
INSERT INTO "requests" VALUES('q_6d896e361835','/desk/shop0',1795834223123,4335400000,15,16);
INSERT INTO "requests" VALUES('q_68c386304019','/desk/shop0',1795834223944,16605000,19,20);
INSERT INTO "requests" VALUES('q_93efea236daa','/desk/shop0',1795834228371,15725000,46,47);
INSERT INTO "requests" VALUES('q_8a9990011a2e','/desk/shop0',1795834228398,21545000,49,51);
INSERT INTO "requests" VALUES('q_e5c748d769ef','/desk/shop0',1795834228401,40795000,50,53);
INSERT INTO "requests" VALUES('q_215de99b0458','/desk/shop0',1795834228455,46420000,61,62);
INSERT INTO "requests" VALUES('q_a2b99ad3f442','/desk/shop0',1795834228540,86670000,71,72);
INSERT INTO "requests" VALUES('q_efc9f5de944d','/desk/shop0',1795834228898,3997500000,81,82);
INSERT INTO "requests" VALUES('q_b1bb30a70996','/desk/shop0',1795834230011,3110000000,117,118);
INSERT INTO "requests" VALUES('q_36266a511909','/desk/shop0',1795834230022,965000000,121,122);
INSERT INTO "requests" VALUES('q_fde91596ee70','/desk/shop0',1795834230770,27815000,141,142);
INSERT INTO "requests" VALUES('q_9015cb83403f','/desk/shop0',1795834230841,26880000,148,149);
INSERT INTO "requests" VALUES('q_2677778828d3','/desk/shop0',1795834238652,23670000,185,186);
INSERT INTO "requests" VALUES('q_9585b0dd90a4','/desk/shop0',1795834239459,40545000,207,208);
INSERT INTO "requests" VALUES('q_c4d693208620','/desk/shop0',1795834239800,94295000,225,226);
INSERT INTO "requests" VALUES('q_1b4b29f398ab','/desk/shop0',1795834240730,20545000,246,247);
INSERT INTO "requests" VALUES('q_151b42a7c9b4','/desk/shop0',1795834240852,31365000,255,256);
INSERT INTO "requests" VALUES('q_b4425e0790c8','/desk/shop0',1795834241351,39920000,271,272);
INSERT INTO "requests" VALUES('q_75ff7726113c','/desk/shop0',1795834241775,20930000,282,283);
INSERT INTO "requests" VALUES('q_9b0510f2f1e9','/desk/shop0',1795834242534,356700000,299,300);
INSERT INTO "requests" VALUES('q_077c157e38fa','/desk/shop0',1795834243355,20045000,322,323);
INSERT INTO "requests" VALUES('q_1f4113d662e8','/desk/shop0',1795834243383,15525000,328,329);
INSERT INTO "requests" VALUES('q_259749295532','/desk/shop0',1795834244842,13985000,357,358);
INSERT INTO "requests" VALUES('q_a8f5627760b0','/desk/shop0',1795834245615,30475000,376,377);
INSERT INTO "requests" VALUES('q_cb5cb32bbb13','/desk/shop0',1795834246735,35440000,408,409);
INSERT INTO "requests" VALUES('q_666b807df69e','/desk/shop0',1795834247590,24315000,429,430);
INSERT INTO "requests" VALUES('q_511ef168937e','/desk/shop0',1795834248385,536000000,446,447);
INSERT INTO "requests" VALUES('q_684263b419fe','/desk/shop0',1795834248681,5200000000,449,450);
INSERT INTO "requests" VALUES('q_1a6a36f7f622','/desk/shop0',1795834249219,12315000,459,460);
INSERT INTO "requests" VALUES('q_ef183cc357f4','/desk/shop0',1795834249235,21440000,461,463);
INSERT INTO "requests" VALUES('q_7da709d98b2d','/desk/shop0',1795834249236,21440000,462,465);
INSERT INTO "requests" VALUES('q_561001ee9ded','/desk/shop0',1795834250379,1520190000,492,493);
INSERT INTO "requests" VALUES('q_843e77d4d123','/desk/shop0',1795834250419,393555000,500,501);
INSERT INTO "requests" VALUES('q_668e3abd3c3b','/desk/shop0',1795834251732,23565000,527,528);
CREATE TABLE spending (slot INTEGER PRIMARY KEY, counted INTEGER NOT NULL) STRICT;
INSERT INTO "spending" VALUES(1995371,21312990000);
CREATE TABLE streams (
        run_id TEXT NOT NULL,
        slot INTEGER NOT NULL,
        PRIMARY KEY (run_id, slot)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "streams" VALUES('r_06b9d4b9',0);
INSERT INTO "streams" VALUES('r_10697a08',0);
INSERT INTO "streams" VALUES('r_487604c9',0);
INSERT INTO "streams" VALUES('r_57fbcc56',0);
INSERT INTO "streams" VALUES('r_6a8fdb3d',0);
INSERT INTO "streams" VALUES('r_79f18fb0',0);
INSERT INTO "streams" VALUES('r_7e4db15d',0);
INSERT INTO "streams" VALUES('r_8cd8778e',0);
INSERT INTO "streams" VALUES('r_9af2553f',0);
INSERT INTO "streams" VALUES('r_aa430d88',0);
INSERT INTO "streams" VALUES('r_f86b471f',0);
INSERT INTO "streams" VALUES('r_fcf9c02a',0);
INSERT INTO "streams" VALUES('shadow_r_8cd8778e',0);
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
