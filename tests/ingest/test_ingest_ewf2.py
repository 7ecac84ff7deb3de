"""Ex01 images read through libewf, which opens what is written here from the published layout."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from pathlib import Path

import pytest

from triage.errors import EvidenceError
from triage.ingest.container import open_container
from triage.model.evidence import ContainerKind

CHUNK = 32_768
DATA = b"".join(bytes([number]) * CHUNK for number in range(4)) + b"z" * 1_024


def summed(data: bytes) -> bytes:
    return data + zlib.adler32(data).to_bytes(4, "little")


class Writer:
    """Sections of EWF2 follow their data: a descriptor of 64 bytes points to the one before."""

    def __init__(self) -> None:
        head = b"EVF2\x0d\x0a\x81\x00" + bytes([2, 1])
        self.body = head + struct.pack("<HI", 1, 1) + b"G" * 16
        self.previous = 0

    def section(self, kind: int, data: bytes, padding: int = 0) -> None:
        self.body += data
        head = struct.pack("<IIQQII", kind, 0, self.previous, len(data), 64, padding)
        self.previous = len(self.body)
        self.body += summed(head + bytes(28))

    def text(self, kind: int, words: str) -> None:
        packed = zlib.compress(b"\xff\xfe" + words.encode("utf-16-le"))
        padding = -len(packed) % 16
        self.section(kind, packed + bytes(padding), padding)


def made(data: bytes) -> bytes:
    out = Writer()
    names = "sn\tmd\tlb\tts\thp\tdc\tbp\tph"
    out.text(1, f"1\nmain\n{names}\n\t\t\t{len(data) // 512}\t\t\t512\t1\n\n")
    names = "nm\tcn\ten\tex\tnt\tav\tos\ttt\tat\ttb\tcp\tsb\tgr\twb"
    out.text(2, f"1\nmain\n{names}\n\tcase\tev\texam\tnote\t1\tL\t1\t1\t5\t1\t64\t64\t\n\n")
    start, entries, body = len(out.body), b"", b""
    for at in range(0, len(data), CHUNK):
        packed = zlib.compress(data[at : at + CHUNK])
        entries += struct.pack("<QII", start + len(body), len(packed), 1)
        body += packed + bytes(-len(packed) % 16)
    out.section(3, body)
    head = summed(struct.pack("<QII", 0, len(entries) // 16, 0)) + bytes(12)
    out.section(4, head + summed(entries) + bytes(12))
    out.section(8, summed(hashlib.md5(data, usedforsecurity=False).digest()) + bytes(12))
    out.section(15, b"")
    return out.body


def test_an_ex01_reads_as_its_source(tmp_path: Path) -> None:
    path = tmp_path / "made.Ex01"
    path.write_bytes(made(DATA))
    container = open_container(path)
    assert container.info.kind is ContainerKind.EWF2
    assert container.read_at(0, 1 << 20) == DATA
    assert container.read_at(CHUNK - 5, 10) == DATA[CHUNK - 5 : CHUNK + 5]
    assert container.read_at(len(DATA) - 3, 99) == b"zzz"
    md5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    assert container.info.stored_digests == (("md5", md5),)
    assert ("examiner", "exam") in container.info.header
    assert container.damage() == ()
    container.close()
    container.close()


def test_a_broken_chunk_of_an_ex01_shows_in_the_stored_digest_only(tmp_path: Path) -> None:
    """libewf gives zeros without an error; should that change, the damage is to be reported."""
    body = bytearray(made(DATA))
    at = body.index(zlib.compress(DATA[CHUNK : 2 * CHUNK]))
    body[at : at + 24] = b"\xff" * 24
    path = tmp_path / "made.Ex01"
    path.write_bytes(bytes(body))
    container = open_container(path)
    found = container.read_at(0, 1 << 20)
    assert found == DATA[:CHUNK] + bytes(CHUNK) + DATA[2 * CHUNK :]
    md5 = hashlib.md5(found, usedforsecurity=False).hexdigest()
    assert dict(container.info.stored_digests)["md5"] != md5


def test_a_name_that_is_not_text_is_opened_too(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.Ex01")
    try:
        path.write_bytes(made(DATA))
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")
    container = open_container(path)
    assert container.read_at(0, 1 << 20) == DATA
    container.close()


def test_an_ex01_with_a_missing_segment_or_a_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.Ex01"
    path.write_bytes(made(DATA)[:500])
    with pytest.raises(EvidenceError, match="libewf cannot open it"):
        open_container(path)
    (tmp_path / "made.Ex03").write_bytes(made(DATA))
    with pytest.raises(EvidenceError, match="segment 2 of the set is missing"):
        open_container(path)
