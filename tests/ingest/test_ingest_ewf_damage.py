"""Damaged EWF images: what is lost is named, all else reads as acquired, nothing is invented."""

from __future__ import annotations

import functools
import gzip
import json
import random
import shutil
import struct
import tracemalloc
import zlib
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from ewf_law import assert_nothing_invented, covered, whole
from ewf_recipe import (
    CHUNK,
    assemble,
    descriptor,
    errors,
    file_header,
    image,
    stored,
    table,
    terminal,
    volume,
    write,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.errors import EvidenceError
from triage.ingest.container import open_container
from triage.ingest.containers.ewf_chunks import decode
from triage.model.evidence import DamagedRange, DamageKind

FIXTURES = Path(__file__).parents[2] / "fixtures"
HOSTILE = FIXTURES / "hostile"
IMAGES = FIXTURES / "images"


@functools.cache
def album() -> bytes:
    return (IMAGES / "album.raw").read_bytes()


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / "truth" / "damage.json").read_text())
    return [one for one in found if one["first"].endswith(".E01")]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["act"])
def test_known_acts_of_damage_are_found_where_they_were_done(case: dict[str, Any]) -> None:
    container = open_container(HOSTILE / case["first"])
    assert container.info.size_bytes == case["media_size_bytes"]
    assert_nothing_invented(container, album())
    mask = covered(container.damage(), len(album()))
    allowed = bytearray(len(album()))
    for start, length in (*case["certain"], *case["possible"]):
        allowed[start : start + length] = b"\1" * length
    for start, length in case["certain"]:
        assert mask[start : start + length] == b"\1" * length
    assert all(may or not is_ for may, is_ in zip(allowed, mask, strict=True))
    assert container.damage() or not case["certain"]


def test_damage_does_not_depend_on_the_order_of_reads() -> None:
    forwards, backwards = (open_container(HOSTILE / "flip-stored.E01") for _ in range(2))
    offsets = list(range(0, forwards.info.size_bytes, 40_000))
    for at in offsets:
        forwards.read_at(at, 40_000)
    for at in reversed(offsets):
        backwards.read_at(at, 40_000)
    assert forwards.damage() == backwards.damage() != ()
    assert forwards.info == backwards.info


@functools.cache
def small() -> tuple[bytes, bytes]:
    """A good image of five chunks (stored and compressed), and its medium."""
    data = random.Random(3).randbytes(2 * CHUNK) + b"words " * 20_000  # noqa: S311  (repeatable)
    data = data[: len(data) // 512 * 512]
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
    packed = [(stored(c), False) for c in chunks[:2]]
    packed += [(zlib.compress(c), True) for c in chunks[2:]]
    repeated = ("data", volume(len(chunks), len(data) // 512))
    return image(packed, len(data) // 512, repeated), data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("small")


def test_the_recipe_is_an_image(folder: Path) -> None:
    made, data = small()
    container = open_container(write(folder, made))
    assert whole(container) == data
    assert container.damage() == ()


@settings(max_examples=250, deadline=None)
@given(place=st.integers(0, 1 << 20), bit=st.integers(0, 7))
def test_no_flipped_bit_gives_wrong_bytes_in_silence(folder: Path, place: int, bit: int) -> None:
    made, data = small()
    hurt = bytearray(made)
    edges = [*range(2_700), *range(len(made) - 2_700, len(made))]
    at = place % len(made) if place % 2 else edges[place % len(edges)]
    hurt[at] ^= 1 << bit
    path = write(folder, bytes(hurt))
    if hurt[:8] != made[:8] and hurt[:8].startswith(b"LVF"):
        return
    assert_nothing_invented(open_container(path), data)


@settings(max_examples=60, deadline=None)
@given(keep=st.integers(0, 1 << 20))
def test_no_cut_gives_wrong_bytes_in_silence(folder: Path, keep: int) -> None:
    made, data = small()
    path = write(folder, made[: keep % len(made)])
    if keep % len(made) < 13 + 76 + 94:  # before the values that tell the size
        with pytest.raises(EvidenceError, match=r"made\.E01"):
            open_container(path)
        return
    container = open_container(path)
    assert_nothing_invented(container, data)
    assert container.damage()


@pytest.mark.parametrize("gone", [*combinations(range(1, 7), 1), (2, 3), (2, 4), (5, 6), (1, 2, 6)])
def test_missing_segments_lose_only_what_cannot_be_placed(
    tmp_path: Path, gone: tuple[int, ...]
) -> None:
    good = gzip.decompress((IMAGES / "mbr.raw.gz").read_bytes())
    kept = [number for number in range(1, 7) if number not in gone]
    for number in kept:
        shutil.copy(IMAGES / f"mbr.E0{number}", tmp_path)
    container = open_container(tmp_path / f"mbr.E0{kept[-1]}")
    assert_nothing_invented(container, good)
    kinds = {one.kind for one in container.damage()}
    assert kinds == {DamageKind.MISSING_SEGMENT}
    lost = covered(container.damage(), len(good)).count(1)
    full, last = 1_015_808, len(good) - 5 * 1_015_808
    between = {(2, 4): 1, (1, 2, 6): 3}.get(gone, 0)  # between two gaps: no known place
    assert lost == sum(last if number == 6 else full for number in gone) + between * full


def test_a_segment_of_another_acquisition_is_not_mixed_in(tmp_path: Path) -> None:
    def segment(number: int, fill: bytes, set_id: bytes, end: str) -> bytes:
        geometry = volume(2, 128)[:-4]
        geometry = geometry[:64] + set_id + geometry[80:]
        geometry += zlib.adler32(geometry).to_bytes(4, "little")
        body = stored(fill * CHUNK)
        kind = "volume" if number == 1 else "data"
        start = 13 + 76 + len(geometry) + 76
        listed = table([start])
        parts = [(kind, geometry), ("sectors", body), ("table", listed), ("table2", listed)]
        return assemble(parts, number=number, end=end)

    write(tmp_path, segment(1, b"a", b"A" * 16, "next"))
    write(tmp_path, segment(2, b"b", b"A" * 16, "done"), "made.E02")
    assert whole(open_container(tmp_path / "made.E01")) == b"a" * CHUNK + b"b" * CHUNK
    write(tmp_path, segment(2, b"z", b"Z" * 16, "done"), "made.E02")
    container = open_container(tmp_path / "made.E01")
    assert whole(container) == b"a" * CHUNK + bytes(CHUNK)
    assert any("another acquisition" in one.detail for one in container.damage())


def test_ranges_that_the_imager_could_not_read_are_reported(tmp_path: Path) -> None:
    made = image([(stored(b"x" * CHUNK), False)], 64, ("error2", errors([(3, 2), (60, 400)])))
    found = open_container(write(tmp_path, made)).info.damage
    spans = [(one.offset_bytes, one.length_bytes, one.kind) for one in found]
    assert spans == [
        (3 * 512, 2 * 512, DamageKind.ACQUISITION_ERROR),
        (60 * 512, 4 * 512, DamageKind.ACQUISITION_ERROR),
    ]


def test_a_bomb_in_a_chunk_costs_no_memory() -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    tracemalloc.start()
    result = decode(memoryview(bomb), compressed=True, want_bytes=CHUNK, chunk_bytes=CHUNK)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result is DamageKind.CHUNK_UNREADABLE
    assert peak < 1024 * 1024


def test_a_chain_that_points_backwards_ends(tmp_path: Path) -> None:
    body = file_header() + descriptor("header", 13, 76, following=13)
    with pytest.raises(EvidenceError, match="size of the medium"):
        open_container(write(tmp_path, body + terminal("done", len(body))))


def test_absurd_counts_allocate_nothing(tmp_path: Path) -> None:
    geometry = volume(0xFFFF_FFFF, 1 << 40)
    listed = bytearray(table([1, 2, 3]))
    struct.pack_into("<I", listed, 0, 0xFFFF_FFF0)
    listed[20:24] = zlib.adler32(bytes(listed[:20])).to_bytes(4, "little")
    made = assemble([("volume", geometry), ("sectors", b"x" * 99), ("table", bytes(listed))])
    container = open_container(write(tmp_path, made))
    assert container.info.size_bytes == 512 << 40
    assert container.read_at(1 << 48, 16) == bytes(16)
    assert covered_bytes(container.damage()) == container.info.size_bytes


def covered_bytes(ranges: tuple[DamagedRange, ...]) -> int:
    return max(one.offset_bytes + one.length_bytes for one in ranges)


def test_logical_evidence_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="logical evidence file"):
        open_container(write(tmp_path, b"LVF\x09\x0d\x0a\xff\x00" + bytes(99), "made.L01"))
    made = assemble([("volume", volume(1, 64, media=0x0E))])
    with pytest.raises(EvidenceError, match="logical evidence file"):
        open_container(write(tmp_path, made))


def test_a_name_without_any_content_of_ewf_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"made\.E01"):
        open_container(write(tmp_path, b""))
    with pytest.raises(EvidenceError, match=r"made\.E01"):
        open_container(write(tmp_path, b"no image at all" * 99))


def test_offsets_past_two_gibibytes_in_one_table(tmp_path: Path) -> None:
    """EnCase 6.7 wrote such tables: the offsets go on with all 32 bits, chunks stored."""
    count, start = 6, 0x8000_0000 - 3 * (CHUNK + 4)
    chunks = [bytes([number]) * CHUNK for number in range(count)]
    geometry = volume(count, count * 64)
    sectors_at = 13 + 76 + len(geometry)
    data_end = start + count * (CHUNK + 4)
    listed = table([start + number * (CHUNK + 4) for number in range(count)])
    path = tmp_path / "large.E01"
    with path.open("wb") as file:
        file.write(file_header() + descriptor("volume", 13, 76 + len(geometry)) + geometry)
        file.write(descriptor("sectors", sectors_at, data_end - sectors_at))
        file.seek(start)
        file.write(b"".join(stored(chunk) for chunk in chunks))
        file.write(descriptor("table", data_end, 76 + len(listed)) + listed)
        file.write(terminal("done", data_end + 76 + len(listed)))
    container = open_container(path)
    assert whole(container) == b"".join(chunks)
    assert container.damage() == ()
    container.close()
    path.unlink()
