"""The audit in the database: lines appended to one chain, and read back as they stand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

import sqlalchemy as sa

from triage.errors import StoreError
from triage.model.account import AuditAction, AuditLine, AuditRow
from triage.model.auditchain import FIRST, TornRow, link_of
from triage.store.accounttables import audit
from triage.store.tables import storable

WORDS_MAX = 4_000
"""Characters of one field, at most: lines tell what was done, and others choose what they say."""

_CHAIN = int.from_bytes(b"audit", "big")
"""Of PostgreSQL's advisory locks the one that is held while the chain grows."""

_PAGE = 2_000
_COLUMNS = tuple(audit.columns)
_HEAD = sa.select(audit.c.number, audit.c.link).order_by(audit.c.number.desc()).limit(1)
_APPEND = audit.insert()
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(_CHAIN))
_ACTIONS = {one.value: one for one in AuditAction}
_KINDS = frozenset(
    (int, int, str, str, str, str, str, sha256, str, str, bytes) for sha256 in (bytes, type(None))
)
"""Kinds of the values of a row, in the order of its columns."""


class Audit:
    """Lines of the audit; nothing is kept before the caller commits."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def append(self, lines: Sequence[AuditLine]) -> AuditRow:
        """Put lines at the end of the chain, and give the last one in its place.

        All others who append wait from here to the end of the transaction: append last, then
        commit. Words longer than :data:`WORDS_MAX` are cut, and say so.

        Raises:
            ValueError: there is no line.
        """
        self._take_turn()
        found = self._connection.execute(_HEAD).first()
        number, link = (found.number, bytes(found.link)) if found else (0, FIRST)
        values = []
        for line in map(_storable, lines):
            number += 1
            link = link_of(link, number, line)
            last = AuditRow(number=number, line=line, link=link)
            values.append(_values(last))
        if not values:
            raise ValueError("nothing to append to the audit")
        self._connection.execute(_APPEND, values)
        return last

    def rows(  # noqa: PLR0913  (filters, by their names)
        self,
        after: int = 0,
        *,
        by: str = "",
        action: str = "",
        case: str = "",
        since_ms: int = 0,
        limit: int = 200,
        newest: bool = False,
    ) -> tuple[AuditRow, ...]:
        """Give lines in order, those that agree with every filter that is not empty.

        Args:
            after: only those with a greater number; ``newest``: with a smaller one where it is not
                0, and from the newest to the oldest.
            since_ms: only those written at that moment or later.
            limit: at most so many.

        Raises:
            StoreError: a line is none as this program writes them.
        """
        columns = audit.c
        filters = ((columns.by, by), (columns.action, action), (columns.case_reference, case))
        where = [column == value for column, value in filters if value]
        if since_ms:
            where.append(columns.at_ms >= since_ms)
        if after:
            where.append(columns.number < after if newest else columns.number > after)
        order = columns.number.desc() if newest else columns.number
        asked = sa.select(*_COLUMNS).where(*where).order_by(order).limit(limit)
        return tuple(map(_whole, map(_row, self._connection.execute(asked))))

    def head(self) -> AuditRow | None:
        """Give the last line, or ``None`` where there is none.

        Raises:
            StoreError: it is none as this program writes them.
        """
        asked = sa.select(*_COLUMNS).order_by(audit.c.number.desc()).limit(1)
        found = self._connection.execute(asked).first()
        return None if found is None else _whole(_row(found))

    def iterate(self) -> Iterator[AuditRow | TornRow]:
        """Yield every line by number, a page of them in memory at once; none stops the others."""
        after: int | None = None
        while page := self._page(after):
            yield from page
            after = page[-1].number

    def times(
        self, by: str, actions: Collection[AuditAction], since_ms: int = 0
    ) -> list[tuple[int, str]]:
        """Give when a person did any of some actions, from a moment on, in order of time."""
        columns = audit.c
        asked = sa.select(columns.at_ms, columns.action).where(
            columns.by == by,
            columns.action.in_(sorted(one.value for one in actions)),
            columns.at_ms >= since_ms,
        )
        found = self._connection.execute(asked.order_by(columns.at_ms, columns.number))
        return [(row.at_ms, row.action) for row in found]

    def _take_turn(self) -> None:
        """Hold off all others who append; SQLite begins to write, if it has not yet."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(_LOCK)
            return
        raw: Any = self._connection.connection.driver_connection
        if not raw.in_transaction:
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _page(self, after: int | None) -> Sequence[AuditRow | TornRow]:
        asked = sa.select(*_COLUMNS).order_by(audit.c.number).limit(_PAGE)
        if after is not None:
            asked = asked.where(audit.c.number > after)
        raw = asked.with_only_columns(*(sa.type_coerce(one, sa.types.NULLTYPE) for one in _COLUMNS))
        try:
            return list(map(_row, self._connection.execute(raw)))
        except sa.exc.OperationalError:  # SQLite reads text that is not UTF-8 as no text
            if self._connection.dialect.name != "sqlite":
                raise
            numbers = asked.with_only_columns(audit.c.number)
            return [self._alone(one) for one in self._connection.execute(numbers).scalars()]

    def _alone(self, number: int) -> AuditRow | TornRow:
        asked = sa.select(*_COLUMNS).where(audit.c.number == number)
        try:
            return _row(self._connection.execute(asked).one())
        except sa.exc.OperationalError:
            link = self._connection.execute(asked.with_only_columns(audit.c.link)).scalar_one()
            return TornRow(
                number=number,
                why="it holds text that is none",
                link=link if isinstance(link, bytes) else b"",
            )


def _storable(line: AuditLine) -> AuditLine:
    """Give a line as it will be read back: in words that a database can hold, and not too long."""
    detail = tuple((_bounded(name), _bounded(value)) for name, value in line.detail)
    return replace(
        line,
        by=_bounded(line.by),
        role=_bounded(line.role),
        case=_bounded(line.case),
        exhibit=_bounded(line.exhibit),
        address=_bounded(line.address),
        detail=detail,
    )


def _bounded(words: str) -> str:
    if len(words) > WORDS_MAX:
        words = f"{words[:WORDS_MAX]} [cut; {len(words):,} characters]"
    return storable(words)


def _values(row: AuditRow) -> dict[str, Any]:
    line = row.line
    return {
        "number": row.number,
        "at_ms": line.at_ms,
        "action": line.action.value,
        "by": line.by,
        "role": line.role,
        "case_reference": line.case,
        "exhibit": line.exhibit,
        "sha256": line.sha256 or None,
        "detail": _detail_text(line.detail),
        "address": line.address,
        "link": row.link,
    }


def _detail_text(detail: Iterable[Sequence[str]]) -> str:
    """Give pairs as JSON, just as ``json.dumps`` does, which takes much longer for so few."""
    pairs = [f"[{_quoted(name)}, {_quoted(value)}]" for name, value in detail]
    return f"[{', '.join(pairs)}]"


def _row(values: Sequence[Any]) -> AuditRow | TornRow:
    """Give a stored line, which anybody may have changed since."""
    number, at_ms, action, by, role, case, exhibit, sha256, detail, address, link = values
    if tuple(map(type, values)) not in _KINDS:
        why = "it holds a value of another kind"
        return TornRow(number=number, why=why, link=link if isinstance(link, bytes) else b"")
    pairs = _pairs(detail)
    if action not in _ACTIONS:
        return TornRow(number=number, why="its action is none of this program's", link=link)
    if pairs is None or sha256 == b"":
        why = "its detail or SHA-256 is not written as this program writes it"
        return TornRow(number=number, why=why, link=link)
    line = AuditLine(
        at_ms=at_ms,
        action=_ACTIONS[action],
        by=by,
        role=role,
        case=case,
        exhibit=exhibit,
        sha256=sha256 or b"",
        detail=pairs,
        address=address,
    )
    return AuditRow(number=number, line=line, link=link)


@lru_cache(maxsize=1_024)
def _pairs(detail: str) -> tuple[tuple[str, str], ...] | None:
    """Read pairs from JSON, ``None`` where it is not written as this program writes them."""
    if detail == "[]":
        return ()
    try:
        pairs = tuple((name, value) for name, value in json.loads(detail))
        return pairs if _detail_text(pairs) == detail else None
    except (ValueError, TypeError, RecursionError):
        return None


def _whole(row: AuditRow | TornRow) -> AuditRow:
    if isinstance(row, TornRow):
        raise StoreError(
            f"audit row {row.number} was changed: {row.why}",
            hint="'triage audit verify' names every row that was.",
        )
    return row
