"""Counts failed sign-ins in a row, and locks an account for a while."""

from __future__ import annotations

from typing import NamedTuple

from triage.model.account import Account
from triage.model.settings import UnitSettings

NOT_LOCKED = -1
_MINUTE_S = 60


class Count(NamedTuple):
    """What is kept of failed sign-ins.

    Attributes:
        failures: in a row.
        locked_until_s: seconds since 1970 UTC, -1 for not.
    """

    failures: int
    locked_until_s: int


NONE = Count(0, NOT_LOCKED)


def is_locked(account: Account, now_s: int) -> bool:
    """Tell whether nobody may sign in by the password of an account now."""
    return now_s < account.locked_until_s


def after_failure(account: Account, settings: UnitSettings, now_s: int) -> Count:
    """Give the count after one more failed sign-in.

    An attempt while the account is locked changes nothing, so nobody can keep it locked for ever;
    after a lock the count begins anew.
    """
    if is_locked(account, now_s):
        return Count(account.failures, account.locked_until_s)
    was_locked = account.locked_until_s != NOT_LOCKED
    failures = 1 if was_locked else account.failures + 1
    if failures < settings.lock_failures:
        return Count(failures, NOT_LOCKED)
    return Count(failures, now_s + settings.lock_minutes * _MINUTE_S)
