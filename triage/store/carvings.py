"""How far the space that no file holds was looked through, and what listed files hold of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from triage.model.carving import CarvedSpace, Space
from triage.model.extents import unpacked
from triage.model.packing import CARVED
from triage.store import bulk, rows, tables
from triage.store.lookedtables import carvings
from triage.store.spans import spans, within
from triage.store.writer import Writing

_COLUMN = carvings.c
_ENTRY = tables.entries.c
_ASKED = 400
_UNTOLD = "application/octet-stream"


def carved_spaces(
    connection: sa.Connection, evidence_id: int
) -> dict[tuple[str, Space], CarvedSpace]:
    """Give how far each space of an evidence item was looked through, by volume and kind."""
    query = sa.select(carvings).where(_COLUMN.evidence_id == evidence_id)
    found = map(space_of, connection.execute(query))
    return {(one.volume, one.space): one for one in found}


def space_of(row: rows.Row) -> CarvedSpace:
    """Read a row of the table."""
    return CarvedSpace(
        volume=row.volume,
        space=Space(row.space),
        total_bytes=row.total_bytes,
        done_bytes=row.done_bytes,
        found=row.found,
        rejected=row.rejected,
    )


def set_carved(store: Writing, evidence_id: int, space: CarvedSpace) -> None:
    """Record how far a space was looked through; kept with the next commit."""
    changed = {
        "total_bytes": space.total_bytes,
        "done_bytes": space.done_bytes,
        "found": space.found,
        "rejected": space.rejected,
    }
    named = {"evidence_id": evidence_id, "volume": space.volume, "space": space.space.value}
    statement = bulk.insert_of(store.connection.dialect.name)(carvings)
    store.connection.execute(
        statement.on_conflict_do_update(index_elements=list(named), set_=changed),
        [named | changed],
    )


def held_places(
    connection: sa.Connection, evidence_id: int, volumes: Sequence[str], *, live: bool | None
) -> Iterator[tuple[int, int]]:
    """Yield ``(offset_bytes, length_bytes)`` of what digested files of volumes hold.

    A deleted file whose type its content does not tell is left out: its place may be another's
    by now. So is what was found without a name.

    Args:
        volumes: their keys.
        live: of files that are there, or of deleted ones; ``None`` for both.
    """
    for places in _files(connection, evidence_id, volumes, live=live):
        yield from places


def last_places(
    connection: sa.Connection, evidence_id: int, volumes: Sequence[str]
) -> Iterator[int]:
    """Yield where the content of each file that is there ends on the medium."""
    for places in _files(connection, evidence_id, volumes, live=True):
        yield sum(places[-1])


def _files(
    connection: sa.Connection, evidence_id: int, volumes: Sequence[str], *, live: bool | None
) -> Iterator[tuple[tuple[int, int], ...]]:
    is_live = _ENTRY.allocation == "live"
    told = is_live | (_ENTRY.mime != _UNTOLD)
    keys = tables.volumes.c
    ids = sa.select(keys.id).where(keys.evidence_id == evidence_id, keys.key.in_(list(volumes)))
    query = sa.select(_ENTRY.first_block_offset_bytes, _ENTRY.size_bytes, _ENTRY.extents).where(
        _ENTRY.volume_id.in_(list(connection.execute(ids).scalars())),
        _ENTRY.state == "digested",
        _ENTRY.extents != b"",
        _ENTRY.flags.bitwise_and(CARVED) == 0,
        told if live is None else is_live if live else ~is_live & told,
    )
    for span in spans(connection, [evidence_id]):
        for first, size, extents in connection.execute(query.where(within([evidence_id], span))):
            yield unpacked(extents, first, size)


def ids_of(connection: sa.Connection, evidence_id: int, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Give the ids of entries that are still to be read, by their keys."""
    found: dict[bytes, int] = {}
    for start in range(0, len(keys), _ASKED):
        query = sa.select(_ENTRY.entry_key, _ENTRY.id).where(
            _ENTRY.evidence_id == evidence_id,
            _ENTRY.entry_key.in_(keys[start : start + _ASKED]),
            _ENTRY.state == "pending",
        )
        found |= {bytes(row.entry_key): row.id for row in connection.execute(query)}
    return found
