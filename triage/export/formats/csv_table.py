"""CSV for graders: one row an occurrence, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from triage.export.case_head import CaseHead
from triage.export.exporter import ExportReport, Include, Order
from triage.export.listing import GRADED, entry_object
from triage.model.display import printable
from triage.model.match import Match
from triage.model.record import ExportRecord

COLUMNS = (
    "case",
    "exhibit",
    "evidence",
    "volume",
    "path",
    "stream",
    "container",
    "allocation",
    "state",
    "reason",
    "standing",
    "grade",
    "grade_code",
    "grade_scheme",
    "grade_reason",
    "conflict",
    "matches",
    "md5",
    "sha1",
    "sha256",
    "size_bytes",
    "mime",
    "type_family",
    "extension_agrees",
    "width",
    "height",
    "created",
    "modified",
    "accessed",
    "changed",
    "times_naive_local",
    "physical_offset_bytes",
    "pdq",
    "pdq_quality",
    "phash",
    "picture_reason",
    "damaged",
    "inode",
    "origin",
    "partial",
    "original",
)
"""The header; the meanings are those of the keys of the listing. Where people have graded in the
case, :data:`GRADED` come behind these.
"""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BOM = b"\xef\xbb\xbf"
_TIMES = ("created", "modified", "accessed", "changed")


class CsvTable:
    """RFC 4180 with a byte order mark, without which spreadsheets take UTF-8 for something else."""

    id = "csv"
    order: Order = "path"
    include = Include.ALL

    def check(self, head: CaseHead) -> None:
        """Nothing is refused: every code stands there with its scheme."""

    def write(
        self,
        records: Iterable[ExportRecord],
        head: CaseHead,
        out: BinaryIO,
    ) -> ExportReport:
        """Write the header and one row for each record; lines end with CR LF."""
        columns = (*COLUMNS, *GRADED) if head.graded else COLUMNS
        out.write(_BOM + _line(columns))
        entries = 0
        for record in records:
            out.write(_line(_row(record, columns, graded=head.graded)))
            entries += 1
        return ExportReport(entries=entries)


def safe_cell(text: str) -> str:
    """Give a cell that no spreadsheet takes for a formula.

    A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab, a carriage return or the full-width
    form of one of these gets an apostrophe in front (OWASP, CSV injection).
    """
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def _row(record: ExportRecord, columns: Sequence[str], *, graded: bool) -> list[str]:
    flat = entry_object(record, graded=graded)
    times = flat["times"]
    if isinstance(times, dict):
        flat.update({name: times[name] for name in _TIMES})
        flat["times_naive_local"] = times["naive_local"]
    flat["original"] = _original_words(record)
    flat["matches"] = "; ".join(_match_words(match) for match in sorted(record.matches))
    return [safe_cell(_cell(flat[column])) for column in columns]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _original_words(record: ExportRecord) -> str:
    original = record.original
    if original is None:
        return ""
    if not original.path:
        return str(original.how)
    bits = f" {original.distance_bits} bits" if original.distance_bits else ""
    return f"{original.how}{bits}: {printable(original.path)}"


def _match_words(match: Match) -> str:
    code = f" code {printable(match.code)}" if match.has_code else ""
    bits = f" {match.distance_bits} bits" if match.distance_bits else ""
    pack = f"{printable(match.pack)} {printable(match.pack_version)}".rstrip()
    return f"{match.kind} {match.algorithm}{bits} {match.polarity} {pack}{code}"


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8")
