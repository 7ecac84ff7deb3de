"""The record of what was done, for administrators: read, taken away, and verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, Response

from triage.access.chain import verify
from triage.export.audittable import action_words, audit_csv, audit_words
from triage.model.account import AuditAction, AuditRow, Role
from triage.store import anchors
from triage.store.audit import Audit
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/administrator/audit", roles=frozenset({Role.ADMINISTRATOR}))
PAGE = 50
CSV_ROWS = 50_000
"""Lines of a file that is taken away, the last ones; the command line gives all."""
FAULTS = 50
"""Faults that are shown; the command line names all."""
WORDS_MOST = 200
NUMBER_MOST = (1 << 63) - 1
"""Beyond any number of a line."""
ACTIONS = tuple((one.value, action_words(one)) for one in AuditAction)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filter:
    by: str
    action: str
    case: str
    since: str
    since_ms: int

    @property
    def query(self) -> str:
        """Give it as a part of an address."""
        names = ("by", "action", "case", "since")
        told = {name: getattr(self, name) for name in names}
        return urlencode({name: value for name, value in told.items() if value})


@DOOR.page("")
def audit(seat: SeatIn, before: int = 0) -> HTMLResponse:
    """Show the last lines that agree with a filter, the newest first."""
    fields = Fields(seat.request.query_params.multi_items())
    chosen = _filter(fields)
    rows = (
        _rows(seat, chosen, before=min(max(before, 0), NUMBER_MOST), limit=PAGE + 1)
        if fields.ok
        else ()
    )
    more = len(rows) > PAGE
    return page(
        seat,
        "administrator/audit.html",
        status=200 if fields.ok else 400,
        fields=fields,
        actions=ACTIONS,
        rows=tuple(map(audit_words, rows[:PAGE])),
        query=chosen.query,
        filtered=bool(chosen.query),
        first=before <= 0,
        later=rows[PAGE - 1].number if more else 0,
        csv_rows=CSV_ROWS,
    )


@DOOR.form("/csv")
def taken(seat: SeatIn) -> Response:
    """Give the lines of a filter as a file; that is written down, too."""
    chosen = _filter(seat.form)
    rows = _rows(seat, chosen, before=0, limit=CSV_ROWS)
    name = f"audit-{datetime.fromtimestamp(seat.now_s, UTC):%Y%m%d-%H%M%S}.csv"
    seat.audit(AuditAction.EXPORTED, what="audit", rows=str(len(rows)), filter=chosen.query)
    seat.commit()
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(
        audit_csv(reversed(rows)), media_type="text/csv; charset=utf-8", headers=headers
    )


@DOOR.page("/verify")
def verified(seat: SeatIn) -> HTMLResponse:
    """Follow the chain from its first line to its last, and name every line that was changed."""
    noted = anchors.read_anchors(seat.suite.home / anchors.NAME)
    found = verify(Audit(seat.store.connection).iterate(), noted)
    return page(
        seat,
        "administrator/verify.html",
        found=found,
        faults=found.faults[:FAULTS],
        more=found.more + max(0, len(found.faults) - FAULTS),
        head=found.head[1].hex(),
    )


def _filter(fields: Fields) -> _Filter:
    by, case = (" ".join(fields.raw(name).split())[:WORDS_MOST] for name in ("by", "case"))
    action = fields.choice("action", [one.value for one in AuditAction])
    since, since_ms = fields.raw("since").strip()[:20], 0
    if since:
        try:
            day = datetime.strptime(since, "%Y-%m-%d").replace(tzinfo=UTC)
            since_ms = int(day.timestamp() * 1_000)
        except ValueError:
            fields.error("since", "Enter a day like 2026-11-22")
            since = ""
    return _Filter(by=by.casefold(), action=action, case=case, since=since, since_ms=since_ms)


def _rows(seat: Seat, chosen: _Filter, *, before: int, limit: int) -> tuple[AuditRow, ...]:
    return Audit(seat.store.connection).rows(
        before,
        by=chosen.by,
        action=chosen.action,
        case=chosen.case,
        since_ms=chosen.since_ms,
        limit=limit,
        newest=True,
    )
