"""Digests of harmless contents and short ways to read a sample, for the tests of the readers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
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
