"""What pictures say of themselves, kept beside the contents of an exhibit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from triage.model.picturefacts import PictureFacts
from triage.store import bulk, tables
from triage.store.benchtables import picture_facts
from triage.store.writer import Writing

_ASKED = 400
_NAMES = ("make", "model", "serial", "software", "taken", "latitude", "longitude")
_COLUMN = picture_facts.c


def set_facts(store: Writing, exhibit_id: int, facts: Mapping[bytes, PictureFacts]) -> None:
    """Record what contents say of themselves, by their SHA-256; kept with the next commit."""
    if not facts:
        return
    statement = bulk.insert_of(store.connection.dialect.name)(picture_facts)
    changed = {name: statement.excluded[name] for name in _NAMES}
    store.connection.execute(
        statement.on_conflict_do_update(index_elements=["exhibit_id", "sha256"], set_=changed),
        [
            {"exhibit_id": exhibit_id, "sha256": sha256}
            | {name: getattr(one, name) for name in _NAMES}
            for sha256, one in facts.items()
        ],
    )


def facts_of(
    connection: sa.Connection, exhibit_ids: Sequence[int], digests: Sequence[bytes]
) -> dict[bytes, PictureFacts]:
    """Give the facts of contents by their SHA-256, of those that say anything.

    A content says the same in every exhibit.
    """
    found: dict[bytes, PictureFacts] = {}
    for start in range(0, len(digests), _ASKED):
        query = sa.select(picture_facts).where(
            _COLUMN.exhibit_id.in_(list(exhibit_ids)),
            _COLUMN.sha256.in_(digests[start : start + _ASKED]),
        )
        found |= {row.sha256: _facts(row) for row in connection.execute(query)}
    return found


def all_facts(connection: sa.Connection, case_id: int) -> Iterator[tuple[bytes, PictureFacts]]:
    """Yield SHA-256 and facts of all contents of a case that say anything, by SHA-256.

    A content that several exhibits of the case hold comes once for each.
    """
    query = (
        sa.select(picture_facts)
        .join(tables.exhibits, tables.exhibits.c.id == _COLUMN.exhibit_id)
        .where(tables.exhibits.c.case_id == case_id)
        .order_by(_COLUMN.sha256, _COLUMN.exhibit_id)
    )
    for row in connection.execute(query):
        yield row.sha256, _facts(row)


def _facts(row: sa.Row[tuple[object, ...]]) -> PictureFacts:
    return PictureFacts(**{name: getattr(row, name) for name in _NAMES})
