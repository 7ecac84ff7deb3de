"""Prints a table as CSV on standard output, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import click

from triage.export.formats.csv_table import safe_cell
from triage.model.display import printable

_BOM = b"\xef\xbb\xbf"
_ROWS_AT_ONCE = 1_000


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a header and rows: RFC 4180 with a byte order mark, lines ending with CR LF.

    Args:
        columns: the header.
        rows: cells. Text is escaped for display and kept from being a formula; numbers stay
            numbers, truth is ``yes`` or ``no``, and ``None`` an empty cell.
    """
    out = _BOM + _lines([columns])
    waiting: list[Sequence[object]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _ROWS_AT_ONCE:
            out += _lines(waiting)
            click.echo(out, nl=False)
            out = b""
            waiting.clear()
    click.echo(out + _lines(waiting), nl=False)


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_cell(one) for one in row] for row in rows)
    return text.getvalue().encode("utf-8")


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    return safe_cell(printable(str(value)))
