"""Chunks are inflated alike by either library, and what is kept of them is kept apart."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from ewf_recipe import CHUNK, image, stored, write
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest.containers import ewf, ewf_chunks
from triage.ingest.containers.ewf_chunks import Data, decode
from triage.ingest.containers.ewf_reading import ChunkReader
from triage.model.evidence import DamageKind

Load = tuple[int, int]


@pytest.fixture(params=["libdeflate", "isal"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    if name == "isal":
        monkeypatch.setattr(ewf_chunks, "_at_once", None)
    else:
        pytest.importorskip("deflate", reason="libdeflate is not installed: isal inflates")
    return name


def contents() -> dict[str, bytes]:
    source = random.Random(11)  # noqa: S311  (a repeatable medium, no secret)
    return {
        "noise": source.randbytes(CHUNK),
        "text": (b"the same words over and over, " * 2_000)[:CHUNK],
        "zeros": bytes(CHUNK),
        "mixed": source.randbytes(CHUNK // 2) + bytes(CHUNK // 2),
    }


@pytest.mark.parametrize("name", contents())
@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_what_zlib_packed_comes_out_as_it_was(library: str, name: str, level: int) -> None:
    data = contents()[name]
    packed = zlib.compress(data, level)
    for raw in (packed, packed + b"what lies behind"):
        found = decode(memoryview(raw), compressed=True, want_bytes=CHUNK, chunk_bytes=CHUNK)
        assert found == data, library


def test_a_last_chunk_may_be_short_or_padded(library: str) -> None:
    data = contents()["text"]
    for packed in (zlib.compress(data), zlib.compress(data[:512])):
        found = decode(memoryview(packed), compressed=True, want_bytes=512, chunk_bytes=CHUNK)
        assert found == data[:512], library


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (zlib.compress(bytes(CHUNK))[:-1] + b"\xff", DamageKind.CHUNK_CHECKSUM),
        (zlib.compress(bytes(CHUNK))[:-9], DamageKind.CHUNK_UNREADABLE),
        (zlib.compress(bytes(CHUNK - 1)), DamageKind.CHUNK_UNREADABLE),
        (zlib.compress(bytes(CHUNK + 1)), DamageKind.CHUNK_UNREADABLE),
        (zlib.compress(bytes(1 << 26)), DamageKind.CHUNK_UNREADABLE),
        (b"", DamageKind.CHUNK_UNREADABLE),
        (b"no stream at all", DamageKind.CHUNK_UNREADABLE),
    ],
    ids=["sum", "cut", "short", "long", "bomb", "empty", "noise"],
)
def test_what_is_wrong_is_told_in_the_same_words(library: str, raw: bytes, kind: str) -> None:
    found = decode(memoryview(raw), compressed=True, want_bytes=CHUNK, chunk_bytes=CHUNK)
    assert found is DamageKind(kind), library


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 1 << 16), bit=st.integers(0, 7), cut=st.integers(0, 40))
def test_a_hurt_stream_is_lost_or_the_same_by_either_library(
    place: int, bit: int, cut: int
) -> None:
    pytest.importorskip("deflate", reason="libdeflate is not installed: isal inflates")
    data = contents()["mixed"]
    raw = bytearray(zlib.compress(data, 6))
    raw[place % len(raw)] ^= 1 << bit
    hurt = memoryview(bytes(raw[: len(raw) - cut]))
    with pytest.MonkeyPatch.context() as patch:
        both = decode(hurt, compressed=True, want_bytes=CHUNK, chunk_bytes=CHUNK)
        patch.setattr(ewf_chunks, "_at_once", None)
        alone = decode(hurt, compressed=True, want_bytes=CHUNK, chunk_bytes=CHUNK)
    assert both == alone
    assert both == data or isinstance(both, DamageKind)


@pytest.fixture
def opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ewf.EwfContainer, bytes, list[Load]]]:
    """An image of 40 chunks, of which 30 may be kept, and a list of the loads that it makes."""
    source = random.Random(12)  # noqa: S311  (a repeatable medium, no secret)
    data = b"".join(source.randbytes(CHUNK) if number % 3 else bytes(CHUNK) for number in range(40))
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
    packed = [
        (zlib.compress(one), True) if number % 2 else (stored(one), False)
        for number, one in enumerate(chunks)
    ]
    path = write(tmp_path, image(packed, len(data) // 512))
    container = ewf.open_ewf(path, cache_bytes=30 * CHUNK)
    loads: list[Load] = []
    plain = ChunkReader.load

    def counted(
        self: ChunkReader, chunk: int, end: int, known: object
    ) -> list[Data | DamageKind | None]:
        found = plain(self, chunk, end, known)  # type: ignore[arg-type]  # handed through
        loads.append((chunk, len(found)))
        return found

    monkeypatch.setattr(ChunkReader, "load", counted)
    yield container, data, loads
    container.close()


def test_reading_contents_leaves_kept_metadata_alone(
    opened: tuple[ewf.EwfContainer, bytes, list[Load]],
) -> None:
    container, data, loads = opened
    kept = [*range(3, 40, 4)]
    for chunk in kept:
        container.read_at(chunk * CHUNK, 100)
    for at in range(0, len(data), 5 * CHUNK):
        assert container.read_content(at, 5 * CHUNK) == data[at : at + 5 * CHUNK]
    loads.clear()
    for chunk in kept:
        assert container.read_at(chunk * CHUNK + 7, 100) == data[chunk * CHUNK + 7 :][:100]
    assert loads == []


def test_small_contents_side_by_side_inflate_their_chunk_once(
    opened: tuple[ewf.EwfContainer, bytes, list[Load]],
) -> None:
    container, data, loads = opened
    first, end = 10 * CHUNK, 15 * CHUNK
    loads.clear()
    for at in range(first, end, 5_000):
        length = min(5_000, end - at)
        assert container.read_content(at, length) == data[at : at + length]
    assert sum(count for _, count in loads) == 5


def test_a_long_read_is_a_content_whoever_asks(
    opened: tuple[ewf.EwfContainer, bytes, list[Load]],
) -> None:
    container, data, loads = opened
    container.read_at(0, 10)
    assert container.read_at(0, len(data)) == data
    loads.clear()
    assert container.read_at(0, 10) == data[:10]
    assert container.read_at(20 * CHUNK, 10) == data[20 * CHUNK :][:10]
    assert loads == [(20, 1)]
