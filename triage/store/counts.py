"""Figures that people enter: appended, and the last of a day, kind and subject stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from triage.model.history import Count, CountKind
from triage.store import ledgertables
from triage.store.tables import storable

_Key = tuple[str, str, str]
_counts = ledgertables.counts


class Counts:
    """Counts in the database; nothing is kept before the caller commits."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, counts: Iterable[Count]) -> tuple[int, int]:
        """Append what differs from what stands.

        Of several counts of one day, kind and subject only the last is looked at, so that the same
        counts once more change nothing.

        Returns:
            How many were added, and how many stood so already.
        """
        fresh = {_key(one): one for one in counts}
        if not fresh:
            return 0, 0
        days = [day for day, _, _ in fresh]
        standing = {_key(one): one.value for one in self.standing(min(days), max(days))}
        added = [one for key, one in fresh.items() if standing.get(key) != one.value]
        if added:
            self._connection.execute(sa.insert(_counts), [_values(one) for one in added])
        return len(added), len(fresh) - len(added)

    def standing(self, from_day: str, to_day: str) -> tuple[Count, ...]:
        """Give the counts that stand, by day, kind and subject.

        Args:
            from_day: first day, ``YYYY-MM-DD``; ``to_day``: last day, itself too.
        """
        last = (
            sa.select(sa.func.max(_counts.c.id))
            .where(_counts.c.on >= from_day, _counts.c.on <= to_day)
            .group_by(_counts.c.on, _counts.c.kind, _counts.c.subject)
        )
        found = self._connection.execute(sa.select(_counts).where(_counts.c.id.in_(last)))
        return tuple(sorted(map(_count, found), key=_key))

    def every(self, from_day: str, to_day: str) -> tuple[tuple[Count, bool], ...]:
        """Give all counts, those that were corrected too, each with whether it stands.

        Those of one day, kind and subject follow each other as they were entered.
        """
        found: Sequence[Any] = self._connection.execute(
            sa.select(_counts)
            .where(_counts.c.on >= from_day, _counts.c.on <= to_day)
            .order_by(_counts.c.id)
        ).all()
        last = {(row.on, row.kind, row.subject): row.id for row in found}
        told = [(_count(row), last[row.on, row.kind, row.subject] == row.id) for row in found]
        return tuple(sorted(told, key=lambda one: _key(one[0])))


def _key(one: Count) -> _Key:
    """Give what a count is one of, as the database keeps it."""
    return one.on, str(one.kind), storable(one.subject)


def _values(one: Count) -> dict[str, object]:
    return {
        "on": one.on,
        "kind": str(one.kind),
        "subject": one.subject,
        "value": one.value,
        "by": one.by,
        "recorded_s": one.recorded_s,
    }


def _count(row: Any) -> Count:  # noqa: ANN401  (a row of a query)
    return Count(
        on=row.on,
        kind=CountKind(row.kind),
        subject=row.subject,
        value=row.value,
        by=row.by,
        recorded_s=row.recorded_s,
    )
