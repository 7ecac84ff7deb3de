"""Reading anywhere in a packed stream gives what the standard library's whole inflating gives."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest import inflating
from triage.ingest.archives.source import HeldSource
from triage.ingest.inflating import BZIP2, GZIP, XZ, ZLIB, Inflating, Packing

NOISE = random.Random(7).randbytes(300_000)  # noqa: S311  (no secret)
CONTENT = NOISE + bytes(700_000) + NOISE[::-1]
PACKED = {
    "zlib": (ZLIB, zlib.compress(CONTENT)),
    "gzip": (GZIP, gzip.compress(CONTENT[:400_000]) + gzip.compress(CONTENT[400_000:])),
    "bzip2": (BZIP2, bz2.compress(CONTENT)),
    "xz": (XZ, lzma.compress(CONTENT)),
}


@pytest.fixture(autouse=True)
def near_landings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let landings be so near that small contents have several, and too many."""
    monkeypatch.setattr(inflating, "SPACING_BYTES", 50_000)
    monkeypatch.setattr(inflating, "MOST_LANDINGS", 3)


@pytest.mark.parametrize("name", sorted(PACKED))
def test_any_part_is_that_of_the_whole(name: str) -> None:
    packing, packed = PACKED[name]
    source = Inflating(HeldSource(packed), packing)
    chosen = random.Random(name)  # noqa: S311  (places)
    for _ in range(12):
        at, length = chosen.randrange(len(CONTENT) + 100), chosen.randrange(200_000)
        assert source.read_at(at, length) == CONTENT[at : at + length]
    assert source.size_bytes == len(CONTENT)
    assert source.read_at(0, len(CONTENT) + 1) == CONTENT
    assert source.read_at(len(CONTENT), 1) == b""
    assert source.broken == ""


@given(parts=st.lists(st.tuples(st.integers(0, 1_400_000), st.integers(0, 90_000)), max_size=8))
@settings(max_examples=15, deadline=None)
def test_the_order_of_reading_does_not_matter(parts: list[tuple[int, int]]) -> None:
    source = Inflating(HeldSource(PACKED["zlib"][1]), ZLIB)
    for at, length in parts:
        assert source.read_at(at, length) == CONTENT[at : at + length]


@pytest.mark.parametrize("cut", [0.25, 0.5, 0.75, 0.999])
@pytest.mark.parametrize("name", sorted(PACKED))
def test_a_stream_that_breaks_off_ends_there_and_says_so(name: str, cut: float) -> None:
    packing, packed = PACKED[name]
    source = Inflating(HeldSource(packed[: int(len(packed) * cut)]), packing)
    size = source.size_bytes
    assert source.broken
    assert size <= len(CONTENT)
    assert source.read_at(0, len(CONTENT)) == CONTENT[:size]


def test_a_flipped_bit_is_not_taken_for_content() -> None:
    packed = bytearray(PACKED["zlib"][1])
    packed[-2] ^= 1  # in the Adler-32
    source = Inflating(HeldSource(bytes(packed)), ZLIB)
    assert source.size_bytes <= len(CONTENT)
    assert source.broken


def test_what_is_remembered_stays_bounded() -> None:
    packing = Packing(mark=b"\0", make=ZLIB.make, endings=())
    source = Inflating(HeldSource(zlib.compress(bytes(40_000_000), 1)), packing)
    assert source.size_bytes == 40_000_000
    assert len(source._landings) <= 3


def test_a_size_that_is_known_spares_the_way_to_the_end() -> None:
    source = Inflating(HeldSource(PACKED["zlib"][1]), ZLIB, size_bytes=len(CONTENT))
    assert source.size_bytes == len(CONTENT)
    assert source.read_at(len(CONTENT) - 5, 50) == CONTENT[-5:]


class Counted(HeldSource):
    """Counts what is read of it."""

    read_bytes = 0

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part."""
        data = super().read_at(offset_bytes, length_bytes)
        self.read_bytes += len(data)
        return data


@pytest.mark.parametrize("name", sorted(PACKED))
def test_reading_ahead_for_a_header_and_going_back_costs_nothing(name: str) -> None:
    content = random.Random(name).randbytes(2_500_000)  # noqa: S311  (content)
    pack: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "bzip2": bz2.compress}
    pack |= {"zlib": lambda data: zlib.compress(data, 1)}
    pack |= {"xz": lambda data: lzma.compress(data, preset=0)}
    packed = pack[name](content)
    counted = Counted(packed)
    source = Inflating(counted, PACKED[name][0])
    for at in range(0, len(content), 100_000):
        assert source.read_at(at, 256 * 1024) == content[at : at + 256 * 1024]
        assert source.read_at(at + 512, 99_000) == content[at + 512 : at + 99_512]
    assert counted.read_bytes == len(packed)
