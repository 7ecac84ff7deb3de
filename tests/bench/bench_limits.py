"""What the bare work costs on one core: digests, inflating, pictures, by direct calls."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench_content import CHUNK_BYTES, Content
from isal import isal_zlib

from triage.hashing.picture import PictureLimits, hash_picture

SAMPLED_CHUNKS = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """CPU time of one core.

    Attributes:
        digest_mb_s: MD5, SHA-1 and SHA-256 together, contents of this image in pieces of 1 MiB.
        inflate_chunk_s: seconds a chunk under the contents takes, by the fastest way that is
            installed: compressed ones inflated, stored ones checked by their Adler-32.
        isal_mb_s, libdeflate_mb_s, zlib_mb_s: the same chunks, as MB of the medium a second; 0
            where it is not installed.
        picture_s: mean of a distinct picture, decoded and hashed three times.
    """

    digest_mb_s: float
    inflate_chunk_s: float
    isal_mb_s: float
    libdeflate_mb_s: float
    zlib_mb_s: float
    picture_s: float

    def as_dict(self) -> dict[str, float]:
        """Give plain values."""
        return asdict(self)


def spent(work: Callable[[], object]) -> float:
    """Give the CPU seconds of this process for one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Chunks as they stand in an E01."""

    data: list[tuple[bytes, bool]]

    @classmethod
    def sample(cls, content: Content, table: list[tuple[Path, int, int, bool]]) -> Packed:
        """Read every k-th chunk under the contents."""
        step = max(1, len(content.chunks) // SAMPLED_CHUNKS)
        found = []
        for number in content.chunks[::step].tolist():
            place, at, length, compressed = table[number]
            with place.open("rb") as opened:
                opened.seek(at)
                found.append((opened.read(length), compressed))
        return cls(data=found)


def measure(content: Content, packed: Packed) -> Rates:
    """Measure each rate once."""
    size = len(packed.data) * CHUNK_BYTES / 1e6
    ways = {
        "isal": spent(lambda: _inflate(packed.data, isal_zlib.decompress)),
        "zlib": spent(lambda: _inflate(packed.data, zlib.decompress)),
    }
    flat = _libdeflate()
    if flat is not None:
        ways["libdeflate"] = spent(lambda: _inflate(packed.data, flat))
    pieces = content.pieces
    digest_s = spent(lambda: _digest(pieces))
    limits = PictureLimits()
    hash_picture(content.pictures[0], "", limits)
    picture_s = spent(lambda: [hash_picture(one, "", limits) for one in content.pictures])
    return Rates(
        digest_mb_s=sum(map(len, pieces)) / digest_s / 1e6,
        inflate_chunk_s=min(ways.values()) / len(packed.data),
        isal_mb_s=size / ways["isal"],
        zlib_mb_s=size / ways["zlib"],
        libdeflate_mb_s=size / ways["libdeflate"] if flat is not None else 0.0,
        picture_s=picture_s / len(content.pictures),
    )


def _libdeflate() -> Callable[[bytes], bytes | bytearray] | None:
    try:
        import deflate  # noqa: PLC0415  (optional)
    except ImportError:
        return None

    def inflate(data: bytes) -> bytes | bytearray:
        return deflate.zlib_decompress(data, CHUNK_BYTES)

    return inflate


def _inflate(
    data: Iterable[tuple[bytes, bool]], inflate: Callable[[bytes], bytes | bytearray]
) -> None:
    for chunk, compressed in data:
        if compressed:
            inflate(chunk)
        else:
            isal_zlib.adler32(memoryview(chunk)[:CHUNK_BYTES])


def _digest(pieces: Iterable[bytes]) -> None:
    md5 = hashlib.md5(usedforsecurity=False)
    sha1 = hashlib.sha1(usedforsecurity=False)
    sha256 = hashlib.sha256()
    for piece in pieces:
        md5.update(piece)
        sha1.update(piece)
        sha256.update(piece)


def checked_s(packed: Packed) -> float:
    """Give the CPU seconds that one chunk takes by the fastest way, once."""
    return spent(lambda: _inflate(packed.data, isal_zlib.decompress)) / len(packed.data)
