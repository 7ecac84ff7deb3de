"""Everything that is written; each call may be repeated without changing the result."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from triage.errors import LeaseLost
from triage.model.digest import PictureHashes
from triage.model.entry import FileEntry
from triage.model.evidence import DamagedRange, EvidenceInfo
from triage.model.grade import Proposal
from triage.model.hashset import PackManifest
from triage.model.match import Match
from triage.model.outcome import Done, Failed, NoPicture, Outcome, PictureOutcome, Skipped
from triage.model.problem import Problem
from triage.model.volume import VolumeInfo
from triage.store import bulk, rows, tables

GROUP_ROWS = 1_000
"""Rows that go to the database in one call, at least, where there are so many."""


class Writing:
    """The writing half of a store; nothing is kept before :meth:`commit`."""

    connection: sa.Connection
    guard: Callable[[], None] | None = None
    """Asked by each commit, in its transaction, whether the lease of the exhibit still stands."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._insert: Any = bulk.insert_of(connection.dialect.name)

    def rollback(self) -> None:
        """Drop everything since the last commit."""
        self.connection.rollback()

    def commit(self) -> None:
        """Make everything since the last commit permanent; drop it if the guard says so.

        Raises:
            LeaseLost: another process works at the exhibit by now.
        """
        try:
            if self.guard is not None:
                self.guard()
        except LeaseLost:
            self.connection.rollback()
            raise
        self.connection.commit()

    def add_exhibit(self, case: str, exhibit: str) -> int:
        """Give the id of an exhibit, made where it is new."""
        self._ignore(tables.cases, [{"reference": case}])
        case_id = self.connection.execute(
            sa.select(tables.cases.c.id).where(tables.cases.c.reference == case)
        ).scalar_one()
        self._ignore(tables.exhibits, [{"case_id": case_id, "reference": exhibit}])
        found = tables.exhibits.c
        return int(
            self.connection.execute(
                sa.select(found.id).where(found.case_id == case_id, found.reference == exhibit)
            ).scalar_one()
        )

    def add_evidence(self, exhibit_id: int, info: EvidenceInfo, location: str) -> int:
        """Give the id of an evidence item; where it lies now replaces where it lay before."""
        values = {
            "exhibit_id": exhibit_id,
            "key": info.key,
            "name": info.name,
            "location": location,
            "info": rows.to_json(info),
        }
        self._replace(tables.evidence, [values], ("exhibit_id", "key"))
        found = tables.evidence.c
        return int(
            self.connection.execute(
                sa.select(found.id).where(found.exhibit_id == exhibit_id, found.key == info.key)
            ).scalar_one()
        )

    def forget_unopened(self, exhibit_id: int, key: str) -> None:
        """Remove what stood for an image that did not open, now that it has."""
        found = tables.evidence.c
        ids = sa.select(found.id).where(found.exhibit_id == exhibit_id, found.key == key)
        for table in (tables.problems, tables.damage):
            self.connection.execute(sa.delete(table).where(table.c.evidence_id.in_(ids)))
        self.connection.execute(
            sa.delete(tables.evidence).where(found.exhibit_id == exhibit_id, found.key == key)
        )

    def add_volumes(self, evidence_id: int, volumes: Iterable[VolumeInfo]) -> dict[str, int]:
        """Give the id of each volume by its key."""
        self._ignore(
            tables.volumes,
            [
                {
                    "evidence_id": evidence_id,
                    "key": volume.key,
                    "info": rows.to_json(volume),
                    "listed": False,
                }
                for volume in volumes
            ],
        )
        found = tables.volumes.c
        result = self.connection.execute(
            sa.select(found.key, found.id).where(found.evidence_id == evidence_id)
        )
        return {row.key: int(row.id) for row in result}

    def mark_listed(self, volume_id: int) -> None:
        """Record that every folder of a volume has been listed."""
        self._update(tables.volumes, tables.volumes.c.id == volume_id, listed=True)

    def add_entries(
        self,
        evidence_id: int,
        volume_id: int,
        entries: Sequence[FileEntry],
        container_id: int | None = None,
    ) -> None:
        """Add listed entries; those that are there already stay as they are.

        Args:
            container_id: entry of the archive that they lie in, ``None`` for a file system's own.
        """
        self.add_listings(evidence_id, volume_id, [entries], container_id)

    def add_listings(
        self,
        evidence_id: int,
        volume_id: int,
        listings: Iterable[Sequence[FileEntry]],
        container_id: int | None = None,
    ) -> None:
        """Add the entries of several folders in order, as :meth:`add_entries` does."""
        inside = () if container_id is None else (container_id,)
        names = [f"new_{name}" for name in bulk.LISTED]
        names += ["new_container_id"] * len(inside)
        statement = bulk.insert_listed(self.connection.dialect.name, in_container=bool(inside))
        group: list[bulk.Values] = []
        for entries in listings:
            for page in rows.listed_rows(entries, evidence_id, volume_id, inside):
                group += page
                if len(group) >= GROUP_ROWS:
                    bulk.run(self.connection, statement, names, group)
                    group = []
        bulk.run(self.connection, statement, names, group)

    def mark_opened(self, entry_ids: Sequence[int]) -> None:
        """Record that the members of archives are listed, or that they cannot be opened."""
        bulk.run(self.connection, bulk.mark_opened(), ("of_id",), [(one,) for one in entry_ids])

    def add_problems(self, evidence_id: int, problems: Iterable[Problem]) -> None:
        """Add problems of an evidence item."""
        self._ignore(
            tables.problems,
            [
                {
                    "evidence_id": evidence_id,
                    "kind": str(problem.kind),
                    "volume": problem.volume,
                    "path": problem.path,
                    "detail": problem.detail,
                    "offset_bytes": -1 if problem.offset_bytes is None else problem.offset_bytes,
                    "length_bytes": -1 if problem.length_bytes is None else problem.length_bytes,
                }
                for problem in problems
            ],
        )

    def add_damage(self, evidence_id: int, ranges: Iterable[DamagedRange]) -> None:
        """Add damaged ranges; they are merged when they are read."""
        self._ignore(
            tables.damage,
            [
                {
                    "evidence_id": evidence_id,
                    "kind": str(one.kind),
                    "offset_bytes": one.offset_bytes,
                    "length_bytes": one.length_bytes,
                    "detail": one.detail,
                }
                for one in ranges
            ],
        )

    def mark_in_hand(self, evidence_id: int, entry_ids: Collection[int]) -> None:
        """Record which entries are about to be read: after a crash they are read one by one.

        They replace those that were marked before.
        """
        if entry_ids:
            words = json.dumps(sorted(entry_ids), separators=(",", ":"))
            values: dict[str, object] = {"evidence_id": evidence_id, "entries": words}
            self._replace(tables.in_hand, [values], ("evidence_id",))
        else:
            marked = tables.in_hand.c.evidence_id == evidence_id
            self.connection.execute(sa.delete(tables.in_hand).where(marked))

    def finish(self, exhibit_id: int, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        """Record what became of entries, and the contents that were found."""
        done: list[bulk.Values] = []
        others: list[tuple[int, Skipped | Failed]] = []
        contents: dict[bytes, bulk.Values] = {}
        for entry_id, outcome in outcomes:
            if isinstance(outcome, Done):
                done.append((*rows.done_values(outcome), entry_id))
                contents[outcome.digests.sha256] = rows.content_values(exhibit_id, outcome)
            else:
                others.append((entry_id, outcome))
        self.add_contents(list(contents.values()))
        self.finish_done(done)
        self.finish_undone(others)

    def add_contents(self, values: list[bulk.Values]) -> None:
        """Add contents, rows of :data:`triage.store.rows.CONTENT`; those that are there stay."""
        statement = bulk.insert_contents(self.connection.dialect.name)
        bulk.run(self.connection, statement, rows.CONTENT, values)

    def finish_done(self, values: list[bulk.Values]) -> None:
        """Record digested entries: rows of :data:`triage.store.rows.DONE`, then the entry's id."""
        bulk.run(self.connection, bulk.finish_done(), (*rows.DONE, "of_id"), values)

    def finish_undone(self, outcomes: Iterable[tuple[int, Skipped | Failed]]) -> None:
        """Record entries that were skipped or failed."""
        values = [(*rows.undone_values(outcome), entry_id) for entry_id, outcome in outcomes]
        bulk.run(self.connection, bulk.finish_undone(), (*rows.UNDONE, "of_id"), values)

    def set_matches(
        self,
        exhibit_id: int,
        found: Iterable[tuple[bytes, Sequence[Match], Proposal]],
    ) -> None:
        """Replace the matches and the proposal of contents, named by their SHA-256."""
        judged = list(found)
        self._each(
            sa.delete(tables.matches).where(
                tables.matches.c.exhibit_id == exhibit_id,
                tables.matches.c.sha256 == sa.bindparam("of_sha256"),
            ),
            [{"of_sha256": sha256} for sha256, _, _ in judged],
        )
        self._ignore(
            tables.matches,
            [
                {
                    "exhibit_id": exhibit_id,
                    "sha256": sha256,
                    "nth": nth,
                    "match": rows.to_json(match),
                }
                for sha256, matches, _ in judged
                for nth, match in enumerate(matches)
            ],
        )
        proposals = {sha256: rows.proposal_columns(proposal) for sha256, _, proposal in judged}
        self._set_contents(exhibit_id, proposals)

    def set_picture_states(self, exhibit_id: int, states: Mapping[bytes, str]) -> None:
        """Record whether contents are to be decoded (``pending``) or are known by their digests."""
        self._set_contents(
            exhibit_id, {sha256: {"picture_state": state} for sha256, state in states.items()}
        )

    def redecode_unturned(self, exhibit_id: int) -> None:
        """Have those pictures wait again that were decoded without the hashes for each turn."""
        columns = tables.contents.c
        unturned = (columns.picture_state == "done") & columns.turned.is_(None)
        self._update(
            tables.contents, (columns.exhibit_id == exhibit_id) & unturned, picture_state="pending"
        )

    def set_pictures(self, exhibit_id: int, pictures: Mapping[bytes, PictureOutcome]) -> None:
        """Record what decoding contents gave, by their SHA-256."""
        for kind in (PictureHashes, NoPicture):
            self._set_contents(
                exhibit_id,
                {
                    sha256: rows.picture_columns(picture)
                    for sha256, picture in pictures.items()
                    if isinstance(picture, kind)
                },
            )

    def set_references(
        self,
        exhibit_id: int,
        packs: Iterable[PackManifest],
        schemes: Mapping[str, str],
    ) -> None:
        """Record which packs and schemes (id to SHA-256) the exhibit's matches come from."""
        self._delete(tables.exhibit_packs, exhibit_id)
        self._ignore(
            tables.exhibit_packs,
            [
                {
                    "exhibit_id": exhibit_id,
                    "name": pack.name,
                    "version": pack.version,
                    "manifest": rows.to_json(pack),
                }
                for pack in packs
            ],
        )
        self._delete(tables.exhibit_schemes, exhibit_id)
        self._ignore(
            tables.exhibit_schemes,
            [
                {"exhibit_id": exhibit_id, "scheme": scheme, "sha256": sha256}
                for scheme, sha256 in schemes.items()
            ],
        )

    def start_run(
        self, exhibit_id: int, *, started_at: str, tool_version: str, workers: int
    ) -> int:
        """Open a run record; one that was left open by a crash is marked as cut short."""
        self._update(
            tables.runs,
            (tables.runs.c.exhibit_id == exhibit_id) & (tables.runs.c.state == "running"),
            state="cut-short",
        )
        result = self.connection.execute(
            tables.runs.insert().values(
                exhibit_id=exhibit_id,
                started_at=started_at,
                state="running",
                tool_version=tool_version,
                workers=workers,
            )
        )
        key = result.inserted_primary_key
        return int(key[0]) if key else 0

    def end_run(
        self, run_id: int, *, ended_at: str, state: str, seconds: float, read_bytes: int
    ) -> None:
        """Close a run record as ``complete``, ``interrupted``, ``nothing-opened``, ``failed`` or
        ``evidence-gone``.
        """
        self._update(
            tables.runs,
            tables.runs.c.id == run_id,
            ended_at=ended_at,
            state=state,
            seconds=seconds,
            read_bytes=read_bytes,
        )

    def _set_contents(self, exhibit_id: int, values: Mapping[bytes, Mapping[str, object]]) -> None:
        """Change the same columns of many contents, named by their SHA-256."""
        if not values:
            return
        names = tuple(next(iter(values.values())))
        bound = (*(f"new_{name}" for name in names), "of_exhibit_id", "of_sha256")
        group = [
            (*(_driven(one[name]) for name in names), exhibit_id, bytearray(sha256))
            for sha256, one in values.items()
        ]
        bulk.run(self.connection, bulk.update_contents(names), bound, group)

    def _each(self, statement: sa.Executable, values: list[dict[str, object]]) -> None:
        """Run one statement for many rows, so that it is built and looked up once."""
        if values:
            self.connection.execute(statement, values)

    def _update(self, table: sa.Table, where: sa.ColumnElement[bool], **values: object) -> None:
        self.connection.execute(sa.update(table).where(where).values(**values))

    def _delete(self, table: sa.Table, exhibit_id: int) -> None:
        self.connection.execute(sa.delete(table).where(table.c.exhibit_id == exhibit_id))

    def _ignore(self, table: sa.Table, values: list[dict[str, object]]) -> None:
        if values:
            self.connection.execute(self._insert(table).on_conflict_do_nothing(), values)

    def _replace(
        self, table: sa.Table, values: list[dict[str, object]], key: tuple[str, ...]
    ) -> None:
        statement = self._insert(table)
        changed = {name: statement.excluded[name] for name in values[0] if name not in key}
        self.connection.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=changed), values
        )


def _driven(value: object) -> object:
    """Give a value as the driver takes it without looking up how."""
    if isinstance(value, bytes):
        return bytearray(value)
    return tables.storable(value) if isinstance(value, str) else value
