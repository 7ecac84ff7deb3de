"""Thumbnails of an exhibit, where their originals may lie, and the links between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from triage.model.packing import THUMBNAIL
from triage.model.thumbnail import LinkHow, Original, ThumbnailLink
from triage.store import tables
from triage.store.lookedtables import thumbnails
from triage.store.spans import evidence_ids, spans, within

_ASKED = 400
_WRITTEN = 5_000
_ENTRY = tables.entries.c


class StoredThumbnail(NamedTuple):
    """A thumbnail that was digested, and the file that it lies in.

    Attributes:
        sibling: path at which its original lies where the cache gives the original's own name.
        in_picture: the file that it lies in is a picture itself.
    """

    entry_id: int
    sha256: bytes
    volume_id: int
    sibling: bytes
    container_id: int
    in_picture: bool


def thumbnails_of(connection: sa.Connection, exhibit_id: int) -> Iterator[StoredThumbnail]:
    """Yield the thumbnails of an exhibit, in order of their entries."""
    lies_in = tables.entries.alias("lies_in")
    query = (
        sa.select(
            _ENTRY.id,
            _ENTRY.sha256,
            _ENTRY.volume_id,
            _ENTRY.path,
            lies_in.c.id,
            lies_in.c.path,
            lies_in.c.family,
        )
        .select_from(tables.entries)
        .join(lies_in, lies_in.c.id == _ENTRY.container_id)
        .where(_ENTRY.flags.bitwise_and(THUMBNAIL) != 0, _ENTRY.state == "digested")
        .order_by(_ENTRY.id)
    )
    evidence = evidence_ids(connection, [exhibit_id])
    for span in spans(connection, evidence):
        for row in connection.execute(query.where(within(evidence, span))):
            folder = bytes(row[5]).rpartition(b"/")[0]
            name = bytes(row[3])[len(row[5]) + 1 :]
            yield StoredThumbnail(
                row[0], row[1], row[2], folder + b"/" + name, row[4], row[6] == "picture"
            )


def files_at(
    connection: sa.Connection, exhibit_id: int, wanted: Iterable[tuple[int, bytes]]
) -> dict[tuple[int, bytes], int]:
    """Give the files that lie at paths, by volume and path; the first where several do.

    Paths have no index: all entries of the exhibit are gone through once.
    """
    paths = set(wanted)
    found: dict[tuple[int, bytes], int] = {}
    if not paths:
        return found
    query = (
        sa.select(_ENTRY.volume_id, _ENTRY.path, _ENTRY.id)
        .where(_ENTRY.kind == "file", _ENTRY.stream == b"")
        .where(_ENTRY.flags.bitwise_and(THUMBNAIL) == 0)
        .order_by(_ENTRY.id)
        .execution_options(yield_per=_WRITTEN)
    )
    evidence = evidence_ids(connection, [exhibit_id])
    for span in spans(connection, evidence):
        for volume_id, path, entry_id in connection.execute(query.where(within(evidence, span))):
            key = volume_id, bytes(path)
            if key in paths:
                found.setdefault(key, entry_id)
    return found


def files_of(
    connection: sa.Connection, exhibit_id: int, digests: Sequence[bytes]
) -> dict[bytes, int]:
    """Give of each content the first entry that is no thumbnail; none where all are."""
    evidence = evidence_ids(connection, [exhibit_id])
    found: dict[bytes, int] = {}
    for start in range(0, len(digests), _ASKED):
        query = (
            sa.select(_ENTRY.sha256, sa.func.min(_ENTRY.id))
            .where(_ENTRY.sha256.in_(digests[start : start + _ASKED]))
            .where(_ENTRY.evidence_id.in_(evidence))
            .where(_ENTRY.flags.bitwise_and(THUMBNAIL) == 0)
            .group_by(_ENTRY.sha256)
        )
        found |= {bytes(row[0]): int(row[1]) for row in connection.execute(query)}
    return found


def set_links(connection: sa.Connection, exhibit_id: int, links: Iterable[ThumbnailLink]) -> None:
    """Replace all links of an exhibit; kept with the next commit."""
    connection.execute(sa.delete(thumbnails).where(thumbnails.c.exhibit_id == exhibit_id))
    rows = [
        {
            "entry_id": one.entry_id,
            "exhibit_id": exhibit_id,
            "original_id": one.original_id,
            "how": one.how.value,
            "distance_bits": one.distance_bits,
        }
        for one in links
    ]
    for start in range(0, len(rows), _WRITTEN):
        connection.execute(sa.insert(thumbnails), rows[start : start + _WRITTEN])


def originals_of(connection: sa.Connection, entry_ids: Sequence[int]) -> dict[int, Original]:
    """Give the originals of thumbnails among some entries, by the entry."""
    found: dict[int, Original] = {}
    for start in range(0, len(entry_ids), _ASKED):
        query = (
            sa.select(
                thumbnails.c.entry_id, thumbnails.c.how, _ENTRY.path, thumbnails.c.distance_bits
            )
            .select_from(thumbnails)
            .outerjoin(tables.entries, _ENTRY.id == thumbnails.c.original_id)
            .where(thumbnails.c.entry_id.in_(entry_ids[start : start + _ASKED]))
        )
        for row in connection.execute(query):
            found[row[0]] = Original(
                how=LinkHow(row[1]), path=bytes(row[2] or b""), distance_bits=row[3]
            )
    return found
