"""Signing in: what an attempt comes to, and the session that begins."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from triage.access import passwords, signin, tokens
from triage.model.account import Account, AuditAction
from triage.scheduler.latch import Places
from triage.store.accountrows import folded
from triage.store.accounts import Accounts
from triage.store.sessions import Sessions
from triage.web import cookies
from triage.web.admission import agent_of
from triage.web.faults import SignInNeeded, TooMany
from triage.web.seat import Seat

WINDOW_S = 300
BY_ADDRESS = 60
"""Attempts from one address in that time: a station's people may share one."""

BY_NAME = 12
NAME_MOST = 100

AT_ONCE = 2
"""Passwords that are looked at at a time: each takes 64 MB and both cores for a while."""

WAITING = 12
"""Requests that wait for their turn; more are told to come again, and other pages go on."""

_AGAIN_S = 5


class _Looks(Places):
    """Who may look at a password."""


def check_rate(seat: Seat, name: str) -> None:
    """Count an attempt.

    Args:
        name: that was tried; empty where none is, and only the address counts.

    Raises:
        TooMany: there were too many from this address, or for this name.
    """
    rates, now_s = seat.suite.rates, seat.now_s
    waits = [
        rates.wait_s(f"address {seat.address}", now_s=now_s, most=BY_ADDRESS, window_s=WINDOW_S)
    ]
    if name:
        key = f"name {folded(name)}"
        waits.append(rates.wait_s(key, now_s=now_s, most=BY_NAME, window_s=WINDOW_S))
    if any(waits):
        if not rates.wait_s("told " + seat.address, now_s=now_s, most=1, window_s=WINDOW_S):
            seat.audit(AuditAction.SIGN_IN_REFUSED, why="too many attempts")
            seat.commit()
        raise TooMany(
            "There were too many attempts to sign in.",
            wait_s=max(waits),
            hint=f"Wait {-(-max(waits) // 60)} minutes, then try again.",
        )


def looked_at(seat: Seat, encoded: str, password: str) -> tuple[bool, str | None]:
    """Look at a password when it is its turn; the database is let go of meanwhile.

    Returns:
        as :func:`triage.access.passwords.verify`.

    Raises:
        TooMany: too many others are waiting.
    """
    seat.store.connection.rollback()
    with _turn(seat):
        return passwords.verify(encoded, password, cost=seat.suite.cost)


def encoded_anew(seat: Seat, password: str) -> str:
    """Encode a password when it is its turn.

    Raises:
        TooMany: too many others are waiting.
    """
    with _turn(seat):
        return passwords.encode(password, cost=seat.suite.cost)


@contextlib.contextmanager
def _turn(seat: Seat) -> Iterator[None]:
    looks = seat.suite.part(_Looks, lambda _: _Looks(AT_ONCE, WAITING))
    with looks.taken() as taken:
        if not taken:
            raise TooMany(
                "Many people are signing in at this moment.",
                wait_s=_AGAIN_S,
                hint="Try again in a few seconds.",
            )
        yield


def still_here(seat: Seat, encoded: str) -> Account:
    """Hold the account of who is signed in, after the time that a look at its password takes.

    Args:
        encoded: the password that was looked at.

    Raises:
        SignInNeeded: meanwhile the session has ended, the account was disabled, or its password was
            replaced.
    """
    accounts, own = Accounts(seat.store.connection), seat.account
    account = accounts.held(own.user_id)
    sessions = Sessions(seat.store.connection).of(own.user_id, seat.now_s)
    alive = seat.signed is not None and seat.signed.session_id in {
        one.session_id for one in sessions
    }
    if not (alive and account.active and accounts.password_of(own.user_id) == encoded):
        raise SignInNeeded("Your session has ended.")
    return account


def by_password(seat: Seat, name: str, password: str) -> bool:
    """Sign in who knows the password, and tell whether that was so.

    The work is the same whether there is such an account or not.
    """
    accounts = Accounts(seat.store.connection)
    account = accounts.by_name(name)
    encoded = accounts.password_of(account.user_id) if account else ""
    fits, anew = looked_at(seat, encoded, password)
    if account is not None:
        account = accounts.held(account.user_id)
        if accounts.password_of(account.user_id) != encoded:  # replaced while it was looked at
            fits, anew = False, None
    unit = seat.suite.settings()
    decision = signin.by_password(account, unit, seat.now_s, fits=fits)
    if account is not None and decision.counted:
        count = decision.count
        accounts.failed(
            account.user_id, failures=count.failures, locked_until_s=count.locked_until_s
        )
        if decision.enters and anew is not None:
            accounts.set_password(account.user_id, anew, must_change=account.must_change)
    note(seat, decision, account, tried=name, how="password")
    if account is not None and decision.enters:
        begin(seat, account, how="password")
    else:
        seat.commit()
    return decision.enters


def note(
    seat: Seat, decision: signin.Decision, account: Account | None, *, tried: str, how: str
) -> None:
    """Note for the audit what a sign-in came to; the caller commits."""
    seat.note(
        signin.audit_lines(
            decision,
            account,
            tried=tried,
            how=how,
            at_ms=seat.suite.now_ms(),
            address=seat.address,
        )
    )


def begin(seat: Seat, account: Account, *, how: str) -> None:
    """Begin a session under a token that nobody had before, and commit it.

    A session that the browser had before ends: what was planted there is worth nothing.
    """
    sessions = Sessions(seat.store.connection)
    if seat.signed is not None:
        sessions.end(seat.signed.session_id, seat.now_s)
    token = tokens.new_token()
    sessions.begin(
        account.user_id,
        token_sha256=tokens.token_sha256(token),
        csrf=tokens.new_token(),
        how=how,
        now_s=seat.now_s,
        expires_s=signin.expires_s(seat.suite.settings(), seat.now_s),
        address=seat.address,
        agent=agent_of(seat.request),
    )
    seat.commit()
    seat.suite.rates.forget(f"name {account.name}")
    seat.set_cookie(cookies.Cookie(name=cookies.SESSION, value=token))
    seat.set_cookie(cookies.Cookie(name=cookies.BEFORE, value=""))


def way_on(asked: str) -> str:
    """Give the page to go to after signing in: one of ours, ``/`` where none was asked for."""
    if not asked.startswith("/") or asked[1:2] in {"/", "\\"} or len(asked) > 1_000:
        return "/"
    if not (asked.isascii() and asked.isprintable()) or "\\" in asked:
        return "/"
    parts = urlsplit(asked)
    if parts.scheme or parts.netloc or parts.path.startswith(("/sign-", "//")):
        return "/"
    return asked
