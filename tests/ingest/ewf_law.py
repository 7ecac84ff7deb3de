"""The law of damaged images: every byte is as acquired, or zero and named."""

from __future__ import annotations

from triage.ingest.container import Container
from triage.model.evidence import DamagedRange


def whole(container: Container) -> bytes:
    return container.read_at(0, container.info.size_bytes)


def covered(ranges: tuple[DamagedRange, ...], size: int) -> bytes:
    """One byte for each byte of the medium: 1 where it is named as damaged."""
    mask = bytearray(size)
    for one in ranges:
        mask[one.offset_bytes : one.offset_bytes + one.length_bytes] = b"\1" * one.length_bytes
    return bytes(mask)


def assert_nothing_invented(container: Container, good: bytes) -> None:
    """Every byte is as acquired, or lies in a damaged range and is zero."""
    data = whole(container)
    mask = covered(container.damage(), len(good))
    assert len(data) == len(good)
    for at in range(0, len(good), 512):
        part = slice(at, at + 512)
        if data[part] != good[part]:
            assert mask[part].count(1) == len(good[part])
            assert not any(data[part])
