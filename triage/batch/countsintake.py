"""Counts as people write them: one at a time, or a CSV file of which the good rows are kept."""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.history import Count, CountKind

COLUMNS = ("on", "kind", "subject", "value")
"""Columns of the file, in any order; ``subject`` may be left out."""

_FRACTIONS = frozenset({CountKind.GRADING_HOURS})
_MOST = 1e12
_MOST_FILE_BYTES = 256 << 20
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCount:
    """A row that was not taken; ``line`` is where it begins, from 1 for the header."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsFile:
    """What a file holds: rows that are good, in its order, and rows that are not."""

    counts: tuple[Count, ...]
    refused: tuple[RefusedCount, ...]


def count_of(  # noqa: PLR0913  (the columns of a count)
    *, on: str, kind: str, subject: str, value: str, by: str, now_s: int
) -> Count:
    """Make a count of what a person wrote.

    Args:
        on: day, ``YYYY-MM-DD``, not after tomorrow.
        kind: a word of :class:`triage.model.history.CountKind`.
        subject: grader or campaign; blanks around it are dropped.
        value: number of 0 or more, whole for all but hours.
        by: who says so.
        now_s: seconds since 1970 UTC.

    Raises:
        UsageFault: naming which of these cannot be, and why.
    """
    try:
        known = CountKind(kind.strip().lower())
    except ValueError as error:
        words = ", ".join(CountKind)
        raise UsageFault(f"kind '{_shown(kind)}' is none of {words}") from error
    subject = subject.strip()
    if any(unicodedata.category(one) in {"Cc", "Cs"} for one in subject):
        raise UsageFault(f"subject '{_shown(subject)}' is not plain UTF-8 text of one line")
    return Count(
        on=_day(on.strip(), now_s),
        kind=known,
        subject=subject,
        value=_value(value.strip(), known),
        by=by,
        recorded_s=now_s,
    )


def read_counts(path: Path, *, by: str, now_s: int) -> CountsFile:
    """Read a CSV file with a header of :data:`COLUMNS`; cells are parted by comma or semicolon.

    Where rows say different things of one day, kind and subject, the last one is taken and the
    others are refused, so that the same file once more changes nothing.

    Raises:
        UsageFault: the file cannot be read, or its header is another one.
    """
    good: dict[tuple[str, str, str], tuple[int, Count]] = {}
    refused: list[RefusedCount] = []
    for line, cells in _rows(path):
        if isinstance(cells, str):
            refused.append(RefusedCount(line=line, reason=cells))
            continue
        try:
            one = count_of(**cells, by=by, now_s=now_s)
        except UsageFault as fault:
            refused.append(RefusedCount(line=line, reason=fault.message))
            continue
        key = one.on, str(one.kind), one.subject
        # Taken out first, so that what is kept stands in the order of the lines.
        before = good.pop(key, None)
        if before is not None and before[1].value != one.value:
            reason = f"line {line} says {one.value:g} of the same day, kind and subject"
            refused.append(RefusedCount(line=before[0], reason=reason))
        good[key] = (line, one)
    return CountsFile(
        counts=tuple(one for _, one in good.values()),
        refused=tuple(sorted(refused, key=lambda row: row.line)),
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield the line of each row with its cells by column, or with why it has none.

    No cell holds a line break, so each line is a row, and a quote that is never closed takes
    nothing with it but its own.
    """
    numbered = (
        (number, words)
        for number, words in enumerate(_LINE_BREAK.split(_text(path)), start=1)
        if words.strip(" ,;\t")
    )
    line, words = next(numbered, (0, ""))
    if not line:
        raise UsageFault(f"{printable(str(path))}: is empty", hint=_HINT)
    delimiter = ";" if ";" in words else ","
    header = _header(_cells(words, delimiter), f"{printable(str(path))}: line {line}")
    for line, words in numbered:
        cells = _cells(words, delimiter)
        yield line, cells if isinstance(cells, str) else _by_column(header, cells)


def _cells(line: str, delimiter: str) -> list[str] | str:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return f"is no CSV: {error}"


_HINT = f"The first line has to name the columns: {','.join(COLUMNS)}"


def _header(cells: list[str] | str, place: str) -> tuple[str, ...]:
    if isinstance(cells, str):
        raise UsageFault(f"{place}: {cells}", hint=_HINT)
    named = tuple(cell.strip().lower() for cell in cells)
    for name in named:
        if name not in COLUMNS:
            raise UsageFault(f"{place}: there is no column '{_shown(name)}'", hint=_HINT)
    for name in COLUMNS:
        if named.count(name) != 1 and (name != "subject" or name in named):
            times = "is missing" if name not in named else "stands there twice"
            raise UsageFault(f"{place}: column '{name}' {times}", hint=_HINT)
    return named


def _by_column(header: tuple[str, ...], cells: list[str]) -> dict[str, str] | str:
    if len(cells) != len(header):
        return f"has {len(cells)} cells where the header has {len(header)}"
    return {"subject": "", **dict(zip(header, cells, strict=True))}


def _text(path: Path) -> str:
    """Read a file; what is not UTF-8 stays recognisable in the one row that it stands in."""
    try:
        if path.stat().st_size > _MOST_FILE_BYTES:
            raise UsageFault(f"{printable(str(path))}: is larger than {_MOST_FILE_BYTES:,} bytes")
        return path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise UsageFault(f"{printable(str(path))}: {error.strerror or error}") from error


def _day(words: str, now_s: int) -> str:
    try:
        found = date.fromisoformat(words)
    except ValueError as error:
        raise UsageFault(f"day '{_shown(words)}' is no day, YYYY-MM-DD") from error
    if found.isoformat() != words:
        raise UsageFault(f"day '{_shown(words)}' is not written YYYY-MM-DD")
    # A day further: where the sun rises first, it is tomorrow already.
    if found > datetime.fromtimestamp(now_s, UTC).date() + timedelta(days=1):
        raise UsageFault(f"day {words} is still to come")
    return words


def _value(words: str, kind: CountKind) -> float:
    try:
        value = float(words) if words.isascii() and "_" not in words else math.nan
    except ValueError:
        value = math.nan
    if not 0 <= value <= _MOST:
        raise UsageFault(f"value '{_shown(words)}' is no number of 0 or more")
    if kind not in _FRACTIONS and value != int(value):
        raise UsageFault(f"value {_shown(words)}: {kind} is counted in whole numbers")
    return value + 0.0


def _shown(words: str) -> str:
    return printable(words if len(words) <= 40 else words[:40] + "...")
