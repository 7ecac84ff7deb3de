"""Reads the metadata of LVM2 volume groups: labels, metadata areas and the text in them.

The layout is that of lvm2's sources: ``label.h``, ``format_text/layout.h`` and ``config.c``.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from typing import TypeAlias

from triage.ingest.container import Container

LABEL = b"LABELONE"
_KIND = b"LVM2 001"
_AREA_MAGIC = b"\x20LVM2\x20x[5A%r0N*>"
_SECTOR_BYTES = 512
_SEED = 0xF597A6CF
_IGNORED = 1
_AREA_LIMIT_BYTES = 64 * 1024**2
_TEXT_LIMIT_BYTES = 16 * 1024**2
_DEPTH_LIMIT = 16

Value: TypeAlias = "int | float | str | list[Value] | dict[str, Value]"
Section: TypeAlias = "dict[str, Value]"

_TOKEN = re.compile(
    r'\s+|\#[^\n]*|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?![\w.+-]))'
    r"|(?P<name>[\w.+/-]+)|(?P<mark>[={}\[\],])",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class TextError(Exception):
    """Metadata that does not read; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalVolume:
    """What the label of a physical volume says.

    Attributes:
        identifier: 32 characters.
        group: name of its volume group, ``""`` where no metadata reads.
        told: the section of the group.
    """

    identifier: str
    group: str
    told: Section


def label_place(container: Container, offset_bytes: int, length_bytes: int) -> int | None:
    """Give the sector of the label, of the first four, in bytes from the start of the volume."""
    head = container.read_at(offset_bytes, min(length_bytes, 4 * _SECTOR_BYTES))
    for at in range(0, len(head) - _SECTOR_BYTES + 1, _SECTOR_BYTES):
        if head.startswith(LABEL, at) and head.startswith(_KIND, at + 24):
            return at
    return None


def read_group(container: Container, offset_bytes: int, length_bytes: int) -> PhysicalVolume:
    """Read the newest metadata of the physical volume that stands in a stretch of a medium.

    Raises:
        TextError: it has none that reads.
    """
    at = label_place(container, offset_bytes, length_bytes)
    if at is None:
        raise TextError("its label is gone")
    sector = container.read_at(offset_bytes + at, _SECTOR_BYTES)
    start, stored = struct.unpack_from("<I", sector, 20)[0], struct.unpack_from("<I", sector, 16)[0]
    if _checksum(sector[20:]) != stored or not 32 <= start <= _SECTOR_BYTES - 40:
        raise TextError("its label is damaged")
    identifier = sector[start : start + 32].decode("ascii", "replace")
    _, place = _places(sector, start + 40)
    areas, _ = _places(sector, place)
    texts = []
    for area, size in areas:
        if area + _SECTOR_BYTES <= length_bytes:
            texts.extend(_texts(container, offset_bytes + area, min(size, length_bytes - area)))
    groups = [found for text in texts for found in [_group_of(text)] if found is not None]
    if not groups:
        raise TextError(
            "no copy of its metadata reads" if areas else "it holds no copy of the metadata"
        )
    name, told = max(groups, key=lambda one: natural(one[1].get("seqno", 0)))
    return PhysicalVolume(identifier=identifier, group=name, told=told)


def _places(sector: bytes, at: int) -> tuple[list[tuple[int, int]], int]:
    """Read ``(offset, size)`` pairs up to the empty one; give them and where the next list is."""
    out: list[tuple[int, int]] = []
    while at + 16 <= len(sector):
        offset, size = struct.unpack_from("<QQ", sector, at)
        at += 16
        if not offset:
            break
        out.append((offset, size))
    return out, at


def _texts(container: Container, offset_bytes: int, length_bytes: int) -> list[str]:
    """Give the text that a metadata area holds, if its checksums are right."""
    head = container.read_at(offset_bytes, _SECTOR_BYTES)
    if len(head) < _SECTOR_BYTES or head[4:20] != _AREA_MAGIC:
        return []
    if _checksum(head[4:]) != struct.unpack_from("<I", head)[0]:
        return []
    start, size, checksum, flags = struct.unpack_from("<QQII", head, 40)
    area = min(struct.unpack_from("<Q", head, 32)[0], length_bytes, _AREA_LIMIT_BYTES)
    if flags & _IGNORED or not _SECTOR_BYTES <= start < area or not 0 < size <= _TEXT_LIMIT_BYTES:
        return []
    first = min(size, area - start)
    data = container.read_at(offset_bytes + start, first)
    if size > first:  # the area is a ring
        data += container.read_at(offset_bytes + _SECTOR_BYTES, size - first)
    if len(data) < size or _checksum(data) != checksum:
        return []
    return [data.rstrip(b"\0").decode("utf-8", "replace")]


def _checksum(data: bytes) -> int:
    """Give the CRC-32 of LVM2: another start, and no inversion."""
    return zlib.crc32(data, _SEED ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def _group_of(text: str) -> tuple[str, Section] | None:
    try:
        whole = _Reader(text).section(0)
    except TextError:
        return None
    for name, told in whole.items():
        if isinstance(told, dict) and "extent_size" in told:
            return name, told
    return None


class _Reader:
    """Reads the text: names, ``=``, numbers, strings, lists and sections."""

    def __init__(self, text: str) -> None:
        self._tokens = self._split(text)
        self._at = 0

    @staticmethod
    def _split(text: str) -> list[tuple[str, str]]:
        out: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise TextError(f"its metadata does not read at character {at}")
            if found.lastgroup:
                out.append((found.lastgroup, found.group()))
            at = found.end()
        return out

    def section(self, depth: int) -> Section:
        """Read up to the closing brace, or to the end at depth 0."""
        if depth > _DEPTH_LIMIT:
            raise TextError("its metadata is nested too deep")
        out: Section = {}
        while (token := self._next(last=not depth)) is not None and token != ("mark", "}"):
            kind, name = token
            if kind == "mark":
                raise TextError(f"its metadata does not read at {name!r}")
            name = _plain(name) if kind == "text" else name
            mark = self._next()
            if mark == ("mark", "{"):
                out[name] = self.section(depth + 1)
            elif mark == ("mark", "="):
                out[name] = self._value()
            else:
                raise TextError("its metadata does not read")
        return out

    def _value(self, *, inside: bool = False) -> Value:
        token = self._next()
        if token == ("mark", "[") and not inside:
            return self._list()
        if token is None or token[0] == "mark":
            raise TextError("its metadata does not read")
        kind, text = token
        if kind == "text":
            return _plain(text)
        if kind == "number" and len(text) < 24:
            return float(text) if "." in text else int(text)
        return text

    def _list(self) -> list[Value]:
        out: list[Value] = []
        while self._peek() != ("mark", "]"):
            out.append(self._value(inside=True))
            if self._peek() == ("mark", ","):
                self._at += 1
        self._at += 1
        return out

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, *, last: bool = False) -> tuple[str, str] | None:
        token = self._peek()
        if token is None and not last:
            raise TextError("its metadata ends too soon")
        self._at += 1
        return token


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1])


def natural(value: Value | None) -> int:
    """Give a number that counts something.

    Raises:
        TextError: it is none.
    """
    if not isinstance(value, int) or not 0 <= value < 1 << 48:
        raise TextError("its metadata counts what cannot be counted")
    return value


def section_of(told: Section, name: str) -> Section:
    """Give a section within another, empty where there is none."""
    found = told.get(name, {})
    return found if isinstance(found, dict) else {}


def texts_of(value: Value | None) -> tuple[str, ...]:
    """Give the strings of a list."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
