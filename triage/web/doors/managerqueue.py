"""The queue for managers: its order with the reasons, and what a person may say of it."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.batch.dashboard import read_queue
from triage.batch.standing import QueueLine, Standing
from triage.batch.weights import load_weights
from triage.errors import UsageFault
from triage.model.account import AuditAction, Role
from triage.model.ledger import OrderKind
from triage.store.leases import Leases
from triage.store.orders import Orders
from triage.web.faults import NotFound
from triage.web.gate import Door, SeatIn
from triage.web.morning import morning_of
from triage.web.numbers import RowId
from triage.web.pages import page
from triage.web.queueviews import COLOURS, RETRY, ExhibitPage, exhibit_page, queue_page
from triage.web.seat import Seat

DOOR = Door("/manager/queue", roles=frozenset({Role.MANAGER}))
WHY_MOST = 400
DONE = {
    OrderKind.HOLD: "is held back. It is not worked until you release it.",
    OrderKind.RELEASE: "is released. It has its place in the queue again.",
    OrderKind.BUMP: "now goes before all that were not put first earlier.",
    OrderKind.UNBUMP: "has the place of its points again.",
    RETRY: "waits again and will be tried once more.",
}
"""What is said after an order, behind the name of the exhibit."""


@DOOR.page("")
def queue(seat: SeatIn, standing: str = "", words: str = "", nth: int = 1) -> HTMLResponse:
    """Show the queue in its order, or those that a filter chooses."""
    standing = standing if standing in {str(one) for one in Standing} else ""
    words = " ".join(words.split())[:100]
    found = queue_page(_lines(seat), standing=standing, words=words, page=nth)
    return page(
        seat, "manager/queue.html", found=found, standing=standing, words=words, colours=COLOURS
    )


@DOOR.page("/{ledger_id}")
def exhibit(seat: SeatIn, ledger_id: RowId) -> HTMLResponse:
    """Show why an exhibit stands where it does, and what can be done."""
    return _shown(seat, ledger_id)


@DOOR.form("/{ledger_id}/{kind}")
def order(seat: SeatIn, ledger_id: RowId, kind: str) -> Response:
    """Hold, release, put first, put back or try again, each with a reason."""
    if kind not in DONE:
        raise NotFound("There is no such order.")
    why = seat.form.text("why", missing="Say why, so that others can follow it", most=WHY_MOST)
    if not seat.form.ok:
        return _shown(seat, ledger_id, kind)
    line = _line(_lines(seat), ledger_id)
    facts = line.entry.facts
    try:
        _give(seat, ledger_id, kind, why)
    except UsageFault as fault:
        seat.store.rollback()
        seat.form.error("why", fault.message)
        return _shown(seat, ledger_id, kind)
    action = AuditAction.STAGE_MOVED if kind == RETRY else AuditAction.QUEUE_ORDERED
    seat.audit(action, case=facts.case, exhibit=facts.exhibit, order=kind, why=why)
    seat.commit()
    morning_of(seat).forget()
    seat.flash(f"{facts.exhibit} of {facts.case} {DONE[kind]}")
    return RedirectResponse(f"/manager/queue/{ledger_id}", status_code=303)


def _give(seat: Seat, ledger_id: int, kind: str, why: str) -> None:
    by, connection = seat.account.shown, seat.store.connection
    if kind == RETRY:
        Leases(connection).wait_again(ledger_id, by=by, why=why, now_s=seat.now_s)
    else:
        orders = Orders(connection)
        orders.order(ledger_id, OrderKind(kind), by=by, why=why, now_s=seat.now_s)


def _shown(seat: Seat, ledger_id: int, kind: str = "") -> HTMLResponse:
    """Show an exhibit; with ``kind``, the order that was refused is open with what is wrong."""
    found = _exhibit(seat, ledger_id)
    return page(
        seat,
        "manager/exhibit.html",
        status=400 if seat.form.errors else 200,
        found=found,
        tried=kind,
        colours=COLOURS,
        why_most=WHY_MOST,
    )


def _exhibit(seat: Seat, ledger_id: int) -> ExhibitPage:
    orders = Orders(seat.store.connection).orders_of(ledger_id)
    found = exhibit_page(_lines(seat), ledger_id, orders)
    if found is None:
        raise _gone()
    return found


def _line(lines: tuple[QueueLine, ...], ledger_id: int) -> QueueLine:
    for one in lines:
        if one.entry.ledger_id == ledger_id:
            return one
    raise _gone()


def _gone() -> NotFound:
    return NotFound(
        "This exhibit is not in the queue.", hint="It may be finished, or not imaged yet."
    )


def _lines(seat: Seat) -> tuple[QueueLine, ...]:
    return read_queue(seat.store, load_weights(), seat.now_s)
