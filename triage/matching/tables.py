"""Rows of delimited text, each physical line on its own wherever quotes allow."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

JOINED_LINES = 64
"""A quoted field may run over so many lines; one that does not end by then is a stray quote."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a header line says.

    Attributes:
        columns: index of each of our fields.
        width: number of columns.
        names_at: index of a column of unquoted names, which may hold delimiters; else ``None``.
    """

    columns: dict[str, int]
    width: int
    delimiter: str
    names_at: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row with the number of its first line; ``fields`` is empty where ``fault`` is not."""

    line: int
    fields: tuple[str, ...]
    fault: str = ""


def rows(
    numbered: Iterable[tuple[int, str]],
    delimiter: str,
    held: deque[tuple[int, str]] | None = None,
) -> Iterator[Row]:
    """Split lines into rows.

    A stray quote must not swallow the records after it: a field whose quote stays open is
    continued on the next lines only as far as that gives a well-formed row, and otherwise its
    first line alone is refused. ``held`` is where lines wait that were looked at on account of
    an earlier one.
    """
    source = iter(numbered)
    waiting: deque[tuple[int, str]] = deque() if held is None else held
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            return
        number, text = line
        if '"' not in text:
            yield Row(number, tuple(text.split(delimiter)))
            continue
        fields = split_quoted([text], delimiter)
        if fields is None:
            fields = _continued(text, chain(list(waiting), source), waiting, delimiter)
        if fields is None:
            yield Row(number, (), "a quoted field is malformed or never ends")
        else:
            yield Row(number, fields)


def _continued(
    text: str,
    following: Iterable[tuple[int, str]],
    waiting: deque[tuple[int, str]],
    delimiter: str,
) -> tuple[str, ...] | None:
    taken: list[tuple[int, str]] = []
    already = len(waiting)
    parts = [text]
    if text.count('"') % 2:
        for line in following:
            taken.append(line)
            parts.append(line[1])
            fields = split_quoted([part + "\n" for part in parts], delimiter)
            if fields is not None:
                for _ in range(min(already, len(taken))):
                    waiting.popleft()
                return fields
            if len(taken) >= JOINED_LINES or '"' in line[1]:
                break
    waiting.extend(taken[already:])
    return None


def split_quoted(parts: list[str], delimiter: str) -> tuple[str, ...] | None:
    """Give the fields of one row with quotes, ``None`` where it is malformed."""
    try:
        found = list(csv.reader(parts, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return tuple(found[0]) if len(found) == 1 else None
