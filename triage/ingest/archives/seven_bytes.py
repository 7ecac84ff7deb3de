"""Reads the numbers, bits and names that the header of a 7z archive is written in."""

from __future__ import annotations

import struct

COUNT = 1 << 21
"""More files than this are not even counted: a header of 64 MiB holds fewer."""


class Reader:
    """Goes through a header; whatever it claims, no more is made than its bytes can hold."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        """Give the next bytes.

        Raises:
            ValueError: there are fewer.
        """
        end = self._at + length
        if length < 0 or end > len(self._data):
            raise ValueError("the header breaks off")
        part = self._data[self._at : end]
        self._at = end
        return part

    def byte(self) -> int:
        """Give the next byte."""
        return self.take(1)[0]

    def expect(self, kind: int) -> None:
        """Ask for the mark of a structure."""
        if self.byte() != kind:
            raise ValueError(f"no structure {kind:#x} where one has to be")

    def here(self) -> None:
        """Ask that what follows stands here and not in a packed stream, which nobody writes."""
        if self.byte():
            raise ValueError("a list that is kept elsewhere")

    def number(self) -> int:
        """Give a number: ones at the start of the first byte tell how many bytes follow."""
        first = self.byte()
        value, mask = 0, 0x80
        for index in range(8):
            if not first & mask:
                return int(value | (first & (mask - 1)) << 8 * index)
            value |= self.byte() << 8 * index
            mask >>= 1
        return value

    def count(self, most: int = COUNT) -> int:
        """Give a number of things, refused where there cannot be so many."""
        value = self.number()
        if value > most:
            raise ValueError(f"a count of {value}")
        return value

    def bits(self, count: int) -> list[bool]:
        """Give so many bits, the highest of each byte first."""
        raw = self.take((count + 7) // 8)
        return [bool(raw[each >> 3] & 0x80 >> (each & 7)) for each in range(count)]

    def known(self, count: int) -> list[bool]:
        """Give for each thing whether something is told of it."""
        return [True] * count if self.byte() else self.bits(count)

    def checksums(self, count: int) -> list[int | None]:
        """Give so many CRC-32, ``None`` for those that are not recorded."""
        known = self.known(count)
        values = iter(struct.unpack(f"<{sum(known)}I", self.take(4 * sum(known))))
        return [next(values) if each else None for each in known]

    def names(self, count: int) -> list[bytes]:
        """Give so many names in UTF-8; what is no UTF-16 stays as it can be told apart."""
        raw = self._data[self._at :]
        text = raw[: len(raw) // 2 * 2].decode("utf-16-le", "surrogatepass")
        names = text.split("\0")
        if len(names) < count + 1:
            raise ValueError("fewer names than files")
        return [name.encode("utf-8", "surrogatepass") for name in names[:count]]
