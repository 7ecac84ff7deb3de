"""Finds the parts of messages in one pass, without holding any of them (RFC 2046, 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.archives.mime_headers import Header, read_header
from triage.ingest.archives.source import Source

_BUFFER_BYTES, _LINE_BYTES = 1024 * 1024, 1024
_NESTED = 24
_MARK = re.compile(rb"\n(?=--|From )")
_DELIMITER = re.compile(rb"\n(?=--)")
SEPARATOR = re.compile(rb"From [^\r\n]{0,400}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[, ][^\r\n]{0,60}\d{4}")
"""First line of a message in an mbox: sender and date as asctime(3) or RFC 822 write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A part that has no parts: its header, its message's number and date, and where it lies.

    Attributes:
        cut: the message ends in it although a further mark had to come.
    """

    header: Header
    message: int
    date_ns: int | None
    start_bytes: int
    end_bytes: int
    cut: bool = False


class Scan:
    """One pass over a message, or over an mbox of them.

    Args:
        start, end: the stretch to look at; an mbox starts behind its first line.

    Attributes:
        messages: how many were met.
        too_deep: parts that were taken as they are because they are nested too deep.
    """

    def __init__(self, source: Source, start: int, end: int, *, mbox: bool) -> None:
        self._source = source
        self._start, self._end = start, end
        self._mark = _MARK if mbox else _DELIMITER
        self._boundaries: list[bytes] = []
        self._open: tuple[Header, int] | None = None
        self._date_ns: int | None = None
        self.messages = 0
        self.too_deep = 0

    def leaves(self) -> Iterator[Leaf]:
        """Give all parts in order, texts as well.

        Raises:
            ContentError: the source cannot be read.
        """
        self._message(self._start)
        for place, line in self._lines():
            after = place + 1 + len(line)
            text = line.rstrip()
            if text.startswith(b"--"):
                level = self._level(text)
                if level is None:
                    continue
                yield from self._closed(place)
                index, goes_on = level
                del self._boundaries[index + goes_on :]
                if goes_on:
                    self._entity(after)
            elif SEPARATOR.match(text) and self._blank_before(place):
                yield from self._closed(place)
                self._message(after)
        yield from self._closed(self._end, cut=bool(self._boundaries))

    def _message(self, start: int) -> None:
        self.messages += 1
        self._boundaries.clear()
        self._date_ns = None
        self._entity(start, first=True)

    def _entity(self, start: int, *, first: bool = False) -> None:
        """Read a header, and those of messages that are the whole content of a part."""
        for _ in range(_NESTED):
            header, body = read_header(self._source, start, self._end)
            if first:
                self._date_ns, first = header.date_ns, False
            if header.boundary and len(self._boundaries) < _NESTED:
                self._boundaries.append(header.boundary)
                self._open = None
                return
            self._open = header, body
            plain = header.encoding in ("", "7bit", "8bit", "binary")
            if header.kind not in ("message/rfc822", "message/global") or not plain:
                break
            start = body
        else:
            self.too_deep += 1
        self.too_deep += bool(header.boundary)

    def _level(self, text: bytes) -> tuple[int, bool] | None:
        """Give the nesting that a delimiter belongs to, and whether another part follows."""
        for index in range(len(self._boundaries) - 1, -1, -1):
            boundary = self._boundaries[index]
            if text.startswith(boundary, 2):
                rest = text[2 + len(boundary) :]
                if rest in (b"", b"--"):
                    return index, not rest
        return None

    def _closed(self, end: int, *, cut: bool = False) -> Iterator[Leaf]:
        if self._open is None:
            return
        header, start = self._open
        self._open = None
        if not cut and end > start and self._source.read_at(end - 1, 1) == b"\r":
            end -= 1
        yield Leaf(
            header=header,
            message=self.messages,
            date_ns=self._date_ns,
            start_bytes=min(start, end),
            end_bytes=end,
            cut=cut,
        )

    def _blank_before(self, place: int) -> bool:
        return self._source.read_at(max(0, place - 2), 2).endswith((b"\n", b"\n\r"))

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Give the lines that may be delimiters, each with the place of the line end before it."""
        at = self._start
        while at < self._end:
            data = self._source.read_at(at, min(_BUFFER_BYTES, self._end - at))
            if not data:
                return
            last = len(data) < _BUFFER_BYTES or at + len(data) >= self._end
            stop = len(data) if last else len(data) - _LINE_BYTES
            for found in self._mark.finditer(data, 0, len(data)):
                place = found.start()
                if place >= stop:
                    break
                end = data.find(b"\n", place + 1, place + _LINE_BYTES)
                if end >= 0:
                    yield at + place, data[place + 1 : end + 1]
                elif last and len(data) - place < _LINE_BYTES:
                    yield at + place, data[place + 1 :]
            at += max(stop, 1)
