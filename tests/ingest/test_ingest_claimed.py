"""What a header claims beyond all files is named and can be kept; it ends no run."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from triage.ingest.claimed import bounded
from triage.ingest.evidence import open_evidence
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry, Times
from triage.model.outcome import SkipReason

INT64 = 1 << 63


def tar_of_ten_exabytes(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        first = tarfile.TarInfo("first")
        first.size = 3
        tar.addfile(first, io.BytesIO(b"abc"))
        huge = tarfile.TarInfo("huge")
        huge.size = 10**19
        assert tar.fileobj is not None
        tar.fileobj.write(huge.tobuf(tarfile.GNU_FORMAT))


def zip_of_sixteen_exabytes(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("first", b"abc")
        huge = zipfile.ZipInfo("huge")
        huge.extra = struct.pack("<HHQQ", 1, 16, (1 << 64) - 1, 3)
        made.writestr(huge, b"abc")
    body = bytearray(path.read_bytes())
    record = body.rindex(b"PK\1\2")
    body[record + 20 : record + 28] = b"\xff" * 8
    path.write_bytes(body)


@pytest.mark.parametrize("make", [tar_of_ten_exabytes, zip_of_sixteen_exabytes])
def test_a_member_larger_than_any_file_is_listed_by_name_and_kept(
    tmp_path: Path, make: object
) -> None:
    path = tmp_path / ("x.tar" if make is tar_of_ten_exabytes else "x.zip")
    assert callable(make)
    make(path)
    evidence = open_evidence(path)
    try:
        (volume,) = evidence.survey().volumes
        files = evidence.filesystem(volume.key)
        entries = [one for root in files.roots() for one in files.list_directory(root).entries]
    finally:
        evidence.close()
    by_name = {one.ref.path: one for one in entries}
    assert by_name[b"/first"].size_bytes == 3
    assert all(0 <= one.size_bytes < INT64 for one in entries)
    if b"/huge" in by_name:
        assert by_name[b"/huge"].no_content == SkipReason.IMPLAUSIBLE_SIZE


def test_numbers_that_can_be_kept_stay_and_others_are_bounded() -> None:
    plain = FileEntry(
        ref=EntryRef(evidence="e", volume="p0", path=b"/a", address=1),
        kind=EntryKind.FILE,
        allocation=Allocation.LIVE,
        size_bytes=INT64 - 1,
        times=Times(modified_ns=5),
    )
    assert bounded(plain) is plain
    wild = FileEntry(
        ref=plain.ref,
        kind=EntryKind.FILE,
        allocation=Allocation.LIVE,
        size_bytes=INT64,
        times=Times(modified_ns=5, created_ns=1 << 70),
    )
    held = bounded(wild)
    assert (held.size_bytes, held.no_content) == (INT64 - 1, SkipReason.IMPLAUSIBLE_SIZE)
    assert held.times == Times(modified_ns=5)
    assert str(INT64) in held.detail
