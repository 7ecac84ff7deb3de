"""Who is let in: by origin, session, role and token, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from triage.access import signin, tokens
from triage.model.account import SignedIn
from triage.model.display import printable
from triage.store.sessions import SEEN_EVERY_S, Sessions
from triage.web import bodies, cookies
from triage.web.faults import Refused, SignInNeeded
from triage.web.seat import Seat
from triage.web.suite import Suite

if TYPE_CHECKING:
    from triage.web.gate import Rule

SAFE = frozenset({"GET", "HEAD"})
TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105  (the name of a header)
ADDRESS_MOST = 64
AGENT_MOST = 200


class RefusedHere(Refused):
    """A refusal of who is signed in; it is written down with the seat it was told to."""

    def __init__(self, message: str, *, seat: Seat, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.seat = seat


class ChangeFirst(Refused):
    """The password was set by somebody else and has to be changed before anything else."""

    heading = "Change your password first"


def admit(suite: Suite, request: Request, rule: Rule) -> Seat:
    """Give the seat of a request that may pass.

    Raises:
        SignInNeeded: nobody is signed in.
        Refused: another site sent it, or the role does not have the route.
        TooLarge: its body says that it is larger than it may be.
    """
    bodies.check_length(request, rule.body_bytes)
    seat = seat_at(suite, request, api=rule.api)
    if request.method not in SAFE:
        check_origin(request, seat)
    if rule.roles:
        _check_roles(seat, rule)
    return seat


def seat_at(suite: Suite, request: Request, *, api: bool) -> Seat:
    """Give the seat of whoever asks, whatever is asked for."""
    return Seat(
        suite=suite,
        request=request,
        signed=signed_in(suite, request),
        api=api,
        now_s=suite.now_s(),
        address=address_of(request),
        before=request.cookies.get(cookies.BEFORE, "")[:100],
    )


def signed_in(suite: Suite, request: Request) -> SignedIn | None:
    """Give the session that the browser's cookie names, where it goes on."""
    token = request.cookies.get(cookies.SESSION, "")
    if not token or len(token) > 200:
        return None
    now_s = suite.now_s()
    idle_s = signin.idle_s(suite.settings())
    with suite.stores.open() as store:
        sessions = Sessions(store.connection)
        signed = sessions.find(tokens.token_sha256(token), now_s, idle_s)
        if signed is not None and now_s - signed.seen_s >= SEEN_EVERY_S:
            sessions.seen(signed.session_id, now_s)
            store.connection.commit()
    return signed


def check_origin(request: Request, seat: Seat) -> None:
    """Refuse what another site lets a browser send.

    ``Sec-Fetch-Site`` cannot be set by a page and is sent by all browsers since 2023; ``Origin`` is
    looked at where it is missing. A program that sends neither has no cookies of a browser, and
    still needs the token.

    Raises:
        Refused: it comes from elsewhere.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise RefusedHere("This request was sent by another site.", seat=seat)
        return
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host')}":
        raise RefusedHere("This request was sent by another site.", seat=seat)


def check_token(seat: Seat, rule: Rule) -> None:
    """Refuse a changing request that does not bring the token of its session.

    Raises:
        Refused: the token is missing, old or somebody else's.
    """
    if rule.method in SAFE:
        return
    request = seat.request
    told = seat.form.raw("csrf") if rule.form else request.headers.get(TOKEN_HEADER, "")
    if not tokens.same(told, seat.csrf):
        raise Refused(
            "This form is out of date, so nothing was done.",
            hint="Go back, reload the page and send it again.",
        )


def address_of(request: Request) -> str:
    """Give where a request comes from, as far as anybody can tell."""
    return printable(request.client.host)[:ADDRESS_MOST] if request.client else ""


def agent_of(request: Request) -> str:
    """Give what a browser says of itself."""
    return printable(request.headers.get("user-agent", ""))[:AGENT_MOST]


def _check_roles(seat: Seat, rule: Rule) -> None:
    if seat.signed is None:
        raise SignInNeeded("Sign in to see this page.")
    if seat.account.must_change and not rule.stale:
        raise ChangeFirst(
            "Your password was set by somebody else. Choose your own before you go on."
        )
    if not seat.roles & rule.roles:
        raise RefusedHere(
            "Your account does not have the role that this page is for.",
            seat=seat,
            hint="If you need it for your work, ask your administrator.",
        )
