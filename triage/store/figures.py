"""Figures of an exhibit and of earlier ones, counted by the database, for results and forecasts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from triage.store import tables
from triage.store.ledgertables import ledger, results
from triage.store.spans import evidence_ids, spans, unindexed, within

_ENTRY = tables.entries.c
_CONTENT = tables.contents.c
_MEDIA = ("picture", "video")
_NAMED = ("known-bad", "notable", "unmapped", "known-good")
"""Standings that come from a record with the same digests."""

RECENT = 500
"""How many of the last results a forecast is made from: a unit's machines change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How much of an exhibit the reference sets name; see :class:`ExhibitResult`."""

    known_good: int
    media: int
    pre_categorised: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a finished exhibit took; ``image_bytes`` is -1 where it is not known."""

    device_type: str
    image_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What is left of an exhibit that was begun.

    Attributes:
        listed: its listing is complete.
        pending_bytes: of all ``entry_bytes``, what is still to be read.
    """

    listed: bool
    pending_bytes: int
    entry_bytes: int


def figures_of(connection: sa.Connection, exhibit_id: int) -> Figures:
    """Count the entries of an exhibit by what the reference sets say of their contents."""
    query = (
        sa.select(_ENTRY.family, _CONTENT.standing, sa.func.count())
        .select_from(tables.entries)
        .join(
            tables.contents,
            (_CONTENT.exhibit_id == exhibit_id) & (_CONTENT.sha256 == unindexed(_ENTRY.sha256)),
        )
        .group_by(_ENTRY.family, _CONTENT.standing)
    )
    evidence = evidence_ids(connection, [exhibit_id])
    counted = [
        (row[0] in _MEDIA, str(row[1]), int(row[2]))
        for span in spans(connection, evidence)
        for row in connection.execute(query.where(within(evidence, span)))
    ]
    return Figures(
        known_good=sum(count for _, standing, count in counted if standing == "known-good"),
        media=sum(count for media, _, count in counted if media),
        pre_categorised=sum(count for media, one, count in counted if media and one in _NAMED),
    )


def read_bytes_of(connection: sa.Connection, case: str, exhibit: str) -> int:
    """Sum what all runs of an exhibit have read so far."""
    query = sa.select(sa.func.coalesce(sa.func.sum(tables.runs.c.read_bytes), 0)).where(
        tables.runs.c.exhibit_id.in_(_exhibit(case, exhibit))
    )
    return int(connection.execute(query).scalar_one())


def remaining_of(connection: sa.Connection, case: str, exhibit: str) -> Remaining | None:
    """Say what is left of an exhibit; ``None`` where it was never begun."""
    inside = tables.evidence.c.exhibit_id.in_(_exhibit(case, exhibit))
    volumes = (
        sa.select(tables.volumes.c.listed, sa.func.count())
        .join(tables.evidence, tables.evidence.c.id == tables.volumes.c.evidence_id)
        .where(inside)
        .group_by(tables.volumes.c.listed)
    )
    listed = dict(tuple(row) for row in connection.execute(volumes))
    if not listed:
        return None
    sizes = (
        sa.select(_ENTRY.state, sa.func.sum(_ENTRY.size_bytes))
        .join(tables.evidence, tables.evidence.c.id == _ENTRY.evidence_id)
        .where(inside)
        .group_by(_ENTRY.state)
    )
    found = {str(row[0]): int(row[1] or 0) for row in connection.execute(sizes)}
    return Remaining(
        listed=bool(listed.get(True)),
        pending_bytes=found.get("pending", 0),
        entry_bytes=sum(found.values()),
    )


def recent_efforts(connection: sa.Connection) -> tuple[Effort, ...]:
    """Give what the exhibits took that were finished last, the last one first.

    Where the ledger gives no size, that of the opened medium counts.
    """
    last = (
        sa.select(
            ledger.c.device_type,
            ledger.c.image_bytes,
            results.c.seconds,
            ledger.c.case_reference,
            ledger.c.reference,
        )
        .join(ledger, ledger.c.id == results.c.ledger_id)
        .order_by(results.c.done_s.desc(), results.c.ledger_id.desc())
        .limit(RECENT)
    )
    rows = connection.execute(last).all()
    unsized = [(row[3], row[4]) for row in rows if row[1] <= 0]
    media = _media(connection, unsized) if unsized else {}
    return tuple(
        Effort(
            device_type=row[0],
            image_bytes=int(row[1]) if row[1] > 0 else media.get((row[3], row[4]), -1),
            seconds=float(row[2]),
        )
        for row in rows
    )


def _media(
    connection: sa.Connection, exhibits: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Give the size of what was opened of exhibits; folders have none."""
    names = (tables.cases.c.reference, tables.exhibits.c.reference)
    query = (
        sa.select(*names, tables.evidence.c.info)
        .join(tables.exhibits, tables.exhibits.c.id == tables.evidence.c.exhibit_id)
        .join(tables.cases, tables.cases.c.id == tables.exhibits.c.case_id)
        .where(tables.exhibits.c.reference.in_({reference for _, reference in exhibits}))
    )
    wanted, found = set(exhibits), dict[tuple[str, str], int]()
    for case, reference, info in connection.execute(query):
        size_bytes = int(json.loads(info).get("size_bytes", 0))
        if (case, reference) in wanted and size_bytes > 0:
            found[case, reference] = found.get((case, reference), 0) + size_bytes
    return found


def finished_bytes(connection: sa.Connection) -> tuple[int, int]:
    """Give number and image bytes of the finished exhibits whose size is known."""
    query = (
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(ledger.c.image_bytes), 0))
        .select_from(results.join(ledger, ledger.c.id == results.c.ledger_id))
        .where(ledger.c.image_bytes > 0)
    )
    count, size = connection.execute(query).one()
    return int(count), int(size)


def database_file(connection: sa.Connection) -> tuple[str, int] | None:
    """Give path and size of the database file; ``None`` where a server keeps it."""
    path = connection.engine.url.database
    if connection.dialect.name != "sqlite" or not path or path == ":memory:":
        return None
    pages = connection.execute(sa.text("PRAGMA page_count")).scalar_one()
    size = connection.execute(sa.text("PRAGMA page_size")).scalar_one()
    return path, int(pages) * int(size)


def _exhibit(case: str, exhibit: str) -> sa.Select[tuple[int]]:
    return (
        sa.select(tables.exhibits.c.id)
        .join(tables.cases, tables.cases.c.id == tables.exhibits.c.case_id)
        .where(tables.cases.c.reference == case, tables.exhibits.c.reference == exhibit)
    )
