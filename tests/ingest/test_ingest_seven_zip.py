"""What 7-Zip itself packs comes out as it went in; what is damaged or locked is named."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_carrier import carried, contents, lawful
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest.archive import ArchiveLimits, list_members, read_member
from triage.ingest.filetype import detect
from triage.ingest.reading import ContentError
from triage.ingest.secrets import take_secrets
from triage.model.entry import EntryKind
from triage.model.outcome import FailReason, SkipReason
from triage.model.secret import Secrets

CHANCE = random.Random(7)  # noqa: S311  (a seed, no secret)
FILES = {
    "a/one.jpg": CHANCE.randbytes(150_000),
    "a/two.txt": b"two and two\n" * 9000,
    "b/three.bin": bytes(range(256)) * 300,
    "b/ünï.txt": b"x",
}


@pytest.fixture(autouse=True)
def no_secrets() -> Iterator[None]:
    take_secrets(Secrets())
    yield
    take_secrets(Secrets())


def packed(folder: Path, *options: str) -> bytes:
    program = shutil.which("7z")
    if program is None:
        pytest.skip("7z is not installed: nobody else packs the archives of these tests")
    tree = folder / "tree"
    for name, data in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    out = folder / "made.7z"
    out.unlink(missing_ok=True)
    command = [program, "a", "-bd", "-mtc=on", *options, str(out), "."]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    return out.read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        ["-m0=lzma"],
        ["-m0=lzma2"],
        ["-m0=bzip2"],
        ["-m0=deflate"],
        ["-m0=copy"],
        ["-m0=bcj", "-m1=lzma"],
        ["-m0=arm", "-m1=copy"],
        ["-m0=delta:3", "-m1=lzma"],
        ["-ms=off"],
        ["-mhc=off"],
    ],
    ids=" ".join,
)
def test_every_way_of_packing_comes_out_as_it_went_in(tmp_path: Path, options: list[str]) -> None:
    data = packed(tmp_path, *options)
    assert detect(data, b"a.7z", len(data)).mime == "application/x-7z-compressed"
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    found = contents(files, listing)
    assert found == {name.encode(): body for name, body in FILES.items()}
    kinds = {one.ref.path.rpartition(b"/")[2]: one.kind for one in listing.entries}
    assert kinds[b"a"] is EntryKind.DIRECTORY
    at = (tmp_path / "tree/b/three.bin").stat().st_mtime_ns // 100 * 100
    times = {one.ref.path: one.times.modified_ns for one in listing.entries}
    assert times[b"/a.bin/b/three.bin"] == at


@pytest.mark.parametrize("method", ["ppmd", "deflate64"])
def test_a_way_of_packing_that_is_not_unpacked_is_named(tmp_path: Path, method: str) -> None:
    files, entry = carried(tmp_path, packed(tmp_path, f"-m0={method}"))
    one = next(each for each in lawful(files, entry).entries if not each.no_content)
    with pytest.raises(ContentError, match="which is not unpacked"):
        list(read_member(files, one))


@pytest.mark.parametrize("options", [["-mhe=off"], ["-mhe=on"], ["-m0=copy"]])
def test_a_password_opens_and_without_one_all_is_named(tmp_path: Path, options: list[str]) -> None:
    data = packed(tmp_path, "-psésame", *options)
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    if "-mhe=on" in options:
        assert not listing.entries
        assert "encrypted" in listing.problems[0].detail
    else:
        locked = [one for one in listing.entries if one.size_bytes]
        assert {one.no_content for one in locked} == {SkipReason.ENCRYPTED}
        assert all(one.encrypted for one in locked)
    take_secrets(Secrets(texts=("wrong", "sésame")))
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert contents(files, listing) == {name.encode(): body for name, body in FILES.items()}
    take_secrets(Secrets(texts=("wrong",)))
    files, entry = carried(tmp_path, data)
    words = "no given password opens it"
    told = list_members(files, entry)
    assert words in (told.problems[0] if told.problems else told.entries[-1]).detail


@pytest.mark.parametrize("solid", ["-ms=on", "-ms=off"])
def test_members_are_the_same_in_any_order(tmp_path: Path, solid: str) -> None:
    files, entry = carried(tmp_path, packed(tmp_path, solid))
    members = [one for one in list_members(files, entry).entries if not one.no_content]
    readers = [read_member(files, one) for one in reversed(members)]
    found = [b""] * len(readers)
    for _ in range(6):
        for index, reader in enumerate(readers):
            found[index] += next(reader, b"")
    found = [data + b"".join(rest) for data, rest in zip(found, readers, strict=True)]
    assert sorted(found) == sorted(FILES.values())


def test_limits_are_kept_and_named(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, packed(tmp_path))
    few = lawful(files, entry, ArchiveLimits(max_members=2))
    assert len(few.entries) == 2
    assert "stopped after 2 members" in few.problems[0].detail
    deep = lawful(files, entry, ArchiveLimits(max_inflated_bytes=110_000))
    late = [one for one in deep.entries if one.no_content == SkipReason.TOO_LARGE]
    assert late
    assert all("solid block" in one.detail for one in late)
    (bomb := tmp_path / "tree/zeros").write_bytes(bytes(4_000_000))
    files, entry = carried(tmp_path, packed(tmp_path))
    bomb.unlink()
    limits = ArchiveLimits(max_ratio=2, ratio_floor_bytes=1_000_000)
    refused = [one for one in lawful(files, entry, limits).entries if one.no_content]
    assert SkipReason.IMPLAUSIBLE_SIZE in {one.no_content for one in refused}


def test_a_part_of_several_says_so(tmp_path: Path) -> None:
    data = packed(tmp_path)
    files, entry = carried(tmp_path, data[: len(data) // 2])
    (problem,) = lawful(files, entry).problems
    assert "cut off, or the first of several parts" in problem.detail


def test_whatever_is_flipped_the_contract_holds(tmp_path: Path) -> None:
    data = packed(tmp_path, "-mhc=off")
    chance = random.Random(1)  # noqa: S311  (a seed, no secret)
    for _ in range(60):
        hurt = bytearray(data)
        hurt[chance.randrange(32, len(hurt))] ^= 1 << chance.randrange(8)
        files, entry = carried(tmp_path, bytes(hurt))
        for name, body in contents_or_failures(files, entry).items():
            assert body in (None, FILES[name])


def contents_or_failures(files: object, entry: object) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for one in list_members(files, entry).entries:  # type: ignore[arg-type] # (as carried gives)
        if not one.no_content:
            name = one.ref.path.partition(b"/a.bin/")[2].decode()
            try:
                found[name] = b"".join(read_member(files, one))  # type: ignore[arg-type]
            except ContentError:
                found[name] = None
    return found


@settings(deadline=None, max_examples=40)
@given(header=st.binary(max_size=200))
def test_a_hostile_directory_ends_in_words(
    tmp_path_factory: pytest.TempPathFactory, header: bytes
) -> None:
    import struct  # noqa: PLC0415  (of this test alone)
    import zlib  # noqa: PLC0415  (of this test alone)

    start = struct.pack("<QQI", 0, len(header) + 1, zlib.crc32(b"\1" + header))
    data = b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + b"\1" + header
    files, entry = carried(tmp_path_factory.mktemp("hostile"), data)
    lawful(files, entry)


def test_zstd_is_a_stream_like_the_others(tmp_path: Path) -> None:
    body = FILES["a/two.txt"]
    skipped = b"\x50\x2a\x4d\x18\3\0\0\0abc"
    data = zstd.compress(body[:5000]) + skipped + zstd.compress(body[5000:])
    assert detect(data, b"a.zst", len(data)).mime == "application/zstd"
    files, entry = carried(tmp_path, data, "two.txt.zst")
    (member,) = lawful(files, entry).entries
    assert member.ref.path == b"/two.txt.zst/two.txt"
    assert b"".join(read_member(files, member)) == body
    files, entry = carried(tmp_path, data[:-5])
    (cut,) = lawful(files, entry).entries
    with pytest.raises(ContentError) as caught:
        list(read_member(files, cut))
    assert caught.value.reason is FailReason.SHORT_READ


def test_a_zstd_bomb_is_stopped(tmp_path: Path) -> None:
    data = zstd.compress(bytes(50_000_000))
    files, entry = carried(tmp_path, data)
    limits = ArchiveLimits(ratio_floor_bytes=1_000_000, max_ratio=10)
    (member,) = lawful(files, entry, limits).entries
    assert member.no_content == SkipReason.TOO_LARGE
