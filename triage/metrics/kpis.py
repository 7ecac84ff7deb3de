"""All figures of a period, from the history of a unit's exhibits and its counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np

from triage.metrics import ages, backlog, campaigns, media, throughput, waits
from triage.metrics.calendar import day_of, weeks, year_before, zone_words
from triage.metrics.columns import Flags, Ints, Words, flags, moments, named, words
from triage.metrics.timeline import Timeline, timeline
from triage.model.history import Count, History
from triage.model.kpi import EXAMPLES, Fault, Faulty, Kpis, Split, SplitBy
from triage.model.ledger import OwnerRole

_COLUMNS = {
    SplitBy.RISK_BAND: "risk_band",
    SplitBy.DEVICE_TYPE: "device_type",
    SplitBy.OWNER_ROLE: "owner_role",
    SplitBy.OFFENCE: "offence",
}

_NOT_STATED = {OwnerRole.NOT_STATED.value: "", "not stated": ""}
"""Words that say no more than no word: one group holds them all, under every name."""


def kpis(  # noqa: PLR0913  (a period, what is known, and the clock)
    history: History,
    counts: Iterable[Count],
    from_day: str,
    to_day: str,
    now_s: int,
    *,
    zone: tzinfo | None = None,
) -> Kpis:
    """Work out all figures of a period.

    Args:
        counts: those of the period and of the year before it; of several of one day, kind and
            subject the last one stands.
        from_day: first day, ``YYYY-MM-DD``; ``to_day``: last day, which may not be over yet.
        now_s: the moment of asking, seconds since 1970 UTC; nothing after it has happened.
        zone: where days begin at midnight; ``None`` for the zone of this machine.

    Raises:
        ValueError: a day is none, or the last one lies before the first.
    """
    first, last = date.fromisoformat(from_day), date.fromisoformat(to_day)
    if last < first:
        raise ValueError(f"the period ends on {last}, before it begins on {first}")
    span = backlog.span_of(weeks(first, last, zone), now_s)
    asked = _Asked(
        history=history,
        times=timeline(history, now_s),
        span=span,
        at_s=min(span.before_s - 1, now_s),
        zone=zone,
        period=(from_day, to_day),
        before=(year_before(first).isoformat(), year_before(last).isoformat()),
    )
    return _told(asked, list(counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is asked of a history: a period, and the moment at which open exhibits are told."""

    history: History
    times: Timeline
    span: backlog.Span
    at_s: int
    zone: tzinfo | None
    period: tuple[str, str]
    before: tuple[str, str]


def _told(asked: _Asked, counts: Sequence[Count]) -> Kpis:
    history, times, span, at_s = asked.history, asked.times, asked.span, asked.at_s
    open_, spells = times.spells.at(at_s), times.spells
    total = backlog.flow(spells, np.zeros(len(spells.row), np.int64), 1, span)
    finished = span.holds(moments(history, "done_s"))
    seized = throughput.seized_s(words(history.columns["seized_on"]), asked.zone)
    return Kpis(
        from_on=asked.period[0],
        to_on=asked.period[1],
        now_s=span.now_s,
        as_of_s=at_s,
        zone=zone_words(asked.zone, span.now_s),
        exhibits=len(history) + history.earlier,
        uncounted=len(times.uncounted),
        open_start=int(total.start[0]),
        open_end=int(total.end[0, -1]),
        opened=int(total.opened.sum()),
        closed=int(total.closed.sum()),
        came_back=int((span.holds(spells.start_s) & ~spells.first).sum()),
        weeks=backlog.weekly(total, span),
        ages=ages.ages(open_, at_s),
        splits=_splits(history, times, span, at_s),
        stages=throughput.stage_times(times, span, at_s),
        longest=waits.longest(history, times, at_s, day_of(at_s, asked.zone)),
        delays=throughput.delays(history, times, seized, span),
        cases=backlog.cases(words(history.columns["case"]), open_.row, spells, span),
        outsourced=backlog.outsourced(flags(history, "outsourced"), open_.row, spells, span),
        effort=throughput.effort(history, finished),
        media=media.media(history, finished),
        outcomes=media.outcomes(history, times, finished, span),
        before_from_on=asked.before[0],
        before_to_on=asked.before[1],
        counts=campaigns.compared(counts, asked.period, asked.before),
        graders=campaigns.graders(counts, asked.period),
        faults=_faults(history, times, seized, finished | _touched(times, span, len(history))),
    )


def _splits(history: History, times: Timeline, span: backlog.Span, at_s: int) -> tuple[Split, ...]:
    parts = [ages.split_by_stage(times, span, at_s)]
    for by, name in _COLUMNS.items():
        property_: Words = words(history.columns[name], same=_NOT_STATED)
        parts.append(ages.split(by, property_, times, span, at_s))
    return tuple(parts)


def _touched(times: Timeline, span: backlog.Span, exhibits: int) -> Flags:
    """Tell which exhibits were open in the period, or come after it, or have no moment at all."""
    found = np.zeros(exhibits, np.bool_)
    found[times.spells.row[times.spells.end_s >= span.from_s]] = True
    found[times.uncounted] = True
    return found


def _faults(history: History, times: Timeline, seized: Ints, touched: Flags) -> tuple[Fault, ...]:
    """Name what contradicts itself, in the order of the closed list."""
    arrived, done = moments(history, "received_s"), moments(history, "done_s")
    rows = dict(times.faults)
    rows[Faulty.RESULT_FIRST] = np.flatnonzero((done >= 0) & (arrived >= 0) & (done < arrived))
    rows[Faulty.SEIZED_LATER] = np.flatnonzero((arrived >= 0) & (seized > arrived))
    rows[Faulty.NO_DAY] = np.flatnonzero(seized == throughput.BAD_DAY)
    rows = {kind: found[touched[found]] for kind, found in rows.items()}
    return tuple(
        Fault(
            kind=kind,
            count=len(rows[kind]),
            examples=named(history, rows[kind][:EXAMPLES]),
        )
        for kind in Faulty
        if len(rows[kind])
    )
