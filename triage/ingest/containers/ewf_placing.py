"""Where on the medium each chunk table belongs, with segments missing before, between or after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from triage.ingest.containers.ewf_facts import Geometry
from triage.ingest.containers.ewf_table import Table
from triage.model.evidence import DamagedRange, DamageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An unknown number of chunks without a table."""

    kind: DamageKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A table and the number of its first chunk on the medium."""

    first_chunk: int
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """Tables in their places, and the damage that follows from what has none."""

    placed: tuple[Placed, ...]
    media_bytes: int
    damage: tuple[DamagedRange, ...]


def place(pieces: Sequence[Table | Gap], geometry: Geometry) -> Placing:
    """Number the chunks.

    Tables do not say which chunk they begin with: chunks are counted from the start up to the
    first gap, and, because the set says how many there are, back from the end down to the last
    gap. Tables between two gaps have no known place and count as lost.
    """
    gaps = [at for at, piece in enumerate(pieces) if isinstance(piece, Gap)]
    front = _tables(pieces[: gaps[0]] if gaps else pieces)
    back = _tables(pieces[gaps[-1] + 1 :] if gaps else ())
    total = _total_chunks(geometry, front, whole=not gaps)
    media_bytes = geometry.media_bytes or total * geometry.chunk_bytes
    placed = _numbered(front, 0)
    front_end = sum(table.count for table in front)
    back_start = total - sum(table.count for table in back)
    if back and back_start >= front_end:
        placed += _numbered(back, back_start)
    elif back:
        back_start = total
    lost = Stretch(front_end, back_start, geometry.chunk_bytes, media_bytes)
    damage = [lost.damaged(piece.kind, piece.detail) for piece in pieces if isinstance(piece, Gap)]
    if not gaps and front_end < total:
        damage.append(lost.damaged(DamageKind.TRUNCATED, "the chunk tables end too early"))
    for one in placed:
        damage.extend(table_damage(one, geometry.chunk_bytes, media_bytes))
    return Placing(placed=tuple(placed), media_bytes=media_bytes, damage=tuple(damage))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A number of chunks in a row, clipped to the medium."""

    first: int
    end: int
    chunk_bytes: int
    media_bytes: int

    def damaged(self, kind: DamageKind, detail: str) -> DamagedRange:
        """Name it as damaged."""
        start = min(max(0, self.first) * self.chunk_bytes, self.media_bytes)
        end = min(max(0, self.end) * self.chunk_bytes, self.media_bytes)
        return DamagedRange(
            offset_bytes=start, length_bytes=max(0, end - start), kind=kind, detail=detail
        )


def _tables(pieces: Sequence[Table | Gap]) -> list[Table]:
    return [piece for piece in pieces if isinstance(piece, Table)]


def _total_chunks(geometry: Geometry, front: list[Table], *, whole: bool) -> int:
    if geometry.media_bytes:
        return -(-geometry.media_bytes // geometry.chunk_bytes)
    counted = sum(table.count for table in front)
    return counted if whole or not geometry.chunk_count else geometry.chunk_count


def _numbered(tables: list[Table], first: int) -> list[Placed]:
    out: list[Placed] = []
    for table in tables:
        out.append(Placed(first_chunk=first, table=table))
        first += table.count
    return out


def table_damage(placed: Placed, chunk_bytes: int, media_bytes: int) -> list[DamagedRange]:
    """Damage of one table: its checksums, and chunks that lie past the end of their file."""
    table, first = placed.table, placed.first_chunk
    out: list[DamagedRange] = []
    if table.damage:
        at = Stretch(first, first, chunk_bytes, media_bytes)
        out.append(at.damaged(DamageKind.TABLE_CHECKSUM, table.damage))
    if table.first_cut < table.count and not table.damage:
        cut = Stretch(first + table.first_cut, first + table.count, chunk_bytes, media_bytes)
        out.append(cut.damaged(DamageKind.TRUNCATED, "chunks lie past the end of their segment"))
    return out
