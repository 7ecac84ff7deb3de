"""Binary, SQLite, SQL and XML sets, and files that are refused, from hand-written samples."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import struct
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from matching_reader_samples import (
    MD5_A,
    MD5_B,
    PDQ_BRIDGE,
    SHA1_A,
    SHA1_B,
    SHA256_A,
    SHA256_B,
    raw,
    read,
    refused,
    taken,
    text_file,
)

from triage.errors import HashSetError
from triage.matching.reader import READERS, choose_reader
from triage.matching.readers.sqlite_sets import _MINIMAL


def test_encase(tmp_path: Path) -> None:
    header = bytearray(1152)
    header[:8] = bytes.fromhex("484153480d0aff00")
    struct.pack_into("<II", header, 8, 2, 0)
    struct.pack_into("<I", header, 16, 3)
    header[1032:1052] = "sample set".encode("utf-16-le")
    path = tmp_path / "set.hash"
    path.write_bytes(bytes(header) + raw(MD5_A) + b"\0\0" + raw(MD5_B) + b"\0\0" + raw(MD5_A)[:9])
    assert choose_reader(path).id == "encase"
    items = read(path)
    assert [(r.md5, r.place) for r in taken(items)] == [
        (raw(MD5_A), "byte 1152"),
        (raw(MD5_B), "byte 1170"),
    ]
    assert refused(items) == [
        ("byte 1188", "an entry is cut short"),
        ("byte 16", "the header counts 3 entries, the file holds 2: it was cut short"),
    ]


def test_tsk_index(tmp_path: Path) -> None:
    text = f"{'0' * 41}|md5sum\n{'0' * 40}1|set.txt\n{MD5_A.upper()}|{0:016}\n{MD5_B.upper()}|x\n"
    path = text_file(tmp_path, text, "set-md5.idx")
    assert choose_reader(path).id == "tsk-idx"
    items = read(path)
    assert [r.md5 for r in taken(items)] == [raw(MD5_A)]
    assert [place for place, _ in refused(items)] == ["line 4"]


def test_kdb(tmp_path: Path) -> None:
    path = tmp_path / "set.kdb"
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(
            """CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);
            INSERT INTO db_properties VALUES ('Schema Version', '1');
            CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE,
                sha1 BINARY(20), sha2_256 BINARY(32));"""
        )
        rows = [(raw(MD5_A), None, raw(SHA256_A)), (MD5_B, None, None), (None, None, None)]
        db.executemany("INSERT INTO hashes (md5, sha1, sha2_256) VALUES (?, ?, ?)", rows)
    db.close()
    before = path.read_bytes()
    assert choose_reader(path).id == "tsk-kdb"
    items = read(path)
    assert [(r.md5, r.sha256, r.place) for r in taken(items)] == [
        (raw(MD5_A), raw(SHA256_A), "row 1")
    ]
    assert [place for place, _ in refused(items)] == ["row 2", "row 3"]
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["set.kdb"]


FILE_TABLE = """CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL,
    md5 VARCHAR NOT NULL, crc32 VARCHAR NOT NULL, file_name VARCHAR NOT NULL,
    file_size INTEGER NOT NULL, package_id INTEGER NOT NULL,
    CONSTRAINT PK PRIMARY KEY (sha256, sha1, md5, crc32, file_name, file_size, package_id));"""


def nsrl(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(FILE_TABLE)
        rows = [
            (digest256.upper(), digest1.upper(), digest5.upper(), "00", name, size, package)
            for digest256, digest1, digest5, size in (
                (SHA256_B, SHA1_B, MD5_B, 26),
                (SHA256_A, SHA1_A, MD5_A, 17),
            )
            for name in ("x", "it's")
            for package in (1, 2)
        ]
        db.executemany("INSERT INTO FILE VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    db.close()
    return path


def test_nsrl_3_minimal_is_distinct_and_in_key_order(tmp_path: Path) -> None:
    path = nsrl(tmp_path / "RDS.db")
    assert choose_reader(path).id == "nsrl-rds3"
    records = taken(read(path))
    assert [(r.sha256, r.sha1, r.md5, r.size_bytes) for r in records] == sorted(
        [(raw(SHA256_A), raw(SHA1_A), raw(MD5_A), 17), (raw(SHA256_B), raw(SHA1_B), raw(MD5_B), 26)]
    )
    with closing(sqlite3.connect(path)) as db, db:
        query = f"EXPLAIN QUERY PLAN {_MINIMAL}"
        plan = " ".join(row[3] for row in db.execute(query))
    db.close()
    assert "TEMP B-TREE" not in plan, "sorting 440 million rows would fill the disk"


def test_nsrl_3_full_reads_the_table_and_never_a_view(tmp_path: Path) -> None:
    path = tmp_path / "full.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(
            f"""CREATE TABLE METADATA (metadata_id INTEGER PRIMARY KEY, object_id, key_hash, path,
                file_name, extension, bytes, crc32, md5, sha1, sha256);
            INSERT INTO METADATA (bytes, md5, sha1, sha256)
                VALUES (17, '{MD5_A}', '{SHA1_A}', '{SHA256_A}');
            CREATE VIEW FILE AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n)
                SELECT '{SHA256_B}' sha256, '' sha1, '' md5, x file_size FROM n;"""  # noqa: S608  (a sample)
        )
    db.close()
    assert [r.sha256 for r in taken(read(path))] == [raw(SHA256_A)]


def test_nsrl_3_without_row_numbers_and_damaged(tmp_path: Path) -> None:
    path = tmp_path / "RDS.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(FILE_TABLE.replace(");", ") WITHOUT ROWID;"))
        rows = ((f"{n:064x}", "", "", "", "", n, 0) for n in range(1, 5_001))
        db.executemany("INSERT INTO FILE VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    db.close()
    told: list[tuple[int, int]] = []
    items = read(path, on_bytes=lambda done, total: told.append((done, total)))
    assert [r.size_bytes for r in taken(items)] == list(range(1, 5_001))
    assert told == [(path.stat().st_size, path.stat().st_size)]
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(HashSetError, match=r"RDS\.db: SQLite cannot read on"):
        read(path, "nsrl-rds3")


def test_sqlite_inside_gzip_says_unpack(tmp_path: Path) -> None:
    packed = tmp_path / "RDS.db.gz"
    packed.write_bytes(gzip.compress(nsrl(tmp_path / "RDS.db").read_bytes()))
    with pytest.raises(HashSetError) as caught:
        choose_reader(packed, None)
    assert "unpack" in caught.value.hint


def test_sqlite_with_a_log_beside_it_is_refused(tmp_path: Path) -> None:
    path = nsrl(tmp_path / "RDS.db")
    (tmp_path / "RDS.db-wal").write_bytes(b"x")
    with pytest.raises(HashSetError, match=r"RDS\.db-wal"):
        read(path, "nsrl-rds3")


def test_nsrl_delta_is_read_and_never_executed(tmp_path: Path) -> None:
    column_list = "(sha256,sha1,md5,crc32,file_name,file_size,package_id)"
    text = (
        "BEGIN TRANSACTION;\n-- a 'comment\nINSERT INTO PKG VALUES(1,'x;y',NULL);\n"
        f"INSERT INTO FILE{column_list} VALUES('{SHA256_A.upper()}','{SHA1_A}','{MD5_A}',"
        "'00','it''s (a); name\n',17,1),\n"
        f"  ('{SHA256_B}','{SHA1_B}','{MD5_B}','00','b',26,1);\n"
        f"DELETE FROM FILE WHERE sha256 = '{SHA256_A}';\n"
        f"INSERT INTO FILE VALUES ('{SHA256_A}','{SHA1_A}');\n"
        f"INSERT INTO FILE(sha256) VALUES ('{SHA256_B}');\nCOMMIT;\n"
    )
    path = text_file(tmp_path, text, "delta.sql")
    assert choose_reader(path).id == "nsrl-rds3-delta"
    items = read(path)
    assert [(r.sha256, r.md5, r.size_bytes, r.place) for r in taken(items)] == [
        (raw(SHA256_A), raw(MD5_A), 17, "line 4"),
        (raw(SHA256_B), raw(MD5_B), 26, "line 6"),
        (raw(SHA256_B), None, None, "line 9"),
    ]
    assert [place for place, _ in refused(items)] == ["line 7", "line 8"]
    with pytest.raises(HashSetError, match=r"never ends|inside a statement"):
        read(text_file(tmp_path, text[: text.index("26,1")], "cut.sql"))


@pytest.mark.parametrize(
    "before", ["COMMIT", "PRAGMA x", "DELETE FROM FILE", ".mode", "INSERT INTO PKG"]
)
def test_a_row_behind_a_statement_that_does_not_end_is_not_passed_over_unsaid(
    tmp_path: Path, before: str
) -> None:
    row = f"INSERT INTO FILE(md5,file_size) VALUES('{MD5_A}',5);"
    items = read(text_file(tmp_path, f"{row}\n{before}\n{row}\n{row}\n", "delta.sql"))
    assert [record.place for record in taken(items)] == ["line 1", "line 4"]
    assert refused(items)[-1] == ("line 3", "the statement before it does not end")


def test_a_row_behind_an_open_bracket_is_said_to_be_lost(tmp_path: Path) -> None:
    row = f"INSERT INTO FILE(md5,file_size) VALUES('{MD5_A}',5);"
    items = read(text_file(tmp_path, f"{row}\n{row[:-2]}\n{row}\n{row}\n", "delta.sql"))
    assert [record.place for record in taken(items)] == ["line 1", "line 4"]
    assert refused(items) == [
        ("line 2", "a row of values never closes, and the next statement goes with it")
    ]


def test_nsrl_delta_equals_what_sqlite_makes_of_it(tmp_path: Path) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("sqlite3 is not installed")
    path = nsrl(tmp_path / "RDS.db")
    dumped = subprocess.run(["sqlite3", path, ".dump FILE"], capture_output=True, check=True)
    delta = tmp_path / "delta.sql"
    delta.write_bytes(dumped.stdout)
    found = {(r.sha256, r.sha1, r.md5, r.size_bytes) for r in taken(read(delta))}
    assert found == {(r.sha256, r.sha1, r.md5, r.size_bytes) for r in taken(read(path))}


def test_c4all_xml_in_utf_16(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0" encoding="utf-16"?><ReportIndex version="2.0" source="X-Ways" dll="1">'
        f"<Image><path><![CDATA[x & <y>]]></path><picture>{MD5_A}</picture><category>1</category>"
        f"<id>1</id><hash>{MD5_A.upper()}</hash><fileSize>17</fileSize></Image>"
        f"<Movie><movie>{SHA1_B}</movie><category>0</category></Movie>"
        f"<Image><picture>{MD5_A}</picture><hash>{MD5_B}</hash></Image><Image/></ReportIndex>"
    )
    path = tmp_path / "c4p.xml"
    path.write_bytes(text.encode("utf-16"))
    assert choose_reader(path).id == "c4all-xml"
    items = read(path)
    assert [(r.md5, r.sha1, r.code, r.size_bytes) for r in taken(items)] == [
        (raw(MD5_A), None, "1", 17),
        (None, raw(SHA1_B), "0", None),
    ]
    assert [place for place, _ in refused(items)] == ["record 3", "record 4"]


def test_ncmec_xml(tmp_path: Path) -> None:
    text = (
        '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="3">'
        '<image><member id="1">m</member><timestamp>2026-01-01T00:00:00Z</timestamp><id>i1</id>'
        f"<classification>A1</classification><fingerprints><md5>{MD5_A}</md5><PDQ>{PDQ_BRIDGE}</PDQ>"
        "</fingerprints></image><deletedImage><id>i2</id></deletedImage>"
        f"<image><id>i3</id><fingerprints><sha1>{SHA1_B}</sha1></fingerprints><feedback>"
        '<negativeFeedback type="Md5"><reasons><reason>no</reason></reasons></negativeFeedback>'
        "</feedback></image></images></queryResult>"
    )
    path = text_file(tmp_path, text, "n.xml")
    assert choose_reader(path).id == "ncmec-xml"
    items = read(path)
    first, disputed = taken(items)
    assert (first.md5, first.code, first.pdq is not None) == (raw(MD5_A), "A1", True)
    assert (disputed.sha1, disputed.tags) == (raw(SHA1_B), "disputed by negative feedback")
    assert (first.trusted, disputed.trusted) == (None, False)
    assert refused(items) == [("record 2", "deleted by its publisher: i2")]


def test_xml_entities_are_refused(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE ReportIndex [<!ENTITY a "b">]>'
        f"<ReportIndex><Image><picture>{MD5_A}</picture></Image></ReportIndex>"
    )
    with pytest.raises(HashSetError, match="entity"):
        read(text_file(tmp_path, text))


def test_bloom_filter_and_xways_are_refused_with_a_way_out(tmp_path: Path) -> None:
    bloom = tmp_path / "circl.bloom"
    bloom.write_bytes(struct.pack("<QQdQQQ", 1, 100_000, 0.01, 7, 958_506, 3) + bytes(119_816))
    with pytest.raises(HashSetError, match="probably"):
        read(bloom)
    (tmp_path / "A1.xhd").write_bytes(b"\1\2\3")
    with pytest.raises(HashSetError) as caught:
        read(tmp_path / "A1.xhd")
    assert "text" in caught.value.hint


def test_unknown_things_name_the_formats(tmp_path: Path) -> None:
    for content in (b"", b"hello\nworld\n", b"\x89PNG\r\n\x1a\n" + bytes(100)):
        path = tmp_path / "thing"
        path.write_bytes(content)
        with pytest.raises(HashSetError, match="thing"):
            choose_reader(path, None)
    with pytest.raises(HashSetError) as caught:
        choose_reader(path, "no-such")
    assert all(reader.id in caught.value.hint for reader in READERS)
    with pytest.raises(HashSetError, match="absent"):
        choose_reader(tmp_path / "absent", None)


def test_ids_are_unique() -> None:
    assert len({reader.id for reader in READERS}) == len(READERS)
