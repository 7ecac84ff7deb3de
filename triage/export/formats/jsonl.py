"""JSON Lines: one object an entry, one entry a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import BinaryIO

from triage.export.case_head import CaseHead
from triage.export.exporter import ExportReport, Include, Order
from triage.export.listing import entry_object
from triage.model.record import ExportRecord

__all__ = ["JsonLines", "entry_line", "entry_object"]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def entry_line(record: ExportRecord, *, graded: bool = False) -> str:
    """Give one entry as compact JSON without a line end; never holds a control character."""
    return _ENCODER.encode(entry_object(record, graded=graded))


class JsonLines:
    """All that is known of each entry, for programs."""

    id = "jsonl"
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
        """Write one line for each record, UTF-8, ended by a line feed."""
        entries = 0
        for record in records:
            out.write(entry_line(record, graded=head.graded).encode("utf-8") + b"\n")
            entries += 1
        return ExportReport(entries=entries)
