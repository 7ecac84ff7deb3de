"""What is still to be done, read back from the state of the entries and contents themselves."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from triage.model.digest import Digests, PictureHashes
from triage.model.entry import FileEntry
from triage.model.packing import COLUMNS
from triage.model.packing import entry_of as packed_entry
from triage.store import bulk, rows, tables
from triage.store.reader import PAGE, Reading, with_keys
from triage.store.spans import evidence_ids, spans, unindexed, within

_ENTRY = tables.entries.c
_CONTENT = tables.contents.c


class Waiting(NamedTuple):
    """An entry that is still to be read, and where its evidence lies; a tuple for speed."""

    entry_id: int
    volume_id: int
    entry: FileEntry
    location: str


class Unread(NamedTuple):
    """An entry that is still to be read, as its row, which need not become an entry here.

    Attributes:
        row: columns of :data:`triage.model.packing.COLUMNS`; key, times and words, which reading
            does not need, are empty.
        container: the archive that it lies in.
    """

    entry_id: int
    evidence: str
    volume: str
    row: tuple[Any, ...]
    container: FileEntry | None

    @property
    def entry(self) -> FileEntry:
        """The entry, without its times."""
        return packed_entry(self.row, self.evidence, self.volume, self.container)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPicture:
    """A content that is still to be decoded, and the entry to read it from."""

    sha256: bytes
    size_bytes: int
    mime: str
    entry: FileEntry
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """What matching needs of a content that was digested before.

    Attributes:
        picture: kept while the content counts as known by its digests.
        picture_state: as it stands.
        decoded: what decoding it gave, ``done`` or ``failed``; ``""`` where that was never done.
    """

    digests: Digests
    picture: PictureHashes | None
    picture_state: str
    decoded: str
    family: str


class Working(Reading):
    """The half of a store that a run asks what is left."""

    def listed_volumes(self, evidence_id: int) -> frozenset[str]:
        """Give the keys of the volumes whose listing is complete."""
        columns = tables.volumes.c
        query = sa.select(columns.key).where(
            columns.evidence_id == evidence_id, columns.listed.is_(True)
        )
        return frozenset(self.connection.execute(query).scalars())

    def waiting_totals(self, exhibit_id: int) -> tuple[int, int]:
        """Give number and bytes of the entries that are still to be read."""
        query = sa.select(
            sa.func.count(), sa.func.coalesce(sa.func.sum(_ENTRY.size_bytes), 0)
        ).where(
            _ENTRY.evidence_id.in_(evidence_ids(self.connection, [exhibit_id])),
            _ENTRY.state == "pending",
        )
        count, size = self.connection.execute(query).one()
        return int(count), int(size)

    def in_hand(self, evidence_id: int) -> frozenset[int]:
        """Give the entries that workers had in hand when a run was killed."""
        columns = tables.in_hand.c
        query = sa.select(columns.entries).where(columns.evidence_id == evidence_id)
        found = self.connection.execute(query).scalar_one_or_none()
        return frozenset(json.loads(found or "[]"))

    def waiting(self, evidence_id: int) -> Iterator[list[Unread]]:
        """Yield pages of the entries of one evidence item still to be read, in on-disk order."""
        pending = sa.select(*rows.reading_columns()).where(
            _ENTRY.evidence_id == evidence_id, _ENTRY.state == sa.literal_column("'pending'")
        )
        offset: sa.BindParameter[int] = sa.bindparam("offset")
        last_id: sa.BindParameter[int] = sa.bindparam("last_id")
        most: sa.BindParameter[int] = sa.bindparam("most")
        place = _ENTRY.first_block_offset_bytes
        # two searches of the index: one for both would go through all entries of an equal place
        same = pending.where(place == offset, _ENTRY.id > last_id).order_by(_ENTRY.id).limit(most)
        after = pending.where(place > offset).order_by(place, _ENTRY.id).limit(most)
        at: dict[str, int] = {"offset": -2, "last_id": 0}
        while True:
            page = list(self.connection.execute(same, {**at, "most": PAGE}).all())
            if len(page) < PAGE:
                page += self.connection.execute(after, {**at, "most": PAGE - len(page)}).all()
            if not page:
                return
            at = {"offset": page[-1].first_block_offset_bytes, "last_id": page[-1].id}
            yield self._as_unread(evidence_id, page)

    def _as_unread(self, evidence_id: int, page: Sequence[rows.Row]) -> list[Unread]:
        containers = self._containers(page)
        evidence, volumes = self._keys(evidence_id)
        last = len(COLUMNS)
        found = []
        for row in page:
            columns = tuple(row)
            entry_id, container_id, volume_id = columns[last:]
            container = None if container_id is None else containers[container_id]
            found.append(
                Unread(
                    entry_id,
                    evidence,
                    volumes[volume_id],
                    columns[:last],
                    container,
                )
            )
        return found

    def _keys(self, evidence_id: int) -> tuple[str, dict[int, str]]:
        """Give the key of an evidence item, and those of its volumes by their ids."""
        item, volume = tables.evidence.c, tables.volumes.c
        key = self.connection.execute(sa.select(item.key).where(item.id == evidence_id))
        keys = self.connection.execute(
            sa.select(volume.id, volume.key).where(volume.evidence_id == evidence_id)
        )
        return str(key.scalar_one()), {one.id: one.key for one in keys}

    def waiting_archives(
        self, evidence_id: int, location: str, mimes: Iterable[str]
    ) -> list[Waiting]:
        """Give a page of the digested archives whose members are not listed yet.

        Known-good archives are left out: their members are known with them.
        """
        query = (
            with_keys()
            .join(
                tables.contents,
                (_CONTENT.exhibit_id == tables.evidence.c.exhibit_id)
                & (_CONTENT.sha256 == _ENTRY.sha256),
            )
            .where(
                _ENTRY.state == "digested",
                _ENTRY.opened.is_(False),
                _ENTRY.mime.in_(sorted(mimes)),
                _CONTENT.standing != "known-good",
            )
            .order_by(_ENTRY.id)
        )
        page: list[rows.Row] = []
        for span in spans(self.connection, [evidence_id]):
            part = query.where(within([evidence_id], span)).limit(PAGE - len(page))
            page += self.connection.execute(part)
            if len(page) >= PAGE:
                break
        return self._as_waiting(page, location)

    def last_entry_id(self) -> int:
        """Give the greatest id of an entry, 0 where there is none."""
        return int(self.connection.execute(sa.select(sa.func.max(_ENTRY.id))).scalar() or 0)

    def members_after(self, evidence_id: int, entry_id: int) -> dict[tuple[int, int], int]:
        """Give the ids of the members of archives, still to be read, that were added after an id.

        Returns:
            By the id of the archive and the place in it.
        """
        query = sa.select(_ENTRY.container_id, _ENTRY.address, _ENTRY.id).where(
            _ENTRY.id > entry_id,
            unindexed(_ENTRY.evidence_id) == evidence_id,
            unindexed(_ENTRY.state) == "pending",
            _ENTRY.container_id.is_not(None),
        )
        return {(inside, place): one for inside, place, one in self.connection.execute(query)}

    def _as_waiting(self, page: Sequence[rows.Row], location: str) -> list[Waiting]:
        containers = self._containers(page)
        found = []
        for row in page:
            entry_id, container_id, volume_id = row[rows.AFTER_ENTRY :]
            container = None if container_id is None else containers[container_id]
            entry = rows.entry_of(row, container)
            found.append(Waiting(entry_id, volume_id, entry, location))
        return found

    def waiting_picture_totals(self, exhibit_id: int) -> tuple[int, int]:
        """Give number and bytes of the contents that are still to be decoded."""
        query = sa.select(
            sa.func.count(), sa.func.coalesce(sa.func.sum(_CONTENT.size_bytes), 0)
        ).where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.picture_state == "pending")
        count, size = self.connection.execute(query).one()
        return int(count), int(size)

    def known_contents(self, exhibit_id: int, digests: Sequence[bytes]) -> frozenset[bytes]:
        """Give those of the SHA-256 that the exhibit has a content for."""
        return frozenset(bulk.known_contents(self.connection, exhibit_id, digests))

    def contents(self, exhibit_id: int) -> Iterator[list[StoredContent]]:
        """Yield pages of all contents of an exhibit, by SHA-256."""
        query = (
            sa.select(tables.contents)
            .where(_CONTENT.exhibit_id == exhibit_id)
            .order_by(_CONTENT.sha256)
            .limit(PAGE)
        )
        last = b""
        while page := self.connection.execute(query.where(_CONTENT.sha256 > last)).all():
            last = page[-1].sha256
            yield [_stored(row) for row in page]

    def contents_named(
        self, exhibit_id: int, digests: Sequence[bytes]
    ) -> tuple[StoredContent, ...]:
        """Give the contents with these SHA-256, by SHA-256."""
        query = (
            sa.select(tables.contents)
            .where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.sha256.in_(digests))
            .order_by(_CONTENT.sha256)
        )
        return tuple(_stored(row) for row in self.connection.execute(query))

    def waiting_pictures(self, exhibit_id: int) -> Iterator[list[WaitingPicture]]:
        """Yield pages of the contents still to be decoded, in the order in which they lie on disk.

        Each comes with the first of its entries. What waits is looked up once, as numbers alone.
        """
        places = self._places_of_pictures(exhibit_id)
        query = _pictures()
        for start in range(0, len(places), PAGE):
            order = {place: index for index, place in enumerate(places[start : start + PAGE])}
            found = self.connection.execute(query.where(_ENTRY.id.in_(order))).all()
            page = sorted(found, key=lambda row: order[row.id])
            containers = self._containers(page)
            yield [
                WaitingPicture(
                    sha256=row.sha256,
                    size_bytes=row.content_size_bytes,
                    mime=row.content_mime,
                    entry=rows.entry_of(row, containers.get(row.container_id)),
                    location=row.location,
                )
                for row in page
            ]

    def _places_of_pictures(self, exhibit_id: int) -> array[int]:
        """Give the first entry of each content still to be decoded, in on-disk order."""
        first = (
            sa.select(sa.func.min(_ENTRY.id))
            .where(
                _ENTRY.sha256 == _CONTENT.sha256,
                _ENTRY.evidence_id.in_(evidence_ids(self.connection, [exhibit_id])),
            )
            .correlate(tables.contents)
            .scalar_subquery()
        )
        query = (
            sa.select(_ENTRY.id)
            .select_from(tables.contents)
            .join(tables.entries, _ENTRY.id == first)
            .where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.picture_state == "pending")
            .order_by(_ENTRY.evidence_id, _ENTRY.first_block_offset_bytes, _ENTRY.id)
        )
        return array("q", self.connection.execute(query).scalars())


def _pictures() -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(
            *rows.entry_columns(),
            _ENTRY.id,
            _ENTRY.container_id,
            _ENTRY.sha256,
            _CONTENT.size_bytes.label("content_size_bytes"),
            _CONTENT.mime.label("content_mime"),
            tables.evidence.c.location,
        )
        .select_from(tables.entries)
        .join(tables.volumes, tables.volumes.c.id == _ENTRY.volume_id)
        .join(tables.evidence, tables.evidence.c.id == _ENTRY.evidence_id)
        .join(
            tables.contents,
            (_CONTENT.exhibit_id == tables.evidence.c.exhibit_id)
            & (_CONTENT.sha256 == _ENTRY.sha256),
        )
    )


def _stored(row: rows.Row) -> StoredContent:
    picture = rows.hashes_of(row)
    return StoredContent(
        digests=Digests(md5=row.md5, sha1=row.sha1, sha256=row.sha256, size_bytes=row.size_bytes),
        picture=picture,
        picture_state=row.picture_state,
        decoded="done" if picture else "failed" if row.picture_reason else "",
        family=row.family,
    )
