"""Figures about people for managers: the loads of graders, and counts that people enter."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.batch.countsintake import count_of
from triage.errors import UsageFault
from triage.export.kpiwords import KINDS
from triage.export.loadwords import categories_table, loads_table
from triage.metrics.calendar import day_of
from triage.model.account import AuditAction, Role
from triage.model.history import Count, CountKind
from triage.store.counts import Counts
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.morning import morning_of, read_loads
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/manager", roles=frozenset({Role.MANAGER}))
LOOKERS = frozenset({Role.MANAGER, Role.SUPERVISOR})
PERIODS = ((1, "Today"), (7, "7 days"), (28, "28 days"))
LISTED_DAYS = 28
SUBJECT_MOST = 100
KIND_NAMES = tuple((one.value, KINDS[one.value]) for one in CountKind)
_FIELDS = {"kind": "kind", "subject": "subject", "day": "on", "value": "value"}
"""Of a fault's first word, the field that it is about."""


@DOOR.page("/loads", LOOKERS)
def grader_loads(seat: SeatIn, days: int = 7) -> HTMLResponse:
    """Show what each grader looked at: pictures, minutes, by category; never a picture."""
    days = days if days in dict(PERIODS) else 7
    settings = seat.suite.settings()
    found = read_loads(seat, days)
    return page(
        seat,
        "manager/loads.html",
        found=found,
        table=loads_table(found),
        categories=categories_table(found),
        days=days,
        periods=PERIODS,
        settings=settings,
    )


@DOOR.page("/counts")
def counts(seat: SeatIn) -> HTMLResponse:
    """Show the counts of the last days, and ask for another one."""
    fields = Fields(seat.request.query_params.multi_items())
    fields.fill("kind", CountKind.CAID_GRADED.value)
    fields.fill_day("on", day_of(seat.now_s, None).isoformat())
    return _shown(seat, fields)


@DOOR.form("/counts")
def enter(seat: SeatIn) -> Response:
    """Enter a count for one day, in place of what stood there."""
    fields = seat.form
    kind = fields.choice("kind", [one.value for one in CountKind], missing="Choose what is counted")
    value = fields.text("value", missing="Enter the number", most=20)
    day = fields.day("on", missing="Enter the day that it is counted for")
    subject = fields.text("subject", most=SUBJECT_MOST)
    count = _count(seat, fields, kind, value, day, subject) if fields.ok else None
    if count is None:
        return _shown(seat, fields)
    added, _ = Counts(seat.store.connection).add((count,))
    seat.audit(
        AuditAction.SETTING_CHANGED,
        count=f"{kind} on {day}",
        subject=subject,
        value=f"{count.value:g}",
    )
    seat.commit()
    morning_of(seat).forget()
    what = f"{KINDS[kind]}, {day}: {count.value:,g}"
    seat.flash(f"{what}. {'It is entered.' if added else 'It stood so already.'}")
    return RedirectResponse(f"/manager/counts?kind={kind}", status_code=303)


def _count(  # noqa: PLR0913, PLR0917  (the columns of a count)
    seat: Seat, fields: Fields, kind: str, value: str, day: str, subject: str
) -> Count | None:
    """Make the count; what it cannot be is told at its field."""
    try:
        return count_of(
            on=day,
            kind=kind,
            subject=subject,
            value=value.replace(",", ""),
            by=seat.account.shown,
            now_s=seat.now_s,
        )
    except UsageFault as fault:
        name = _FIELDS.get(fault.message.split(" ", 1)[0], "value")
        fields.error(name, fault.message[:1].upper() + fault.message[1:])
        return None


def _shown(seat: Seat, fields: Fields) -> HTMLResponse:
    today = day_of(seat.now_s, None)
    since = (today - timedelta(days=LISTED_DAYS)).isoformat()
    until = (today + timedelta(days=1)).isoformat()
    listed = Counts(seat.store.connection).standing(since, until)
    return page(
        seat,
        "manager/counts.html",
        status=200 if fields.ok else 400,
        fields=fields,
        kinds=KIND_NAMES,
        names=KINDS,
        listed=tuple(reversed(listed)),
        listed_days=LISTED_DAYS,
    )
