"""Laws of all readers: hostile bytes end in records or a HashSetError, and nothing goes missing."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_reader_samples import (
    CONTEXT,
    ENCASE_HEADER,
    MD5_A,
    MD5_B,
    SAMPLES,
    SHA1_A,
    SHA256_A,
    SPLICES,
    expanded,
    raw,
)

from triage.errors import HashSetError
from triage.matching.reader import READERS, Item, ReadOptions, choose_reader
from triage.matching.source import LINE_LIMIT_BYTES
from triage.model.hashset import RefusedRecord


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
        expanded(reader.batches(path, ReadOptions()))
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


LINE_FORMATS = ("hash-list", "checksums", "pdq-list", "phash-list", "tsk-idx", "hashdeep")
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
@given(found=LINES, format_id=st.sampled_from(LINE_FORMATS))
def test_every_line_is_a_record_or_refused(target: Path, found: list[str], format_id: str) -> None:
    head = ["%%%% HASHDEEP-1.0", "%%%% size,md5,filename"] if format_id == "hashdeep" else []
    target.write_bytes("\n".join([*head, "0", *found]).encode())
    wanted = [
        f"line {number}"
        for number, text in enumerate(["0", *found], 1 + len(head))
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


@settings(max_examples=40, deadline=None)
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


def number_of_items(path: Path, format_id: str) -> int:
    """Count records and refusals, read in columns; reading one by one must give as many."""
    reader = choose_reader(path, format_id)
    found = len(expanded(reader.batches(path, ReadOptions())))
    assert found == len(list(reader.read(path, ReadOptions())))
    return found


HOSTILE = st.sampled_from(
    ["a.jpg", "it's", "a;b", "-- x", "/* x", "),(", "x\ny", "\r", '"', "", "\\", "é", "' || '"]
)
HEX = st.sampled_from([MD5_A, MD5_B, "0" * 32, "x", ""])


@settings(max_examples=40, deadline=None)
@given(names=st.lists(st.lists(st.tuples(HEX, HOSTILE), min_size=1, max_size=4), max_size=8))
def test_as_many_rows_of_a_delta_as_sqlite_inserts(
    target: Path, names: list[list[tuple[str, str]]]
) -> None:
    columns = "sha256,sha1,md5,crc32,file_name,file_size,package_id"
    script = ""
    for rows in names:
        quoted = [(md5, name.replace("'", "''")) for md5, name in rows]
        said = ",".join(f"('','','{md5}','0','{name}',1,2)" for md5, name in quoted)
        script += f"INSERT INTO FILE({columns}) VALUES{said};\n"
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE TABLE FILE ({columns})")
        db.executescript(script)
        (wanted,) = db.execute("SELECT count(*) FROM FILE").fetchone()
    target.write_text(script, newline="")
    assert number_of_items(target, "nsrl-rds3-delta") == wanted


@settings(max_examples=40, deadline=None)
@given(
    found=st.lists(
        st.tuples(HEX, HOSTILE.filter(lambda name: "\n" not in name and "\r" not in name))
    ),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.sampled_from(",;\t"),
)
def test_as_many_rows_of_a_table_as_the_csv_module_writes(
    target: Path, found: list[tuple[str, str]], quoting: int, mark: str
) -> None:
    out = io.StringIO()
    rows = [("1", md5, name) for md5, name in found]
    csv.writer(out, delimiter=mark, quoting=quoting).writerows([("size", "md5", "name"), *rows])  # type: ignore[arg-type]
    target.write_text(out.getvalue(), newline="")
    assert number_of_items(target, "csv") == len(rows)


@settings(max_examples=40, deadline=None)
@given(digests=st.lists(st.sampled_from([MD5_A, MD5_B, "0" * 32])), tail=st.integers(0, 17))
def test_as_many_entries_of_encase_as_fit_into_its_size(
    target: Path, digests: list[str], tail: int
) -> None:
    content = ENCASE_HEADER + b"".join(raw(one) + b"\0\0" for one in digests) + b"\1" * tail
    target.write_bytes(content.replace(b"\2", b"\0", 1))
    entries, rest = divmod(len(content) - len(ENCASE_HEADER), 18)
    announced = int.from_bytes(target.read_bytes()[16:20], "little")
    assert number_of_items(target, "encase") == entries + bool(rest) + (entries < announced)


@settings(max_examples=40, deadline=None)
@given(
    found=st.lists(
        st.tuples(st.sampled_from(["image", "video", "deletedImage", "other"]), HEX, HOSTILE)
    )
)
def test_as_many_elements_of_xml_as_another_parser_sees(
    target: Path, found: list[tuple[str, str, str]]
) -> None:
    root = ET.Element("queryResult")
    for tag, md5, name in found:
        record = ET.SubElement(ET.SubElement(root, "images"), tag)
        ET.SubElement(record, "id").text = name
        ET.SubElement(ET.SubElement(record, "fingerprints"), "md5").text = md5
    target.write_bytes(ET.tostring(root))
    wanted = sum(tag != "other" for tag, _, _ in found)
    assert number_of_items(target, "ncmec-xml") == wanted


@settings(max_examples=25, deadline=None)
@given(found=st.lists(st.tuples(st.sampled_from([raw(MD5_A), b"", b"x", None, 5, "é"]), HEX)))
def test_as_many_rows_of_sqlite_as_it_counts(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[object, str]]
) -> None:
    path = tmp_path_factory.mktemp("counted") / "set.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("CREATE TABLE hashes (id INTEGER PRIMARY KEY, md5)")
        db.execute("CREATE TABLE FILE (sha256, sha1, md5, file_size)")
        db.executemany("INSERT INTO hashes (md5) VALUES (?)", [(value,) for value, _ in found])
        db.executemany("INSERT INTO FILE VALUES (?, '', ?, 1)", found)
    db.close()
    assert number_of_items(path, "tsk-kdb") == len(found)
    assert number_of_items(path, "nsrl-rds3") == len(set(found))


PLACE = re.compile(r"(?:record|line|byte) \d|unpacked|SQLite cannot read|known hash-set format")
WHOLE = re.compile(r"empty|no table|not an array|no array|does not start|no whole EnCase|zip holds")


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_an_error_names_the_place(target: Path, data: st.DataObject) -> None:
    format_id = data.draw(st.sampled_from(sorted(SAMPLES)))
    content = bytearray(SAMPLES[format_id])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    target.write_bytes(content[: data.draw(st.sampled_from([len(content), at]))])
    message = fatal(target, format_id)
    assert not message or message.startswith(f"{target.name}: ")
    assert not message or PLACE.search(message) or WHOLE.search(message), message


def fatal(path: Path, format_id: str) -> str:
    """Give the message of the error that ends a reading, ``""`` where none does."""
    try:
        list(choose_reader(path, format_id).batches(path, ReadOptions()))
    except HashSetError as error:
        return error.message
    return ""
