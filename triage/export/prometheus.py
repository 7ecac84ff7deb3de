"""Figures for a unit's monitoring, in the text exposition format of Prometheus, version 0.0.4.

Every line ends with a line feed; in a label's value backslash, quote and line feed are escaped, in
a help text backslash and line feed (prometheus.io, "Exposition formats"). All are gauges, in base
units: a ledger can be put right, and a counter must never fall.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from triage.export.kpitable import NOT_STATED
from triage.model.kpi import Ages, Kpis, Share, SplitBy, Spread

_DAY_S = 86_400
DAYS = 7
"""Days of the period that the figures named ``week`` are told of: today and those before."""
_WEEK = f"today and the {DAYS - 1} days before"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, what it says, and its values by labels."""

    name: str
    words: str
    samples: tuple[tuple[Labels, float], ...]


def prometheus_text(kpis: Kpis) -> str:
    """Give the figures of a period of :data:`DAYS` days that ends today.

    A figure that there is none of is left out, as Prometheus wants it.
    """
    return "".join(_lines(family) for family in families(kpis) if family.samples)


def _lines(family: Family) -> str:
    name = f"triage_{family.name}"
    words = family.words.replace("\\", "\\\\").replace("\n", "\\n")
    lines = [f"# HELP {name} {words}\n", f"# TYPE {name} gauge\n"]
    for labels, value in family.samples:
        told = ",".join(f'{key}="{_escaped(words)}"' for key, words in labels.items())
        lines.append(f"{name}{{{told}}} {_value(value)}\n" if told else f"{name} {_value(value)}\n")
    return "".join(lines)


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _value(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def families(kpis: Kpis) -> Iterable[Family]:
    """Yield the metrics in a fixed order."""
    yield _one("kpis_timestamp_seconds", "When these figures were told.", kpis.now_s)
    yield _one("ledger_exhibits", "Exhibits in the ledger.", kpis.exhibits)
    yield _one("open_exhibits", "Exhibits received and not released.", kpis.open_end)
    for split in kpis.splits:
        label = split.by.replace(" ", "_")
        samples = tuple(
            ({label: group.name or NOT_STATED}, float(group.ages.days.n)) for group in split.groups
        )
        yield Family(f"open_exhibits_by_{label}", f"Open exhibits by {split.by}.", samples)
    yield from _ages(kpis)
    yield _one("open_cases", "Cases with open exhibits.", kpis.cases.open)
    yield from _week(kpis)
    yield Family(
        "contradictory_exhibits",
        "Exhibits whose times contradict each other, by kind.",
        tuple(({"kind": one.kind.value}, float(one.count)) for one in kpis.faults),
    )


def _one(name: str, words: str, value: float) -> Family:
    return Family(name, words, (({}, float(value)),))


def _ages(kpis: Kpis) -> Iterable[Family]:
    yield Family(
        "open_age_seconds",
        "Ages of open exhibits at percentiles by nearest rank; 100 is the oldest.",
        _percentiles(kpis.ages.days, {}),
    )
    yield Family(
        "open_age_by_risk_band_seconds",
        "Ages of open exhibits of a risk band at percentiles by nearest rank.",
        tuple(
            sample
            for split in kpis.splits
            if split.by is SplitBy.RISK_BAND
            for group in split.groups
            for sample in _percentiles(group.ages.days, {"risk_band": group.name or NOT_STATED})
        ),
    )
    yield Family(
        "stage_waiting_seconds",
        "How long open exhibits have stood in their stage, at percentiles by nearest rank.",
        tuple(
            sample
            for one in kpis.stages
            for sample in _percentiles(one.waiting, {"stage": one.stage})
        ),
    )
    yield Family("older_exhibits", "Open exhibits older than so many days.", _older(kpis.ages, 0))
    yield Family(
        "older_ratio", "Open exhibits older than so many days, of all open.", _older(kpis.ages, 1)
    )


def _percentiles(days: Spread, labels: Labels) -> tuple[tuple[Labels, float], ...]:
    if not days.n:
        return ()
    values = (("50", days.p50), ("90", days.p90), ("100", days.max))
    return tuple(({**labels, "percentile": at}, round(value * _DAY_S, 3)) for at, value in values)


def _older(ages: Ages, which: int) -> tuple[tuple[Labels, float], ...]:
    return tuple(
        ({"days": str(days)}, share.ratio if which else float(share.part))
        for days, share in ages.older
        if share.whole or not which
    )


def _week(kpis: Kpis) -> Iterable[Family]:
    yield _one("week_opened_exhibits", f"Exhibits that came in: {_WEEK}.", kpis.opened)
    yield _one("week_closed_exhibits", f"Exhibits that were released: {_WEEK}.", kpis.closed)
    colours = tuple(({"colour": name}, float(count)) for name, count in kpis.outcomes.colours)
    yield Family("week_results_exhibits", f"Results by colour: {_WEEK}.", colours)
    minutes, read = kpis.effort.minutes, kpis.effort.read_gb
    yield _one("week_work_seconds", f"Work of the results: {_WEEK}.", minutes.total * 60)
    yield _one("week_read_bytes", f"Bytes read for the results: {_WEEK}.", round(read.total * 1e9))
    for name, words, share in (
        ("known_good", "Files known as good, of all files", kpis.media.known_good),
        ("pre_categorised", "Pictures and videos named by a set", kpis.media.pre_categorised),
        ("left", "Pictures and videos left for a person", kpis.media.left),
        ("released_negative", "Released after a green result", kpis.outcomes.released_negative),
    ):
        yield Family(f"week_{name}_ratio", f"{words}: {_WEEK}.", _ratio(share))
    yield Family(
        "open_outsourced_ratio",
        "Open exhibits done outside, of all open.",
        _ratio(kpis.outsourced.open),
    )


def _ratio(share: Share) -> tuple[tuple[Labels, float], ...]:
    return (({}, share.ratio),) if share.whole else ()
