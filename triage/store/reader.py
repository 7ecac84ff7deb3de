"""Everything that is read back: work still to do, listings, and what a result page needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Literal

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.entry import FileEntry
from triage.model.evidence import EvidenceInfo
from triage.model.hashset import PackManifest
from triage.model.match import Match
from triage.model.packing import THUMBNAIL
from triage.model.record import ExportRecord
from triage.model.thumbnail import Original
from triage.model.vote import DECIDED, DISPUTED, Decide, Decision
from triage.store import rows, tables, voterows
from triage.store.spans import unindexed
from triage.store.thumbnails import originals_of

PAGE = 2_000
"""Rows fetched at a time: bounds memory whatever the size of a case."""

_ENTRY = tables.entries.c
_CONTENT = tables.contents.c
_BY_PEOPLE = DECIDED | DISPUTED


class Reading:
    """The reading half of a store."""

    connection: sa.Connection

    def case_names(self) -> tuple[str, ...]:
        """Give the references of all cases, sorted."""
        query = sa.select(tables.cases.c.reference).order_by(tables.cases.c.reference)
        return tuple(self.connection.execute(query).scalars())

    def exhibits(self, case: str) -> tuple[str, ...]:
        """Give the references of a case's exhibits, sorted.

        Raises:
            UsageFault: there is no such case.
        """
        query = (
            sa.select(tables.exhibits.c.reference)
            .join(tables.cases)
            .where(tables.cases.c.reference == case)
            .order_by(tables.exhibits.c.reference)
        )
        found = tuple(self.connection.execute(query).scalars())
        if not found:
            known = ", ".join(self.case_names()) or "none"
            raise UsageFault(f"there is no case {case!r} here", hint=f"Cases here: {known}")
        return found

    def exhibit_ids(self, case: str, exhibit: str | None = None) -> tuple[int, ...]:
        """Give the ids of a case's exhibits, or of the one named, in order of reference.

        Raises:
            UsageFault: there is no such case or exhibit.
        """
        known = self.exhibits(case)
        if exhibit is not None and exhibit not in known:
            raise UsageFault(
                f"case {case!r} has no exhibit {exhibit!r}", hint=f"Exhibits: {', '.join(known)}"
            )
        query = (
            sa.select(tables.exhibits.c.id)
            .join(tables.cases)
            .where(tables.cases.c.reference == case)
            .order_by(tables.exhibits.c.reference)
        )
        if exhibit is not None:
            query = query.where(tables.exhibits.c.reference == exhibit)
        return tuple(self.connection.execute(query).scalars())

    def known_exhibit(self, case: str, exhibit: str) -> int | None:
        """Give the id of an exhibit, ``None`` where it is new."""
        columns = tables.exhibits.c
        query = (
            sa.select(columns.id)
            .join(tables.cases)
            .where(tables.cases.c.reference == case, columns.reference == exhibit)
        )
        return self.connection.execute(query).scalar_one_or_none()

    def is_graded(self, case: str) -> bool:
        """Tell whether people ever voted on contents of a case.

        Raises:
            UsageFault: there is no such case.
        """
        return voterows.any_of(self.connection, voterows.case_of(self.connection, case)[0])

    def packs(self, case: str, exhibit: str | None = None) -> tuple[PackManifest, ...]:
        """Give the reference packs behind the stored matches, sorted by name and version."""
        found = {
            (pack.name, pack.version): pack
            for exhibit_id in self.exhibit_ids(case, exhibit)
            for pack in self.packs_of(exhibit_id)
        }
        return tuple(found[key] for key in sorted(found))

    def packs_of(self, exhibit_id: int) -> tuple[PackManifest, ...]:
        """Give the packs of one exhibit, sorted by name and version."""
        columns = tables.exhibit_packs.c
        query = (
            sa.select(columns.manifest)
            .where(columns.exhibit_id == exhibit_id)
            .order_by(columns.name, columns.version)
        )
        return tuple(rows.manifest(text) for text in self.connection.execute(query).scalars())

    def schemes_of(self, exhibit_id: int) -> dict[str, str]:
        """Give id and SHA-256 of the schemes that an exhibit's proposals were made with."""
        columns = tables.exhibit_schemes.c
        query = sa.select(columns.scheme, columns.sha256).where(columns.exhibit_id == exhibit_id)
        return {row.scheme: row.sha256 for row in self.connection.execute(query)}

    def evidence_of(self, exhibit_id: int) -> tuple[tuple[int, EvidenceInfo, str], ...]:
        """Give id, facts and place of an exhibit's evidence, sorted by name and key."""
        columns = tables.evidence.c
        query = (
            sa.select(columns.id, columns.info, columns.location)
            .where(columns.exhibit_id == exhibit_id)
            .order_by(columns.name, columns.key)
        )
        return tuple(
            (row.id, rows.evidence_info(row.info), row.location)
            for row in self.connection.execute(query)
        )

    def _containers(self, page: Iterable[rows.Row]) -> dict[int, FileEntry]:
        """Give the archives that the entries of a page lie in, by entry id."""
        wanted = sorted({row.container_id for row in page} - {None})
        found: list[rows.Row] = []
        for start in range(0, len(wanted), 400):
            part = wanted[start : start + 400]
            found += self.connection.execute(with_keys().where(_ENTRY.id.in_(part))).all()
        outer = self._containers(found) if found else {}
        return {row.id: rows.entry_of(row, outer.get(row.container_id)) for row in found}

    def _container_digests(self, containers: Iterable[int]) -> dict[int, bytes]:
        """Give the MD5 of archives by their entry id."""
        query = (
            sa.select(_ENTRY.id, _CONTENT.md5)
            .join(tables.evidence, tables.evidence.c.id == _ENTRY.evidence_id)
            .join(
                tables.contents,
                (_CONTENT.exhibit_id == tables.evidence.c.exhibit_id)
                & (_CONTENT.sha256 == _ENTRY.sha256),
            )
        )
        found: dict[int, bytes] = {}
        wanted = sorted(containers)
        for start in range(0, len(wanted), 400):
            part = wanted[start : start + 400]
            for row in self.connection.execute(query.where(_ENTRY.id.in_(part))):
                found[row.id] = row.md5
        return found

    def records(
        self,
        case: str,
        exhibit: str | None = None,
        order: Literal["path", "content"] = "path",
        *,
        decide: Decide | None = None,
    ) -> Iterator[ExportRecord]:
        """Yield every entry of a case with all that is known of it, in an order of its own.

        ``path``: exhibit, evidence, volume, path, stream, address. ``content``: MD5, SHA-256, then
        the same; entries without content come first. ``decide`` tells what stands of contents
        that people voted on; without it votes are left out.
        """
        ids = self.exhibit_ids(case, exhibit)
        deciding = self._deciding(case, decide)
        result = self.connection.execute(_listing(ids, order).execution_options(yield_per=PAGE))
        for page in result.partitions(PAGE):
            matches = self._matches({(row.exhibit_id, row.sha256) for row in page if row.matched})
            containers = self._containers(page)
            digests = self._container_digests(containers)
            decided = deciding({row.sha256 for row in page} - {None}) if deciding else {}
            small = [row.id for row in page if row.flags & THUMBNAIL]
            originals = originals_of(self.connection, small)
            for row in page:
                entry = rows.entry_of(row, containers.get(row.container_id))
                beside = (
                    matches.get((row.exhibit_id, row.sha256), ()),
                    digests.get(row.container_id),
                    decided.get(row.sha256),
                    originals.get(row.id),
                )
                yield _record(row, case, entry, beside)

    def _deciding(
        self, case: str, decide: Decide | None
    ) -> Callable[[set[bytes]], dict[bytes, Decision]] | None:
        """Give what tells what stands of some contents; ``None`` where nobody ever voted."""
        if decide is None:
            return None
        connection = self.connection
        case_id, ids = voterows.case_of(connection, case)
        if not voterows.any_of(connection, case_id):
            return None

        def deciding(asked: set[bytes]) -> dict[bytes, Decision]:
            found = voterows.decisions_of(connection, case_id, ids, asked, decide)
            return {key: one for key, one in found.items() if one.state in _BY_PEOPLE}

        return deciding

    def _matches(
        self, wanted: set[tuple[int, bytes]]
    ) -> dict[tuple[int, bytes], tuple[Match, ...]]:
        found: dict[tuple[int, bytes], list[Match]] = {}
        columns = tables.matches.c
        # one exhibit at a time: SQLite goes through the whole table for a list of pairs
        for exhibit_id, pairs in groupby(sorted(wanted), itemgetter(0)):
            digests = [sha256 for _, sha256 in pairs]
            query = (
                sa.select(tables.matches)
                .where(columns.exhibit_id == exhibit_id)
                .order_by(columns.sha256, columns.nth)
            )
            for start in range(0, len(digests), 400):
                part = query.where(columns.sha256.in_(digests[start : start + 400]))
                for row in self.connection.execute(part):
                    key = row.exhibit_id, row.sha256
                    found.setdefault(key, []).append(rows.match(row.match))
        return {key: tuple(values) for key, values in found.items()}


def with_keys() -> sa.Select[tuple[object, ...]]:
    """Select entries as :func:`triage.store.rows.entry_of` reads them, and what work needs."""
    return (
        sa.select(
            *rows.entry_columns(),
            _ENTRY.id,
            _ENTRY.container_id,
            _ENTRY.volume_id,
        )
        .select_from(tables.entries)
        .join(tables.volumes, tables.volumes.c.id == _ENTRY.volume_id)
        .join(tables.evidence, tables.evidence.c.id == _ENTRY.evidence_id)
    )


def _matched(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(
            tables.matches.c.exhibit_id == tables.evidence.c.exhibit_id,
            tables.matches.c.sha256 == _ENTRY.sha256,
            # said once more: PostgreSQL may read the table beforehand, but then not of all exhibits
            unindexed(tables.matches.c.exhibit_id).in_(ids),
        )
        .correlate(tables.entries, tables.evidence)
    )


def _listing(ids: Sequence[int], order: str) -> sa.Select[tuple[object, ...]]:
    names = [c for c in tables.contents.c if c.name not in {*_ENTRY.keys(), "exhibit_id"}]
    listed = rows.entry_columns()
    told = {column.name for column in listed}
    by_path = (
        tables.exhibits.c.reference,
        tables.evidence.c.name,
        tables.evidence.c.key,
        tables.volumes.c.key,
        _ENTRY.path,
        _ENTRY.stream,
        _ENTRY.address,
        _ENTRY.sequence,
        _ENTRY.parent_address,
        _ENTRY.nth,
    )
    by_content = (_CONTENT.md5.nulls_first(), _CONTENT.sha256) if order == "content" else ()
    return (
        sa.select(
            *listed,
            *(column for column in _ENTRY if column.name not in told),
            *names,
            _CONTENT.size_bytes.label("content_size_bytes"),
            tables.evidence.c.name.label("evidence_name"),
            tables.evidence.c.exhibit_id,
            tables.exhibits.c.reference.label("exhibit"),
            _matched(ids).label("matched"),
        )
        .select_from(tables.entries)
        .join(tables.volumes, tables.volumes.c.id == _ENTRY.volume_id)
        .join(tables.evidence, tables.evidence.c.id == _ENTRY.evidence_id)
        .join(tables.exhibits, tables.exhibits.c.id == tables.evidence.c.exhibit_id)
        .outerjoin(
            tables.contents,
            (_CONTENT.exhibit_id == tables.evidence.c.exhibit_id)
            & (_CONTENT.sha256 == _ENTRY.sha256)
            & unindexed(_CONTENT.exhibit_id).in_(ids),
        )
        .where(tables.evidence.c.exhibit_id.in_(ids))
        .order_by(*by_content, *by_path)
    )


def _record(
    row: rows.Row,
    case: str,
    entry: FileEntry,
    beside: tuple[tuple[Match, ...], bytes | None, Decision | None, Original | None],
) -> ExportRecord:
    known = row.sha256 is not None
    matches, container_md5, decision, original = beside
    return ExportRecord(
        case=case,
        exhibit=row.exhibit,
        evidence_name=row.evidence_name,
        entry=entry,
        outcome=rows.outcome_of(row),
        picture=rows.picture_of(row) if known else None,
        matches=matches,
        proposal=rows.proposal_of(row) if known else None,
        container_md5=container_md5,
        decision=decision,
        original=original,
    )
