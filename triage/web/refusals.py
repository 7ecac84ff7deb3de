"""How a fault is told: a page in plain words, JSON to a script, or the way to sign in."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from triage.model.display import printable
from triage.web.admission import ChangeFirst, RefusedHere
from triage.web.faults import Answer, SignInNeeded
from triage.web.pages import plain_page
from triage.web.seat import Seat
from triage.web.suite import Suite

SIGN_IN = "/sign-in"
PASSWORD = "/account/password"  # noqa: S105  (a path)


def seat_of(error: Exception) -> Seat | None:
    """Give the seat of who was refused, where somebody is signed in."""
    return error.seat if isinstance(error, RefusedHere) else None


def to_sign_in(request: Request) -> Response:
    """Lead to the sign-in, and from there back to the page that was asked for."""
    if request.method != "GET":
        return RedirectResponse(SIGN_IN, status_code=303)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    tail = "" if path == "/" or len(path) > 1_000 else f"?next={quote(path, safe='')}"
    return RedirectResponse(SIGN_IN + tail, status_code=303)


def reply(
    suite: Suite, request: Request, seat: Seat | None, answer: Answer, *, api: bool
) -> Response:
    """Answer a fault."""
    headers = {"Retry-After": str(answer.wait_s)} if answer.wait_s else None
    if not api:
        return plain_page(suite, request, seat, answer, headers=headers)
    error: dict[str, object] = {
        "message": printable(answer.message),
        "hint": printable(answer.hint),
    }
    if answer.fields:
        error["fields"] = [
            {"where": printable(where), "what": printable(what)} for where, what in answer.fields
        ]
    return JSONResponse({"error": error}, status_code=answer.status, headers=headers)


def elsewhere(request: Request, error: Exception) -> Response | None:
    """Lead to where the person has to be first, where that is another page."""
    if isinstance(error, SignInNeeded):
        return to_sign_in(request)
    if isinstance(error, ChangeFirst) and request.method == "GET":
        return RedirectResponse(PASSWORD, status_code=303)
    return None
