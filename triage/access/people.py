"""Rules on accounts among each other, and their roles in words."""

from __future__ import annotations

from collections.abc import Iterable

from triage.model.account import Account, Role


def role_words(roles: Iterable[Role]) -> str:
    """Give roles as the audit keeps them: by name, ``examiner, supervisor``."""
    return ", ".join(sorted(role.value for role in roles))


def keeps_administrator(accounts: Iterable[Account], changed: Account) -> bool:
    """Tell whether somebody could still keep accounts after a change.

    Args:
        accounts: all of them, as they stand.
        changed: one of them, as it is to be.
    """
    others = (one for one in accounts if one.user_id != changed.user_id)
    return any(one.active and Role.ADMINISTRATOR in one.roles for one in (*others, changed))
