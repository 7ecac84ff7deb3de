"""Undoes the packing of names in RAR 2.9 to 4: two bits a letter tell how it is stored."""

from __future__ import annotations

from collections.abc import Iterator


def unpacked_name(raw: bytes) -> bytes:
    """Give a name in UTF-8; raw bytes where it is not packed as the format has it.

    Args:
        raw: the name in the maker's own encoding, a zero, and what makes UTF-16 of it.
    """
    plain, zero, packed = raw.partition(b"\0")
    if not zero or not packed:
        return plain
    units = _units(plain, packed[1:], packed[0])
    data = b"".join(unit.to_bytes(2, "little") for unit in units)
    return data.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass") or plain


def _units(plain: bytes, packed: bytes, high: int) -> list[int]:
    units: list[int] = []
    stream = iter(packed)
    flags, left = 0, 0
    while True:
        if not left:
            flags, left = next(stream, -1), 8
            if flags < 0:
                return units
        left -= 2
        way = flags >> left & 3
        first = next(stream, -1)
        if first < 0:
            return units
        if way == 0:
            units.append(first)
        elif way == 1:
            units.append(first | high << 8)
        elif way == 2:
            units.append(first | max(next(stream, 0), 0) << 8)
        else:
            units += _run(plain, len(units), first, high, stream)


def _run(plain: bytes, at: int, first: int, high: int, stream: Iterator[int]) -> list[int]:
    """Give letters that are taken from the plain name, moved by a number where one follows."""
    letters = plain[at : at + (first & 0x7F) + 2]
    if not first & 0x80:
        return list(letters)
    shift = next(stream, 0)
    return [(letter + shift & 0xFF) | high << 8 for letter in letters]
