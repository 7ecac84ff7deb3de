"""Laws of all readers: hostile bytes end in records or a HashSetError, and nothing goes missing."""

from __future__ import annotations

import json
import sqlite3
import struct
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_reader_samples import MD5_A, MD5_B, PDQ_BRIDGE, SHA1_A, SHA256_A, raw

from triage.errors import HashSetError
from triage.matching.reader import READERS, Item, ReadOptions, choose_reader
from triage.matching.source import LINE_LIMIT_BYTES
from triage.model.hashset import RefusedRecord

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Cases"


def _database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        with closing(sqlite3.connect(path)) as db, db:
            db.executescript(
                "CREATE TABLE db_properties (name, value); CREATE TABLE hashes (id INTEGER PRIMARY "
                "KEY, md5, sha1, sha2_256); CREATE TABLE FILE (sha256, sha1, md5, crc32, file_name,"
                " file_size, package_id);"
            )
            db.execute("INSERT INTO hashes (md5) VALUES (?)", (raw(MD5_A),))
            db.execute("INSERT INTO FILE (sha256, file_size) VALUES (?, 3)", (SHA256_A,))
        db.close()
        return path.read_bytes()


SQL = f"INSERT INTO FILE(sha256,md5) VALUES('{SHA256_A}','{MD5_A}'),('','');"
C4ALL = f"<ReportIndex><Image><picture>{MD5_A}</picture></Image></ReportIndex>"
NCMEC = f"<queryResult><image><fingerprints><md5>{MD5_A}</md5></fingerprints></image></queryResult>"
SPLICES = (b'"', b"'", b"\xff", b"\0", b"\n", b"<", b"[", b"{")
MEDIA = {"MD5": MD5_A, "Category": 1, "AlternativeHashes": [{"HashName": "PDQ", "HashValue": "x"}]}
SAMPLES: dict[str, bytes] = {
    "vics": json.dumps({"@odata.context": CONTEXT, "value": [{"Media": [MEDIA, MEDIA]}]}).encode(),
    "hash-list": f"{MD5_A}\n{SHA1_A}\n# x\n{SHA256_A}\n".encode(),
    "checksums": f"{MD5_A}  a\nMD5 (b) = {MD5_B}\n  17  {SHA1_A}  c\n".encode(),
    "hashdeep": f"%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n1,{MD5_A},a\n2,{MD5_B},b\n".encode(),
    "csv": f'md5,category,size,notes\n{MD5_A},1,2,"a\nb"\n{MD5_B},2,3,c\n'.encode(),
    "nsrl-rds3-delta": SQL.encode(),
    "pdq-list": f"# pdq\n{PDQ_BRIDGE},90\n{PDQ_BRIDGE}\n".encode(),
    "phash-list": b"856a156ad52b6a97\n88326e5bf4ad0b72\n",
    "tsk-idx": f"{'0' * 41}|md5sum\n{'0' * 40}1|x\n{MD5_A}|0000000000000000\n".encode(),
    "encase": bytes.fromhex("484153480d0aff00") + struct.pack("<III", 2, 0, 2) + bytes(1132)
    + raw(MD5_A) + b"\0\0" + raw(MD5_B) + b"\0\0",
    "c4all-xml": C4ALL.encode("utf-16"),
    "ncmec-xml": NCMEC.encode(),
    "tsk-kdb": _database(),
    "nsrl-rds3": _database(),
}  # fmt: skip


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "set.bin"


def outcome(path: Path, format_id: str | None) -> list[Item]:
    """Read what there is; only the one error of this room may come out."""
    found: list[Item] = []
    try:
        reader = choose_reader(path, format_id)
        found.extend(reader.warnings(path, ReadOptions()))  # type: ignore[arg-type]
        found.clear()
        stream = reader.read(path, ReadOptions())
        while (item := next(stream, None)) is not None:
            found.append(item)
    except HashSetError as error:
        if path.name not in error.message:
            raise
    return found


@pytest.mark.parametrize("format_id", sorted(SAMPLES))
def test_the_samples_are_good(target: Path, format_id: str) -> None:
    target.write_bytes(SAMPLES[format_id])
    items = outcome(target, format_id)
    assert any(not isinstance(item, RefusedRecord) for item in items)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_flipped_cut_and_spliced_samples_never_crash(target: Path, data: st.DataObject) -> None:
    format_id = data.draw(st.sampled_from(sorted(SAMPLES)))
    content = bytearray(SAMPLES[format_id])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        piece = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from(SPLICES)))
        content[at : at + data.draw(st.integers(0, 8))] = piece
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    target.write_bytes(content)
    outcome(target, format_id)
    outcome(target, None)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300), format_id=st.sampled_from([r.id for r in READERS]))
def test_arbitrary_bytes_never_crash(target: Path, content: bytes, format_id: str) -> None:
    target.write_bytes(content)
    outcome(target, format_id)
    outcome(target, None)


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [MD5_A, SHA1_A.upper(), f" {SHA256_A} ", "0" * 32, "g" * 32, MD5_A[1:], "\\", "é"]
        ),
        st.text(
            alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]),
            max_size=40,
        ),
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(found=LINES, format_id=st.sampled_from(["hash-list", "checksums", "pdq-list", "phash-list"]))
def test_every_line_is_a_record_or_refused(target: Path, found: list[str], format_id: str) -> None:
    target.write_bytes("\n".join(["0", *found]).encode())
    wanted = [
        f"line {number}"
        for number, text in enumerate(["0", *found], 1)
        if text.encode().strip()[:1] not in {b"", b"#"}
    ]
    assert [item.place for item in outcome(target, format_id)] == wanted


@settings(max_examples=100, deadline=None)
@given(found=LINES, flips=st.lists(st.integers(0, 10), max_size=3))
def test_a_stray_quote_costs_one_row_of_a_table(
    target: Path, found: list[str], flips: list[int]
) -> None:
    notes = [text.replace('"', "").replace(",", "") for text in found]
    table = [f"{MD5_A},{text}" for text in notes]
    for at in flips:
        if at < len(table):
            table[at] = f'{MD5_A},"stray'
    target.write_bytes("\n".join(["md5,notes", *table]).encode())
    items = outcome(target, "csv")
    assert [item.place for item in items] == [f"line {number + 2}" for number in range(len(table))]


@settings(max_examples=60, deadline=None)
@given(
    codes=st.lists(st.one_of(st.none(), st.integers(-5, 99), st.text(max_size=5), st.booleans()))
)
def test_every_media_record_is_accounted_for(target: Path, codes: list[object]) -> None:
    value = [{"MD5": MD5_A, "Category": code} for code in codes]
    for content in (value, [{"CaseID": 1, "Media": value[:3]}, {"CaseID": 2, "Media": value[3:]}]):
        target.write_text(json.dumps({"@odata.context": CONTEXT, "value": content}))
        places = [item.place for item in outcome(target, "vics")]
        assert places == [f"record {number + 1}" for number in range(len(codes))]


def test_a_line_without_end_is_cut_and_the_next_is_read(target: Path) -> None:
    target.write_bytes(b"x" * (3 * LINE_LIMIT_BYTES) + f"\n{MD5_A}\n".encode())
    assert [item.place for item in outcome(target, "hash-list")] == ["line 1", "line 2"]
