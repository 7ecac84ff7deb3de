"""Reads the rows of a CSV file as spreadsheets write it; a broken row costs no other row."""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TextIO

from triage.errors import UsageFault
from triage.model.display import printable

LINE_MAX = 1 << 20
"""Characters of one line, at most; a longer one is passed over without being kept."""

RECORD_LINES = 100
"""Lines of one row, at most: a cell may hold several, a quote that is not closed would take all."""

DELIMITERS = (",", ";", "\t", "|")
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
_HEADER_LINES = 20
_LONG = "a line that was too long\n"
"""Stands for such a line, told by identity, when it is given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One row: the number of its first line, and its cells; or what is wrong with it."""

    line: int
    cells: tuple[str, ...] = ()
    wrong: str = ""


class _Broken(Exception):  # noqa: N818  (it is caught where it is raised)
    """A line that the reader of rows must not see."""


@dataclass(slots=True)
class _Lines:
    """Gives lines to the reader of rows, and takes them back when a row turns out broken."""

    stream: TextIO
    number: int = 0
    _taken: list[str] = field(default_factory=list)
    _waiting: deque[str] = field(default_factory=deque)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= RECORD_LINES:
            raise _Broken(f"a quote is not closed within {RECORD_LINES} lines")
        line = self._waiting.popleft() if self._waiting else self.stream.readline(LINE_MAX)
        if not line:
            raise StopIteration
        if len(line) >= LINE_MAX and not line.endswith("\n"):
            self._pass_over()
            line = _LONG
        self._taken.append(line)
        if line is _LONG:
            raise _Broken(f"the line is longer than {LINE_MAX:,} characters")
        return line

    def _pass_over(self) -> None:
        while (more := self.stream.readline(LINE_MAX)) and not more.endswith("\n"):
            pass

    def settle(self) -> None:
        """Start a new row behind the lines that were taken."""
        self.number += len(self._taken)
        self._taken.clear()

    def go_back(self) -> None:
        """Start a new row behind the first line that was taken."""
        self._waiting.extendleft(reversed(self._taken[1:]))
        self.number += min(1, len(self._taken))
        self._taken.clear()


@dataclass(slots=True)
class CaseFile:
    """An opened CSV file.

    Attributes:
        header: names of the columns, as they are there.
        header_line: the line of the header.
    """

    stream: TextIO
    delimiter: str
    header: tuple[str, ...]
    header_line: int

    def rows(self) -> Iterator[CaseRow]:
        """Yield every row that is not blank; the numbers of lines count from 1."""
        lines = _Lines(self.stream, number=self.header_line)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            line = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _Broken) as error:
                lines.go_back()
                yield CaseRow(line=line, wrong=_reason(error))
                continue
            lines.settle()
            if any(map(str.strip, cells)):
                yield self._row(line, cells)

    def _row(self, line: int, cells: Sequence[str]) -> CaseRow:
        wrong = ""
        if len(cells) != len(self.header):
            wrong = f"{len(cells)} cells, the header has {len(self.header)}"
        elif any("\0" in cell for cell in cells):
            wrong = "there is a NUL byte in it"
        return CaseRow(line=line, cells=tuple(cells), wrong=wrong)


def _reason(error: Exception) -> str:
    words = str(error)
    if "unexpected end of data" in words:
        return "a quote is not closed"
    if "field larger" in words:
        return f"a cell is longer than {csv.field_size_limit():,} characters"
    if "expected after" in words:
        return "a quote stands within a cell, or one is not closed"
    return words


def encoding_of(path: Path) -> str:
    """Tell the encoding: by its mark, else UTF-8 where all of it is, else Windows-1252.

    Raises:
        UsageFault: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            decoder = codecs.getincrementaldecoder("utf-8")()
            decoder.decode(head)
            while part := stream.read(1 << 20):
                decoder.decode(part)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    except OSError as error:
        raise UsageFault(f"{printable(str(path))}: {error.strerror}") from error
    return "utf-8-sig"


def open_case_file(stream: TextIO, *, delimiter: str, wanted: Sequence[str]) -> CaseFile:
    """Take the header of a file.

    Args:
        stream: opened with ``newline=""``.
        delimiter: ``""`` for the one that gives most of the columns.
        wanted: names of columns, which are told apart without regard to case and blanks.

    Raises:
        UsageFault: there is no header, or a name stands twice in it.
    """
    for number in range(1, _HEADER_LINES + 1):
        line = stream.readline(LINE_MAX)
        said = _SEPARATOR.fullmatch(line.strip()) if number == 1 else None
        if said:
            delimiter = delimiter or said[1]
        elif line.strip().strip("".join(DELIMITERS)):
            break
        elif not line:
            raise UsageFault("the file is empty")
    else:
        raise UsageFault(f"there is no header in the first {_HEADER_LINES} lines")
    first = number
    while line.count('"') % 2 and number < first + _HEADER_LINES:
        line, number = line + stream.readline(LINE_MAX), number + 1
    names = {plain(one) for one in wanted}
    found = [(one, _header(line, one)) for one in ([delimiter] if delimiter else DELIMITERS)]
    best, header = max(found, key=lambda one: (len(names & set(map(plain, one[1]))), len(one[1])))
    seen = [plain(one) for one in header if plain(one)]
    twice = sorted({one for one in seen if seen.count(one) > 1})
    if twice:
        raise UsageFault(
            f"line {number}: the header names {printable(', '.join(twice))} more than once",
            hint="Rename one of the columns: it cannot be told which is meant.",
        )
    return CaseFile(stream=stream, delimiter=best, header=tuple(header), header_line=number)


def _header(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(line.splitlines(keepends=True), delimiter=delimiter))
    except (csv.Error, StopIteration):
        return []


def plain(name: str) -> str:
    """Give the name of a column as it is compared: blanks joined, case left out."""
    return " ".join(name.split()).casefold()
