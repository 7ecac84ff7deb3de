"""Of a RAR all names are listed; what is stored comes out, what is packed is named."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from archive_carrier import carried, content, contents, lawful
from hypothesis import given, settings
from hypothesis import strategies as st
from rar_recipe import MOMENT, rar4, rar5, record, vint

from triage.ingest.archive import list_members
from triage.ingest.filetype import detect
from triage.ingest.reading import ContentError
from triage.model.entry import EntryKind
from triage.model.outcome import SkipReason

FILES = {b"a/one.jpg": bytes(range(256)) * 700, b"two": b"2", b"three": b"33"}
PACKED = b"Bild.jpg\0\x04\x55\x1f\x04\x38\x04\x41\x32"


@pytest.mark.parametrize("make", [rar4, rar5])
def test_what_is_stored_comes_out(tmp_path: Path, make: object) -> None:
    data = make(FILES)  # type: ignore[operator] # (both recipes)
    assert detect(data, b"a.rar", len(data)).family == "archive"
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    assert contents(files, listing) == FILES
    (times,) = {one.times for one in listing.entries}
    summer_s = 3600 if times.naive_local else 0
    assert times.modified_ns == (MOMENT + summer_s) * 1_000_000_000


@pytest.mark.parametrize("make", [rar4, rar5])
def test_what_is_packed_is_named(tmp_path: Path, make: object) -> None:
    files, entry = carried(tmp_path, make(FILES, method=3))  # type: ignore[operator]
    for one in lawful(files, entry).entries:
        with pytest.raises(ContentError, match="needs a RAR unpacker, and none is free"):
            content(files, one)


def test_what_is_encrypted_is_skipped_and_named(tmp_path: Path) -> None:
    for data in (rar4(FILES, flags=4), rar5(FILES, extra=record(1, b"\0\0\x0f" + bytes(32)))):
        files, entry = carried(tmp_path, data)
        found = lawful(files, entry).entries
        assert {one.no_content for one in found} == {SkipReason.ENCRYPTED}
        assert all(one.encrypted for one in found)
    locked = rar5({})[:8] + b"".join([])
    fields = vint(4) + vint(0) + vint(0) + bytes(20)
    import struct  # noqa: PLC0415  (of this test alone)
    import zlib  # noqa: PLC0415  (of this test alone)

    body = vint(len(fields)) + fields
    locked += struct.pack("<I", zlib.crc32(body)) + body
    for data in (rar4(FILES, main=0x80), locked):
        files, entry = carried(tmp_path, data)
        (problem,) = lawful(files, entry).problems
        assert problem.detail == "names and contents are encrypted"


def test_links_and_copies_are_told(tmp_path: Path) -> None:
    link = record(5, vint(1) + vint(0) + vint(6) + b"../etc")
    copy = record(5, vint(5) + vint(0) + vint(3) + b"two")
    files, entry = carried(tmp_path, rar5({b"l": b""}, extra=link))
    (one,) = lawful(files, entry).entries
    assert (one.kind, one.detail) == (EntryKind.SYMLINK, "link: ../etc")
    files, entry = carried(tmp_path, rar5({b"c": b""}, extra=copy))
    (one,) = lawful(files, entry).entries
    assert (one.no_content, one.detail) == (
        SkipReason.OTHER_NAME,
        "same content as two in this archive",
    )


def test_a_packed_name_is_unpacked(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, rar4({PACKED: b"1"}))
    (one,) = lawful(files, entry).entries
    assert one.ref.path == "/a.bin/\u041f\u0404\u0438\u0404\u0432".encode()


@pytest.mark.parametrize("make", [rar4, rar5])
def test_parts_and_cuts_say_so(tmp_path: Path, make: object) -> None:
    data = make(FILES, last=1)  # type: ignore[operator]
    files, entry = carried(tmp_path, data)
    assert "one of several parts" in lawful(files, entry).problems[0].detail
    files, entry = carried(tmp_path, data[:300])
    listing = lawful(files, entry)
    assert "cut off" in listing.problems[0].detail
    with pytest.raises(ContentError, match=r"before the member|more bytes than the archive"):
        content(files, listing.entries[0])
    files, entry = carried(tmp_path, make(FILES).replace(b"one.jpg", b"one.jpG"))  # type: ignore[operator]
    assert "header at byte" in list_members(files, entry).problems[0].detail


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 2**32), five=st.booleans())
def test_whatever_is_flipped_no_wrong_content_comes_out(
    tmp_path_factory: pytest.TempPathFactory, seed: int, *, five: bool
) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed, no secret)
    data = bytearray((rar5 if five else rar4)(FILES))
    for _ in range(3):
        data[chance.randrange(8, len(data))] ^= 1 << chance.randrange(8)
    files, entry = carried(tmp_path_factory.mktemp("rar"), bytes(data))
    for one in lawful(files, entry).entries:
        if not one.no_content:
            try:
                found = content(files, one)
            except ContentError:
                continue
            assert found in FILES.values()
