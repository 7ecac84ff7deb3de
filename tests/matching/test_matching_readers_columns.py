"""The law of batches: taken apart, they are what reading record by record gives."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_reader_samples import (
    MD5_A,
    MD5_B,
    PDQ_BRIDGE,
    SAMPLES,
    SHA1_A,
    SHA256_A,
    SPLICES,
    expanded,
    raw,
)

from triage.errors import HashSetError
from triage.matching import mixing, source
from triage.matching.batch import DigestBatch
from triage.matching.reader import Item, ReadOptions, choose_reader

EMPTY = {
    name: hashlib.new(name, b"", usedforsecurity=False).hexdigest()
    for name in ("md5", "sha1", "sha256")
}
DIGESTS = (
    MD5_A, MD5_B.upper(), SHA1_A, SHA256_A, SHA256_A.upper(), *EMPTY.values(),
    "0" * 32, "0" * 40, "0" * 64, "0" * 31 + "1", "g" * 32, MD5_A[1:], MD5_A + " ", f" {SHA1_A}",
    "ab" * 64, "ab" * 24, "", MD5_A[:31] + "\xa0", MD5_A[:30] + "é",
)  # fmt: skip
BLANKS = ("", "# x", "  # y", " ", "\r", "#", '"', "\t")
SIZES = ("1", "17", "999999999999999999", "1000000000000000000", "", "null", "-1", "x", " 5", "٣")
CODES = ("1", "A", "", "NULL", "null", "longer-code", "a b", "é", " 2 ", "0", "12345678")
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\r\r\n"])
NAMES = ("a.jpg", "a, b", "x) = y", "", "é\udcff", "(MD5", "'")


@pytest.fixture(autouse=True, scope="module")
def _small_blocks() -> Iterator[None]:
    """Let runs be short and records lie across blocks, which random cases would never reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixing, "SHORTEST_RUN", 2)
        patch.setattr(source, "CHUNK_SIZE_BYTES", 300)
        yield


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns") / "set.bin"


Outcome = tuple[list[Item], list[tuple[str, str]], str]


def outcome(path: Path, format_id: str, *, batched: bool) -> tuple[Outcome, int]:
    """Give items, notes and the error, and how many records came in batches."""
    notes: list[tuple[str, str]] = []
    options = ReadOptions(on_note=lambda place, words: notes.append((place, words)))
    reader = choose_reader(path, format_id)
    found: list[Item | DigestBatch] = []
    error = ""
    try:
        stream = reader.batches(path, options) if batched else reader.read(path, options)
        found.extend(stream)
    except HashSetError as caught:
        error = caught.message
    fast = sum(one.count for one in found if isinstance(one, DigestBatch))
    return (expanded(found), notes, error), fast


def same(path: Path, format_id: str) -> int:
    slow, none = outcome(path, format_id, batched=False)
    fast, number = outcome(path, format_id, batched=True)
    assert none == 0
    assert fast == slow
    return number


def text(lines: list[str], end: str, last: str) -> bytes:
    return (end.join(lines) + last).encode("utf-8", "surrogateescape")


def repeated(line: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Give lists in which the same line often stands many times, so that there are runs."""
    stretch = st.tuples(line, st.integers(1, 12)).map(lambda pair: [pair[0]] * pair[1])
    return st.lists(stretch, max_size=8).map(lambda found: [one for many in found for one in many])


digest = st.sampled_from(DIGESTS)
size = st.sampled_from(SIZES)
code = st.sampled_from(CODES)
name = st.sampled_from(NAMES)
blank = st.sampled_from(BLANKS)
SUMS = st.one_of(
    digest,
    blank,
    st.builds("{}{}{}".format, digest, st.sampled_from(["  ", " *", "\t", " ", "x"]), name),
    st.builds("\\{}  {}".format, digest, name),
    st.builds(
        "{} ({}) = {}".format,
        st.sampled_from(["MD5", "SHA1", "SHA256", "SHA512", "md5", "M"]), name, digest,
    ),
    st.builds("SHA2-256({})= {}".format, name, digest),
    st.builds("{:>10}  {}  {}".format, size, digest, name),
)  # fmt: skip
DEEP = st.one_of(
    blank,
    st.builds("{},{},{}".format, size, digest, name),
    st.builds("{},{},{},{}".format, size, st.just(MD5_A), digest, name),
    st.builds("{},{},{},{}".format, size, digest, st.just(SHA256_A), name),
    st.just("%%%% HASHDEEP-1.0"),
    st.just("%%%% size,md5,sha256,filename"),
    st.just("%%%% size,sha1,tiger,filename"),
    st.just("%%%% size,md5,md5,filename"),
)
INDEX = st.one_of(
    blank,
    st.builds(
        "{}|{}".format, digest,
        st.sampled_from(["0" * 16, "7", "0" * 15 + "x", "", "²", "0" * 19]),
    ),
    st.just("0" * 41 + "|md5sum"),
)  # fmt: skip
CASES = {
    "hash-list": ("", st.one_of(digest, blank)),
    "checksums": ("", SUMS),
    "hashdeep": ("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n", DEEP),
    "tsk-idx": (f"{'0' * 41}|md5sum\n{'0' * 40}1|x\n", INDEX),
}


@pytest.mark.parametrize("format_id", sorted(CASES))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_lines_in_columns_are_the_lines(target: Path, format_id: str, data: st.DataObject) -> None:
    head, line = CASES[format_id]
    lines = data.draw(repeated(line))
    last = data.draw(st.sampled_from(["", "\n", "\r\n"]))
    target.write_bytes(head.encode() + text(lines, data.draw(ENDS), last))
    same(target, format_id)


@pytest.mark.parametrize(
    ("format_id", "line", "number"),
    [
        ("hash-list", MD5_A, 400),
        ("checksums", f"{SHA1_A} *a b.jpg", 400),
        ("checksums", f"SHA256 (x (1).jpg) = {SHA256_A}", 400),
        ("hashdeep", f"1234,{MD5_A},/x/a,b.jpg", 400),
        ("tsk-idx", f"{SHA1_A.upper()}|0000000000000512", 400),
    ],
)
def test_common_lines_do_travel_in_columns(
    target: Path, format_id: str, line: str, number: int
) -> None:
    """Otherwise the law would hold for want of batches."""
    for end in ("\n", "\r\n"):
        target.write_bytes(CASES[format_id][0].encode() + text([line] * number, end, end))
        assert same(target, format_id) >= number - 4


@settings(max_examples=50, deadline=None)
@given(
    entries=st.lists(
        st.tuples(
            st.sampled_from(DIGESTS[:2] + DIGESTS[5:6] + DIGESTS[8:9] + DIGESTS[11:12]),
            st.integers(1, 9),
        ),
        max_size=9,
    ),
    tail=st.integers(0, 20),
    announced=st.integers(0, 40),
)
def test_entries_in_columns_are_the_entries(
    target: Path, entries: list[tuple[str, int]], tail: int, announced: int
) -> None:
    body = b"".join((raw(entry) + b"\0\0") * number for entry, number in entries)
    header = bytes.fromhex("484153480d0aff00") + bytes(8) + announced.to_bytes(4, "little")
    target.write_bytes(header.ljust(1152, b"\0") + body + bytes(tail))
    same(target, "encase")


VALUES = st.sampled_from(
    [SHA256_A.upper(), "0" * 64, SHA1_A, MD5_A, EMPTY["md5"], None, "", 5, 1.5, b"\xff" * 32,
     raw(MD5_A), raw(SHA1_A), "é" * 16, "g" * 64, " " + SHA1_A[1:], bytes(16)]
)  # fmt: skip
NUMBERS = st.sampled_from([0, 17, -1, 10**18, 10**18 - 1, None, "12", 1.5, b"7"])


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.one_of(
            st.tuples(st.just(SHA256_A), st.just(SHA1_A), st.just(MD5_A), st.integers(1, 3)),
            st.tuples(VALUES, VALUES, VALUES, NUMBERS),
        ),
        max_size=30,
    ),
    times=st.integers(0, 3),
)
def test_rows_in_columns_are_the_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], times: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "set.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(
            "CREATE TABLE METADATA (sha256, sha1, md5, bytes);"
            "CREATE TABLE db_properties (name, value);"
            "CREATE TABLE hashes (id INTEGER PRIMARY KEY, md5, sha1, sha2_256);"
        )
        if times:
            db.execute("CREATE TABLE FILE (sha256, sha1, md5, file_size)")
            db.executemany("INSERT INTO FILE VALUES (?, ?, ?, ?)", rows * times)
        db.executemany("INSERT INTO METADATA VALUES (?, ?, ?, ?)", rows)
        db.executemany(
            "INSERT INTO hashes (sha2_256, sha1, md5) VALUES (?, ?, ?)", [row[:3] for row in rows]
        )
    db.close()
    same(path, "nsrl-rds3")
    same(path, "tsk-kdb")


HEADERS = {
    "md5,sha1,size,category": (digest, digest, size, code),
    "hash;name;Category": (digest, name, code),
    "name\tsha256\tfilesize": (name, digest, size),
    "md5,tags,pdq,quality": (digest, code, st.sampled_from(["", PDQ_BRIDGE, "x"]), size),
    "md5|hash": (digest, digest),
    '"md5","victimidentified","category"': (digest, st.sampled_from(["", "y"]), code),
}
NSRL2 = '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"'
QUOTING = st.sampled_from(
    ["{}", "{}", '"{}"', '"{}"', '"{}', '{}"', ' "{}"', '"a""{}"', '"{}\n{}"', '"{},;|"']
)


def quoted(value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda shape, text: shape.replace("{}", text), QUOTING, value)


def rows_of(header: str) -> st.SearchStrategy[str]:
    mark = next(one for one in "\t;|," if one in header)
    fields = [
        st.one_of(
            st.sampled_from((MD5_A, SHA1_A)) if values is digest else st.just(""), quoted(values)
        )
        for values in HEADERS[header]
    ]
    whole = st.tuples(*fields).map(mark.join)
    shifted = st.tuples(whole, st.sampled_from([mark, mark + "x", " " + mark])).map("".join)
    return st.one_of(whole, whole, shifted, blank)


@pytest.mark.parametrize("header", sorted(HEADERS))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_table_rows_in_columns_are_the_rows(target: Path, header: str, data: st.DataObject) -> None:
    lines = data.draw(repeated(rows_of(header)))
    last = data.draw(st.sampled_from(["", "\n", "\r\n"]))
    target.write_bytes(text([header, *lines], data.draw(ENDS), last))
    same(target, "csv")


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_nsrl_2_rows_in_columns_are_the_rows(target: Path, data: st.DataObject) -> None:
    sha1 = st.sampled_from([SHA1_A.upper(), SHA1_A.upper(), "0" * 40, "", "x"])
    names = st.sampled_from(['"a.exe"', '"a, b"', '"a ""b"""', '"x', 'y"', "plain", '""', '","'])
    row = st.builds(
        '"{}","{}","FFFFFFFF",{},{},7,"WIN","{}"'.format,
        sha1, st.sampled_from([MD5_A.upper(), MD5_B]), names, size, st.sampled_from(["", "", "M"]),
    )  # fmt: skip
    lines = data.draw(repeated(st.one_of(row, row, blank)))
    target.write_bytes(text([NSRL2, *lines], data.draw(ENDS), ""))
    same(target, "nsrl-rds2")


@pytest.mark.parametrize(
    ("format_id", "header", "row"),
    [
        ("csv", "md5,sha1,size,category", f"{MD5_A},{SHA1_A},17,2"),
        ("csv", "sep=;", f"hash;name;category\n{SHA256_A};x;A"),
        ("csv", "name\tsha1\tsize", f"a b\t{SHA1_A}\t"),
        ("nsrl-rds2", NSRL2, f'"{SHA1_A}","{MD5_A}","00","a, b",17,1,"WIN",""'),
    ],
)
def test_common_rows_do_travel_in_columns(
    target: Path, format_id: str, header: str, row: str
) -> None:
    """Otherwise the law would hold for want of batches."""
    head, *first = row.split("\n")
    lines = [header, head, *first * 400] if first else [header, *[row] * 400]
    target.write_bytes(text(lines, "\r\n", "\r\n"))
    assert same(target, format_id) >= 395


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_damaged_samples_are_read_alike(target: Path, data: st.DataObject) -> None:
    format_id = data.draw(st.sampled_from(sorted(SAMPLES)))
    content = bytearray(SAMPLES[format_id])
    if format_id in CASES:
        content += content[content.rfind(b"\n", 0, -1) + 1 :] * 20
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        piece = data.draw(st.one_of(st.binary(max_size=3), st.sampled_from(SPLICES)))
        content[at : at + data.draw(st.integers(0, 4))] = piece
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    target.write_bytes(content)
    same(target, format_id)
