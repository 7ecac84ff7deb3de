"""Lines of the audit for people: a row of a page, and a CSV file that is safe to open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from triage.export.formats.csv_table import safe_cell
from triage.model.account import AuditAction, AuditRow
from triage.model.display import printable

COLUMNS = (
    *("number", "at", "action", "by", "role", "case", "exhibit", "sha256", "detail"),
    *("address", "link"),
)
ACTIONS = {
    AuditAction.PASSWORD_CHANGED: "Password changed or set",
    AuditAction.SIGN_IN_REFUSED: "Sign-in refused",
    AuditAction.REFUSED: "Refused a page or action",
}
"""Those that are not told well by their own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditWords:
    """A line as a page shows it; ``about`` names case, exhibit and content."""

    number: int
    at: str
    action: str
    by: str
    role: str
    about: str
    detail: str
    address: str


def action_words(action: AuditAction) -> str:
    """Name an action for people."""
    return ACTIONS.get(action) or action.value.replace("-", " ").capitalize()


def audit_words(row: AuditRow) -> AuditWords:
    """Give a line in words."""
    line = row.line
    return AuditWords(
        number=row.number,
        at=_moment(line.at_ms),
        action=action_words(line.action),
        by=line.by,
        role=line.role,
        about=" ".join(filter(None, (line.case, line.exhibit, line.sha256.hex()[:16]))),
        detail="; ".join(f"{name}: {value}" for name, value in line.detail),
        address=line.address,
    )


def audit_csv(rows: Iterable[AuditRow]) -> bytes:
    """Give lines as RFC 4180 with a byte order mark; no cell is a formula to a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, rows))
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")


def _cells(row: AuditRow) -> list[object]:
    line = row.line
    words = (
        _moment(line.at_ms),
        line.action.value,
        line.by,
        line.role,
        line.case,
        line.exhibit,
        line.sha256.hex(),
        "; ".join(f"{name}={value}" for name, value in line.detail),
        line.address,
        row.link.hex(),
    )
    return [row.number, *(safe_cell(printable(one)) for one in words)]


def _moment(at_ms: int) -> str:
    """Give a moment in UTC to the millisecond; one beyond all calendars as its number."""
    try:
        when = datetime.fromtimestamp(at_ms // 1_000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
    return f"{when:%Y-%m-%d %H:%M:%S}.{at_ms % 1_000:03d} UTC"
