"""The cases that graders choose from."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from triage.store import tables
from triage.store.votetables import votes


class BenchCase(NamedTuple):
    """A case that was examined.

    Attributes:
        exhibits: their references, in order.
        graded: distinct contents that the person who asks has voted on, withdrawn or not.
    """

    case_id: int
    reference: str
    exhibits: tuple[str, ...]
    graded: int


def cases_for(connection: sa.Connection, grader: str) -> tuple[BenchCase, ...]:
    """Give all cases by reference, with how much of each the grader has voted on."""
    case, exhibit = tables.cases.c, tables.exhibits.c
    asked = (
        sa.select(case.id, case.reference, exhibit.reference)
        .join(exhibits := tables.exhibits, exhibits.c.case_id == case.id)
        .order_by(case.reference, exhibit.reference)
    )
    voted = (
        sa.select(votes.c.case_id, sa.func.count(sa.distinct(votes.c.sha256)))
        .where(votes.c.by == grader)
        .group_by(votes.c.case_id)
    )
    done = {case_id: int(number) for case_id, number in connection.execute(voted)}
    found: dict[int, tuple[str, list[str]]] = {}
    for case_id, reference, name in connection.execute(asked):
        found.setdefault(case_id, (reference, []))[1].append(name)
    return tuple(
        BenchCase(case_id, reference, tuple(names), done.get(case_id, 0))
        for case_id, (reference, names) in found.items()
    )


def case_name(reference: str) -> str:
    """Give the reference of a case as part of the name of a file: letters, figures, dashes."""
    kept = "".join(one if one.isascii() and one.isalnum() else "-" for one in reference)
    return "-".join(filter(None, kept.split("-")))[:60] or "case"
