"""The start page: what somebody of these roles can do here."""

from __future__ import annotations

from starlette.responses import HTMLResponse, PlainTextResponse

from triage.web.gate import ANYONE, EVERYBODY, Door, SeatIn
from triage.web.navigation import entries_for
from triage.web.pages import page

DOOR = Door("", roles=EVERYBODY)


@DOOR.page("/")
def start(seat: SeatIn) -> HTMLResponse:
    """Show the doors that are open to this person."""
    return page(seat, "home.html", offered=entries_for(seat.suite.entries, seat.roles))


@DOOR.page("/robots.txt", ANYONE)
def robots(seat: SeatIn) -> PlainTextResponse:  # noqa: ARG001  (everybody is told the same)
    """Ask robots to stay away; they would be refused anyway."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
