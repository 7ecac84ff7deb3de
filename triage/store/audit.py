"""The audit in the database: lines appended to one chain, and read back as they stand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
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
_OCTETS = (bytes, memoryview)
_KINDS: tuple[Any, ...] = (
    *(int, int, str, str, str, str, str),
    *((*_OCTETS, type(None)), str, str, _OCTETS),
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
            return TornRow(number=number, why="it holds text that is none", link=_octets(link))


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
    return json.dumps([list(pair) for pair in detail])


def _row(values: Sequence[Any]) -> AuditRow | TornRow:
    """Give a stored line, which anybody may have changed since."""
    number, at_ms, action, by, role, case, exhibit, sha256, detail, address, link = values
    why = _torn(values)
    if why:
        return TornRow(number=number, why=why, link=_octets(link))
    return AuditRow(
        number=number,
        line=AuditLine(
            at_ms=at_ms,
            action=_ACTIONS[action],
            by=by,
            role=role,
            case=case,
            exhibit=exhibit,
            sha256=b"" if sha256 is None else bytes(sha256),
            detail=() if detail == "[]" else tuple(map(tuple, json.loads(detail))),
            address=address,
        ),
        link=bytes(link),
    )


def _octets(link: object) -> bytes:
    return bytes(link) if isinstance(link, _OCTETS) else b""


def _torn(values: Sequence[Any]) -> str:
    """Say what shows by itself that a line was changed, ``""`` where nothing does."""
    if not all(isinstance(one, kind) for one, kind in zip(values, _KINDS, strict=True)):
        return "it holds a value of another kind"
    if values[2] not in _ACTIONS:
        return "its action is none of this program's"
    if values[7] is not None and not len(values[7]):
        return "its SHA-256 is empty"
    return "" if values[8] == "[]" else _torn_detail(values[8])


def _torn_detail(detail: str) -> str:
    try:
        pairs = json.loads(detail)
        plain = all(len(pair) == 2 and set(map(type, pair)) == {str} for pair in pairs)
        same = plain and _detail_text(pairs) == detail
    except (ValueError, TypeError, RecursionError):
        same = False
    return "" if same else "its detail is not written as this program writes it"


def _whole(row: AuditRow | TornRow) -> AuditRow:
    if isinstance(row, TornRow):
        raise StoreError(
            f"audit row {row.number} was changed: {row.why}",
            hint="'triage audit verify' names every row that was.",
        )
    return row
