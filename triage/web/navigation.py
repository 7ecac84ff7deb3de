"""What each role finds at the head of its pages and on its start page."""

from __future__ import annotations

from dataclasses import dataclass

from triage.model.account import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A way to a door.

    Attributes:
        words: what one can do there, for the start page.
        head: stands in the navigation of every page, too.
    """

    label: str
    path: str
    roles: frozenset[Role]
    words: str
    head: bool = True


ENTRIES: tuple[Entry, ...] = (
    Entry(
        label="Devices",
        path="/officer",
        roles=frozenset({Role.OFFICER}),
        words="Submit a device, see how far it is, and take its result away.",
    ),
    Entry(
        label="This morning",
        path="/manager",
        roles=frozenset({Role.MANAGER}),
        words="How many wait, how old they are, what happened last night, and who needs you. "
        "Queue, forecast, graders and counts are there too.",
    ),
    Entry(
        label="Grading",
        path="/bench",
        roles=frozenset({Role.EXAMINER}),
        words="Look at the pictures of a case and grade them. What you look at is counted, and "
        "pictures are small, grey and blurred until you lift that.",
    ),
    Entry(
        label="Cases",
        path="/cases",
        roles=frozenset({Role.EXAMINER, Role.SUPERVISOR}),
        words="What may be first-generation material, disputes, quality of grading, and cases as "
        "files.",
    ),
    Entry(
        label="Graders",
        path="/supervisor",
        roles=frozenset({Role.SUPERVISOR}),
        words="How much each grader looked at, and more for one who has reached a limit.",
    ),
    Entry(
        label="Administration",
        path="/administrator",
        roles=frozenset({Role.ADMINISTRATOR}),
        words="Accounts, teams, settings of the unit, intake folders, category schemes and the "
        "record of what was done.",
    ),
)
"""In the order in which they are shown; one whose page does not exist is left out."""


def entries_for(entries: tuple[Entry, ...], roles: frozenset[Role]) -> tuple[Entry, ...]:
    """Give what somebody of these roles is offered."""
    return tuple(one for one in entries if one.roles & roles)
