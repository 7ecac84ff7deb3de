"""Turns rows of accounts into values and back, and refuses names that cannot be."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.account import Account, Role
from triage.model.display import printable
from triage.model.vote import same_person
from triage.store.accounttables import users
from triage.store.ledgerrows import words

NAME_MAX = 100
NO_TEAM = -1

_KEPT_BACK = frozenset({"password", "created_s"})
ACCOUNT: tuple[sa.Label[Any], ...] = (
    *(one.label(f"account_{one.name}") for one in users.columns if one.name not in _KEPT_BACK),
    (users.c.password != "").label("account_local"),
)
"""What an account is made from, so named that the columns of another table stand beside it."""


def folded(name: str) -> str:
    """Give a name to sign in with as it is kept and compared."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def alike(shown: str) -> str:
    """Give a name as shown in the form in which two are the same to those who read them."""
    return same_person(unicodedata.normalize("NFKC", shown))


def checked_name(name: str) -> str:
    """Give the folded form of a new name.

    Raises:
        UsageFault: it is empty, too long, or holds blanks or characters that cannot be seen.
    """
    found = words("name", folded(name), hidden=False)
    if not found or len(found) > NAME_MAX or any(map(str.isspace, found)):
        raise UsageFault(
            f"name: {printable(name[:NAME_MAX])!r} is none to sign in with",
            hint=f"1 to {NAME_MAX} characters without blanks, like j.smith",
        )
    return found


def checked_words(name: str, text: str) -> str:
    """Give trimmed words that others read.

    Raises:
        UsageFault: there are none, too many, or some that cannot be seen.
    """
    found = words(name, text, hidden=False)
    if not found or len(found) > NAME_MAX:
        raise UsageFault(f"{name}: 1 to {NAME_MAX} characters are needed")
    return found


def roles_text(roles: Collection[Role]) -> str:
    """Give roles as they are kept.

    Raises:
        UsageFault: there is none.
    """
    if not roles:
        raise UsageFault("roles: an account needs one at least")
    return json.dumps(sorted(Role(one).value for one in roles))


def account_of(row: sa.Row[Any]) -> Account:
    """Give the account of a row that has the columns :data:`ACCOUNT`."""
    return Account(
        user_id=row.account_id,
        name=row.account_name,
        shown=row.account_shown,
        roles=frozenset(map(Role, json.loads(row.account_roles))),
        team_id=NO_TEAM if row.account_team_id is None else row.account_team_id,
        active=bool(row.account_active),
        local=bool(row.account_local),
        must_change=bool(row.account_must_change),
        failures=row.account_failures,
        locked_until_s=row.account_locked_until_s,
        issuer=row.account_issuer,
        subject=row.account_subject,
    )
