"""Digests and files of many contents at once, by exhibit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from triage.store import tables
from triage.store.spans import evidence_ids
from triage.store.voterows import parts

_CONTENT = tables.contents.c
_ENTRY = tables.entries.c


class ExhibitContent(NamedTuple):
    """A content as an exhibit holds it."""

    sha256: bytes
    exhibit: str
    md5: bytes
    sha1: bytes
    size_bytes: int


class ExhibitPlace(NamedTuple):
    """A file that holds a content."""

    sha256: bytes
    exhibit: str
    path: bytes
    stream: bytes
    allocation: str


def contents_of(
    connection: sa.Connection, exhibit_ids: Sequence[int], digests: Sequence[bytes]
) -> Iterator[ExhibitContent]:
    """Yield contents once for each exhibit that holds them, in no order."""
    query = (
        sa.select(
            _CONTENT.sha256,
            tables.exhibits.c.reference,
            _CONTENT.md5,
            _CONTENT.sha1,
            _CONTENT.size_bytes,
        )
        .join(tables.exhibits, tables.exhibits.c.id == _CONTENT.exhibit_id)
        .where(_CONTENT.exhibit_id.in_(exhibit_ids))
    )
    for part in parts(digests):
        for row in connection.execute(query.where(_CONTENT.sha256.in_(part))):
            yield ExhibitContent(bytes(row[0]), row[1], bytes(row[2]), bytes(row[3]), row[4])


def places_of(
    connection: sa.Connection, exhibit_ids: Sequence[int], digests: Sequence[bytes]
) -> Iterator[ExhibitPlace]:
    """Yield the files that hold contents, by exhibit, evidence and path within each part."""
    place = tables.exhibits.c.reference, tables.evidence.c.name
    query = (
        sa.select(
            _ENTRY.sha256,
            tables.exhibits.c.reference,
            _ENTRY.path,
            _ENTRY.stream,
            _ENTRY.allocation,
        )
        .select_from(tables.entries)
        .join(tables.evidence, tables.evidence.c.id == _ENTRY.evidence_id)
        .join(tables.exhibits, tables.exhibits.c.id == tables.evidence.c.exhibit_id)
        .where(_ENTRY.evidence_id.in_(evidence_ids(connection, exhibit_ids)))
        .order_by(*place, _ENTRY.path, _ENTRY.stream, _ENTRY.id)
    )
    for part in parts(digests):
        for row in connection.execute(query.where(_ENTRY.sha256.in_(part))):
            yield ExhibitPlace(bytes(row[0]), row[1], bytes(row[2]), bytes(row[3] or b""), row[4])
