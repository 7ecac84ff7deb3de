"""What stacks are made of: decoded pictures with their standing, and the places of some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from triage.model.digest import Pdq, PdqRecipe
from triage.store import tables
from triage.store.reader import Reading
from triage.store.spans import evidence_ids

PAGE = 10_000
_ASKED = 400
_CONTENT = tables.contents.c
_ENTRY = tables.entries.c


class StoredPicture(NamedTuple):
    """A distinct content of an exhibit that was decoded, with the first of its PDQ."""

    sha256: bytes
    pdq: Pdq
    phash: bytes
    width: int
    height: int
    standing: str
    category: str


class StoredPlace(NamedTuple):
    """One entry of a content."""

    exhibit: str
    evidence: str
    volume: str
    path: bytes
    stream: bytes


def stored_pictures(store: Reading, exhibit_id: int) -> Iterator[list[StoredPicture]]:
    """Yield all pictures of an exhibit that have hashes, by SHA-256."""
    columns: list[sa.ColumnElement[Any]] = [
        sa.type_coerce(_CONTENT[name], sa.types.NullType()).label(name)
        for name in ("sha256", "pdq", "phash", "width", "height", "standing", "category")
    ]
    query = (
        sa.select(*columns)
        .where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.phash.is_not(None), _CONTENT.pdq != "")
        .order_by(_CONTENT.sha256)
    )
    result = store.connection.execute(query.execution_options(yield_per=PAGE))
    for page in result.partitions(PAGE):
        yield [StoredPicture(sha256, _first(pdq), *rest) for sha256, pdq, *rest in page]


def _first(text: str) -> Pdq:
    recipe, quality, bits = text.partition(" ")[0].split(":")
    return Pdq(bits=bytes.fromhex(bits), quality=int(quality), recipe=PdqRecipe(recipe))


def places_of(
    store: Reading, exhibit_ids: Sequence[int], digests: Sequence[bytes]
) -> dict[bytes, list[StoredPlace]]:
    """Give the places of contents, ordered by exhibit, evidence, volume and path."""
    columns = tables.evidence.c
    query = (
        sa.select(
            _ENTRY.sha256,
            tables.exhibits.c.reference,
            columns.name,
            tables.volumes.c.key,
            _ENTRY.path,
            _ENTRY.stream,
        )
        .select_from(tables.entries)
        .join(tables.evidence, columns.id == _ENTRY.evidence_id)
        .join(tables.exhibits, tables.exhibits.c.id == columns.exhibit_id)
        .join(tables.volumes, tables.volumes.c.id == _ENTRY.volume_id)
        .where(_ENTRY.evidence_id.in_(evidence_ids(store.connection, exhibit_ids)))
    )
    found: dict[bytes, list[StoredPlace]] = {sha256: [] for sha256 in digests}
    for start in range(0, len(digests), _ASKED):
        part = digests[start : start + _ASKED]
        for row in store.connection.execute(query.where(_ENTRY.sha256.in_(part))):
            found[row[0]].append(StoredPlace(*row[1:]))
    for places in found.values():
        places.sort()
    return found
