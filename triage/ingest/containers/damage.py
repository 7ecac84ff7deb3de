"""The ledger of damage of one medium: remembers ranges, merges them, gives them in order."""

from __future__ import annotations

from collections.abc import Iterable

from triage.model.evidence import DamagedRange, DamageKind


def merged(ranges: Iterable[DamagedRange]) -> tuple[DamagedRange, ...]:
    """Join ranges of one kind and detail that touch or overlap; sort by place.

    The result depends on the set of ranges only, never on their order.
    """
    out: list[DamagedRange] = []
    by_cause: dict[tuple[DamageKind, str], list[DamagedRange]] = {}
    for one in ranges:
        by_cause.setdefault((one.kind, one.detail), []).append(one)
    for group in by_cause.values():
        out.extend(_joined(sorted(group)))
    return tuple(sorted(out))


def _joined(group: list[DamagedRange]) -> list[DamagedRange]:
    out = [group[0]]
    for one in group[1:]:
        last = out[-1]
        end = last.offset_bytes + last.length_bytes
        if one.offset_bytes > end or 0 in {one.length_bytes, last.length_bytes}:
            if one != last:
                out.append(one)
            continue
        new_end = max(end, one.offset_bytes + one.length_bytes)
        out[-1] = DamagedRange(
            offset_bytes=last.offset_bytes,
            length_bytes=new_end - last.offset_bytes,
            kind=last.kind,
            detail=last.detail,
        )
    return out


class Ledger:
    """Damage of the structure, fixed at opening, and damage met by reads."""

    def __init__(self, structural: Iterable[DamagedRange] = ()) -> None:
        self.structural = merged(structural)
        self._met: set[DamagedRange] = set()
        self._all: tuple[DamagedRange, ...] | None = None

    def add(self, offset_bytes: int, length_bytes: int, kind: DamageKind, detail: str) -> None:
        """Remember a range that a read could not give."""
        self._all = None
        self._met.add(
            DamagedRange(
                offset_bytes=offset_bytes, length_bytes=length_bytes, kind=kind, detail=detail
            )
        )

    def all(self) -> tuple[DamagedRange, ...]:
        """Give everything known so far."""
        if self._all is None:
            if len(self._met) > 1_000:
                self._met = set(merged(self._met))
            self._all = merged((*self.structural, *self._met))
        return self._all
