"""Writes the list of possible first-generation material for the victim-identification team."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from triage.bench.firstgen import Lead
from triage.export.formats.csv_table import safe_cell
from triage.model.display import printable
from triage.store import leadrows
from triage.store.boardrows import BoardCase
from triage.store.database import Store
from triage.store.leadrows import ExhibitContent

PATHS_MAX = 200
"""Files of a content in an exhibit that are named; all are counted."""

ABOUT = (
    "Possible first-generation material: contents that no reference set has, and what points at "
    "them. Reasons to look, not findings: nobody has graded them by standing here, and what a "
    "picture says of itself can have been changed by anybody."
)
COLUMNS = (
    "case",
    "exhibit",
    "sha256",
    "sha1",
    "md5",
    "size_bytes",
    "type",
    "reasons",
    "camera_make",
    "camera_model",
    "camera_serial",
    "software",
    "taken",
    "latitude",
    "longitude",
    "stack",
    "files",
    "paths",
)
"""Of the CSV, and keys of a content in the JSON."""

_BOM = b"\xef\xbb\xbf"
_AT_ONCE = 400
Row = dict[str, object]


class LeadFormat(StrEnum):
    """How the list is written."""

    CSV = "csv"
    JSON = "json"


@dataclass(slots=True)
class _Files:
    number: int = 0
    paths: list[str] = field(default_factory=list)


def write_leads(
    store: Store, case: BoardCase, leads: Sequence[Lead], form: LeadFormat, out: BinaryIO
) -> int:
    """Write a row for each content and exhibit that holds it, in the order of the list.

    The same list gives the same bytes.

    Returns:
        How many rows were written.
    """
    rows = rows_of(store, case, leads)
    return _write_csv(rows, out) if form is LeadFormat.CSV else _write_json(rows, case, out)


def rows_of(store: Store, case: BoardCase, leads: Sequence[Lead]) -> Iterator[Row]:
    """Yield a row for each content and exhibit; text is safe to show, never safe as a formula."""
    for start in range(0, len(leads), _AT_ONCE):
        part = leads[start : start + _AT_ONCE]
        digests = [one.sha256 for one in part]
        held: dict[bytes, list[ExhibitContent]] = defaultdict(list)
        for one in leadrows.contents_of(store.connection, case.exhibit_ids, digests):
            held[one.sha256].append(one)
        files = _files(store, case, digests)
        for lead in part:
            for content in sorted(held[lead.sha256], key=lambda one: one.exhibit):
                yield _row(case, lead, content, files[lead.sha256, content.exhibit])


def _files(
    store: Store, case: BoardCase, digests: Sequence[bytes]
) -> defaultdict[tuple[bytes, str], _Files]:
    found: defaultdict[tuple[bytes, str], _Files] = defaultdict(_Files)
    for one in leadrows.places_of(store.connection, case.exhibit_ids, digests):
        files = found[one.sha256, one.exhibit]
        files.number += 1
        if len(files.paths) < PATHS_MAX:
            stream = f":{printable(one.stream)}" if one.stream else ""
            gone = "" if one.allocation == "live" else f" ({one.allocation})"
            files.paths.append(f"{printable(one.path)}{stream}{gone}")
    return found


def _row(case: BoardCase, lead: Lead, content: ExhibitContent, files: _Files) -> Row:
    facts = lead.facts
    values = (
        printable(case.reference),
        printable(content.exhibit),
        content.sha256.hex(),
        content.sha1.hex(),
        content.md5.hex(),
        content.size_bytes,
        printable(lead.mime),
        [printable(one) for one in lead.reasons],
        printable(facts.make),
        printable(facts.model),
        printable(facts.serial),
        printable(facts.software),
        printable(facts.taken),
        facts.latitude,
        facts.longitude,
        lead.stack,
        files.number,
        files.paths,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _write_csv(rows: Iterable[Row], out: BinaryIO) -> int:
    """Write RFC 4180 with a byte order mark; no text is a formula to a spreadsheet."""
    out.write(_BOM + _line(COLUMNS))
    number = 0
    for number, row in enumerate(rows, 1):  # noqa: B007  (the last one is the answer)
        out.write(_line([_cell(row[name]) for name in COLUMNS]))
    return number


def _write_json(rows: Iterable[Row], case: BoardCase, out: BinaryIO) -> int:
    head = {"case": printable(case.reference), "about": ABOUT}
    out.write(json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "contents": [')
    number = 0
    for number, row in enumerate(rows, 1):
        line = json.dumps(row, ensure_ascii=False)
        out.write((",\n" if number > 1 else "\n").encode() + line.encode())
    out.write(b"\n]}\n")
    return number


def _cell(value: object) -> object:
    """Give a cell: numbers stay numbers, a west longitude too."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    if isinstance(value, list):
        return safe_cell("; ".join(map(str, value)))
    return safe_cell(str(value))


def _line(cells: Iterable[object]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8")
