"""Turns tests of libmagic's database into patterns of bytes, as far as they are plain ones."""

from __future__ import annotations

import re
from typing import NamedTuple

INDIRECT, NAME, USE = 41, 45, 46
"""Kinds of rows that lead elsewhere: read on at another place, begin and use of a named block."""

RELATIVE = 0x02
"""Flag of a row whose offset counts from the end of what the row above it has read."""

BACKWARDS = 0x80
"""Flag of a row whose offset counts backwards, from the end of the content if not relative."""

_PLACED_BY_CONTENT = 0x01 | 0x04 | BACKWARDS
_UNSIGNED = 0x08
_NEAR_BYTES = 64
_SEEN_BYTES = 4096
_REMAINDER, _AND = 7, 0
_FULL_BYTE = frozenset(range(256))

_SIZES = {
    1: (1, "little"),
    **dict.fromkeys((2, 10), (2, "little")),
    **dict.fromkeys((4, 11), (4, "little")),
    7: (2, "big"),
    8: (4, "big"),
    **dict.fromkeys((24, 25), (8, "little")),
    26: (8, "big"),
}
"""Kinds of whole numbers: their bytes and order. A database is only read where it is in little
order, so that numbers of the machine itself are little as well."""

_STRING, _REGEX, _BIG16, _LITTLE16, _SEARCH, _GUID = 5, 17, 18, 19, 20, 49
_SPACES, _CASES = 0x01 | 0x02, 0x04 | 0x08

# Of a regular expression only words are used that have to stand there: none of one with choices
# or optional groups; never the letter before a sign of repetition.
_OPTIONAL = re.compile(rb"[|]|\)[?*{]")
_BRACKETED = re.compile(rb"\[[^\]]*\]|\\.|.[?*{]")
_WORD = re.compile(rb"[A-Za-z0-9]*")


class Row(NamedTuple):
    """One row of the database: a test, and whether it names a type where it holds.

    Attributes:
        relation: the sign of the comparison, as a code of ASCII.
        operation: what is done to a number before it is compared.
        mask: of a number the operand of that; of a text its flags over the range of a search.
        offset: where it looks, in bytes from the start of the content.
    """

    level: int
    flag: int
    relation: int
    length: int
    kind: int
    operation: int
    condition: int
    offset: int
    mask: int
    value: bytes
    names_a_type: bool

    @property
    def text(self) -> bytes:
        """The value of a test for text, or a name."""
        return self.value[: self.length] if self.length else self.value.split(b"\0", 1)[0]


class Fragment(NamedTuple):
    """A test as the bytes that pass at each place, from an offset on, or some places later."""

    offset: int
    reach: int
    places: tuple[frozenset[int], ...]

    @property
    def firsts(self) -> frozenset[int] | None:
        """First bytes of a content that pass; ``None`` where the test is not about the first."""
        return None if self.offset + self.reach else self.places[0]

    @property
    def weight(self) -> int:
        """The number of places that are known exactly."""
        return sum(len(place) == 1 for place in self.places)

    def written(self) -> bytes:
        """Give a pattern from the start of the content, to be compiled with DOTALL."""
        between = b".{%d,%d}" % (self.offset, self.offset + self.reach)
        skipped = between if self.offset + self.reach else b""
        return skipped + b"".join(map(_class, self.places))


class Needle(NamedTuple):
    """A word that has to stand between two places of the content; the first may be negative."""

    word: bytes
    folded: bool
    start: int
    stop: int

    def stands(self, content: bytes) -> bool:
        """Tell whether the word stands there."""
        if self.folded:
            return self.word.lower() in content[self.start : self.stop].lower()
        return content.find(self.word, self.start, self.stop) >= 0


def end(row: Row) -> int | None:
    """Give where a row stops reading, ``None`` where that depends on the content."""
    if row.kind in _SIZES:
        return row.offset + _SIZES[row.kind][0]
    if row.kind == _STRING and row.relation == ord("=") and not row.mask >> 32:
        return row.offset + row.length
    return None


def fragment(row: Row) -> Fragment | None:
    """Give a test as a pattern, ``None`` where it is not understood or too wide to be one."""
    if row.flag & (_PLACED_BY_CONTENT | RELATIVE) or row.condition or row.offset < 0:
        return None
    reach = ((row.mask & 0xFFFFFFFF) or _SEEN_BYTES) if row.kind == _SEARCH else 0
    places = _number(row) if row.kind in _SIZES else _letters(row)
    if not places or reach > _NEAR_BYTES:
        return None
    return Fragment(row.offset, reach, tuple(places))


def needle(row: Row) -> Needle | None:
    """Give what has to stand somewhere in the content, ``None`` where nothing is known."""
    if row.relation != ord("="):
        return None
    if row.kind == _REGEX and not _OPTIONAL.search(row.text):
        word = max(_WORD.findall(_BRACKETED.sub(b" ", row.text)), key=len)
        return Needle(word, bool(row.mask >> 32), 0, _SEEN_BYTES) if word else None
    if row.kind not in (_STRING, _SEARCH):
        return None
    flags, word = row.mask >> 32, row.text
    if flags & _SPACES:
        word = re.split(rb"\s", word)[0]
    start, stop = 0, _SEEN_BYTES
    placing = row.flag & (_PLACED_BY_CONTENT | RELATIVE)
    if not placing and row.offset >= 0:
        start, stop = row.offset, row.offset + len(word) + ((row.mask & 0xFFFFFFFF) or _SEEN_BYTES)
    elif placing == BACKWARDS and row.offset > 0:
        start = -row.offset
    return Needle(word, bool(flags & _CASES), start, stop) if word else None


def remainder(row: Row, first: int) -> Fragment | None:
    """Give a test of the remainder of the first two bytes, for contents with this first byte."""
    if row.kind != 7 or row.offset or not row.mask or row.operation != _REMAINDER:
        return None
    if row.flag & (_PLACED_BY_CONTENT | RELATIVE) or row.relation != ord("="):
        return None
    wanted = int.from_bytes(row.value[:2], "little")
    seconds = frozenset(each for each in range(256) if (first << 8 | each) % row.mask == wanted)
    return Fragment(0, 0, (frozenset((first,)), seconds))


def _number(row: Row) -> list[frozenset[int]]:
    """Give the bytes that pass a comparison of a number, place by place; empty where any may."""
    size, order = _SIZES[row.kind]
    if row.relation in b"<>" and not row.mask:
        places = _compared(row, size)
        return places if order == "big" else places[::-1]
    full = (1 << 8 * size) - 1
    mask, value = full, int.from_bytes(row.value[:size], "little")
    if row.mask:
        if row.operation != _AND:
            return []
        mask = row.mask & full
    if row.relation == ord("&"):
        mask &= value
    elif row.relation != ord("="):
        return []
    pairs = zip(_bytes(mask, size, order), _bytes(value & mask, size, order), strict=True)
    return [frozenset(each for each in range(256) if each & bits == got) for bits, got in pairs]


def _compared(row: Row, size: int) -> list[frozenset[int]]:
    """Give the bytes, highest first, that numbers below or above another can have."""
    signed = not row.flag & _UNSIGNED
    value = int.from_bytes(row.value[:size], "little", signed=signed)
    low, high = (0, (1 << 8 * size) - 1)
    if signed:
        low, high = -(1 << 8 * size - 1), (1 << 8 * size - 1) - 1
    low, high = (low, value - 1) if row.relation == ord("<") else (value + 1, high)
    places = []
    for shift in range(8 * (size - 1), -1, -8):
        places.append(frozenset(each & 0xFF for each in range(low >> shift, (high >> shift) + 1)))
        if low >> shift != high >> shift:
            break
        low, high = low & (1 << shift) - 1, high & (1 << shift) - 1
    return places + [_FULL_BYTE] * (size - len(places))


def _bytes(number: int, size: int, order: str) -> bytes:
    return number.to_bytes(size, "big" if order == "big" else "little")


def _letters(row: Row) -> list[frozenset[int]]:
    if row.kind == _GUID:
        return [frozenset((each,)) for each in row.value[:16]]
    if row.kind not in (_STRING, _BIG16, _LITTLE16, _SEARCH) or row.relation != ord("="):
        return []
    flags, text = row.mask >> 32, row.value[: row.length]
    if flags & _SPACES:
        text = re.split(rb"\s", text)[0]
    if row.kind == _BIG16:
        text = b"".join(bytes((0, each)) for each in text)
    if row.kind == _LITTLE16:
        text = b"".join(bytes((each, 0)) for each in text)
    return [_cased(each) if flags & _CASES else frozenset((each,)) for each in text]


def _cased(letter: int) -> frozenset[int]:
    return frozenset(bytes((letter,)).lower() + bytes((letter,)).upper())


def _class(passing: frozenset[int]) -> bytes:
    """Write down one place of a pattern."""
    if len(passing) == 1:
        return re.escape(bytes(passing))
    if passing == _FULL_BYTE:
        return b"."
    if not passing:
        return b"(?!)"
    return b"[%s]" % b"".join(b"\\x%02x" % each for each in sorted(passing))
