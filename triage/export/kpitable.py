"""The figures of a period as JSON, and as a table of one figure a line for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from triage.model.kpi import PERCENTILES, Ages, Compared, Figure, Kpis, Share, SplitBy, Spread

FORMAT = "triage-kpis-1"
HEAD = ("measure", "by", "group", "week", "statistic", "value", "unit", "n")
_BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for something else."""
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure; ``value`` is ``None`` where there is none, ``n`` what it rests on.

    Attributes:
        words: what stands for the figure where there are only words, such as why one waits.
    """

    measure: str
    statistic: str
    value: float | None
    unit: str
    n: int | None = None
    by: str = ""
    group: str = ""
    week: str = ""
    words: str = ""


def kpis_object(kpis: Kpis) -> dict[str, Any]:
    """Give all figures as JSON takes them; what is no figure is ``null``."""
    return {"format": FORMAT, "percentiles": PERCENTILES, **_told(kpis)}


def _told(value: Any) -> Any:  # noqa: ANN401  (values of every kind)
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    if not is_dataclass(value):
        return value
    told = {one.name: _told(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Share):
        told["ratio"] = _ratio(value)
    elif isinstance(value, Spread):
        told = {name: found if value.n else None for name, found in told.items()} | {"n": value.n}
    elif isinstance(value, Figure):
        told["value"] = value.value if value.days else None
    elif isinstance(value, Compared):
        told["change"] = value.change if value.is_compared else None
        told["change_ratio"] = value.change_ratio
    elif isinstance(value, Ages):
        told["older"] = [{"than_days": days, **_told(share)} for days, share in value.older]
    return told


def _ratio(share: Share) -> float | None:
    return share.ratio if share.whole else None


def kpis_csv(kpis: Kpis) -> str:
    """Give one line a figure, RFC 4180, with a byte order mark; no cell is taken for a formula."""
    # The formats of exports are many; whoever wants JSON or Prometheus need not wait for them.
    from triage.export.formats.csv_table import safe_cell  # noqa: PLC0415  (as said)

    out = io.StringIO()
    out.write(_BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for cell in cells(kpis):
        words = (cell.measure, cell.by, cell.group, cell.week, cell.statistic)
        figure = (
            safe_cell(cell.words) or _number(cell.value),
            cell.unit,
            "" if cell.n is None else str(cell.n),
        )
        writer.writerow([*map(safe_cell, words), *figure])
    return out.getvalue()


def _number(value: float | None) -> str:
    """Give a figure to six places; a whole one without any."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(round(value, 6))


def cells(kpis: Kpis) -> Iterator[Cell]:
    """Yield every figure by itself, in a fixed order."""
    yield from _heads(kpis)
    for week in kpis.weeks:
        for name in ("opened", "closed", "open_end"):
            value = getattr(week, name)
            yield Cell(measure="week", statistic=name, value=value, unit="exhibits", week=week.name)
    yield from _ages("age", kpis.ages, "", "")
    for split in kpis.splits:
        yield from _split(kpis, split.by, split.groups)
    for stage in kpis.stages:
        yield from _spread("time in stage, left", stage.left, "days", "stage", stage.stage)
        yield from _spread(
            "time in stage, still there", stage.waiting, "days", "stage", stage.stage
        )
    for delay in kpis.delays:
        yield from _spread(delay.name, delay.days, "days")
        yield Cell(measure=delay.name, statistic="unknown", value=delay.unknown, unit="exhibits")
    yield from _spread("open exhibits a case", kpis.cases.exhibits, "exhibits")
    yield from _spread("work an exhibit", kpis.effort.minutes, "minutes")
    yield from _spread("size of an exhibit", kpis.effort.image_gb, "GB")
    yield from _spread("read of an exhibit", kpis.effort.read_gb, "GB")
    yield from _shares(kpis)
    yield from _counted(kpis)


def _heads(kpis: Kpis) -> Iterator[Cell]:
    for name in (
        "exhibits",
        "uncounted",
        "open_start",
        "open_end",
        "opened",
        "closed",
        "came_back",
    ):
        value = getattr(kpis, name)
        yield Cell(measure="period", statistic=name, value=value, unit="exhibits")
    for name in ("open", "active"):
        value = getattr(kpis.cases, name)
        yield Cell(measure="cases", statistic=name, value=value, unit="cases")
    for wait in kpis.longest:
        where = f"{wait.case} {wait.exhibit}"
        for name in ("age_days", "stage_days"):
            yield Cell(
                measure="longest waits",
                by="exhibit",
                group=where,
                statistic=name,
                value=getattr(wait, name),
                unit="days",
            )
        for name, words in (
            ("stage", wait.stage),
            ("offence", wait.offence or NOT_STATED),
            ("why", "; ".join(wait.words)),
        ):
            yield Cell(
                measure="longest waits",
                by="exhibit",
                group=where,
                statistic=name,
                value=None,
                unit="words",
                words=words,
            )


def _split(kpis: Kpis, by: SplitBy, groups: tuple[Any, ...]) -> Iterator[Cell]:
    for group in groups:
        name = group.name or NOT_STATED
        for statistic in ("open_start", "opened", "closed"):
            value = getattr(group, statistic)
            yield Cell(
                measure="period",
                by=by,
                group=name,
                statistic=statistic,
                value=value,
                unit="exhibits",
            )
        yield from _ages("age", group.ages, by, name)
        for week, counts in zip(kpis.weeks, group.weeks, strict=True):
            for statistic, value in zip(("opened", "closed", "open_end"), counts, strict=True):
                yield Cell(
                    measure="week",
                    by=by,
                    group=name,
                    week=week.name,
                    statistic=statistic,
                    value=value,
                    unit="exhibits",
                )


def _ages(measure: str, ages: Ages, by: str, group: str) -> Iterator[Cell]:
    yield from _spread(measure, ages.days, "days", by, group)
    for days, share in ages.older:
        yield from _share(f"older than {days} days", share, by, group)


def _spread(
    measure: str, spread: Spread, unit: str, by: str = "", group: str = ""
) -> Iterator[Cell]:
    for statistic in ("mean", "p50", "p90", "max"):
        value = getattr(spread, statistic) if spread.n else None
        yield Cell(
            measure=measure,
            by=by,
            group=group,
            statistic=statistic,
            value=value,
            unit=unit,
            n=spread.n,
        )


def _share(measure: str, share: Share, by: str = "", group: str = "") -> Iterator[Cell]:
    for statistic, value, unit in (
        ("part", share.part, "number"),
        ("ratio", _ratio(share), "of 1"),
    ):
        yield Cell(
            measure=measure,
            by=by,
            group=group,
            statistic=statistic,
            value=value,
            unit=unit,
            n=share.whole,
        )


def _shares(kpis: Kpis) -> Iterator[Cell]:
    for name in ("open", "opened", "closed"):
        yield from _share(f"outsourced, of {name}", getattr(kpis.outsourced, name))
    yield from _share("files known as good", kpis.media.known_good)
    yield from _share("pictures and videos pre-categorised", kpis.media.pre_categorised)
    yield from _share("pictures and videos left for a person", kpis.media.left)
    yield from _share("released after a negative triage", kpis.outcomes.released_negative)
    for colour, count in kpis.outcomes.colours:
        yield Cell(
            measure="results",
            by="colour",
            group=colour or NOT_STATED,
            statistic="results",
            value=count,
            unit="exhibits",
        )


def _counted(kpis: Kpis) -> Iterator[Cell]:
    for one in kpis.counts:
        told = (
            ("period", one.now.value if one.now.days else None, one.now.days),
            ("year before", one.before.value if one.before.days else None, one.before.days),
            ("change", one.change if one.is_compared else None, None),
            ("change ratio", one.change_ratio, None),
        )
        for statistic, value, days in told:
            unit = "of 1" if statistic == "change ratio" else "number"
            yield Cell(
                measure=one.kind,
                by="subject" if one.subject else "",
                group=one.subject,
                statistic=statistic,
                value=value,
                unit=unit,
                n=days,
            )
    for grader in kpis.graders:
        for statistic in ("viewed", "hours", "graded", "an_hour"):
            figure: Figure = getattr(grader, statistic)
            value = figure.value if figure.days else None
            unit = "hours" if statistic == "hours" else "number"
            yield Cell(
                measure="grader",
                by="grader",
                group=grader.name,
                statistic=statistic,
                value=value,
                unit=unit,
                n=figure.days,
            )
    for fault in kpis.faults:
        yield Cell(
            measure="contradictory",
            by="kind",
            group=fault.kind,
            statistic="exhibits",
            value=fault.count,
            unit="exhibits",
        )
