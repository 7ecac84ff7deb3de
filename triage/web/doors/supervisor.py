"""The supervisor's pages: what graders looked at, and more for one who reached a limit."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.bench import welfare
from triage.bench.exposure import Exposure
from triage.bench.loads import DAY_S, loads
from triage.bench.welfare import MORE_MINUTES, MORE_PICTURES, day_of
from triage.errors import UsageFault
from triage.model.account import Account, AuditAction, Role
from triage.store.accounts import Accounts
from triage.store.welfare import allowed
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.numbers import RowId
from triage.web.pages import page
from triage.web.seat import Seat
from triage.web.sparing import exposure_for

DOOR = Door("/supervisor", roles=frozenset({Role.SUPERVISOR}))
WEEK = 7


@DOOR.page("")
def graders(seat: SeatIn) -> HTMLResponse:
    """Show all graders: today, against the limits, and the last seven days."""
    until_s = (seat.suite.now_ms() // 1000 // DAY_S + 1) * DAY_S
    everybody = Accounts(seat.store.connection).all()
    week = loads(
        seat.store,
        everybody,
        seat.suite.settings(),
        since_s=until_s - WEEK * DAY_S,
        until_s=until_s,
    )
    by_name = {one.name: one for one in week}
    lines = [
        (one, exposure_for(seat, one), by_name.get(one.name))
        for one in everybody
        if one.active and Role.EXAMINER in one.roles
    ]
    lines.sort(key=lambda line: (-line[1].pictures, line[0].shown))
    return page(seat, "bench/graders.html", lines=lines)


@DOOR.page("/{user_id}")
def grader(seat: SeatIn, user_id: RowId) -> HTMLResponse:
    """Show one grader's day, and ask whether to allow more."""
    return _shown(seat, _grader(seat, user_id), Fields())


@DOOR.form("/{user_id}")
def allow(seat: SeatIn, user_id: RowId) -> Response:
    """Allow a grader more today."""
    account, fields = _grader(seat, user_id), seat.form
    pictures = fields.whole("pictures", least=0, most=MORE_PICTURES)
    minutes = fields.whole("minutes", least=0, most=MORE_MINUTES)
    why = fields.text("why", missing="Say why you allow more", most=500)
    if fields.ok and not pictures and not minutes:
        fields.error("pictures", "Enter how many more pictures, how many more minutes, or both")
    if not fields.ok:
        return _shown(seat, account, fields)
    try:
        welfare.allow(
            seat.store.connection,
            account,
            seat.account,
            pictures=pictures,
            minutes=minutes,
            why=why,
            now_ms=seat.suite.now_ms(),
        )
    except UsageFault as fault:
        fields.error("why", fault.message[:1].upper() + fault.message[1:])
        return _shown(seat, account, fields)
    seat.audit(
        AuditAction.LIMIT_LIFTED,
        grader=account.name,
        pictures=str(pictures),
        minutes=str(minutes),
        why=why,
    )
    seat.commit()
    seat.flash(f"{account.shown} may look at more today.")
    return RedirectResponse("/supervisor", status_code=303)


def _grader(seat: Seat, user_id: int) -> Account:
    account = Accounts(seat.store.connection).by_id(user_id)
    if account is None or Role.EXAMINER not in account.roles:
        raise NotFound("There is no such grader.")
    return account


def _shown(seat: Seat, account: Account, fields: Fields) -> HTMLResponse:
    found: Exposure = exposure_for(seat, account)
    day = day_of(seat.suite.now_ms())
    return page(
        seat,
        "bench/grader.html",
        status=200 if fields.ok else 400,
        account=account,
        exposure=found,
        fields=fields,
        is_self=account.user_id == seat.account.user_id,
        given=allowed(seat.store.connection, account.user_id, day),
    )
