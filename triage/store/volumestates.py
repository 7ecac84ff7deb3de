"""Volumes as an earlier run found them: what did not open then may open now, and the reverse."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from triage.model.problem import ProblemKind
from triage.model.volume import VolumeInfo
from triage.store import rows, tables

_OF_STATE = (
    ProblemKind.VOLUME_LOCKED,
    ProblemKind.VOLUME_UNSUPPORTED,
    ProblemKind.VOLUME_DAMAGED,
)


class VolumeStates:
    """The volumes of one evidence item; nothing is kept before the store's commit."""

    def __init__(self, connection: sa.Connection, evidence_id: int) -> None:
        self._connection = connection
        self._evidence_id = evidence_id

    def stored(self) -> tuple[tuple[VolumeInfo, bool], ...]:
        """Give each volume as it was found, and whether its listing is complete, in order."""
        columns = tables.volumes.c
        found = self._connection.execute(
            sa.select(columns.info, columns.listed)
            .where(columns.evidence_id == self._evidence_id)
            .order_by(columns.id)
        )
        return tuple((rows.volume_info(row.info), bool(row.listed)) for row in found)

    def renew(self, volumes: Iterable[VolumeInfo]) -> None:
        """Replace what is known of volumes that had not opened, and what was told of that."""
        columns = tables.volumes.c
        for volume in volumes:
            self._connection.execute(
                sa.update(tables.volumes)
                .where(columns.evidence_id == self._evidence_id, columns.key == volume.key)
                .values(info=rows.to_json(volume))
            )
            self._untell(volume.key)

    def forget(self, keys: Iterable[str]) -> None:
        """Remove volumes that had not opened, and so have no entries."""
        columns = tables.volumes.c
        for key in keys:
            self._connection.execute(
                sa.delete(tables.volumes).where(
                    columns.evidence_id == self._evidence_id, columns.key == key
                )
            )
            self._untell(key)

    def has_waiting(self, keys: Collection[str]) -> bool:
        """Tell whether entries of these volumes are still to be read."""
        entry, volume = tables.entries.c, tables.volumes.c
        ids = sa.select(volume.id).where(
            volume.evidence_id == self._evidence_id, volume.key.in_(sorted(keys))
        )
        query = sa.select(entry.id).where(
            entry.evidence_id == self._evidence_id,
            entry.state == "pending",
            entry.volume_id.in_(ids),
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def _untell(self, key: str) -> None:
        columns = tables.problems.c
        self._connection.execute(
            sa.delete(tables.problems).where(
                columns.evidence_id == self._evidence_id,
                columns.volume == key,
                columns.kind.in_([str(kind) for kind in _OF_STATE]),
            )
        )
