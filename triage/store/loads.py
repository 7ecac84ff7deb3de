"""What each grader was shown and did, counted from the audit: figures, never a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from triage.model.account import AuditAction
from triage.model.vote import VoteKind
from triage.store.accounttables import audit
from triage.store.tables import cases, contents, exhibits
from triage.store.votetables import votes

_AUDIT = audit.c
COUNTED = (
    AuditAction.PICTURE_SHOWN,
    AuditAction.WELFARE_LIFTED,
    AuditAction.LIMIT_REACHED,
    AuditAction.BREAK_TAKEN,
    AuditAction.GRADED,
)
"""What is counted of a grader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Distinct contents of one category that a grader was shown; ``""`` for one not graded."""

    by: str
    category: str
    contents: int


def actions_of(
    connection: sa.Connection, since_ms: int, until_ms: int
) -> Mapping[str, Mapping[AuditAction, int]]:
    """Count, for each account that was shown a picture, what of :data:`COUNTED` it did.

    Args:
        since_ms: first moment, milliseconds since 1970 UTC; ``until_ms``: the one after the last.
    """
    asked = (
        sa.select(_AUDIT.by, _AUDIT.action, sa.func.count())
        .where(_AUDIT.action.in_([one.value for one in COUNTED]), *_within(since_ms, until_ms))
        .group_by(_AUDIT.by, _AUDIT.action)
        .order_by(_AUDIT.by)
    )
    found: dict[str, dict[AuditAction, int]] = {}
    for by, action, number in connection.execute(asked):
        found.setdefault(by, {})[AuditAction(action)] = int(number)
    return {by: done for by, done in found.items() if AuditAction.PICTURE_SHOWN in done}


def shown_by_category(connection: sa.Connection, since_ms: int, until_ms: int) -> tuple[Shown, ...]:
    """Count the distinct contents that each grader was shown by what they are graded as.

    The last vote on a content counts, also where it was withdrawn: it says what was seen. Else
    what a reference set proposes for it.
    """
    seen = (
        sa.select(_AUDIT.by, cases.c.id.label("case_id"), _AUDIT.sha256)
        .select_from(audit.outerjoin(cases, cases.c.reference == _AUDIT.case_reference))
        .where(_AUDIT.action == AuditAction.PICTURE_SHOWN.value, *_within(since_ms, until_ms))
        .distinct()
        .subquery()
    )
    voted = (
        sa.select(votes.c.category)
        .where(
            votes.c.case_id == seen.c.case_id,
            votes.c.sha256 == seen.c.sha256,
            votes.c.kind != VoteKind.WITHDRAWAL.value,
        )
        .order_by(votes.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    proposed = (
        sa.select(sa.func.max(contents.c.category))
        .join(exhibits, exhibits.c.id == contents.c.exhibit_id)
        .where(exhibits.c.case_id == seen.c.case_id, contents.c.sha256 == seen.c.sha256)
        .scalar_subquery()
    )
    category = sa.func.coalesce(voted, proposed, "").label("category")
    each = sa.select(seen.c.by, category).subquery()
    counted = (
        sa.select(each.c.by, each.c.category, sa.func.count())
        .group_by(each.c.by, each.c.category)
        .order_by(each.c.by, each.c.category)
    )
    return tuple(
        Shown(by=by, category=word, contents=int(number))
        for by, word, number in connection.execute(counted)
    )


def _within(since_ms: int, until_ms: int) -> tuple[sa.ColumnElement[bool], ...]:
    return _AUDIT.at_ms >= since_ms, _AUDIT.at_ms < until_ms
