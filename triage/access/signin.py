"""Decides what a sign-in comes to, and what is written down of it."""

from __future__ import annotations

from dataclasses import dataclass

from triage.access import lockout
from triage.access.people import role_words
from triage.model.account import Account, AuditAction, AuditLine
from triage.model.settings import UnitSettings

REFUSED_WORDS = "The name or the password is not right, or this account cannot sign in at present."
"""Said in every case, so that it tells nobody which names there are or which are locked."""

_HOUR_S = 3_600
_MINUTE_S = 60
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a sign-in comes to.

    Attributes:
        enters: a session begins; else :data:`REFUSED_WORDS`.
        actions: what is written down of it, in order.
        why: it was refused, in words for the audit, never for the page.
        count: of failures, to be kept for the account where ``counted``.
    """

    enters: bool
    actions: tuple[AuditAction, ...]
    why: str = ""
    count: lockout.Count = lockout.NONE
    counted: bool = False


def by_password(
    account: Account | None, settings: UnitSettings, now_s: int, *, fits: bool
) -> Decision:
    """Decide on a name and a password.

    Args:
        account: of that name, as it stands in the transaction that keeps the count.
        settings: how many failures lock it, and for how long.
        now_s: seconds since 1970 UTC.
        fits: it is its password; it is looked at in every case, so that the time tells nothing.
    """
    if account is None:
        return _refused("there is no account of this name")
    if not account.active:
        return _refused("the account is not active")
    if not account.local:
        return _refused("the account has no password here")
    if lockout.is_locked(account, now_s):
        return _refused("the account is locked")
    if fits:
        return Decision(enters=True, actions=(AuditAction.SIGNED_IN,), counted=True)
    count = lockout.after_failure(account, settings, now_s)
    locks = count.locked_until_s != lockout.NOT_LOCKED
    return Decision(
        enters=False,
        actions=(AuditAction.SIGN_IN_REFUSED, *((AuditAction.LOCKED_OUT,) if locks else ())),
        why="the password is not right",
        count=count,
        counted=True,
    )


def by_provider(account: Account | None) -> Decision:
    """Decide on somebody whom the force's own provider has vouched for.

    A lock is for guessed passwords and does not count here.
    """
    if account is None:
        return _refused("nobody here is known by this subject")
    if not account.active:
        return _refused("the account is not active")
    return Decision(enters=True, actions=(AuditAction.SIGNED_IN,))


def audit_lines(  # noqa: PLR0913  (facts of a line, by their names)
    decision: Decision,
    account: Account | None,
    *,
    tried: str,
    how: str,
    at_ms: int,
    address: str,
) -> tuple[AuditLine, ...]:
    """Give what is written down of a sign-in.

    Args:
        tried: the name as it was given. Of one that no account has only the beginning is kept:
            people type passwords where a name should be.
        how: ``password`` or ``oidc``.
    """
    by = account.name if account else _beginning(tried)
    detail = (("how", how), *((("why", decision.why),) if decision.why else ()))
    return tuple(
        AuditLine(
            at_ms=at_ms,
            action=action,
            by=by,
            role=role_words(account.roles) if account else "",
            detail=detail,
            address=address,
        )
        for action in decision.actions
    )


def expires_s(settings: UnitSettings, now_s: int) -> int:
    """Give when a session that begins now ends, however much it is used."""
    return now_s + settings.session_hours * _HOUR_S


def idle_s(settings: UnitSettings) -> int:
    """Give the seconds without a request after which a session ends."""
    return settings.idle_minutes * _MINUTE_S


def _refused(why: str) -> Decision:
    return Decision(enters=False, actions=(AuditAction.SIGN_IN_REFUSED,), why=why)


def _beginning(tried: str) -> str:
    return f"{tried[:_SHOWN]}\u2026 ({len(tried):,} characters)" if tried else "(no name)"
