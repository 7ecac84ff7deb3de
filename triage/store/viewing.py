"""Where a content of a case can be read again, for who is to look at it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from triage.model.entry import FileEntry
from triage.store import rows, tables
from triage.store.database import Store
from triage.store.reader import with_keys
from triage.store.spans import evidence_ids

_ENTRY = tables.entries.c
_CONTENT = tables.contents.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadablePlace:
    """One entry of a content, and where its evidence lies."""

    location: str
    entry: FileEntry
    mime: str
    family: str


def case_reference(connection: sa.Connection, case_id: int) -> str | None:
    """Give the reference of a case; ``None`` where there is none with this id."""
    column = tables.cases.c
    query = sa.select(column.reference).where(column.id == case_id)
    return connection.execute(query).scalar_one_or_none()


def readable_places(
    store: Store, case_id: int, sha256: bytes, most: int
) -> tuple[ReadablePlace, ...]:
    """Give places of a content, those first that are read soonest: not in an archive, live."""
    exhibits = sa.select(tables.exhibits.c.id).where(tables.exhibits.c.case_id == case_id)
    ids = list(store.connection.execute(exhibits).scalars())
    query = (
        with_keys()
        .add_columns(
            tables.evidence.c.location,
            _CONTENT.mime.label("content_mime"),
            _CONTENT.family.label("content_family"),
        )
        .join(
            tables.contents,
            (_CONTENT.exhibit_id == tables.evidence.c.exhibit_id)
            & (_CONTENT.sha256 == _ENTRY.sha256),
        )
        .where(
            _ENTRY.sha256 == sha256,
            _ENTRY.evidence_id.in_(evidence_ids(store.connection, ids)),
        )
        .order_by(_ENTRY.container_id.is_not(None), _ENTRY.allocation != "live", _ENTRY.id)
        .limit(most)
    )
    page = store.connection.execute(query).all()
    containers = store._containers(page)  # noqa: SLF001  (of this room)
    return tuple(
        ReadablePlace(
            location=row.location,
            entry=rows.entry_of(row, containers.get(row.container_id)),
            mime=row.content_mime,
            family=row.content_family,
        )
        for row in page
    )
