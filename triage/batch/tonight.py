"""What a night would take, in the order of the queue, if it went as others did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from triage.batch.fits import TimeForecast, left_out
from triage.batch.standing import QueueLine, Standing
from triage.model.ledger import LedgerEntry

MOST_LEFT_OUT = 50
"""Exhibits of which is told why a night leaves them; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """When machines work; moments in seconds since 1970 UTC."""

    starts_s: int
    ends_s: int
    machines: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An exhibit that the night would begin.

    Attributes:
        machine: from 1, which one would take it.
        ends_s: by the median of what others took; not after the end of the shift.
        is_cut: it would be stopped at the end and go on another night.
    """

    line: QueueLine
    machine: int
    begins_s: int
    ends_s: int
    is_cut: bool
    time: TimeForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An exhibit that the night would not begin, and why."""

    line: QueueLine
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tonight:
    """The plan of a night.

    Attributes:
        left_out: the first :data:`MOST_LEFT_OUT` that it would not begin, in the queue's order.
        others: how many more it would not begin.
        seconds: work in what is planned, of all machines together.
    """

    shift: Shift
    planned: tuple[Planned, ...]
    left_out: tuple[LeftOut, ...]
    others: int

    @property
    def seconds(self) -> int:
        """Give the work of all machines together."""
        return sum(one.ends_s - one.begins_s for one in self.planned)


def plan_tonight(
    lines: Iterable[QueueLine], time_of: Callable[[LedgerEntry], TimeForecast], shift: Shift
) -> Tonight:
    """Lay out a night as batch processes take exhibits: each the first that fits, one by one.

    What waits for an image, or is being worked, is left out of account: nobody knows when.

    Args:
        lines: the queue in its order.
        time_of: what an exhibit will take.
    """
    free = [shift.starts_s] * max(1, shift.machines)
    planned: list[Planned] = []
    left: list[LeftOut] = []
    others = 0
    for line in lines:
        if line.standing is not Standing.WAITING:
            continue
        machine = _first_free(free)
        left_s = shift.ends_s - free[machine]
        if left_s <= 0 and len(left) >= MOST_LEFT_OUT:
            others += 1
            continue
        time = time_of(line.entry)
        why = left_out(time, left_s) if left_s > 0 else "the night is full before its turn"
        if not why:
            planned.append(_planned(line, machine, free[machine], time, shift))
            free[machine] = planned[-1].ends_s
        elif len(left) < MOST_LEFT_OUT:
            left.append(LeftOut(line=line, why=why))
        else:
            others += 1
    return Tonight(shift=shift, planned=tuple(planned), left_out=tuple(left), others=others)


def _planned(
    line: QueueLine, machine: int, begins_s: int, time: TimeForecast, shift: Shift
) -> Planned:
    ends_s = begins_s + max(1, round(time.median_s))
    return Planned(
        line=line,
        machine=machine + 1,
        begins_s=begins_s,
        ends_s=min(ends_s, shift.ends_s),
        is_cut=ends_s > shift.ends_s,
        time=time,
    )


def _first_free(free: Sequence[int]) -> int:
    return min(range(len(free)), key=lambda one: (free[one], one))
