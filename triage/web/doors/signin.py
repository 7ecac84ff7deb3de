"""The door that everybody may come to: signing in and out."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.access import signin
from triage.model.account import AuditAction
from triage.store.sessions import Sessions
from triage.web import cookies, signingin
from triage.web.forms import Fields
from triage.web.gate import ANYONE, Door, SeatIn
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("", roles=ANYONE)


@DOOR.page("/sign-in")
def asked(seat: SeatIn, next: str = "/") -> Response:  # noqa: A002  (the name in the address)
    """Ask for name and password."""
    if seat.signed is not None:
        return RedirectResponse(signingin.way_on(next), status_code=303)
    fields = Fields()
    fields.fill("next", signingin.way_on(next))
    return _page(seat, fields)


@DOOR.form("/sign-in", body_bytes=20_000)
def answered(seat: SeatIn) -> Response:
    """Sign in who knows the password."""
    fields = seat.form
    name = fields.text("name", missing="Enter your name", most=signingin.NAME_MOST)
    if not fields.raw("password"):
        fields.error("password", "Enter your password")
    if fields.ok:
        signingin.check_rate(seat, name)
        if signingin.by_password(seat, name, fields.raw("password")):
            return RedirectResponse(signingin.way_on(fields.raw("next")), status_code=303)
        fields.error("name", signin.REFUSED_WORDS)
    return _page(seat, fields, status=400)


@DOOR.form("/sign-out", stale=True)
def left(seat: SeatIn) -> Response:
    """End the session of this browser."""
    if seat.signed is not None:
        Sessions(seat.store.connection).end(seat.signed.session_id, seat.now_s)
        seat.audit(AuditAction.SIGNED_OUT)
        seat.commit()
    seat.set_cookie(cookies.Cookie(name=cookies.SESSION, value=""))
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


def _page(seat: Seat, fields: Fields, *, status: int = 200) -> HTMLResponse:
    provider = seat.suite.provider
    way = quote(signingin.way_on(fields.raw("next")), safe="")
    return page(
        seat,
        "account/signin.html",
        status=status,
        fields=fields,
        provider_name=provider.name if provider else "",
        provider_path=f"/sign-in/provider?next={way}",
    )
