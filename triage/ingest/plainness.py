"""Judges a stretch of the medium in which nothing was recognised: blank, random or unknown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from triage.ingest.container import Container
from triage.ingest.reading import Found, overlapping
from triage.model.volume import VolumeState

FULL_READ_BYTES = 256 * 1024**2
"""Up to this length a stretch is read to its end before it is called blank."""

_STEP_BYTES = 1024**2
_SAMPLES = 256
_ENTROPY_BYTES = 64 * 1024
_RANDOM_BITS = 7.99
"""Bits a byte; 64 KiB of random bytes have 7.997, JPEG and ZIP data mostly stay below."""


def judge(container: Container, offset_bytes: int, length_bytes: int) -> Found:
    """Say in words what a stretch without any signature holds."""
    full = length_bytes <= FULL_READ_BYTES
    blank = all(
        not any(chunk) for chunk in _pieces(container, offset_bytes, length_bytes, full=full)
    )
    lost = overlapping(container.damage(), ((offset_bytes, length_bytes),))
    if lost:
        reason = f"nothing recognised, and {len(lost)} range(s) of it are damaged in the image"
        return Found(state=VolumeState.DAMAGED, reason=reason)
    if blank and full:
        return Found(state=VolumeState.BLANK, reason="reads as zeros from end to end")
    if blank:
        reason = f"no signature; zeros at all {_SAMPLES} places sampled, not read in full"
        return Found(state=VolumeState.UNSUPPORTED, reason=reason)
    if _random(container, offset_bytes, length_bytes):
        reason = (
            "no signature and random-looking: possibly an encrypted container "
            "(VeraCrypt-like), or wiped with random data"
        )
        return Found(state=VolumeState.UNSUPPORTED, reason=reason)
    return Found(state=VolumeState.UNSUPPORTED, reason="no file system recognised")


def _pieces(container: Container, offset: int, length: int, *, full: bool) -> Iterator[bytes]:
    step = _STEP_BYTES if full else max(_STEP_BYTES, (length - 4096) // _SAMPLES)
    size = _STEP_BYTES if full else 4096
    for at in range(0, length, step):
        yield container.read_at(offset + at, min(size, length - at))
    if length > 4096:
        yield container.read_at(offset + length - 4096, 4096)


def _random(container: Container, offset: int, length: int) -> bool:
    places = (0, length // 2, max(0, length - _ENTROPY_BYTES))
    samples = [container.read_at(offset + at, min(_ENTROPY_BYTES, length - at)) for at in places]
    return all(_entropy_bits(sample) >= _RANDOM_BITS for sample in samples)


def _entropy_bits(sample: bytes) -> float:
    """Give Shannon's entropy in bits a byte."""
    total = len(sample)
    if not total:
        return 0.0
    counts = Counter(sample).values()
    return -sum(count / total * math.log2(count / total) for count in counts)
