from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_carrier import carried, content, contents, lawful, tarred, zipped

from triage.ingest.archive import (
    ARCHIVE_MIMES,
    UNOPENED_ARCHIVE_MIMES,
    ArchiveLimits,
    depth,
    list_members,
    read_member,
    touched_damage,
)
from triage.ingest.evidence import Evidence, open_evidence
from triage.ingest.filesystem import FileSystem
from triage.ingest.filetype import detect, family
from triage.ingest.reading import ContentError
from triage.model.entry import Allocation, EntryKind, FileEntry
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState

FIXTURES = Path(__file__).parents[2] / "fixtures"
BODY = bytes(range(256)) * 5000


def _found(evidence: Evidence, ending: bytes) -> Iterator[tuple[FileSystem, FileEntry]]:
    for volume in evidence.survey().volumes:
        if volume.state is VolumeState.OPENED:
            files = evidence.filesystem(volume.key)
            todo = list(files.roots())
            while todo:
                listing = files.list_directory(todo.pop())
                todo += listing.directories
                for entry in listing.entries:
                    if entry.ref.path.endswith(ending):
                        yield files, entry


@pytest.mark.parametrize(
    "image", ["ntfs.raw", "ext4.E01", "fat16.raw", "hfsplus.raw", "sample.E01"]
)
def test_the_picture_in_the_zip_of_a_fixture_has_the_digest_of_the_truth(image: str) -> None:
    lines = [
        json.loads(line)
        for path in sorted((FIXTURES / "truth").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    known = {line["sha256"] for line in lines if line.get("mime") == "image/jpeg"}
    evidence = open_evidence(FIXTURES / "images" / image)
    found = list(_found(evidence, b"archive.zip"))
    assert found
    for files, entry in found:
        listing = list_members(files, entry)
        assert not listing.problems
        pictures = [one for one in listing.entries if one.ref.path.endswith(b".jpg")]
        assert len(pictures) == 1
        assert hashlib.sha256(content(files, pictures[0])).hexdigest() in known
        assert pictures[0].allocation is entry.allocation is Allocation.LIVE
    evidence.close()


@pytest.mark.parametrize("image", ["ntfs.raw", "ext2.raw", "fat16.raw", "iso9660.raw"])
def test_a_range_of_any_file_is_the_same_part_of_its_whole(image: str) -> None:
    evidence = open_evidence(FIXTURES / "images" / image)
    for files, entry in _found(evidence, b".jpg"):
        if entry.no_content or entry.size_bytes < 4:
            continue
        try:
            whole = b"".join(files.read(entry))
        except ContentError:
            continue
        size = entry.size_bytes
        for start, length in ((0, size), (1, 2), (size // 2, size), (size - 1, 1), (size, 5)):
            assert files.read_range(entry, start, length) == whole[start : start + length]
    evidence.close()


@pytest.mark.parametrize("method", [0, 8, 12, 14])
def test_members_of_every_method_come_out_as_zipfile_put_them_in(
    tmp_path: Path, method: int
) -> None:
    members = {"d/one.jpg": BODY, "two": b"2", "d/empty": b""}
    files, entry = carried(tmp_path, zipped(members, method))
    listing = lawful(files, entry)
    assert not listing.problems
    assert [one.size_bytes for one in listing.entries] == [len(BODY), 1, 0]
    assert listing.entries[2].no_content == SkipReason.EMPTY
    assert contents(files, listing) == {b"d/one.jpg": BODY, b"two": b"2"}
    assert [one.compressed for one in listing.entries[:2]] == [method != 0] * 2


def test_identity_says_where_a_member_is(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, zipped({"x/a.jpg": b"1", "b": b"2"}))
    first, second = list_members(files, entry).entries
    assert first.ref.path == b"/a.bin/x/a.jpg"
    assert (first.ref.address, second.ref.address) == (0, 1)
    assert first.ref.parent_address == entry.ref.address
    assert first.container == entry
    assert (first.first_block_offset_bytes, depth(first), depth(entry)) == (None, 1, 0)
    assert not touched_damage(files, first)


def test_dos_times_stay_without_a_zone(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, zipped({"a": b"1"}))
    times = list_members(files, entry).entries[0].times
    assert times.naive_local
    assert times.modified_ns == 1_714_557_724 * 10**9  # 2024-05-01T10:02:04


@pytest.mark.skipif(shutil.which("zip") is None, reason="needs Info-ZIP's zip")
def test_info_zip_archives_have_their_times_links_and_folders(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "dir").mkdir(parents=True)
    (tree / "dir" / "a.txt").write_bytes(BODY)
    (tree / "link").symlink_to("dir/a.txt")
    subprocess.run(["zip", "-q", "-y", "-r", "../out.zip", "dir", "link"], cwd=tree, check=True)
    files, entry = carried(tmp_path, (tmp_path / "out.zip").read_bytes())
    by_path = {one.ref.path: one for one in lawful(files, entry).entries}
    assert by_path[b"/a.bin/dir/"].kind is EntryKind.DIRECTORY
    assert by_path[b"/a.bin/dir/"].no_content == SkipReason.DIRECTORY
    assert by_path[b"/a.bin/link"].kind is EntryKind.SYMLINK
    member = by_path[b"/a.bin/dir/a.txt"]
    seconds = int((tree / "dir" / "a.txt").stat().st_mtime)
    assert (member.times.modified_ns, member.times.naive_local) == (seconds * 10**9, False)
    assert content(files, member) == BODY


@pytest.mark.skipif(shutil.which("zip") is None, reason="needs Info-ZIP's zip")
def test_members_encrypted_by_info_zip_are_listed_and_skipped(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(BODY)
    subprocess.run(["zip", "-q", "-P", "x", "out.zip", "secret.jpg"], cwd=tmp_path, check=True)
    files, entry = carried(tmp_path, (tmp_path / "out.zip").read_bytes())
    (member,) = lawful(files, entry).entries
    assert (member.encrypted, member.no_content) == (True, SkipReason.ENCRYPTED)
    with pytest.raises(ContentError):
        list(read_member(files, member))


def test_names_are_kept_as_they_are(tmp_path: Path) -> None:
    names = [
        "../../etc/passwd",
        "/abs",
        "C:\\x\\y",
        "a//b",
        "[red]=cmd()",
        "caf\u00e9",
        "\u202egpj",
    ]
    files, entry = carried(tmp_path, zipped(dict.fromkeys(names, b"x")))
    assert [one.ref.path for one in list_members(files, entry).entries] == [
        b"/a.bin/" + name.encode() for name in names
    ]


def test_names_that_are_no_text_are_kept_and_duplicates_told_apart(tmp_path: Path) -> None:
    data = zipped({"AAAA": b"1", "BBBB": b"2"}).replace(b"AAAA", b"\xff\x00\n\x81")
    files, entry = carried(tmp_path, data.replace(b"BBBB", b"\xff\x00\n\x81"))
    first, second = lawful(files, entry).entries
    assert first.ref.path == second.ref.path == b"/a.bin/\xff\x00\n\x81"
    assert (first.ref.nth, second.ref.nth) == (0, 1)
    assert (content(files, first), content(files, second)) == (b"1", b"2")


def test_an_archive_behind_a_program_and_before_a_comment_opens(tmp_path: Path) -> None:
    data = zipped({"a": BODY}, comment=b"with a PK\5\6 in its comment")
    files, entry = carried(tmp_path, data)
    assert contents(files, lawful(files, entry)) == {b"a": BODY}
    files, entry = carried(tmp_path, b"PK00PK" + b"stub" * 99 + zipped({"a": BODY}))
    assert contents(files, lawful(files, entry)) == {b"a": BODY}


def test_zip64_opens(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("big", "w", force_zip64=True) as member:
        member.write(BODY)
    files, entry = carried(tmp_path, out.getvalue())
    assert contents(files, lawful(files, entry)) == {b"big": BODY}


def test_more_members_than_sixteen_bits_count(tmp_path: Path) -> None:
    data = zipped({"empty": b""}, 0)
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    directory = data[start:end] * 65_600
    tail = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 64, 64, len(directory), start, 0)
    files, entry = carried(tmp_path, data[:start] + directory + tail)
    listing = list_members(files, entry)
    assert (len(listing.entries), listing.problems) == (65_600, ())
    assert listing.entries[-1].ref.nth == 65_599


def test_zip_in_zip_in_tar_is_reached_and_no_deeper_than_the_limit(tmp_path: Path) -> None:
    level = BODY
    for name in ("picture.jpg", "c.zip", "b.zip"):
        level = zipped({name: level})
    files, entry = carried(tmp_path, tarred({"a.zip": level}))
    paths = []
    for _ in range(3):
        (entry,) = lawful(files, entry).entries
        paths.append(entry.ref.path)
    assert paths[-1] == b"/a.bin/a.zip/b.zip/c.zip"
    assert content(files, entry) == zipped({"picture.jpg": BODY})
    listing = list_members(files, entry)
    assert not listing.entries
    assert [one.kind for one in listing.problems] == [ProblemKind.ARCHIVE_UNREADABLE]
    (picture,) = lawful(files, entry, ArchiveLimits(max_depth=4)).entries
    assert content(files, picture) == BODY


def test_members_of_two_like_archives_in_two_like_archives_are_not_one(tmp_path: Path) -> None:
    inner = zipped({"i": zipped({"x": b"1"})})
    outer = zipped({"OUTER1": inner, "OUTER2": inner})
    files, entry = carried(tmp_path, outer.replace(b"OUTER2", b"OUTER1"))
    refs = [
        member.ref
        for one in list_members(files, entry).entries
        for two in list_members(files, one).entries
        for member in list_members(files, two).entries
    ]
    assert [ref.path for ref in refs] == [b"/a.bin/OUTER1/i/x"] * 2
    assert refs[0].key() != refs[1].key()


def test_a_large_archive_in_an_archive_opens_only_where_it_lies_unpacked(tmp_path: Path) -> None:
    limits = ArchiveLimits(max_held_bytes=1000)
    inner = zipped({"x": BODY}, 0)
    files, entry = carried(tmp_path, zipped({"inner": inner}, 0))
    (inside,) = list_members(files, entry, limits).entries
    (member,) = lawful(files, inside, limits).entries
    assert b"".join(read_member(files, member, limits)) == BODY
    files, entry = carried(tmp_path, zipped({"inner": inner}, 8))
    (inside,) = list_members(files, entry, limits).entries
    listing = list_members(files, inside, limits)
    assert not listing.entries
    assert "nested archive too large to open" in listing.problems[0].detail


def test_an_unknown_method_fails_when_it_is_read(tmp_path: Path) -> None:
    data = bytearray(zipped({"a": BODY}))
    struct.pack_into("<H", data, 8, 9)
    struct.pack_into("<H", data, data.rfind(b"PK\1\2") + 10, 9)
    files, entry = carried(tmp_path, bytes(data))
    (member,) = lawful(files, entry).entries
    with pytest.raises(ContentError, match="Deflate64") as caught:
        content(files, member)
    assert caught.value.reason is FailReason.READ_ERROR


def test_a_file_that_changed_since_it_was_listed_is_not_read_as_before(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, zipped({"a": BODY}))
    (member,) = list_members(files, entry).entries
    carried(tmp_path, zipped({"b": BODY[::-1]}) + b"more")
    with pytest.raises(ContentError):
        content(files, member)


def test_two_readers_of_one_archive_do_not_disturb_each_other(tmp_path: Path) -> None:
    members = {name: name.encode() * 300_000 for name in "abc"}
    for data in (zipped(members), gzip.compress(tarred(members), mtime=0)):
        files, entry = carried(tmp_path, data)
        limits = ArchiveLimits(max_held_bytes=1000)
        readers = [
            read_member(files, one, limits) for one in list_members(files, entry, limits).entries
        ]
        found = [b"", b"", b""]
        for _ in range(4):
            for index, reader in enumerate(readers):
                found[index] += next(reader, b"")
        assert found == list(members.values())


def test_types_of_archives_are_those_that_detect_gives() -> None:
    made = {
        "zip": zipped({"a": b"1"}),
        "docx": zipped({"[Content_Types].xml": b"", "_rels/.rels": b"", "word/document.xml": b""}),
        "epub": zipped({"mimetype": b"application/epub+zip"}, 0),
        "odt": zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}, 0),
        "tar": tarred({"a": b"1"}),
        "tgz": tarred({"a": b"1"}, "w:gz"),
        "bz2": tarred({"a": b"1"}, "w:bz2"),
        "xz": tarred({"a": b"1"}, "w:xz"),
    }
    for name, data in made.items():
        assert detect(data, name.encode(), len(data)).mime in ARCHIVE_MIMES
    assert not ARCHIVE_MIMES & UNOPENED_ARCHIVE_MIMES
    heads = {b"LZIP\1" + bytes(64), b"070701" + bytes(64), b"\x04\x22\x4d\x18" + bytes(64)}
    for head in heads:
        assert detect(head, b"x", len(head)).mime in UNOPENED_ARCHIVE_MIMES
    assert {family(mime) for mime in UNOPENED_ARCHIVE_MIMES} <= {"archive", "other"}


def test_the_checksum_of_every_content_is_the_recorded_one(tmp_path: Path) -> None:
    data = zipped({"a": BODY})
    files, entry = carried(tmp_path, data)
    (member,) = list_members(files, entry).entries
    recorded = zipfile.ZipFile(io.BytesIO(data)).getinfo("a").CRC
    assert zlib.crc32(content(files, member)) == recorded
