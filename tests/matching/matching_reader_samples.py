"""Digests of harmless contents and short ways to read a sample, for the tests of the readers."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from triage.matching.batch import DigestBatch
from triage.matching.reader import Item, ReadOptions, choose_reader
from triage.model.digest import Algorithm
from triage.model.hashset import ReferenceRecord, RefusedRecord

A, B = b"harmless sample a\n", b"harmless sample b, longer\n"
MD5_A, MD5_B = (hashlib.md5(c, usedforsecurity=False).hexdigest() for c in (A, B))
SHA1_A, SHA1_B = (hashlib.sha1(c, usedforsecurity=False).hexdigest() for c in (A, B))
SHA256_A, SHA256_B = (hashlib.sha256(c).hexdigest() for c in (A, B))
PDQ_BRIDGE = "d8f8f0cce0f4a84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22"


def read(path: Path, format_id: str | None = None, **options: object) -> list[Item]:
    reader = choose_reader(path, format_id)
    return list(reader.read(path, ReadOptions(**options)))  # type: ignore[arg-type]


def taken(items: list[Item]) -> list[ReferenceRecord]:
    return [item for item in items if isinstance(item, ReferenceRecord)]


def refused(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.place, item.reason) for item in items if isinstance(item, RefusedRecord)]


def text_file(folder: Path, text: str, name: str = "set.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def raw(hex_digits: str) -> bytes:
    return bytes.fromhex(hex_digits)


def expanded(given: Iterable[Item | DigestBatch]) -> list[Item]:
    """Take batches apart; the places of records are left out of all, as batches have none."""
    items: list[Item] = []
    for one in given:
        if isinstance(one, DigestBatch):
            items.extend(_records(one))
        else:
            items.append(replace(one, place="") if isinstance(one, ReferenceRecord) else one)
    return items


def _records(batch: DigestBatch) -> Iterator[ReferenceRecord]:
    assert batch.count
    assert all(rows.shape[0] == batch.count for rows in batch.digests.values())
    for at in range(batch.count):
        found = {name: rows[at].tobytes() for name, rows in batch.digests.items()}
        size = -1 if batch.sizes is None else int(batch.sizes[at])
        code = -1 if batch.codes is None else int(batch.codes[at])
        yield ReferenceRecord(
            md5=found.get(Algorithm.MD5),
            sha1=found.get(Algorithm.SHA1),
            sha256=found.get(Algorithm.SHA256),
            size_bytes=None if size < 0 else size,
            code=None if code < 0 else batch.code_words[code],
        )


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
ENCASE_HEADER = bytes.fromhex("484153480d0aff00") + struct.pack("<III", 2, 0, 2) + bytes(1132)
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
    "vpdq": f"# video: a\n0,90,{PDQ_BRIDGE},0.000\n30,12,{PDQ_BRIDGE},1.000\n".encode(),
    "phash-list": b"856a156ad52b6a97\n88326e5bf4ad0b72\n",
    "tsk-idx": f"{'0' * 41}|md5sum\n{'0' * 40}1|x\n{MD5_A}|0000000000000000\n".encode(),
    "encase": ENCASE_HEADER + raw(MD5_A) + b"\0\0" + raw(MD5_B) + b"\0\0",
    "c4all-xml": C4ALL.encode("utf-16"),
    "ncmec-xml": NCMEC.encode(),
    "tsk-kdb": _database(),
    "nsrl-rds3": _database(),
}  # fmt: skip
