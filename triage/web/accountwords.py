"""How pages speak of accounts: what roles are for, and how an account stands."""

from __future__ import annotations

from triage.access.lockout import is_locked
from triage.model.account import Account, Role

ROLES = (
    (
        Role.OFFICER.value,
        "Officer",
        "Submits devices and takes results away. Never sees a picture or the name of a file.",
    ),
    (Role.EXAMINER.value, "Examiner", "Looks at pictures and grades them."),
    (
        Role.SUPERVISOR.value,
        "Supervisor",
        "Looks after graders: how much they see, and whether one may go on over a limit.",
    ),
    (
        Role.MANAGER.value,
        "Manager",
        "Answers for backlog and order. Sees how much graders look at, never pictures.",
    ),
    (
        Role.ADMINISTRATOR.value,
        "Administrator",
        "Keeps accounts, teams and settings, and reads the record of what was done.",
    ),
)
"""Value, name and what it is for, in the order offered."""

STATES = {
    "active": ("Active", "green"),
    "disabled": ("Disabled", "grey"),
    "locked": ("Locked", "red"),
    "new": ("Has a one-time password", "amber"),
}
"""Words and colour of the tag that tells how an account stands."""


def state_of(account: Account, now_s: int) -> str:
    """Tell how an account stands: a key of :data:`STATES`."""
    if not account.active:
        return "disabled"
    if is_locked(account, now_s):
        return "locked"
    return "new" if account.must_change else "active"
