"""Ex01 images: equal to libewf where they are sound, and honest where they are not."""

from __future__ import annotations

import functools
import os
import random
import struct
import zlib
from itertools import product
from pathlib import Path

import pyewf
import pytest
from ewf2_recipe import (
    CASE,
    CHUNK,
    DEVICE,
    KEYS,
    NEXT,
    Writer,
    aligned,
    filled,
    segments,
    split,
    summed,
    write,
)
from ewf_law import assert_nothing_invented, covered, whole
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.errors import EvidenceError
from triage.ingest.container import open_container
from triage.model.evidence import ContainerKind, DamageKind

MIXED = ("zlib", "stored", "pattern")


@functools.cache
def medium(size: int = 7 * CHUNK - 1_024, hows: tuple[str, ...] = MIXED) -> bytes:
    """Noise and words by turns; a chunk of the kind ``pattern`` holds the pattern."""
    source = random.Random(size)  # noqa: S311  (repeatable)
    data = b"".join(source.randbytes(3_000) + b"words " * 900 for _ in range(size // 8_000))
    chunks = split((data + bytes(size))[:size])
    kinds = [hows[at % len(hows)] for at in range(len(chunks))]
    return b"".join(
        filled(len(chunk)) if how == "pattern" else chunk
        for chunk, how in zip(chunks, kinds, strict=True)
    )


def by_pyewf(path: Path) -> tuple[bytes, dict[str, str]]:
    handle = pyewf.handle()
    handle.open(pyewf.glob(str(path)))
    data = b""
    while len(data) < handle.get_media_size():
        data += handle.read_buffer_at_offset(handle.get_media_size() - len(data), len(data))
    found = {name.lower(): value for name, value in handle.get_hash_values().items()}
    handle.close()
    return data, found


@pytest.mark.parametrize(
    ("hows", "size"),
    [
        *product(
            (("zlib",), ("stored",), ("zlib", "stored", "bare"), MIXED),
            (512, CHUNK, 7 * CHUNK - 1_024),
        )
    ],
)
def test_the_same_bytes_as_libewf(tmp_path: Path, hows: tuple[str, ...], size: int) -> None:
    data = medium(size, hows)
    for number, (per_table, tables_each) in enumerate([(1 << 20, 1), (2, 1), (1, 2)]):
        made = segments(data, hows, per_table=per_table, tables_each=tables_each)
        path = write(tmp_path, made, f"made{number}")
        container = open_container(path)
        found, digests = by_pyewf(path)
        assert whole(container) == found == data
        assert dict(container.info.stored_digests) == digests
        assert container.info.segments == tuple(
            f"made{number}.Ex{at:02}" for at in range(1, len(made) + 1)
        )
        assert container.damage() == ()
        container.close()


@pytest.mark.parametrize("per_chunk", [1, 8, 128, 1024])
def test_chunks_of_any_size(tmp_path: Path, per_chunk: int) -> None:
    data = medium(3 * CHUNK, ("zlib",))
    path = write(tmp_path, segments(data, per_chunk=per_chunk, per_table=100))
    container = open_container(path)
    assert whole(container) == by_pyewf(path)[0] == data
    for at in (0, 511, CHUNK - 5, len(data) - 3):
        assert container.read_at(at, 1_030) == data[at : at + 1_030]


def test_bzip2_which_libewf_does_not_read(tmp_path: Path) -> None:
    data = medium(5 * CHUNK + 512, ("bzip2",))
    container = open_container(write(tmp_path, segments(data, ("bzip2",), per_table=2)))
    assert whole(container) == data
    assert container.damage() == ()


def test_what_the_imager_wrote_is_told_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, segments(medium()))
    info = open_container(path).info
    assert info.kind is ContainerKind.EWF2
    handle = pyewf.handle()
    handle.open([str(path)])
    peer = handle.get_header_values()
    handle.close()
    ours = dict(info.header)
    for name in ("case_number", "description", "evidence_number", "notes", "device_label"):
        assert ours[name] == peer[name]
    assert ours["examiner"] == peer["examiner_name"]
    assert ours["device_model"] == peer["model"]
    assert ours["system_date"] == "2001-09-09T01:46:40Z"
    assert "Sep  9 01:46:40 2001" in peer["system_date"]
    assert ours["acquisition_date"] == "2004-11-09T11:33:20Z"
    assert "Nov  9 11:33:20 2004" in peer["acquiry_date"]


def test_a_name_that_is_not_text_is_opened_too(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.Ex01")
    try:
        path.write_bytes(segments(medium())[0])
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")
    container = open_container(path)
    assert whole(container) == medium()
    container.close()
    container.close()


def test_a_broken_chunk_is_zero_and_named(tmp_path: Path) -> None:
    """libewf gives zeros without an error."""
    data = medium(4 * CHUNK, ("zlib",))
    (made,) = segments(data)
    at = made.index(zlib.compress(data[CHUNK : 2 * CHUNK]))
    path = write(tmp_path, [made[: at + 99] + b"\xff" * 24 + made[at + 123 :]])
    container = open_container(path)
    expected = data[:CHUNK] + bytes(CHUNK) + data[2 * CHUNK :]
    assert whole(container) == by_pyewf(path)[0] == expected
    (one,) = container.damage()
    assert (one.offset_bytes, one.length_bytes) == (CHUNK, CHUNK)


@functools.cache
def small() -> tuple[bytes, bytes]:
    """Two segments with two tables each, of chunks of every checked kind."""
    hows = ("zlib", "stored", "pattern", "bzip2")
    first, second = segments(medium(hows=hows), hows, per_table=2, tables_each=2)
    return first, second


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ewf2")


def good() -> bytes:
    return medium(hows=("zlib", "stored", "pattern", "bzip2"))


def places(made: bytes) -> list[int]:
    """Where structure lies: the ends of the file, and what is around each descriptor."""
    at = len(made) - 64
    out = list(range(32))
    while at > 0:
        out += range(max(0, at - 120), at + 64)
        (at,) = struct.unpack_from("<Q", made, at + 8)
    return out


@settings(max_examples=200, deadline=None)
@given(
    which=st.integers(0, 1),
    place=st.integers(0, 1 << 20),
    bit=st.integers(0, 7),
    more=st.integers(1, 40),
)
def test_no_flip_gives_wrong_bytes_in_silence(
    folder: Path, which: int, place: int, bit: int, more: int
) -> None:
    bodies = [bytearray(body) for body in small()]
    spots = places(small()[which])
    at = place % len(bodies[which]) if place % 3 == 0 else spots[place % len(spots)]
    bodies[which][at] ^= 1 << bit
    if more > 30:
        bodies[which][at : at + more] = bytes(more)[: len(bodies[which]) - at]
    path = write(folder, [bytes(body) for body in bodies], "flip")
    try:
        container = open_container(path)
    except EvidenceError as error:  # both sections that tell the geometry are hurt: said aloud
        assert str(error).startswith("flip.Ex01: no section")  # noqa: PT017  (either is lawful)
        return
    assert_nothing_invented(container, good())


@settings(max_examples=80, deadline=None)
@given(which=st.integers(0, 1), keep=st.integers(0, 1 << 20))
def test_no_cut_gives_wrong_bytes_in_silence(folder: Path, which: int, keep: int) -> None:
    bodies = list(small())
    bodies[which] = bodies[which][: keep % len(bodies[which])]
    container = open_container(write(folder, bodies, "cut"))
    assert_nothing_invented(container, good())
    assert container.damage()


@settings(max_examples=60, deadline=None)
@given(sectors=st.lists(st.integers(0, 1 << 12), min_size=1, max_size=6))
def test_no_lost_sector_of_the_image_gives_wrong_bytes(folder: Path, sectors: list[int]) -> None:
    first, second = (bytearray(body) for body in small())
    for sector in sectors:
        at = sector * 512 % len(first)
        first[at : at + 512] = bytes(min(512, len(first) - at))
    path = write(folder, [bytes(first), bytes(second)], "lost")
    assert_nothing_invented(open_container(path), good())


@pytest.mark.parametrize("gone", [{1}, {2}, {3}, {4}, {1, 3}, {2, 3}, {1, 4}, {2, 4}])
def test_a_missing_segment_loses_its_own_chunks_only(tmp_path: Path, gone: set[int]) -> None:
    """Tables tell where they belong, so a segment between two gaps has a place as well."""
    path = write(tmp_path, segments(medium(), MIXED, per_table=2))
    for number in gone:
        path.with_suffix(f".Ex{number:02}").unlink()
    kept = min({1, 2, 3, 4} - gone)
    container = open_container(path.with_suffix(f".Ex{kept:02}"))
    assert_nothing_invented(container, medium())
    assert {one.kind for one in container.damage()} == {DamageKind.MISSING_SEGMENT}
    lost = covered(container.damage(), len(medium()))
    assert [bool(lost[2 * CHUNK * at]) for at in range(4)] == [n in gone for n in (1, 2, 3, 4)]


def test_a_hurt_descriptor_of_a_table_costs_nothing(tmp_path: Path) -> None:
    writer = Writer()
    writer.values(2 * 64, 64)
    data = medium(2 * CHUNK, ("stored",))
    writer.chunks(split(data), ["stored"] * 2, 0)
    writer.end(data)
    made = bytearray(writer.body)
    made[writer.descriptors[3] + 40] ^= 1
    container = open_container(write(tmp_path, [bytes(made)]))
    assert whole(container) == data
    (one,) = container.damage()
    assert (one.length_bytes, one.kind) == (0, DamageKind.SECTION_CHECKSUM)
    assert "sector table" in one.detail


@settings(max_examples=20, deadline=None)
@given(rest=st.binary(min_size=1, max_size=300))
def test_bytes_after_the_end_cost_nothing(folder: Path, rest: bytes) -> None:
    first, second = small()
    container = open_container(write(folder, [first + rest, second + rest], "rest"))
    assert whole(container) == good()
    assert not any(one.length_bytes for one in container.damage())


def test_an_image_inside_the_evidence_is_not_taken_for_the_image(tmp_path: Path) -> None:
    """The inner one lies stored in the outer one, whose own end is lost."""
    inner = aligned(segments(medium(2 * CHUNK, ("stored",)), ("stored",))[0])
    data = (inner + bytes(4 * CHUNK))[: 4 * CHUNK]
    (made,) = segments(data, ("stored",))
    container = open_container(write(tmp_path, [made[: len(made) - 400]]))
    assert_nothing_invented(container, data)
    assert container.info.size_bytes == len(data)


def test_segments_of_another_acquisition_are_not_mixed_in(tmp_path: Path) -> None:
    first, second = segments(medium(), MIXED, per_table=4)
    foreign = second[:16] + b"Z" * 16 + second[32:]
    container = open_container(write(tmp_path, [first, foreign]))
    assert_nothing_invented(container, medium())
    assert any("another acquisition" in one.detail for one in container.damage())
    hurt = second[:16] + b"Z" + second[17:]
    container = open_container(write(tmp_path, [first, hurt], "hurt"))
    assert whole(container) == medium()


def test_ranges_that_the_imager_could_not_read_are_reported(tmp_path: Path) -> None:
    writer = Writer()
    writer.values(64, 64)
    writer.chunks([b"x" * CHUNK], ["zlib"], 0)
    writer.errors([(3, 2), (60, 400)])
    writer.end(b"x" * CHUNK)
    path = write(tmp_path, [writer.body])
    found = open_container(path).info.damage
    assert [(one.offset_bytes, one.length_bytes, one.kind) for one in found] == [
        (3 * 512, 2 * 512, DamageKind.ACQUISITION_ERROR),
        (60 * 512, 4 * 512, DamageKind.ACQUISITION_ERROR),
    ]


def test_what_cannot_be_opened_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "made.Lx01").write_bytes(b"LEF2\x0d\x0a\x81\x00" + bytes(99))
    with pytest.raises(EvidenceError, match="logical evidence file"):
        open_container(tmp_path / "made.Lx01")
    for body in (b"", b"no image at all" * 99, segments(medium())[0][:90]):
        with pytest.raises(EvidenceError, match=r"made\.Ex01: no section"):
            open_container(write(tmp_path, [body]))
    writer = Writer()
    writer.values(0, 64)
    writer.end(b"")
    with pytest.raises(EvidenceError, match="holds no data"):
        open_container(write(tmp_path, [writer.body]))


@pytest.mark.parametrize("flagged", [True, False])
def test_encrypted_images_are_refused_in_words(tmp_path: Path, flagged: bool) -> None:  # noqa: FBT001  (a case)
    writer = Writer()
    if flagged:
        writer.section(DEVICE, b"?" * 160, flags=2)
        writer.section(CASE, b"?" * 160, flags=2)
    else:
        writer.values(64, 64)
        writer.section(KEYS, bytes(64))
    writer.end(b"")
    with pytest.raises(EvidenceError, match="encrypted"):
        open_container(write(tmp_path, [writer.body]))


@pytest.mark.parametrize("first", [0, 1 << 20, (1 << 64) - 1])
@pytest.mark.parametrize("entry", [(1 << 64) - 1, 0, 1 << 62])
def test_absurd_tables_allocate_nothing(tmp_path: Path, first: int, entry: int) -> None:
    writer = Writer()
    writer.values(1 << 40, 64)
    writer.table(struct.pack("<QII", entry, 0xFFFF_FFFF, 1) * 3, first)
    head = summed(struct.pack("<QII", 0, 0xFFFF_FFFF, 0)) + bytes(12)
    writer.section(4, head + bytes(64))
    writer.section(NEXT, b"")
    container = open_container(write(tmp_path, [writer.body]))
    assert container.info.size_bytes == 512 << 40
    assert container.read_at(1 << 48, 16) == bytes(16)
    assert container.read_at(0, CHUNK) == bytes(CHUNK)
    ends = [one.offset_bytes + one.length_bytes for one in container.damage()]
    assert max(ends) == 512 << 40


def test_a_chain_that_points_at_itself_ends(tmp_path: Path) -> None:
    writer = Writer()
    writer.values(64, 64)
    writer.previous = len(writer.body)
    writer.section(NEXT, b"")
    container = open_container(write(tmp_path, [writer.body]))
    assert container.read_at(0, 10) == bytes(10)
    assert container.damage()
