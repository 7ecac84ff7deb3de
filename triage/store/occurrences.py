"""The files that hold a content, a page at a time, and why reference sets name it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from triage.model.match import Match
from triage.store import rows, tables
from triage.store.lookedtables import thumbnails
from triage.store.spans import evidence_ids

MATCHES_MAX = 50
"""Matches of a content that are told, at most."""

_CONTENT = tables.contents.c
_ENTRY = tables.entries.c


_TOLD = (
    *("allocation", "size_bytes", "created_ns", "modified_ns", "accessed_ns"),
    *("naive_local", "flags"),
)


class Occurrence(NamedTuple):
    """A file that holds a content; times in nanoseconds since 1970, without a zone if naive."""

    exhibit: str
    evidence: str
    volume: str
    path: bytes
    stream: bytes
    allocation: str
    size_bytes: int
    created_ns: int | None
    modified_ns: int | None
    accessed_ns: int | None
    naive_local: bool
    flags: int
    """As :mod:`triage.model.packing` has them."""
    how: str | None
    """How a thumbnail is linked to its original, ``None`` for what is none."""
    original: bytes | None


def occurrences_of(
    connection: sa.Connection, exhibit_ids: Sequence[int], sha256: bytes, *, first: int, limit: int
) -> tuple[Occurrence, ...]:
    """Give files that hold a content, by exhibit, evidence, volume and path."""
    place = tables.exhibits.c.reference, tables.evidence.c.name, tables.volumes.c.key
    original = tables.entries.alias("original")
    columns: list[sa.ColumnElement[Any]] = [
        *place,
        _ENTRY.path,
        _ENTRY.stream,
        *(_ENTRY[name] for name in _TOLD),
        thumbnails.c.how,
        original.c.path,
    ]
    query = (
        sa.select(*columns)
        .select_from(tables.entries)
        .join(tables.evidence, tables.evidence.c.id == _ENTRY.evidence_id)
        .join(tables.exhibits, tables.exhibits.c.id == tables.evidence.c.exhibit_id)
        .join(tables.volumes, tables.volumes.c.id == _ENTRY.volume_id)
        .outerjoin(thumbnails, thumbnails.c.entry_id == _ENTRY.id)
        .outerjoin(original, original.c.id == thumbnails.c.original_id)
        .where(
            _ENTRY.evidence_id.in_(evidence_ids(connection, exhibit_ids)),
            _ENTRY.sha256 == sha256,
        )
        .order_by(*place, _ENTRY.path, _ENTRY.stream, _ENTRY.id)
        .offset(first)
        .limit(limit)
    )
    return tuple(Occurrence(*row) for row in connection.execute(query))


def matches_of(
    connection: sa.Connection, exhibit_ids: Sequence[int], sha256: bytes
) -> tuple[Match, ...]:
    """Give what reference sets have that agrees with a content, each once, sorted."""
    columns = tables.matches.c
    query = (
        sa.select(columns.match)
        .where(columns.exhibit_id.in_(exhibit_ids), columns.sha256 == sha256)
        .distinct()
        .limit(MATCHES_MAX)
    )
    return tuple(sorted(map(rows.match, connection.execute(query).scalars())))


def digests_of(
    connection: sa.Connection, exhibit_ids: Sequence[int], sha256: bytes
) -> tuple[bytes, bytes]:
    """Give MD5 and SHA-1 of a content that the exhibits hold."""
    query = sa.select(_CONTENT.md5, _CONTENT.sha1).where(
        _CONTENT.exhibit_id.in_(exhibit_ids), _CONTENT.sha256 == sha256
    )
    row = connection.execute(query.limit(1)).one()
    return bytes(row[0]), bytes(row[1])
