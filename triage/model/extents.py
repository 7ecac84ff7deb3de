"""Writes where a content lies in as few bytes as its pieces need, and reads it back."""

from __future__ import annotations

from collections.abc import Iterator

Extents = tuple[tuple[int, int], ...]
"""``(offset_bytes, length_bytes)`` on the medium, in order of content."""

WHOLE = b"\x01"
"""One piece, which starts at the first block and has the size of the content."""


def adds_up(extents: Extents, size_bytes: int) -> bool:
    """Tell whether there are extents, and the content of this size is all of what they hold."""
    return sum(length for _, length in extents) == size_bytes > 0


def packed(extents: Extents, first_bytes: int, size_bytes: int) -> bytes:
    """Give the bytes that stand for extents, none for none.

    They are: the number of pieces, then of each its distance from the end of the one before
    (zigzag) and its length, as numbers of seven bits a byte, lowest first.

    Args:
        first_bytes: first block of the entry, and
        size_bytes: its size: one piece that agrees with both is written as :data:`WHOLE`.
    """
    if not extents:
        return b""
    if len(extents) == 1 and extents[0] == (first_bytes, size_bytes):
        return WHOLE
    found = bytearray(_number(len(extents)))
    end = 0
    for start, length in extents:
        gap = start - end
        found += _number(gap << 1 if gap >= 0 else (-gap << 1) - 1)
        found += _number(length)
        end = start + length
    return bytes(found)


def unpacked(raw: bytes, first_bytes: int, size_bytes: int) -> Extents:
    """Read back what :func:`packed` wrote."""
    if not raw:
        return ()
    if raw == WHOLE:
        return ((first_bytes, size_bytes),)
    numbers = _numbers(raw)
    found: list[tuple[int, int]] = []
    end = 0
    for _ in range(next(numbers)):
        code, length = next(numbers), next(numbers)
        start = end + (-(code + 1 >> 1) if code & 1 else code >> 1)
        found.append((start, length))
        end = start + length
    return tuple(found)


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _numbers(raw: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in raw:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0
