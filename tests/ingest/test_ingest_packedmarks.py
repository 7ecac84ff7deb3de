"""What is ruled out as an archive by its first bytes is one to nobody."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest.archive import ARCHIVE_MIMES, ARCHIVES, UNOPENED_ARCHIVE_MIMES
from triage.ingest.filetype import HEAD_BYTES, detect
from triage.ingest.packedmarks import LOOK_BYTES, is_disc, may_be_archive, may_be_disc

MARKS = (
    b"7z\xbc\xaf\x27\x1c\0\x04",
    b"Rar!\x1a\x07\0",
    b"Rar!\x1a\x07\x01\0",
    b"MSCF\0\0\0\0",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"LZIP\x01",
    b"\x89LZO\0\r\n\x1a\n",
    b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x25\x00-lh5-",
    b"LRZI\0\x06",
    b"\x1f\x9d\x90",
    b"\x60\xea\x27\0",
    b"070701",
    b"070702",
    b"070707",
    b"\xc7\x71\0\0",
    b"\x71\xc7\0\0",
    b"\xed\xab\xee\xdb\x03\0",
    b"!<arch>\ndebian-binary   ",
    b"!<arch>\n",
    b"\xcf\xad\x12\xfe\xc5\xfd\x74\x6f",
    b"\x78\x9f\x3e\x22\1\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"!BDN\0\0\0\0",
    b"From: a@b\r\nDate: c\r\nSubject: d\r\n\r\n",
    b"From a@b Fri May  1 10:02:04 2026\nFrom: a\nDate: c\nSubject: d\n\n",
    b"1234    \nFrom: a\nDate: c\nSubject: d\n\n",
)
"""Marks of archives and of mail, from the descriptions of their formats."""


def is_archive(head: bytes) -> bool:
    mime = detect(head, b"x", max(len(head), 1 << 20)).mime
    readable = mime in ARCHIVE_MIMES and any(
        reader.recognises(head[:LOOK_BYTES]) for reader in ARCHIVES
    )
    return readable or mime in UNOPENED_ARCHIVE_MIMES


def is_kept(head: bytes) -> bool:
    start = head[:LOOK_BYTES]
    return may_be_archive(start) or (may_be_disc(start, len(head)) and is_disc(head))


@settings(deadline=None)
@given(
    start=st.one_of(st.sampled_from(MARKS), st.binary(max_size=16)),
    rest=st.integers(0, 2**32),
    length=st.sampled_from((0, 30, 600, HEAD_BYTES)),
    changed=st.booleans(),
)
def test_no_archive_is_ruled_out(start: bytes, rest: int, length: int, *, changed: bool) -> None:
    chance = random.Random(rest)  # noqa: S311  (a seed, no secret)
    head = bytearray(start + (chance.randbytes(length) if rest % 2 else bytes(length)))
    if changed and head:
        head[chance.randrange(min(len(head), 16))] ^= 1 << chance.randrange(8)
    if is_archive(bytes(head)):
        assert is_kept(bytes(head))


def test_what_makers_of_archives_write_is_never_ruled_out() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a", b"b")
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("a"), io.BytesIO())
    old = bytearray(plain.getvalue())
    old[257:265] = bytes(8)
    old[148:156] = b"%06o\0 " % (sum(old[:148]) + 8 * 32 + sum(old[156:512]))
    for made in (
        packed.getvalue(),
        empty.getvalue(),
        plain.getvalue(),
        bytes(old),
        gzip.compress(b"a"),
        bz2.compress(b"a"),
        lzma.compress(b"a"),
    ):
        assert may_be_archive(made[:LOOK_BYTES])
    for mark in MARKS:
        assert may_be_archive(mark + bytes(100))


def test_a_disc_is_found_by_its_descriptor() -> None:
    for start in (bytes(512), b"\xeb\x3c\x90" + bytes(507) + b"\x55\xaa"):
        disc = start.ljust(32768, b"\0") + b"\x01CD001\x01".ljust(2048, b"\0")
        assert is_archive(disc)
        assert is_kept(disc)
        assert not is_kept(disc.replace(b"CD001", b"CD002"))
        assert not may_be_disc(disc[:LOOK_BYTES], 32773)


def test_files_of_this_system_agree() -> None:
    """Every file beside the interpreter: what detect calls an archive is not ruled out."""
    folder = Path(os.__file__).parent
    heads = [path.read_bytes()[:HEAD_BYTES] for path in sorted(folder.glob("*.py"))[:40]]
    pictures = [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\x7fELF", b"%PDF-1.4", b""]
    assert not any(map(may_be_archive, [*heads, *pictures]))


def test_archives_of_the_corpus_agree() -> None:
    corpus = os.environ.get("TRIAGE_CORPUS", "")
    if not corpus:
        pytest.skip("TRIAGE_CORPUS is not set: no corpus to hold this against")
    for path in sorted(Path(corpus).rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
            assert is_kept(head) or not is_archive(head), path
