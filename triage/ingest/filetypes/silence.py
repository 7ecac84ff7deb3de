"""Tells from libmagic's own database when libmagic can only answer that it knows nothing.

libmagic walks through thousands of tests, half a millisecond long, to say
``application/octet-stream``. It can name a type only if all tests of some way hold that leads
from a first row of its database down to a row with a type. These ways are read from the compiled
database that the library itself uses (``magic.mgc``) and put together into patterns, by the first
byte of a content. A test that is not understood counts as one that holds, so the patterns err
towards asking.

Source of the layout: ``struct magic`` of file 5.41 and 5.44 (versions 16 and 18 of the database);
any other version is not read, and then libmagic is always asked.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from triage.ingest.filetypes.tests import (
    BACKWARDS,
    INDIRECT,
    NAME,
    RELATIVE,
    USE,
    Fragment,
    Needle,
    Row,
    end,
    fragment,
    needle,
    remainder,
)

SEEN_BYTES = 4096
"""As many first bytes of a content as libmagic may be shown for the answer to hold."""

_MARK, _VERSIONS = 0xF11E041C, (16, 18)
_ROW = struct.Struct("<HBBBBBBBBBBiiIQ128s64s80s8s64s")
_BINARY = 0x20
_DEEPEST, _LONGEST_BLOCK = 12, 16
_MANY = 16
_VAGUE = b"application/octet-stream"

# Bytes that are text neither in ASCII and its extensions nor in EBCDIC: what holds one is binary.
_NEVER_TEXT = re.compile(rb"[\x00-\x03\x0e-\x13\x18\x19\x1c-\x1f]")
# Besides its database libmagic looks for compound documents, for the check sum of a tar, for
# objects and lists of JSON and for marks of Unicode.
_OTHER_WAYS = re.compile(
    rb"(?s)\xd0\xcf\x11\xe0|\xff\xfe|\xfe\xff|\0\0\xfe\xff|\+/v"
    rb"|[ \t\r\n]*+(?:\{[ \t\r\n]*+[\"}]|\[[ \t\r\n]*+[\[\]{\"tfn0-9-])"
)
_TAR_SUM = re.compile(rb"\s*+[0-7]+(?:[\0\s]|\Z)")


Way = tuple[Fragment, ...]
"""Tests all of which have to hold before a type is named."""


class Silence:
    """The conditions under which libmagic may name a type."""

    def __init__(
        self, by_first: list[list[Way]], anywhere: list[Way], needles: Iterable[Needle]
    ) -> None:
        """Take the ways apart.

        Args:
            by_first: for each first byte, the ways that look at it.
            anywhere: the ways that do not look at the first byte.
            needles: words, one of which would have to stand in the head otherwise.
        """
        self._by_first, self._anywhere = by_first, _Ways(anywhere)
        self._needles = tuple(needles)
        self._made: dict[int, _Ways] = {}

    def certain(self, head: bytes) -> bool:
        """Tell whether libmagic can name no type for :data:`SEEN_BYTES` of a content."""
        part = head[:SEEN_BYTES]
        if not _NEVER_TEXT.search(part.rstrip(b"\0")) or _OTHER_WAYS.match(part):
            return False
        if _TAR_SUM.match(part[148:156]) or self._anywhere.met(part):
            return False
        first = part[0]
        if first not in self._made:
            self._made[first] = _Ways(self._by_first[first])
        if self._made[first].met(part):
            return False
        return not any(needle.stands(part) for needle in self._needles)


class _Ways:
    """Two patterns: a quick one, of the best test of each way by offset, and one of whole ways."""

    def __init__(self, ways: list[Way]) -> None:
        best: dict[tuple[int, int], set[bytes]] = {}
        for way in ways:
            heaviest = max(way, key=lambda test: (test.weight, len(test.places)))
            group = best.setdefault((heaviest.offset, heaviest.reach), set())
            group.add(heaviest._replace(offset=0, reach=0).written())
        quick = [
            b".{%d,%d}(?:%s)" % (offset, offset + reach, b"|".join(sorted(group)))
            for (offset, reach), group in sorted(best.items())
        ]
        self._quick = re.compile(b"|".join(quick) or rb"(?!)", re.DOTALL)
        self._ways = ways
        self._full: re.Pattern[bytes] | None = None

    def met(self, part: bytes) -> bool:
        """Tell whether all tests of a way hold."""
        if not self._quick.match(part):
            return False
        if self._full is None:  # written when first needed: most of these patterns never are
            full = {b"".join(b"(?=%s)" % test.written() for test in way) for way in self._ways}
            self._full = re.compile(b"|".join(sorted(full)), re.DOTALL)
        return bool(self._full.match(part))


def read_silence(paths: Iterable[Path]) -> Silence | None:
    """Read compiled databases; ``None`` where one of them is not understood.

    Args:
        paths: the databases that the library has loaded, all of them.
    """
    ways: list[list[Row]] = []
    for path in paths:
        rows = _rows(path)
        if rows is None:
            return None
        ways += _ways(rows)
    return _compiled(ways) if ways else None


def _rows(path: Path) -> list[Row] | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) < _ROW.size or len(data) % _ROW.size:
        return None
    mark, version, *counts = struct.unpack_from("<4I", data)
    if (mark, (sum(counts) + 1) * _ROW.size) != (_MARK, len(data)) or version not in _VERSIONS:
        return None
    # Columns of no use here: factors, indirect offsets, line numbers, descriptions, extensions.
    return [
        Row(
            *(one[0], one[1], one[3], one[4], one[5], one[8], one[9], one[11]),
            *(one[14], one[15], one[17].rstrip(b"\0") not in (b"", _VAGUE)),
        )
        for one in _ROW.iter_unpack(memoryview(data)[_ROW.size :])
    ]


def _blocks(rows: list[Row]) -> Iterator[list[Row]]:
    """Give each row of the first level with the rows that hang on it."""
    starts = [at for at, row in enumerate(rows) if not row.level]
    for start, stop in pairwise([*starts, len(rows)]):
        yield rows[start:stop]


class _Named:
    """Blocks that are written down once under a name and used in many places."""

    def __init__(self, blocks: list[list[Row]]) -> None:
        self.blocks = {block[0].text: block for block in blocks if block[0].kind == NAME}
        self._speaks: dict[bytes, bool] = {}

    def speaks(self, row: Row) -> bool:
        """Tell whether a row names a type by itself or through what it uses."""
        if row.kind != USE:
            return row.names_a_type or row.kind == INDIRECT
        name = row.text.lstrip(b"\\^")
        if name not in self.blocks:
            return True
        if name not in self._speaks:
            self._speaks[name] = False  # one that uses itself adds nothing
            self._speaks[name] = any(map(self.speaks, self.blocks[name]))
        return self._speaks[name]

    def short(self, row: Row) -> list[Row]:
        """Give the block that a row uses, empty where it is long, or names a type at its head."""
        block = self.blocks.get(row.text, [])
        plain = block and len(block) <= _LONGEST_BLOCK and not block[0].names_a_type
        return block[1:] if plain else []


def _ways(rows: list[Row]) -> list[list[Row]]:
    """Give the ways from a first row down to the first row that names a type."""
    blocks = list(_blocks(rows))
    named = _Named(blocks)
    return [
        way
        for block in blocks
        if block[0].kind != NAME and block[0].flag & _BINARY
        for way in _down(block, named, [], 0)
    ]


def _down(block: list[Row], named: _Named, above: list[Row], start: int) -> Iterator[list[Row]]:
    """Walk through a block that is read from a place on, behind the rows that led there."""
    way: list[Row] = []
    ends: list[int | None] = []
    lowest = block[0].level if block else 0
    closed = 1 << 16
    for row in block:
        level = row.level - lowest
        if level > closed:
            continue
        closed = 1 << 16
        # A named block starts to count anew: its first rows are relative to its own start.
        before = ends[level - 1] if level else 0
        placed = _placed(row, start, before if level or lowest else None)
        way, ends = [*way[:level], placed], [*ends[:level], _after(placed, start)]
        if row.kind in (USE, INDIRECT):  # what is read there overwrites the ends kept here
            ends = [None] * len(ends)
        if not named.speaks(row):
            continue
        inner = named.short(row) if row.kind == USE and len(above) <= _DEEPEST else []
        if inner and not placed.flag and placed.offset >= 0:
            yield from _down(inner, named, [*above, *way], placed.offset)
        else:
            yield [*above, *way]
            closed = level


def _placed(row: Row, start: int, before: int | None) -> Row:
    """Give a row with its offset from the start of the content, as far as that is known."""
    if not row.flag & RELATIVE:
        return row._replace(offset=start + row.offset)
    if before is None:
        return row
    offset = start + before + (-row.offset if row.flag & BACKWARDS else row.offset)
    return row._replace(offset=offset, flag=row.flag & ~(RELATIVE | BACKWARDS))


def _after(placed: Row, start: int) -> int | None:
    stop = None if placed.flag & RELATIVE else end(placed)
    return None if stop is None else stop - start


def _compiled(ways: list[list[Row]]) -> Silence | None:
    """Sort ways by first byte; ``None`` where one of them may be open to any content."""
    by_first: list[list[Way]] = [[] for _ in range(256)]
    anywhere: list[Way] = []
    needles: set[Needle] = set()
    for way in ways:
        tests = tuple(test for test in map(fragment, way) if test is not None)
        if not tests:
            words = [word for word in map(needle, way) if word is not None]
            if not words:
                return None
            needles.add(max(words, key=lambda each: len(each.word)))
            continue
        firsts = [test.firsts for test in tests if test.firsts is not None]
        passing = frozenset.intersection(*firsts) if firsts else frozenset(range(256))
        if len(passing) > _MANY:
            anywhere.append(tests)
            continue
        for first in passing:
            more = [test for row in way if (test := remainder(row, first))]
            by_first[first].append((*more, *tests))
    return Silence(by_first, anywhere, sorted(needles))
