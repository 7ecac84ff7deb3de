"""What a board of pictures is made of, and how it learns cheaply what has changed since."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from triage.store import tables
from triage.store.benchtables import dip_contents, dip_samples
from triage.store.ledgertables import ledger
from triage.store.spans import evidence_ids, spans, within
from triage.store.voterows import parts
from triage.store.votetables import votes

_CONTENT = tables.contents.c
_ENTRY = tables.entries.c
_PAGE = 5_000
_PLAIN = sa.types.NullType()

Mark = tuple[object, ...]
"""Differs whenever what a board is made of may have changed."""


class BoardCase(NamedTuple):
    """A case as the pages name it, with its exhibits in order of reference."""

    case_id: int
    reference: str
    exhibits: tuple[tuple[int, str], ...]

    @property
    def exhibit_ids(self) -> tuple[int, ...]:
        """Give the ids of its exhibits."""
        return tuple(one for one, _ in self.exhibits)


class BoardContent(NamedTuple):
    """A distinct content of an exhibit, with what the reference sets say of it."""

    exhibit_id: int
    sha256: bytes
    size_bytes: int
    mime: str
    family: str
    picture_state: str
    width: int | None
    height: int | None
    standing: str
    category: str
    original_code: str
    grade_reason: str
    conflict: str


class BoardPlace(NamedTuple):
    """An entry of a content."""

    sha256: bytes
    evidence_id: int
    path: bytes
    allocation: str
    modified_ns: int | None


class BoardDevice(NamedTuple):
    """What the ledger knows of a device of the case."""

    exhibit: str
    make: str
    model: str
    serial: str
    seized_on: str
    arrived_s: int


class Said(NamedTuple):
    """What was recorded since: the newest line, lines that may still come, contents named."""

    newest: int
    missing: frozenset[int]
    contents: tuple[bytes, ...]


def case_by_id(connection: sa.Connection, case_id: int) -> BoardCase | None:
    """Give a case by its id, ``None`` where there is none."""
    columns = tables.exhibits.c
    named = sa.select(tables.cases.c.reference).where(tables.cases.c.id == case_id)
    reference = connection.execute(named).scalar()
    if reference is None:
        return None
    query = sa.select(columns.id, columns.reference).where(columns.case_id == case_id)
    found = connection.execute(query.order_by(columns.reference))
    return BoardCase(case_id, reference, tuple((row[0], row[1]) for row in found))


def mark_of(connection: sa.Connection, case: BoardCase) -> tuple[Mark, bool]:
    """Tell what a board would be made of, and whether a run is adding to it.

    Runs, the packs and schemes that contents were judged by, and the facts of the devices: a few
    rows an exhibit, whatever the number of contents.
    """
    ids = case.exhibit_ids
    runs = tables.runs.c
    asked = sa.select(runs.id, runs.state, runs.ended_at).where(runs.exhibit_id.in_(ids))
    ran = tuple(map(tuple, connection.execute(asked.order_by(runs.id))))
    judged = []
    for table, column in ((tables.exhibit_packs, "version"), (tables.exhibit_schemes, "sha256")):
        name = "name" if table is tables.exhibit_packs else "scheme"
        keys = [table.c[one] for one in ("exhibit_id", name, column)]
        query = sa.select(*keys).where(table.c.exhibit_id.in_(ids)).order_by(*keys)
        judged.append(tuple(map(tuple, connection.execute(query))))
    told = (case.exhibits, ran, *judged, devices_of(connection, case.reference))
    return told, any(state == "running" for _, state, _ in ran)


def devices_of(connection: sa.Connection, case: str) -> tuple[BoardDevice, ...]:
    """Give the devices of a case that the ledger knows, by reference."""
    columns = ledger.c
    query = sa.select(
        columns.reference,
        columns.device_make,
        columns.device_model,
        columns.device_serial,
        columns.seized_on,
        columns.arrived_s,
    ).where(columns.case_reference == case)
    found = connection.execute(query.order_by(columns.reference))
    return tuple(BoardDevice(*row) for row in found)


def contents_in(
    connection: sa.Connection, exhibit_id: int, families: Collection[str]
) -> Iterator[BoardContent]:
    """Yield the contents of some types of an exhibit, by SHA-256."""
    columns: list[sa.ColumnElement[Any]] = [
        sa.type_coerce(_CONTENT[one], _PLAIN).label(one) for one in BoardContent._fields
    ]
    query = (
        sa.select(*columns)
        .where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.family.in_(families))
        .order_by(_CONTENT.sha256)
    )
    result = connection.execute(query.execution_options(yield_per=_PAGE))
    for page in result.partitions(_PAGE):
        for row in page:
            yield BoardContent(row[0], bytes(row[1]), *row[2:])


def places_in(
    connection: sa.Connection, exhibit_ids: Sequence[int], families: Collection[str]
) -> Iterator[BoardPlace]:
    """Yield the entries of contents of some types, in no order."""
    columns: list[sa.ColumnElement[Any]] = [
        sa.type_coerce(_ENTRY[one], _PLAIN).label(one) for one in BoardPlace._fields
    ]
    evidence = evidence_ids(connection, exhibit_ids)
    for span in spans(connection, evidence):
        query = sa.select(*columns).where(
            within(evidence, span), _ENTRY.family.in_(families), _ENTRY.sha256.is_not(None)
        )
        result = connection.execute(query.execution_options(yield_per=_PAGE))
        for page in result.partitions(_PAGE):
            for row in page:
                yield BoardPlace(bytes(row[0]), row[1], bytes(row[2]), *row[3:])


def sets_in(
    connection: sa.Connection, exhibit_id: int, families: Collection[str]
) -> Iterator[tuple[bytes, str]]:
    """Yield contents of some types of an exhibit with the name of each set that matches them."""
    columns = tables.matches.c
    query = (
        sa.select(columns.sha256, columns.match)
        .join(
            tables.contents,
            (_CONTENT.exhibit_id == columns.exhibit_id) & (_CONTENT.sha256 == columns.sha256),
        )
        .where(columns.exhibit_id == exhibit_id, _CONTENT.family.in_(families))
        .order_by(columns.sha256, columns.nth)
    )
    result = connection.execute(query.execution_options(yield_per=_PAGE))
    for page in result.partitions(_PAGE):
        for sha256, match in page:
            yield bytes(sha256), json.loads(match)["pack"]


def evidence_exhibits(connection: sa.Connection, exhibit_ids: Sequence[int]) -> dict[int, int]:
    """Give the exhibit of each evidence."""
    columns = tables.evidence.c
    query = sa.select(columns.id, columns.exhibit_id).where(columns.exhibit_id.in_(exhibit_ids))
    return {row[0]: row[1] for row in connection.execute(query)}


def said_since(
    connection: sa.Connection, case_id: int, after: int, missing: Collection[int] = ()
) -> Said:
    """Tell of which contents of a case something was said since a line.

    Numbers are given out before what they number is committed: on a server with several writers a
    lower one may turn up after a higher one. Those that are missing are told, to be asked for
    again.

    Args:
        after: the newest line that is known.
        missing: lines before it that had not turned up.
    """
    lines = sa.select(votes.c.id, votes.c.case_id, votes.c.sha256)
    found = list(connection.execute(lines.where(votes.c.id > after).order_by(votes.c.id)))
    newest = found[-1][0] if found else after
    late = set(missing)
    for part in parts(sorted(late)):
        found += connection.execute(lines.where(votes.c.id.in_(part)))
    if connection.dialect.name != "sqlite":
        late.update(range(after + 1, newest))
        late.difference_update(row[0] for row in found)
    named = sorted({bytes(row[2]) for row in found if row[1] == case_id})
    return Said(newest, frozenset(late), tuple(named))


def newest_line(connection: sa.Connection) -> int:
    """Give the number of the newest line in the database, 0 where there is none."""
    return int(connection.execute(sa.select(sa.func.max(votes.c.id))).scalar() or 0)


def voted_on(connection: sa.Connection, case_id: int) -> tuple[bytes, ...]:
    """Give the contents of a case of which anything was ever said, by SHA-256."""
    query = sa.select(votes.c.sha256).where(votes.c.case_id == case_id).distinct()
    return tuple(sorted(map(bytes, connection.execute(query).scalars())))


def newest_sample(connection: sa.Connection, case_id: int) -> int:
    """Give the number of the newest dip sample of a case, 0 where there is none."""
    query = sa.select(sa.func.max(dip_samples.c.id)).where(dip_samples.c.case_id == case_id)
    return int(connection.execute(query).scalar() or 0)


def drawn_in(connection: sa.Connection, case_id: int) -> frozenset[bytes]:
    """Give the contents of a case that a dip sample drew."""
    query = (
        sa.select(dip_contents.c.sha256)
        .join(dip_samples, dip_samples.c.id == dip_contents.c.sample_id)
        .where(dip_samples.c.case_id == case_id)
    )
    return frozenset(map(bytes, connection.execute(query).scalars()))
