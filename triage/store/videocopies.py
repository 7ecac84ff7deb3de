"""Working copies of videos, as they were written down when they were made."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from triage.model.video import WorkingCopy
from triage.store.lookedtables import copies
from triage.store.reader import Reading
from triage.store.writer import Writing

_COPY = copies.c
_NAMES = ("sha256", "copy_sha256", "copy_bytes", "name", "how", "made_s", "made_by")


def add_copy(store: Writing, exhibit_id: int, copy: WorkingCopy) -> None:
    """Write a copy down; kept with the next commit."""
    store.connection.execute(sa.insert(copies).values(exhibit_id=exhibit_id, **asdict(copy)))


def copies_of(store: Reading, exhibit_id: int) -> tuple[WorkingCopy, ...]:
    """Give the copies that were made of videos of an exhibit, oldest first."""
    query = sa.select(copies).where(_COPY.exhibit_id == exhibit_id).order_by(_COPY.id)
    return tuple(
        WorkingCopy(**{name: getattr(row, name) for name in _NAMES})
        for row in store.connection.execute(query)
    )
