"""The door to the force's own sign-in, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from triage.access import signin
from triage.access.people import role_words
from triage.errors import UsageFault
from triage.model.account import Account, AuditAction, AuditLine, Role
from triage.store.accountrows import alike
from triage.store.accounts import Accounts
from triage.web import cookies, signingin
from triage.web.faults import Fault, NotFound
from triage.web.gate import ANYONE, Door, SeatIn
from triage.web.oidc import Provider
from triage.web.roundtrip import LASTS_S, Link, NotVouched, RoundTrip
from triage.web.seat import Seat

DOOR = Door("/sign-in/provider", roles=ANYONE)


@DOOR.page("")
def leave(seat: SeatIn, next: str = "/") -> Response:  # noqa: A002  (the name in the address)
    """Lead to the provider."""
    provider = _provider(seat)
    signingin.check_rate(seat, "")
    trip = RoundTrip.fresh(signingin.way_on(next), seat.now_s)
    try:
        address = _link(seat, provider).way_there(trip)
    except NotVouched as refusal:
        return _refused(seat, provider, refusal.why)
    packed = trip.packed(seat.suite.secret)
    seat.set_cookie(cookies.Cookie(name=cookies.ROUND_TRIP, value=packed, lasts_s=LASTS_S))
    return RedirectResponse(address, status_code=303)


@DOOR.page("/back")
def come_back(seat: SeatIn) -> Response:
    """Begin a session for whom the provider vouches for."""
    provider = _provider(seat)
    signingin.check_rate(seat, "")
    seat.set_cookie(cookies.Cookie(name=cookies.ROUND_TRIP, value=""))
    carried = seat.request.cookies.get(cookies.ROUND_TRIP, "")[:4_000]
    try:
        trip = RoundTrip.unpacked(carried, seat.suite.secret, seat.now_s)
        answer = dict(seat.request.query_params)
        claims = _link(seat, provider).vouched(trip, answer, seat.now_s)
        account = _account(seat, provider, claims)
    except NotVouched as refusal:
        return _refused(seat, provider, refusal.why)
    decision = signin.by_provider(account)
    subject = str(claims["sub"])
    signingin.note(seat, decision, account, tried=subject, how="oidc")
    if account is None or not decision.enters:
        seat.commit()
        raise _sorry(provider)
    signingin.begin(seat, account, how="oidc")
    return RedirectResponse(trip.way_on, status_code=303)


def _account(seat: Seat, provider: Provider, claims: Mapping[str, Any]) -> Account | None:
    """Give the account of a person, with the roles that the provider gives where it does.

    An account is known by issuer and subject alone: names may be given to somebody else one day.
    """
    accounts = Accounts(seat.store.connection)
    found = accounts.by_subject(provider.issuer, str(claims["sub"]))
    if found is not None and not found.active:
        return found
    if not provider.roles_claim:
        return found
    roles = provider.roles_of(claims)
    if not roles:
        raise NotVouched("the provider gives no role of ours")
    if found is None:
        return _created(seat, provider, claims) if provider.creates else None
    found = accounts.held(found.user_id)  # an administrator may be disabling it at this moment
    if found.active and roles != found.roles:
        accounts.change(
            found.user_id, shown=found.shown, roles=roles, team_id=found.team_id, active=True
        )
        _note(seat, AuditAction.ACCOUNT_CHANGED, found.name, roles)
    return accounts.by_id(found.user_id)


def _created(seat: Seat, provider: Provider, claims: Mapping[str, Any]) -> Account | None:
    accounts = Accounts(seat.store.connection)
    name = str(claims.get(provider.name_claim) or "")
    shown = str(claims.get(provider.shown_claim) or name)
    if any(alike(one.shown) == alike(shown) for one in accounts.all()):
        shown = f"{shown} ({name})"  # a namesake; votes stand under the name as shown
    roles = provider.roles_of(claims)
    try:
        user_id = accounts.add(
            name,
            shown,
            roles,
            issuer=provider.issuer,
            subject=str(claims["sub"]),
            now_s=seat.now_s,
        )
    except UsageFault as fault:
        seat.store.connection.rollback()
        raise NotVouched("no account could be made: " + fault.message) from fault
    made = accounts.by_id(user_id)
    _note(seat, AuditAction.ACCOUNT_ADDED, made.name if made else name, roles)
    return made


def _note(seat: Seat, action: AuditAction, name: str, roles: frozenset[Role]) -> None:
    """Note what the provider has changed, by the account that it vouched for.

    It is not by whoever was signed in at this browser before.
    """
    line = AuditLine(
        at_ms=seat.suite.now_ms(),
        action=action,
        by=name,
        role="provider",
        detail=(("account", name), ("roles", role_words(roles))),
        address=seat.address,
    )
    seat.note((line,))


def _link(seat: Seat, provider: Provider) -> Link:
    return seat.suite.part(Link, lambda _suite: Link(provider))


def _refused(seat: Seat, provider: Provider, why: str) -> Response:
    """Write down why, and say that it did not work, but not why."""
    seat.audit(AuditAction.SIGN_IN_REFUSED, how="oidc", why=why)
    seat.commit()
    raise _sorry(provider)


def _sorry(provider: Provider) -> Fault:
    return Fault(
        f"Signing in with {provider.name} did not work.",
        hint="Go to the start page and try again. If it does not work then either, ask your "
        "administrator whether you have an account here.",
    )


def _provider(seat: Seat) -> Provider:
    if seat.suite.provider is None:
        raise NotFound("There is no other way to sign in here.")
    return seat.suite.provider
