"""What spares graders, as it was decided: measures lifted for a content, and more allowed a day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from triage.store.benchtables import allowances, lifts

BACK = "-"
"""Before the name of a measure: it was put back."""


class Allowance(NamedTuple):
    """What a supervisor allowed a grader on a day above the hard limits."""

    pictures: int
    minutes: int
    by: str
    why: str
    at_s: int


def add_lifts(  # noqa: PLR0913  (the columns of a row)
    connection: sa.Connection,
    session_id: int,
    case_id: int,
    digests: Sequence[bytes],
    what: Sequence[str],
    *,
    now_s: int,
) -> None:
    """Append that measures were lifted, or put back, for contents; the caller commits."""
    values = [
        {"session_id": session_id, "case_id": case_id, "sha256": one, "what": word, "at_s": now_s}
        for one in digests
        for word in what
    ]
    if values:
        connection.execute(sa.insert(lifts), values)


def lifted(connection: sa.Connection, session_id: int, sha256: bytes) -> frozenset[str]:
    """Give the measures that are lifted for a content in a session: the last word on each."""
    here = (lifts.c.session_id == session_id) & (lifts.c.sha256 == sha256)
    found: set[str] = set()
    for word in connection.execute(sa.select(lifts.c.what).where(here).order_by(lifts.c.id)):
        name = word[0].removeprefix(BACK)
        if word[0].startswith(BACK):
            found.discard(name)
        else:
            found.add(name)
    return frozenset(found)


def allow(connection: sa.Connection, user_id: int, day: str, allowance: Allowance) -> None:
    """Append what a supervisor allows; the caller commits."""
    values = {"user_id": user_id, "day": day, **allowance._asdict()}
    connection.execute(sa.insert(allowances), [values])


def allowed(connection: sa.Connection, user_id: int, day: str) -> tuple[Allowance, ...]:
    """Give what was allowed a grader on a day, in the order in which it was."""
    columns = [allowances.c[one] for one in Allowance._fields]
    here = (allowances.c.user_id == user_id) & (allowances.c.day == day)
    query = sa.select(*columns).where(here).order_by(allowances.c.id)
    return tuple(Allowance(*row) for row in connection.execute(query))
