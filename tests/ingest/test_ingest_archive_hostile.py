from __future__ import annotations

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from archive_carrier import carried, content, contents, lawful, tarred, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.ingest.archive import ArchiveLimits, list_members, touched_damage
from triage.ingest.filesystem import FileSystem
from triage.ingest.reading import ContentError
from triage.model.entry import FileEntry
from triage.model.evidence import DamagedRange, DamageKind
from triage.model.outcome import UNEXAMINED_SKIPS, FailReason, SkipReason
from triage.model.problem import NOTES, Problem, ProblemKind

BODY = bytes(range(256)) * 40
SMALL = ArchiveLimits(max_members=50, max_member_bytes=1 << 20, max_total_bytes=1 << 22)
SEEDS = [
    zipped({"a.jpg": BODY, "d/b": b"2", "in.zip": zipped({"x": BODY})}),
    zipped({"a.jpg": BODY}, zipfile.ZIP_LZMA),
    zipped({"a.jpg": BODY}, zipfile.ZIP_BZIP2),
    zipped({"a.jpg": BODY}, zipfile.ZIP_STORED, b"comment"),
    tarred({"a.jpg": BODY, "n" * 200: b"2"}),
    tarred({"a.jpg": BODY, "n" * 200: b"2"}, kind=tarfile.GNU_FORMAT),
    tarred({"a.jpg": BODY}, "w:gz"),
    tarred({"a.jpg": BODY}, "w:bz2"),
    tarred({"a.jpg": BODY}, "w:xz"),
    gzip.compress(BODY, mtime=0),
]
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(
    seed=st.sampled_from(SEEDS),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), max_size=8),
    cut=st.floats(0, 1) | st.just(1.0),
)
def test_flipped_and_cut_archives_keep_the_contract(
    tmp_path: Path, seed: bytes, flips: list[tuple[float, int]], cut: float
) -> None:
    data = bytearray(seed)
    for place, value in flips:
        data[min(int(place * len(data)), len(data) - 1)] ^= value
    data = data[: max(1, int(cut * len(data)))]
    files, entry = carried(tmp_path, bytes(data))
    listing = lawful(files, entry, SMALL)
    for member in listing.entries:
        if not member.no_content and member.size_bytes < 1 << 16:
            lawful(files, member, SMALL)


@FUZZ
@given(
    tail=st.binary(max_size=600), mark=st.sampled_from([b"PK\3\4", b"\x1f\x8b\x08", b"BZh9", b""])
)
def test_noise_behind_a_mark_keeps_the_contract(tmp_path: Path, tail: bytes, mark: bytes) -> None:
    files, entry = carried(tmp_path, mark + tail + b"\0")
    listing = lawful(files, entry, SMALL)
    assert listing.entries or listing.problems


@FUZZ
@given(at=st.integers(0, 1023), value=st.binary(min_size=1, max_size=12))
def test_hostile_fields_of_a_tar_header_keep_the_contract(
    tmp_path: Path, at: int, value: bytes
) -> None:
    data = bytearray(tarred({"a": BODY, "\u00e9" * 99: b"x"}))
    data[at : at + len(value)] = value
    for block in (0, 512):
        data[block + 148 : block + 156] = b" " * 8
        data[block + 148 : block + 156] = b"%06o\0 " % sum(data[block : block + 512])
    files, entry = carried(tmp_path, bytes(data))
    lawful(files, entry, SMALL)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cut_is_told_by_a_problem(tmp_path: Path, seed: bytes) -> None:
    whole = {one.ref: one.size_bytes for one in _listed(tmp_path, seed)[0]}
    chosen = random.Random(7)  # noqa: S311 (places of cuts, no secret)
    for cut in sorted(chosen.sample(range(1, len(seed) - 1), 12)):
        entries, problems = _listed(tmp_path, seed[:cut])
        assert problems or {one.ref: one.size_bytes for one in entries} == whole


def _listed(tmp_path: Path, data: bytes) -> tuple[tuple[FileEntry, ...], tuple[Problem, ...]]:
    files, entry = carried(tmp_path, data)
    listing = list_members(files, entry, SMALL)
    return tuple(listing.entries), listing.problems


def test_a_problem_of_an_archive_is_a_gap_and_so_is_a_member_that_is_not_read() -> None:
    assert ProblemKind.ARCHIVE_UNREADABLE not in NOTES
    assert {SkipReason.ENCRYPTED, SkipReason.TOO_LARGE, SkipReason.IMPLAUSIBLE_SIZE} <= (
        UNEXAMINED_SKIPS
    )


def test_members_before_a_damaged_entry_of_the_directory_and_behind_it_are_kept(
    tmp_path: Path,
) -> None:
    data = bytearray(zipped({f"{number}": BODY for number in range(6)}))
    third = [at for at in range(len(data)) if data[at : at + 4] == b"PK\1\2"][3]
    data[third : third + 4] = b"XXXX"
    files, entry = carried(tmp_path, bytes(data))
    listing = lawful(files, entry)
    assert contents(files, listing) == {str(number).encode(): BODY for number in range(6)}
    assert "damaged" in listing.problems[0].detail
    assert listing.problems[0].path == b"/a.bin"


def test_a_zip_without_its_directory_is_listed_by_the_headers_of_its_members(
    tmp_path: Path,
) -> None:
    data = zipped({"a": BODY, "b": BODY[::-1]})
    files, entry = carried(tmp_path, data[: data.index(b"PK\1\2")])
    listing = lawful(files, entry)
    assert contents(files, listing) == {b"a": BODY, b"b": BODY[::-1]}
    assert listing.problems


def test_one_strange_entry_does_not_hide_the_others(tmp_path: Path) -> None:
    data = bytearray(zipped({"a": BODY, "b": BODY[::-1]}))
    struct.pack_into("<H", data, data.index(b"PK\1\2") + 6, 0xFFFF)  # needs version 6553.5
    with pytest.raises(NotImplementedError):
        zipfile.ZipFile(io.BytesIO(bytes(data)))
    files, entry = carried(tmp_path, bytes(data))
    assert contents(files, lawful(files, entry)) == {b"a": BODY, b"b": BODY[::-1]}


def _with_directory_field(data: bytes, offset: int, value: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<I", changed, changed.index(b"PK\1\2") + offset, value)
    return bytes(changed)


@pytest.mark.parametrize(
    ("size", "checksum", "reason"),
    [
        (len(BODY), 0x12345678, FailReason.READ_ERROR),
        (len(BODY) - 1, zlib.crc32(BODY[:-1]), FailReason.READ_ERROR),
        (len(BODY) + 1, zlib.crc32(BODY), FailReason.SHORT_READ),
    ],
)
@pytest.mark.parametrize("method", [0, 8, 12, 14])
def test_a_size_or_checksum_that_does_not_agree_is_an_error(
    tmp_path: Path, method: int, size: int, checksum: int, reason: FailReason
) -> None:
    data = _with_directory_field(zipped({"a": BODY}, method), 24, size)
    files, entry = carried(tmp_path, _with_directory_field(data, 16, checksum))
    (member,) = lawful(files, entry).entries
    with pytest.raises(ContentError) as caught:
        content(files, member)
    assert caught.value.reason is reason


def test_content_recorded_as_empty_is_told(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, _with_directory_field(zipped({"a": BODY}), 24, 0))
    listing = lawful(files, entry)
    assert listing.entries[0].no_content == SkipReason.IMPLAUSIBLE_SIZE
    assert "empty and are not" in listing.problems[0].detail


def _overlapping(count: int, kernel: bytes) -> bytes:
    """Make a bomb whose entries all point at one content."""
    data = zipped({"a": kernel})
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    directory = data[start:end] * count
    tail = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), start, 0)
    return data[:start] + directory + tail


def test_members_on_top_of_each_other_are_not_all_read(tmp_path: Path) -> None:
    data = _overlapping(5000, random.Random(1).randbytes(2000) + bytes(100_000))  # noqa: S311 (filler)
    files, entry = carried(tmp_path, data)
    limits = ArchiveLimits(ratio_floor_bytes=0, max_ratio=50)
    listing = lawful(files, entry, limits)
    assert len(listing.entries) == 5000
    read = [one for one in listing.entries if not one.no_content]
    refused = [one for one in listing.entries if one.no_content == SkipReason.IMPLAUSIBLE_SIZE]
    assert len(read) + len(refused) == 5000
    assert sum(one.size_bytes for one in read) <= 50 * len(data)
    assert f"{len(refused)} member(s)" in listing.problems[-1].detail


def test_a_bomb_by_its_claims_is_not_read(tmp_path: Path) -> None:
    data = _with_directory_field(zipped({"a": BODY}), 24, 0xFFFFFFF0)
    files, entry = carried(tmp_path, data)
    (member,) = lawful(files, entry).entries
    assert member.no_content == SkipReason.IMPLAUSIBLE_SIZE
    (member,) = lawful(files, entry, SMALL).entries
    assert member.no_content == SkipReason.TOO_LARGE


def test_the_limit_on_members_is_told(tmp_path: Path) -> None:
    for data in (
        zipped({str(n): b"1" for n in range(60)}),
        tarred({str(n): b"1" for n in range(60)}),
    ):
        files, entry = carried(tmp_path, data)
        listing = lawful(files, entry, SMALL)
        assert len(listing.entries) == 50
        assert "stopped after 50 members: limit" in listing.problems[0].detail


def test_a_header_that_claims_gigabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 7 * 1024**3
    data = info.tobuf(tarfile.USTAR_FORMAT) + bytes(2048) + tarred({"after": BODY})
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert "header that claims" in listing.problems[0].detail
    assert [one.ref.path for one in listing.entries] == [b"/a.bin/after"]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_negative_sizes_do_not_lead_in_circles(tmp_path: Path, kind: bytes) -> None:
    record = b"13 size=-512\n"
    head = tarfile.TarInfo("pax")
    head.type, head.size = kind, len(record)
    pax = head.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0")
    files, entry = carried(tmp_path, tarred({"before": BODY})[:-8192] + pax + tarred({"a": BODY}))
    listing = lawful(files, entry)
    assert content(files, listing.entries[0]) == BODY
    assert listing.problems
    bad = bytearray(tarred({"a": BODY}))
    bad[124:136] = b"\xff" * 11 + b"\0"
    bad[148:156] = b" " * 8
    bad[148:156] = b"%06o\0 " % sum(bad[:512])
    files, entry = carried(tmp_path, bytes(bad))
    assert lawful(files, entry).problems


class _Damaged:
    """A folder of which one file lies on a damaged range, as on an image."""

    def __init__(self, files: FileSystem) -> None:
        self.volume, self.roots = files.volume, files.roots
        self.list_directory, self.read = files.list_directory, files.read
        self.read_range = files.read_range

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        assert entry.container is None
        kind = DamageKind.READ_ERROR
        return (DamagedRange(offset_bytes=0, length_bytes=512, kind=kind),)


def test_damage_under_an_archive_is_that_of_members_without_a_checksum(tmp_path: Path) -> None:
    for data, told in (
        (zipped({"a": BODY}), False),
        (tarred({"a": BODY}, "w:gz"), False),
        (tarred({"a": BODY}), True),
        (zipped({"a": BODY, "in.tar": tarred({"x": BODY})}), False),
    ):
        whole, entry = carried(tmp_path, data)
        files = _Damaged(whole)
        listing = list_members(files, entry)
        assert bool(listing.problems) == told
        for member in listing.entries:
            assert bool(touched_damage(files, member)) == told
    inner = list_members(files, listing.entries[1])
    assert "members may be missing" in inner.problems[0].detail
    assert touched_damage(files, inner.entries[0])
    assert touched_damage(files, entry)


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, b"\x89PNG\r\n\x1a\n" + BODY)
    listing = lawful(files, entry)
    assert not listing.entries
    assert [one.kind for one in listing.problems] == [ProblemKind.ARCHIVE_UNREADABLE]


def test_nothing_is_written_beside_the_evidence(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, SEEDS[0])
    for member in lawful(files, entry).entries:
        lawful(files, member)
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
