"""What happened in the nights: appended, never changed."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from triage.model.queue import NightEvent, NightLine
from triage.store.ledgertables import night_lines


class Nights:
    """The events of all batch processes of one queue, by a connection of the caller's own."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def say(self, *lines: NightLine) -> None:
        """Record events, and commit."""
        rows = [
            {
                "at_s": line.at_s,
                "holder": line.holder,
                "event": line.event.value,
                "exhibit": line.exhibit,
                "detail": line.detail,
            }
            for line in lines
        ]
        if rows:
            self._connection.execute(night_lines.insert(), rows)
            self._connection.commit()

    def lines(self, since_s: int) -> tuple[NightLine, ...]:
        """Give what was recorded since a moment, in the order in which it was."""
        asked = sa.select(night_lines).where(night_lines.c.at_s >= since_s)
        return self._given(asked.order_by(night_lines.c.at_s, night_lines.c.id))

    def last_start(self) -> NightLine | None:
        """Give the start of the batch process that was started last."""
        asked = sa.select(night_lines).where(night_lines.c.event == NightEvent.STARTED.value)
        found = self._given(asked.order_by(night_lines.c.id.desc()).limit(1))
        return found[0] if found else None

    def _given(self, asked: sa.Select[tuple[object, ...]]) -> tuple[NightLine, ...]:
        rows: Iterable[sa.Row[tuple[object, ...]]] = self._connection.execute(asked).all()
        return tuple(
            NightLine(
                at_s=row.at_s,
                holder=row.holder,
                event=NightEvent(row.event),
                exhibit=row.exhibit,
                detail=row.detail,
            )
            for row in rows
        )
