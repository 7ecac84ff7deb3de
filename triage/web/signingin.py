"""Signing in: what an attempt comes to, and the session that begins."""

from __future__ import annotations

from urllib.parse import urlsplit

from triage.access import passwords, tokens
from triage.model.account import Account, AuditAction
from triage.model.display import printable
from triage.store.accounts import Accounts
from triage.store.sessions import Sessions
from triage.web import cookies
from triage.web.admission import agent_of
from triage.web.faults import TooMany
from triage.web.seat import Seat

WINDOW_S = 300
BY_ADDRESS = 60
"""Attempts from one address in that time: a station's people may share one."""

BY_NAME = 12
NAME_MOST = 100


def check_rate(seat: Seat, name: str) -> None:
    """Count an attempt.

    Raises:
        TooMany: there were too many from this address, or for this name.
    """
    rates, now_s = seat.suite.rates, seat.now_s
    waits = (
        rates.wait_s(f"address {seat.address}", now_s=now_s, most=BY_ADDRESS, window_s=WINDOW_S),
        rates.wait_s(f"name {name.casefold()}", now_s=now_s, most=BY_NAME, window_s=WINDOW_S),
    )
    if any(waits):
        raise TooMany(
            "There were too many attempts to sign in.",
            wait_s=max(waits),
            hint=f"Wait {-(-max(waits) // 60)} minutes, then try again.",
        )


def by_password(seat: Seat, name: str, password: str) -> bool:
    """Sign in who knows the password, and tell whether that was so.

    The work is the same whether there is such an account or not.
    """
    accounts = Accounts(seat.store.connection)
    found = accounts.by_name(name)
    encoded = accounts.password_of(found.user_id) if found else ""
    seat.store.connection.rollback()
    right, anew = passwords.verify(encoded, password, cost=seat.suite.cost)
    if found is None:
        refuse(seat, name, "no such account")
        return False
    account = accounts.held(found.user_id)
    if account.locked_until_s > seat.now_s:
        refuse(seat, account.name, "locked")
        return False
    if not right:
        _failed(seat, accounts, account)
        return False
    if not (account.active and account.local and account.roles):
        refuse(seat, account.name, "not active")
        return False
    accounts.succeeded(account.user_id)
    if anew is not None:
        accounts.set_password(account.user_id, anew, must_change=account.must_change)
    begin(seat, account, how="password")
    return True


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
        expires_s=seat.now_s + seat.suite.settings().session_hours * 3_600,
        address=seat.address,
        agent=agent_of(seat.request),
    )
    seat.audit(AuditAction.SIGNED_IN, by=account.name, roles=account.roles, how=how)
    seat.commit()
    seat.suite.rates.forget(f"name {account.name}")
    seat.set_cookie(cookies.Cookie(name=cookies.SESSION, value=token))
    seat.set_cookie(cookies.Cookie(name=cookies.BEFORE, value=""))


def refuse(seat: Seat, name: str, why: str) -> None:
    """Write down that somebody was not let in."""
    shown = printable(name)[:NAME_MOST]
    seat.audit(AuditAction.SIGN_IN_REFUSED, by=shown, roles=frozenset(), why=why)
    seat.commit()


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


def _failed(seat: Seat, accounts: Accounts, account: Account) -> None:
    unit = seat.suite.settings()
    failures = account.failures + 1
    locks = failures >= unit.lock_failures
    until_s = seat.now_s + unit.lock_minutes * 60 if locks else -1
    accounts.failed(account.user_id, failures=0 if locks else failures, locked_until_s=until_s)
    if locks:
        seat.audit(AuditAction.LOCKED_OUT, by=account.name, roles=account.roles)
    refuse(seat, account.name, "wrong password")
