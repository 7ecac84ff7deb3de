"""Where on the medium each sector table of EWF2 belongs: mostly, it says so itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from triage.ingest.containers.ewf2_tables import ENTRY_BYTES
from triage.ingest.containers.ewf_facts import Geometry
from triage.ingest.containers.ewf_placing import Gap, Placed, Placing, Stretch, table_damage
from triage.ingest.containers.ewf_table import Table
from triage.model.evidence import DamagedRange, DamageKind

_HEADLESS = Gap(
    kind=DamageKind.TABLE_CHECKSUM, detail="a chunk table does not tell where it belongs"
)
_TWICE = "a chunk table names chunks that another one has already, or that the medium does not have"
_EARLY = Gap(kind=DamageKind.TRUNCATED, detail="no chunk table names these chunks")


def place(pieces: Sequence[Table | Gap], geometry: Geometry) -> Placing:
    """Put each table where its head says; chunks that no table names are lost.

    The cause of a loss is what is missing between the tables around it.
    """
    total = -(-geometry.media_bytes // geometry.chunk_bytes) or _told(pieces)
    media_bytes = geometry.media_bytes or total * geometry.chunk_bytes
    medium = _Medium(geometry.chunk_bytes, media_bytes)
    for at, piece in enumerate(pieces):
        if isinstance(piece, Gap):
            medium.pending.append(piece)
            continue
        first = _first_chunk(pieces, at, piece, medium)
        if first is None:
            medium.pending.append(_HEADLESS)
        else:
            medium.put(piece, first, total)
    medium.lose_until(total)
    return Placing(
        placed=tuple(medium.placed), media_bytes=media_bytes, damage=tuple(medium.damage)
    )


class _Medium:
    """The medium as far as tables have filled it.

    Attributes:
        cursor: first chunk that no table has named yet.
        pending: gaps met since the last table.
    """

    def __init__(self, chunk_bytes: int, media_bytes: int) -> None:
        self.cursor = 0
        self.pending: list[Gap] = []
        self.placed: list[Placed] = []
        self.damage: list[DamagedRange] = []
        self._chunk_bytes = chunk_bytes
        self._media_bytes = media_bytes

    def put(self, table: Table, first: int, total: int) -> None:
        """Place a table, without the chunks that one before it has."""
        end = min(first + table.count, total)
        if first < self.cursor or first >= total:
            at = self._stretch(self.cursor, self.cursor)
            self.damage.append(at.damaged(DamageKind.TABLE_CHECKSUM, _TWICE))
        if end <= self.cursor:
            return
        self.lose_until(first)
        skip = self.cursor - first
        kept = replace(
            table,
            entries_offset=table.entries_offset + ENTRY_BYTES * skip,
            count=end - self.cursor,
            first_cut=end - self.cursor,
        )
        self.placed.append(Placed(first_chunk=self.cursor, table=kept))
        self.damage += table_damage(self.placed[-1], self._chunk_bytes, self._media_bytes)
        self.cursor = end

    def lose_until(self, chunk: int) -> None:
        """Name what lies before a chunk as lost, and what is known to be missing there."""
        end = max(self.cursor, chunk)
        gaps = self.pending or ([_EARLY] if end > self.cursor else [])
        stretch = self._stretch(self.cursor, end)
        self.damage += [stretch.damaged(gap.kind, gap.detail) for gap in gaps]
        self.pending = []
        self.cursor = end

    def _stretch(self, first: int, end: int) -> Stretch:
        return Stretch(first, end, self._chunk_bytes, self._media_bytes)


def _first_chunk(
    pieces: Sequence[Table | Gap], at: int, table: Table, medium: _Medium
) -> int | None:
    """Take the number from the head, else from the neighbours, as long as they agree."""
    if table.first_chunk is not None:
        return table.first_chunk
    after = pieces[at + 1] if at + 1 < len(pieces) else None
    following = after.first_chunk if isinstance(after, Table) else None
    if not medium.pending:
        fits = following is None or following == medium.cursor + table.count
        return medium.cursor if fits else None
    backwards = -1 if following is None else following - table.count
    return backwards if backwards >= medium.cursor else None


def _told(pieces: Sequence[Table | Gap]) -> int:
    """Count chunks by the tables, where the imager never wrote how many there are."""
    tables = [piece for piece in pieces if isinstance(piece, Table)]
    return max(
        (one.first_chunk + one.count for one in tables if one.first_chunk is not None), default=0
    )
