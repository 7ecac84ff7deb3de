"""Attachments in Outlook's envelope come out as the recipe, by [MS-OXTNEF], put them in."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from archive_carrier import carried, content, contents, lawful

from triage.ingest.archive import ArchiveLimits
from triage.ingest.filetype import detect
from triage.ingest.reading import ContentError

PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 300


def attribute(level: int, tag: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, tag, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def named(name: str) -> bytes:
    raw = (name + "\0").encode("utf-16-le")
    return struct.pack("<IHHII", 1, 0x1F, 0x3707, 1, len(raw)) + raw + bytes(-len(raw) % 4)


def envelope() -> bytes:
    out = bytes.fromhex("789f3e22") + b"\x01\0"
    out += attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    out += attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, b"HOLIDA~1.JPG\0")
    out += attribute(2, 0x0006800F, PICTURE) + attribute(2, 0x00069005, named("holidäy.jpg"))
    out += attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, b"a.txt\0")
    return out + attribute(2, 0x0006800F, b"text")


WANTED = {"holidäy.jpg".encode(): PICTURE, b"a.txt": b"text"}


def test_attachments_come_out(tmp_path: Path) -> None:
    data = envelope()
    assert detect(data, b"winmail.dat", len(data)).mime == "application/vnd.ms-tnef"
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    assert contents(files, listing) == WANTED


def test_embedded_messages_are_named(tmp_path: Path) -> None:
    more = struct.pack("<IHHI", 1, 0x0D, 0x3701, 1) + bytes(60)
    data = envelope() + attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00069005, more)
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert len(listing.entries) == 3
    assert "1 embedded message(s)" in listing.problems[0].detail


def test_limits_cuts_and_flips_are_named(tmp_path: Path) -> None:
    data = envelope()
    files, entry = carried(tmp_path, data)
    few = lawful(files, entry, ArchiveLimits(max_members=1))
    assert "stopped after 1 attachments" in few.problems[0].detail
    for cut in (5, 20, 100, 5000, len(data) - 3):
        files, entry = carried(tmp_path, data[:cut])
        lawful(files, entry)
    chance = random.Random(4)  # noqa: S311  (a seed, no secret)
    for _ in range(60):
        hurt = bytearray(data)
        hurt[chance.randrange(6, len(hurt))] ^= 1 << chance.randrange(8)
        files, entry = carried(tmp_path, bytes(hurt))
        for one in lawful(files, entry).entries:
            try:
                assert content(files, one) in (*WANTED.values(), b"")
            except ContentError:
                continue


def test_a_wrong_sum_is_an_error(tmp_path: Path) -> None:
    data = bytearray(envelope())
    data[data.find(PICTURE) + 5000] ^= 1
    files, entry = carried(tmp_path, bytes(data))
    with pytest.raises(ContentError, match="the sum is"):
        content(files, lawful(files, entry).entries[0])
