BEGIN TRANSACTION;
CREATE TABLE cases (
	id INTEGER NOT NULL, 
	reference TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (reference)
);
INSERT INTO "cases" VALUES(1,'OP-X');
CREATE TABLE contents (
	exhibit_id INTEGER NOT NULL, 
	sha256 BLOB NOT NULL, 
	md5 BLOB NOT NULL, 
	sha1 BLOB NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	mime TEXT NOT NULL, 
	family TEXT NOT NULL, 
	picture_state TEXT NOT NULL, 
	picture_reason TEXT NOT NULL, 
	picture_detail TEXT NOT NULL, 
	width INTEGER, 
	height INTEGER, 
	format TEXT, 
	frames INTEGER, 
	pdq TEXT, 
	phash BLOB, 
	standing TEXT NOT NULL, 
	category TEXT NOT NULL, 
	original_code TEXT NOT NULL, 
	scheme TEXT NOT NULL, 
	grade_reason TEXT NOT NULL, 
	"conflict" TEXT NOT NULL, 
	PRIMARY KEY (exhibit_id, sha256), 
	FOREIGN KEY(exhibit_id) REFERENCES exhibits (id)
)
 WITHOUT ROWID

;
INSERT INTO "contents" VALUES(1,X'AD892D90573A99ED2D35A238AFAE582CA1EE99E40B07C1A4E8115196EA13A072',X'D2DD40CE0B5A188A0C26020346FC7C4D',X'25240029FC36A8B7004D82F8BEEE8CA872C54F61',10619,'image/jpeg','picture','done','','',320,240,'JPEG',1,'squeezed-512:100:d8288f0ff9e8999c1d0fd9fc0829f5f11abcb713f187383067031ef05eb0a711 full:100:d8288f0ff9e8999c1d0fd9fc0829f5f11abcb713f187383067031ef05eb0a711',X'86E40E97E906F16E','unknown','','','','','');
INSERT INTO "contents" VALUES(1,X'EB5CC8E12E0826E82B868855224A83B6F708F1DB76AB6F9E93A64B44EA74BBA4',X'CFD5215ADAC34D6D45C328506063F93B',X'33726E2C31889C3D13EB0F40CB10CB7773473052',845,'text/plain','document','none','','',NULL,NULL,NULL,NULL,NULL,NULL,'unknown','','','','','');
CREATE TABLE damage (
	evidence_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	offset_bytes BIGINT NOT NULL, 
	length_bytes BIGINT NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (evidence_id, kind, offset_bytes, length_bytes), 
	FOREIGN KEY(evidence_id) REFERENCES evidence (id)
);
CREATE TABLE entries (
	id INTEGER NOT NULL, 
	evidence_id INTEGER NOT NULL, 
	volume_id INTEGER NOT NULL, 
	container_id INTEGER, 
	opened BOOLEAN NOT NULL, 
	entry_key BLOB NOT NULL, 
	path BLOB NOT NULL, 
	stream BLOB NOT NULL, 
	parent_address BIGINT NOT NULL, 
	address BIGINT NOT NULL, 
	sequence BIGINT NOT NULL, 
	nth INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	allocation TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	modified_ns BIGINT, 
	accessed_ns BIGINT, 
	changed_ns BIGINT, 
	created_ns BIGINT, 
	naive_local BOOLEAN NOT NULL, 
	first_block_offset_bytes BIGINT NOT NULL, 
	flags INTEGER NOT NULL, 
	no_content TEXT NOT NULL, 
	state TEXT NOT NULL, 
	in_hand BOOLEAN NOT NULL, 
	reason TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	sha256 BLOB, 
	damaged BOOLEAN NOT NULL, 
	mime TEXT NOT NULL, 
	family TEXT NOT NULL, 
	extension_agrees BOOLEAN, 
	PRIMARY KEY (id), 
	UNIQUE (evidence_id, entry_key), 
	FOREIGN KEY(evidence_id) REFERENCES evidence (id), 
	FOREIGN KEY(volume_id) REFERENCES volumes (id), 
	FOREIGN KEY(container_id) REFERENCES entries (id)
);
INSERT INTO "entries" VALUES(1,1,1,NULL,0,X'898C70F79FE008A7043BF0FC3E625D80',X'2F4261636B7570',X'',0,1,0,0,'directory','live',2048,NULL,NULL,NULL,1795315435000000000,0,-1,0,'directory','skipped',0,'directory','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(2,1,1,NULL,0,X'2C05C09E00FE2C43A05E7DD534050AAB',X'2F44656570',X'',0,2,0,0,'directory','live',2048,NULL,NULL,NULL,1795315435000000000,0,-1,0,'directory','skipped',0,'directory','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(3,1,1,NULL,0,X'DD383BE9B5A7E90064285E12D0D81AD6',X'2F446F63756D656E7473',X'',0,3,0,0,'directory','live',2048,NULL,NULL,NULL,1795315435000000000,0,-1,0,'directory','skipped',0,'directory','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(4,1,1,NULL,0,X'6ADA215E583427B973EF1C6C3A857A0C',X'2F446F776E6C6F616473',X'',0,4,0,0,'directory','live',2048,NULL,NULL,NULL,1795315435000000000,0,-1,0,'directory','skipped',0,'directory','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(5,1,1,NULL,0,X'EECF15C3782FE922F9C4E2AE719B4E39',X'2F456D70747920666F6C646572',X'',0,5,0,0,'directory','live',2048,NULL,NULL,NULL,1795315435000000000,0,-1,0,'directory','skipped',0,'directory','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(6,1,1,NULL,0,X'6AFEBD2AFE4FC0C45577C2B65127C5BB',X'2F4F6464',X'',0,6,0,0,'directory','live',2048,NULL,NULL,NULL,1795315435000000000,0,-1,0,'directory','skipped',0,'directory','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(7,1,1,NULL,0,X'DA216CE1485733CE6574494EB4116FC0',X'2F5069637475726573',X'',0,7,0,0,'directory','live',2048,NULL,NULL,NULL,1795315435000000000,0,-1,0,'directory','skipped',0,'directory','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(8,1,1,NULL,0,X'933B1059C13AC2A0CA7D9669EF7701AE',X'2F244F727068616E46696C6573',X'',0,39,0,0,'virtual','live',0,NULL,NULL,NULL,NULL,0,-1,0,'virtual','skipped',0,'virtual','folder made up to hold orphan files',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(9,1,1,NULL,0,X'84A45A73CDC1F7B40E17B4253CD2EF02',X'2F4261636B75702F636F7079206F6620686172626F75722E6A7067',X'',1,8,0,0,'file','live',11078,NULL,NULL,NULL,1714558080000000000,0,108544,0,'','pending',0,'','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(10,1,1,NULL,0,X'79D6706A85B7F3A28F4DA08175D133E1',X'2F446565702F61',X'',2,9,0,0,'directory','live',2048,NULL,NULL,NULL,1795315435000000000,0,-1,0,'directory','skipped',0,'directory','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(11,1,1,NULL,0,X'70FFC4F2D78FBB26B754862AEAF2367C',X'2F446F63756D656E74732F6275646765742E637376',X'',3,10,0,0,'file','live',1581,NULL,NULL,NULL,1714558560000000000,0,122880,0,'','pending',0,'','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(12,1,1,NULL,0,X'DA4D24BC5A90C66B147A6E780BE9F2DB',X'2F446F63756D656E74732F656D7074792E747874',X'',3,11,0,0,'file','live',0,NULL,NULL,NULL,1714558800000000000,0,-1,0,'empty','skipped',0,'empty','',NULL,0,'','',NULL);
INSERT INTO "entries" VALUES(13,1,1,NULL,0,X'5836C4BCB7554377FA6A05B1FD6B3386',X'2F446F63756D656E74732F686F6C696461792E747874',X'',3,12,0,0,'file','live',10619,NULL,NULL,NULL,1714558200000000000,0,124928,0,'','digested',0,'','',X'AD892D90573A99ED2D35A238AFAE582CA1EE99E40B07C1A4E8115196EA13A072',0,'image/jpeg','picture',0);
INSERT INTO "entries" VALUES(14,1,1,NULL,0,X'25044880AA4ED3864D1AFB83BC3EF1F6',X'2F446F63756D656E74732F6C65747465722E747874',X'',3,13,0,0,'file','live',845,NULL,NULL,NULL,1714558320000000000,0,137216,0,'','digested',0,'','',X'EB5CC8E12E0826E82B868855224A83B6F708F1DB76AB6F9E93A64B44EA74BBA4',0,'text/plain','document',1);
CREATE TABLE evidence (
	id INTEGER NOT NULL, 
	exhibit_id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	name BLOB NOT NULL, 
	location BLOB NOT NULL, 
	info TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (exhibit_id, "key"), 
	FOREIGN KEY(exhibit_id) REFERENCES exhibits (id)
);
INSERT INTO "evidence" VALUES(1,1,'43f626969fee8ab8',X'69736F393636302E726177',X'69736F393636302E726177','{"damage":[],"header":[],"key":"43f626969fee8ab8","kind":"raw","name":"iso9660.raw","sector_size_bytes":512,"segments":["iso9660.raw"],"size_bytes":546816,"stored_digests":[]}');
CREATE TABLE exhibit_packs (
	exhibit_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	version TEXT NOT NULL, 
	manifest TEXT NOT NULL, 
	PRIMARY KEY (exhibit_id, name, version), 
	FOREIGN KEY(exhibit_id) REFERENCES exhibits (id)
);
CREATE TABLE exhibit_schemes (
	exhibit_id INTEGER NOT NULL, 
	scheme TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	PRIMARY KEY (exhibit_id, scheme), 
	FOREIGN KEY(exhibit_id) REFERENCES exhibits (id)
);
CREATE TABLE exhibits (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	reference TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (case_id, reference), 
	FOREIGN KEY(case_id) REFERENCES cases (id)
);
INSERT INTO "exhibits" VALUES(1,1,'ABC/1');
CREATE TABLE matches (
	exhibit_id INTEGER NOT NULL, 
	sha256 BLOB NOT NULL, 
	nth INTEGER NOT NULL, 
	"match" TEXT NOT NULL, 
	PRIMARY KEY (exhibit_id, sha256, nth), 
	FOREIGN KEY(exhibit_id) REFERENCES exhibits (id)
)
 WITHOUT ROWID

;
CREATE TABLE problems (
	evidence_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	volume TEXT NOT NULL, 
	path BLOB NOT NULL, 
	offset_bytes BIGINT NOT NULL, 
	length_bytes BIGINT NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (evidence_id, kind, volume, path, offset_bytes, length_bytes, detail), 
	FOREIGN KEY(evidence_id) REFERENCES evidence (id)
);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	exhibit_id INTEGER NOT NULL, 
	started_at TEXT NOT NULL, 
	ended_at TEXT, 
	state TEXT NOT NULL, 
	tool_version TEXT NOT NULL, 
	workers INTEGER NOT NULL, 
	seconds FLOAT NOT NULL, 
	read_bytes BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(exhibit_id) REFERENCES exhibits (id)
);
INSERT INTO "runs" VALUES(1,1,'2026-11-22T06:11:20+00:00','2026-11-22T06:11:23+00:00','complete','1',1,1.0,108411);
CREATE TABLE schema_version (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "schema_version" VALUES(1);
CREATE TABLE volumes (
	id INTEGER NOT NULL, 
	evidence_id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	info TEXT NOT NULL, 
	listed BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (evidence_id, "key"), 
	FOREIGN KEY(evidence_id) REFERENCES evidence (id)
);
INSERT INTO "volumes" VALUES(1,1,'p0','{"block_size_bytes":2048,"description":"","filesystem":"iso9660","key":"p0","label":"","length_bytes":546816,"offset_bytes":0,"reason":"","state":"opened","table":"none"}',1);
CREATE INDEX entries_by_content ON entries (sha256, evidence_id);
CREATE INDEX entries_waiting ON entries (evidence_id, first_block_offset_bytes, id) WHERE state = 'pending';
COMMIT;
