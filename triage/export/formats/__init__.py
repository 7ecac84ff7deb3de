"""The export formats; one file each, and one line each in the registry."""

from __future__ import annotations

from triage.errors import UsageFault
from triage.export.exporter import Exporter
from triage.export.formats.csv_table import CsvTable
from triage.export.formats.jsonl import JsonLines
from triage.export.formats.vics import Vics

EXPORTERS: tuple[Exporter, ...] = (Vics(), CsvTable(), JsonLines())
"""All formats, in the order in which they are offered."""


def named(format_id: str) -> Exporter:
    """Give the format of a name.

    Raises:
        UsageFault: where there is none.
    """
    for exporter in EXPORTERS:
        if exporter.id == format_id:
            return exporter
    known = ", ".join(exporter.id for exporter in EXPORTERS)
    raise UsageFault(f"there is no export format {format_id!r}", hint=f"Formats are: {known}")
