"""A line of the audit as a JSON object, and as one line for a person."""

from __future__ import annotations

from datetime import UTC, datetime

from triage.access.chain import Fault, Verdict
from triage.model.account import AuditRow
from triage.model.display import printable

COLUMNS = (
    *("number", "at", "action", "by", "role", "case", "exhibit", "sha256", "detail"),
    *("address", "link"),
)


def moment_ms(at_ms: int) -> str:
    """Give a moment in UTC to the millisecond; one beyond all calendars as its number."""
    try:
        when = datetime.fromtimestamp(at_ms // 1_000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
    return f"{when:%Y-%m-%dT%H:%M:%S}.{at_ms % 1_000:03d}Z"


def row_object(row: AuditRow) -> dict[str, object]:
    """Give all of a row; what is not there is an empty string."""
    line = row.line
    return {
        "number": row.number,
        "at": moment_ms(line.at_ms),
        "action": line.action.value,
        "by": line.by,
        "role": line.role,
        "case": line.case,
        "exhibit": line.exhibit,
        "sha256": line.sha256.hex(),
        "detail": [list(pair) for pair in line.detail],
        "address": line.address,
        "link": row.link.hex(),
    }


def row_words(row: AuditRow) -> str:
    """Give what matters to a person, harmless to a terminal."""
    line = row.line
    about = " ".join(filter(None, (line.case, line.exhibit, line.sha256.hex()[:16])))
    detail = ", ".join(f"{name} {value}" for name, value in line.detail)
    by = f"{line.by} ({line.role})" if line.role else line.by
    parts = (by, about, detail, f"from {line.address}" if line.address else "")
    words = "; ".join(filter(None, parts))
    return f"{row.number:>7}  {moment_ms(line.at_ms)}  {line.action:<17} {printable(words)}"


def fault_words(fault: Fault) -> str:
    """Name the rows, what is wrong with them, and what was found."""
    rows = f"row {fault.number:,}"
    if fault.last != fault.number:
        rows = f"rows {fault.number:,} to {fault.last:,}"
    return f"{rows}: {fault.kind}: {fault.words}"


def verdict_object(found: Verdict) -> dict[str, object]:
    """Give a verdict for machines."""
    number, link = found.head
    return {
        "whole": found.whole,
        "rows": found.rows,
        "head": {"number": number, "link": link.hex()},
        "anchors": found.anchors,
        "anchored": found.anchored,
        "faults": [
            {"number": one.number, "last": one.last, "kind": one.kind.value, "words": one.words}
            for one in found.faults
        ],
        "more": found.more,
    }
