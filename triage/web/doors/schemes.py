"""Category schemes for administrators: what codes mean, and who confirmed it."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.errors import UsageFault
from triage.grading.scheme import Scheme, SchemeBook
from triage.model.account import AuditAction, Role
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/administrator/schemes", roles=frozenset({Role.ADMINISTRATOR}))
SOURCE_MOST = 400
NAME_MOST = 100


@DOOR.page("")
def schemes(seat: SeatIn) -> HTMLResponse:
    """List the schemes with who confirmed them."""
    return page(seat, "administrator/schemes.html", schemes=_book(seat).all())


@DOOR.page("/{scheme_id}")
def scheme(seat: SeatIn, scheme_id: str) -> HTMLResponse:
    """Show what the codes of a scheme mean, and ask who checked it."""
    fields = Fields()
    fields.fill("by", seat.account.shown)
    return _shown(seat, _scheme(seat, scheme_id), fields)


@DOOR.form("/{scheme_id}/confirm")
def confirm(seat: SeatIn, scheme_id: str) -> Response:
    """Put a name to the version of a scheme that was looked at."""
    found, fields = _scheme(seat, scheme_id), seat.form
    by = fields.text("by", missing="Enter who checked the table", most=NAME_MOST)
    source = fields.text("source", missing="Enter what it was checked against", most=SOURCE_MOST)
    if fields.raw("sha256") != found.sha256():
        fields.error("source", "The table was changed since you looked at it. Look at it again")
    if fields.ok:
        at = datetime.fromtimestamp(seat.now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            found = _book(seat).confirm(scheme_id, by=by, source=source, at=at)
        except UsageFault as fault:
            fields.error("source", fault.message)
    if not fields.ok:
        return _shown(seat, found, fields)
    seat.audit(
        AuditAction.SCHEME_CONFIRMED,
        scheme=found.id,
        version=found.version,
        digest=found.sha256(),
        confirmed_by=by,
        source=source,
    )
    seat.commit()
    seat.flash(f"The scheme {found.id}, version {found.version}, is confirmed.")
    return RedirectResponse(f"/administrator/schemes/{scheme_id}", status_code=303)


def _shown(seat: Seat, found: Scheme, fields: Fields) -> HTMLResponse:
    return page(
        seat,
        "administrator/scheme.html",
        status=200 if fields.ok else 400,
        scheme=found,
        digest=found.sha256(),
        fields=fields,
    )


def _scheme(seat: Seat, scheme_id: str) -> Scheme:
    book = _book(seat)
    if scheme_id not in book.ids():
        raise NotFound("There is no such category scheme.")
    return book.get(scheme_id)


def _book(seat: Seat) -> SchemeBook:
    return SchemeBook(seat.suite.home)
