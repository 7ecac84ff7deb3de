from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_carrier import carried, content, contents, lawful, tarred, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest.archive import ArchiveLimits, list_members, read_member
from triage.ingest.archives import packed_stream
from triage.ingest.archives.source import HeldSource
from triage.ingest.reading import ContentError
from triage.model.entry import EntryKind
from triage.model.outcome import SkipReason

BODY = bytes(range(256)) * 2100
MEMBERS = {"d/one.jpg": BODY, "two": b"2", "n" * 300: b"long name", "three": BODY[::-1]}
PACKERS: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, lzma.compress]


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_tar_members_come_out_as_tarfile_put_them_in(tmp_path: Path, mode: str, kind: int) -> None:
    files, entry = carried(tmp_path, tarred(MEMBERS, mode, kind))
    for limits in (ArchiveLimits(), ArchiveLimits(max_held_bytes=1000)):
        listing = lawful(files, entry, limits)
        assert not listing.problems
        assert [one.ref.address for one in listing.entries] == [0, 1, 2, 3]
        for one, name in zip(listing.entries, MEMBERS, strict=True):
            assert one.ref.path == b"/a.bin/" + name.encode()
            assert one.times.modified_ns == 1_714_557_720 * 10**9
            assert not one.times.naive_local
            assert b"".join(read_member(files, one, limits)) == MEMBERS[name]
        backwards = [b"".join(read_member(files, one, limits)) for one in listing.entries[::-1]]
        assert backwards == list(MEMBERS.values())[::-1]


@pytest.mark.skipif(shutil.which("tar") is None, reason="needs GNU tar")
@pytest.mark.parametrize("form", ["v7", "ustar", "gnu", "posix", "oldgnu"])
def test_what_tar_packs_of_a_tree_is_told_with_its_kinds_and_holes(
    tmp_path: Path, form: str
) -> None:
    tree = tmp_path / "tree"
    (tree / "dir").mkdir(parents=True)
    (tree / "dir" / "a").write_bytes(BODY)
    (tree / "hard").hardlink_to(tree / "dir" / "a")
    (tree / "soft").symlink_to("dir/a")
    holes = bytes(5_000_000) + b"middle" * 1000 + bytes(700_000)
    with (tree / "holes").open("wb") as out:
        out.seek(5_000_000)
        out.write(b"middle" * 1000)
        out.truncate(len(holes))
    (tree / "caf\u00e9").write_bytes(b"")
    sparse = ["--sparse"] if form in ("gnu", "posix", "oldgnu") else []
    order = ["dir", "hard", "soft", "holes", "caf\u00e9"]
    command = ["tar", f"--format={form}", *sparse, "-cf", "../out.tar", *order]
    subprocess.run(command, cwd=tree, check=True)
    files, entry = carried(tmp_path, (tmp_path / "out.tar").read_bytes())
    listing = lawful(files, entry)
    assert not listing.problems
    by_path = {one.ref.path.removeprefix(b"/a.bin/"): one for one in listing.entries}
    assert set(by_path) == {b"dir", b"dir/a", b"hard", b"soft", b"holes", "caf\u00e9".encode()}
    assert by_path[b"dir"].kind is EntryKind.DIRECTORY
    assert by_path[b"soft"].kind is EntryKind.SYMLINK
    assert by_path[b"hard"].no_content == SkipReason.NOT_A_FILE
    assert by_path["caf\u00e9".encode()].no_content == SkipReason.EMPTY
    assert contents(files, listing) == {b"dir/a": BODY, b"holes": holes}
    assert by_path[b"holes"].sparse == bool(sparse)


@pytest.mark.parametrize("pack", PACKERS)
def test_a_single_packed_content_takes_the_name_of_its_file(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    ending = {gzip.compress: "gz", bz2.compress: "bz2", lzma.compress: "xz"}[pack]
    files, entry = carried(tmp_path, pack(BODY), f"photo.jpg.{ending.upper()}")
    for limits in (ArchiveLimits(), ArchiveLimits(max_held_bytes=1000)):
        (member,) = lawful(files, entry, limits).entries
        assert member.ref.path == entry.ref.path + b"/photo.jpg"
        assert (member.size_bytes, member.ref.address) == (len(BODY), 0)
        assert b"".join(read_member(files, member, limits)) == BODY


@pytest.mark.skipif(shutil.which("gzip") is None, reason="needs gzip")
def test_gzip_keeps_name_and_time(tmp_path: Path) -> None:
    path = tmp_path / "sunset.jpg"
    path.write_bytes(BODY)
    seconds = int(path.stat().st_mtime)
    packed = subprocess.run(
        ["gzip", "-c", "sunset.jpg"], cwd=tmp_path, check=True, capture_output=True
    )
    files, entry = carried(tmp_path, packed.stdout)
    (member,) = lawful(files, entry).entries
    assert member.ref.path == b"/a.bin/sunset.jpg"
    assert member.times.modified_ns == seconds * 10**9


@pytest.mark.parametrize("pack", PACKERS)
def test_streams_one_after_the_other_are_one_content(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    data = pack(BODY) + pack(b"") + pack(b"end") + bytes(512)
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    assert content(files, listing.entries[0]) == BODY + b"end"


def test_thousands_of_tiny_streams_are_one_content(tmp_path: Path) -> None:
    piece = gzip.compress(b"ab", mtime=0)
    files, entry = carried(tmp_path, piece * 20_000)
    assert content(files, lawful(files, entry).entries[0]) == b"ab" * 20_000


def test_what_follows_a_packed_content_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(BODY)
    files, entry = carried(tmp_path, packed + b"\xff\xd8\xff hidden")
    listing = lawful(files, entry)
    assert content(files, listing.entries[0]) == BODY
    assert f"from byte {len(packed)} on" in listing.problems[0].detail


@pytest.mark.parametrize("pack", PACKERS)
def test_a_packed_content_that_breaks_off_fails_and_is_told(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    noise = bytes(zipped({str(n): BODY for n in range(9)})) * 30
    data = pack(noise)
    files, entry = carried(tmp_path, data[: len(data) * 3 // 4])
    listing = lawful(files, entry)
    assert listing.problems
    for member in listing.entries:
        with pytest.raises(ContentError):
            content(files, member)


def test_members_before_the_place_where_a_packed_tar_breaks_off_are_kept(tmp_path: Path) -> None:
    members = {f"{number}.jpg": BODY for number in range(8)}
    data = tarred(members, "w:gz")
    files, entry = carried(tmp_path, data[: len(data) // 2])
    listing = lawful(files, entry)
    assert listing.problems
    assert 2 <= len(listing.entries) < 8
    assert content(files, listing.entries[0]) == BODY


def test_members_behind_a_damaged_header_and_behind_an_end_mark_are_listed(tmp_path: Path) -> None:
    members = {f"{number}.jpg": b"x" * 2000 for number in range(5)}
    good = tarred(members, kind=tarfile.USTAR_FORMAT)
    files, entry = carried(tmp_path, good + good)
    listing = lawful(files, entry)
    assert (len(listing.entries), listing.problems) == (10, ())
    hurt = bytearray(good)
    hurt[2 * (512 + 2048) + 3] ^= 1
    files, entry = carried(tmp_path, bytes(hurt))
    listing = lawful(files, entry)
    kept = [one.ref.path for one in listing.entries]
    assert kept == [b"/a.bin/" + name for name in (b"0.jpg", b"1.jpg", b"3.jpg", b"4.jpg")]
    assert "damaged" in listing.problems[0].detail


def test_a_tar_without_its_end_mark_is_told(tmp_path: Path) -> None:
    data = tarred({"a": b"x" * 512}, kind=tarfile.USTAR_FORMAT)
    files, entry = carried(tmp_path, data[:1024])
    listing = lawful(files, entry)
    assert content(files, listing.entries[0]) == b"x" * 512
    assert "cut off" in listing.problems[0].detail
    files, entry = carried(tmp_path, data[:1000])
    listing = lawful(files, entry)
    assert len(listing.entries) == 1
    assert listing.problems
    with pytest.raises(ContentError):
        content(files, listing.entries[0])


def test_raw_names_of_a_tar_are_kept(tmp_path: Path) -> None:
    raw = b"../\xff\xfe\n\x1b[31m"
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        info = tarfile.TarInfo(raw.decode("utf-8", "surrogateescape"))
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    files, entry = carried(tmp_path, out.getvalue())
    assert lawful(files, entry).entries[0].ref.path == b"/a.bin/" + raw


@given(
    sizes=st.lists(st.integers(0, 300_000), min_size=1, max_size=6),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 200_000)), max_size=12),
    pack=st.sampled_from(PACKERS),
)
@settings(max_examples=25, deadline=None)
def test_any_order_of_reading_gives_the_same_bytes(
    sizes: list[int], places: list[tuple[float, int]], pack: Callable[[bytes], bytes]
) -> None:
    parts = [random.Random(size).randbytes(size // 2) * 2 for size in sizes]  # noqa: S311 (filler)
    whole = b"".join(parts)
    packing = {gzip.compress: packed_stream.GZIP, bz2.compress: packed_stream.BZIP2}
    source = HeldSource(b"".join(pack(part) for part in parts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_stream, "_LANDING_BYTES", 50_000)
        patch.setattr(packed_stream, "CHUNK_BYTES", 20_000)
        inflated = packed_stream.InflatedSource(
            source, packing.get(pack, packed_stream.XZ), ArchiveLimits(max_held_bytes=-1)
        )
        assert inflated.size_bytes == len(whole)
        for place, length in places:
            at = int(place * len(whole))
            assert inflated.read_at(at, length) == whole[at : at + length]


def test_limits_of_streams_are_told(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, tarred(MEMBERS, "w:gz"))
    limits = ArchiveLimits(max_held_bytes=1000, max_streamed_members=2)
    listing = lawful(files, entry, limits)
    assert len(listing.entries) == 2
    assert "stopped after 2 members: limit" in listing.problems[0].detail
    listing = list_members(files, entry, ArchiveLimits(max_packed_bytes=100))
    assert not listing.entries
    assert "limit" in listing.problems[0].detail


def test_a_packed_bomb_is_listed_and_not_read(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, gzip.compress(bytes(20_000_000)))
    limits = ArchiveLimits(max_inflated_bytes=5_000_000)
    (member,) = lawful(files, entry, limits).entries
    assert member.no_content == SkipReason.TOO_LARGE
    assert member.size_bytes <= 5_000_000
    bound = ArchiveLimits(max_ratio=10, ratio_floor_bytes=1_000_000)
    listing = lawful(files, entry, bound)
    assert listing.entries[0].no_content == SkipReason.TOO_LARGE
    assert "limit" in listing.problems[0].detail
