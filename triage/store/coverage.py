"""Counts how far an exhibit was looked into beyond its files."""

from __future__ import annotations

import sqlalchemy as sa

from triage.model.carving import CarvedSpace
from triage.model.coverage import PLACES, Coverage
from triage.model.packing import CARVED, THUMBNAIL
from triage.store import tables
from triage.store.carvings import space_of
from triage.store.lookedtables import carvings, thumbnails, videos
from triage.store.spans import evidence_ids, spans, within

_ENTRY = tables.entries.c
_CONTENT = tables.contents.c
_NAMED = ("known-good", "known-bad")


def place() -> sa.ColumnElement[str]:
    """Give the place of an entry, one of :data:`triage.model.coverage.PLACES`."""
    return sa.case(
        (_ENTRY.flags.bitwise_and(CARVED) != 0, "carved"),
        (_ENTRY.flags.bitwise_and(THUMBNAIL) != 0, "thumbnail"),
        (_ENTRY.container_id.is_not(None), "in-container"),
        else_=_ENTRY.allocation,
    )


def coverage_of(connection: sa.Connection, exhibit_id: int) -> Coverage:
    """Count one exhibit as it stands now."""
    return Coverage(
        places=_places(connection, exhibit_id),
        videos=_videos(connection, exhibit_id),
        videos_pending=_videos_pending(connection, exhibit_id),
        spaces=_spaces(connection, exhibit_id),
        thumbnails=_thumbnails(connection, exhibit_id),
    )


def _places(connection: sa.Connection, exhibit_id: int) -> tuple[tuple[str, int], ...]:
    """Count in one pass and without sorting: an exhibit has up to millions of entries."""
    plain = _ENTRY.flags.bitwise_and(CARVED | THUMBNAIL) == 0
    inside = _ENTRY.container_id.is_not(None)
    each = (
        _ENTRY.flags.bitwise_and(CARVED) != 0,
        _ENTRY.flags.bitwise_and(THUMBNAIL) != 0,
        inside & plain,
        (_ENTRY.allocation == "deleted") & ~inside & plain,
        (_ENTRY.allocation == "orphan") & ~inside & plain,
    )
    digested = sa.select(sa.func.count(), *(sa.func.count().filter(one) for one in each)).where(
        _ENTRY.state == "digested"
    )
    evidence = evidence_ids(connection, [exhibit_id])
    counts = [0] * (1 + len(each))
    for span in spans(connection, evidence):
        found = connection.execute(digested.where(within(evidence, span))).one()
        counts = [one + int(more) for one, more in zip(counts, found, strict=True)]
    every, carved, thumbnail, packed, deleted, orphan = counts
    live = every - sum(counts[1:])
    return tuple(zip(PLACES, (live, deleted, orphan, packed, thumbnail, carved), strict=True))


def _videos(connection: sa.Connection, exhibit_id: int) -> tuple[tuple[str, int], ...]:
    said = sa.case((videos.c.state == "none", videos.c.reason), else_=videos.c.state)
    query = sa.select(said, sa.func.count()).where(videos.c.exhibit_id == exhibit_id).group_by(said)
    return tuple(sorted((str(row[0]), int(row[1])) for row in connection.execute(query)))


def _videos_pending(connection: sa.Connection, exhibit_id: int) -> int:
    looked = sa.select(videos.c.sha256).where(videos.c.exhibit_id == exhibit_id)
    query = (
        sa.select(sa.func.count())
        .select_from(tables.contents)
        .where(
            _CONTENT.exhibit_id == exhibit_id,
            _CONTENT.family == "video",
            _CONTENT.standing.not_in(_NAMED),
            _CONTENT.sha256.not_in(looked),
        )
    )
    return int(connection.execute(query).scalar_one())


def _spaces(connection: sa.Connection, exhibit_id: int) -> tuple[tuple[str, CarvedSpace], ...]:
    query = (
        sa.select(tables.evidence.c.key, carvings)
        .join(tables.evidence, tables.evidence.c.id == carvings.c.evidence_id)
        .where(carvings.c.evidence_id.in_(evidence_ids(connection, [exhibit_id])))
        .order_by(tables.evidence.c.key, carvings.c.volume, carvings.c.space)
    )
    return tuple((row.key, space_of(row)) for row in connection.execute(query))


def _thumbnails(connection: sa.Connection, exhibit_id: int) -> tuple[tuple[str, int], ...]:
    query = (
        sa.select(thumbnails.c.how, sa.func.count())
        .where(thumbnails.c.exhibit_id == exhibit_id)
        .group_by(thumbnails.c.how)
    )
    return tuple(sorted((str(row[0]), int(row[1])) for row in connection.execute(query)))
