"""Where the entries of an exhibit lie in their table, so that only those are gone through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from triage.store import tables

Span = tuple[int, int]
"""The first and the last id of a part of the table."""

_ENTRY = tables.entries.c
_LOOK = 64
"""So many rows of others are sooner gone through than the table is looked into once more."""


_EDGES = sa.select(
    *(
        sa.select(edge(column)).scalar_subquery()
        for column in (_ENTRY.evidence_id, _ENTRY.id)
        for edge in (sa.func.min, sa.func.max)
    )
)
"""The first and last of all evidence and ids: each a look at the end of an index."""


class unindexed(FunctionElement[Any]):  # noqa: N801  (stands in statements as a function does)
    """A column that SQLite is not to look up in an index; for PostgreSQL it is the column.

    SQLite plans without figures of the tables, unless somebody had it count them, and then with
    figures of another day. A plan is to be the same with and without.
    """

    name = "unindexed"
    inherit_cache = True


@compiles(unindexed)
def _plain(element: unindexed, compiler: Any, **words: Any) -> str:  # noqa: ANN401  (SQLAlchemy's)
    return str(compiler.process(element.clauses, **words))


@compiles(unindexed, "sqlite")
def _signed(element: unindexed, compiler: Any, **words: Any) -> str:  # noqa: ANN401  (SQLAlchemy's)
    return f"+{compiler.process(element.clauses, **words)}"


def evidence_ids(connection: sa.Connection, exhibit_ids: Iterable[int]) -> list[int]:
    """Give the ids of the evidence of exhibits.

    Statements name them: only then are entries looked up by content and evidence in one step, and
    the contents that all exhibits share cost what those of one do.
    """
    columns = tables.evidence.c
    query = sa.select(columns.id).where(columns.exhibit_id.in_(list(exhibit_ids)))
    return list(connection.execute(query.order_by(columns.id)).scalars())


def spans(connection: sa.Connection, evidence: Sequence[int]) -> list[Span | None]:
    """Give the parts of the table, in its order, in which all entries of evidence lie.

    SQLite goes through a part in the order of the file, which an index by keys would have it jump
    about in. As a rule it is one part; where others were listed meanwhile, or a run was continued
    another night, there are more, so that little of theirs lies within.

    Args:
        evidence: ids in order.

    Returns:
        ``None`` for PostgreSQL, which sorts what an index gives by place itself.
    """
    if connection.dialect.name != "sqlite":
        return [None]
    low, high, first, last = connection.execute(_EDGES).one()
    if low is None or not evidence:
        return []
    if evidence[0] <= low and high <= evidence[-1] < evidence[0] + len(evidence):
        return [(first, last)]
    ids = sa.func.min(_ENTRY.id), sa.func.max(_ENTRY.id), sa.func.count()
    inside = _ENTRY.evidence_id.in_(evidence)
    first, last, count = connection.execute(sa.select(*ids).where(inside)).one()
    if not count:
        return []
    if last - first < 2 * count:
        return [(first, last)]
    found = connection.execute(sa.select(_ENTRY.id).where(inside)).scalars()
    return list(_joined(sorted(found)))


def _joined(ids: Sequence[int]) -> list[Span]:
    """Join ids, by number, as long as no more than half of what lies between them is of others."""
    found: list[Span] = []
    first = last = ids[0]
    own = 0
    for one in ids:
        if one - first > 2 * own + _LOOK:
            found.append((first, last))
            first, own = one, 0
        last = one
        own += 1
    return [*found, (first, last)]


def within(evidence: Sequence[int], span: Span | None) -> sa.ColumnElement[bool]:
    """Say that an entry is of some evidence, and lies in a part of the table."""
    if span is None:
        return _ENTRY.evidence_id.in_(evidence)
    return _ENTRY.id.between(*span) & unindexed(_ENTRY.evidence_id).in_(evidence)
