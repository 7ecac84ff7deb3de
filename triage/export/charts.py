"""The charts of a unit's backlog: ages, what comes and goes, bands, and the forecast."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from triage.export.drawing import (
    BLUE,
    GREY,
    SEQUENCE,
    VERMILION,
    Chart,
    Table,
    key_above,
    say_instead,
    some_days,
    whole_numbers,
)
from triage.export.wording import day_words, days_words, many, share, whole
from triage.model.display import printable
from triage.model.forecast import Forecast, Tenths
from triage.model.kpi import OLDER_THAN_DAYS, Ages, Split, Week

MOST_GROUPS = 8
NOT_STATED = "not stated"
_NAME_LETTERS = 26


def age_classes() -> tuple[str, ...]:
    """Give the names of the age classes, youngest first."""
    edges = (0, *OLDER_THAN_DAYS)
    inner = [f"{low + 1 if low else 0} to {high} days" for low, high in pairwise(edges)]
    return (*inner, f"over {edges[-1]} days")


def class_counts(ages: Ages) -> tuple[int, ...]:
    """Give how many open exhibits are in each age class, youngest first."""
    over = (ages.days.n, *(part.part for _, part in ages.older), 0)
    return tuple(more - fewer for more, fewer in pairwise(over))


def age_chart(ages: Ages) -> Chart:
    """Draw how old the open exhibits are."""
    counts, names = class_counts(ages), age_classes()
    every = ages.days.n
    rows = tuple(
        (name, whole(count), share(count, every)) for name, count in zip(names, counts, strict=True)
    )
    return Chart(
        name="ages",
        title="Open exhibits by age",
        description=_age_words(ages, counts),
        table=Table(
            caption="Open exhibits by days since receipt",
            header=("Age", "Exhibits", "Share"),
            rows=rows,
        ),
        draw=partial(_draw_ages, names=names, counts=counts),
        inches=(7.4, 3.0),
    )


def _age_words(ages: Ages, counts: Sequence[int]) -> str:
    if not ages.days.n:
        return "No exhibit is open."
    most = max(range(len(counts)), key=lambda place: counts[place])
    are = "is" if ages.days.n == 1 else "are"
    half, nine, longest = map(days_words, (ages.days.p50, ages.days.p90, ages.days.max))
    return (
        f"{many(ages.days.n, 'exhibit')} {are} open; the most, {whole(counts[most])}, in the class "
        f"{age_classes()[most]}. Half have waited {half} or less, nine in ten {nine} or less, the "
        f"longest {longest}."
    )


def _draw_ages(figure: FigureBase, *, names: Sequence[str], counts: Sequence[int]) -> None:
    if not sum(counts):
        return say_instead(figure, "No exhibit is open.")
    axes = figure.add_subplot()
    places = list(range(len(names)))
    bars = axes.barh(places, counts, color=BLUE, height=0.7)
    axes.bar_label(bars, labels=[whole(count) for count in counts], padding=4)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xlabel("open exhibits")
    whole_numbers(axes, along="x")
    axes.set_xlim(0, max(counts) * 1.1)
    return None


def flow_chart(weeks: Sequence[Week]) -> Chart:
    """Draw what came in and went out in each whole week, and what was open at its end."""
    whole_weeks = [week for week in weeks if week.is_whole]
    rows = tuple(
        (
            f"{day_words(week.first_on)}{'' if week.is_whole else ' (part)'}",
            whole(week.opened),
            whole(week.closed),
            whole(week.open_end),
        )
        for week in weeks
    )
    return Chart(
        name="flow",
        title="Exhibits received and released a week, and open at its end",
        description=_flow_words(whole_weeks, len(weeks)),
        table=Table(
            caption="Exhibits by week",
            header=("Week from", "Received", "Released", "Open at its end"),
            rows=rows,
        ),
        draw=partial(_draw_flow, weeks=whole_weeks),
        inches=(7.4, 4.6),
    )


def _flow_words(weeks: Sequence[Week], every: int) -> str:
    if not weeks:
        return "The period has no whole week."
    came, went = sum(week.opened for week in weeks), sum(week.closed for week in weeks)
    # As it was before the first of them, so that the difference is what came and went.
    first, last = weeks[0].open_end - weeks[0].opened + weeks[0].closed, weeks[-1].open_end
    turn = "grew" if last > first else "fell"
    course = f"{turn} from {whole(first)} to {whole(last)}"
    if last == first:
        course = f"stayed at {whole(last)}"
    left_out = "" if every == len(weeks) else " Parts of weeks are in the table only."
    return (
        f"In {many(len(weeks), 'whole week')} {many(came, 'exhibit')} "
        f"{'was' if came == 1 else 'were'} received and {whole(went)} released; the number open "
        f"{course}.{left_out}"
    )


def _draw_flow(figure: FigureBase, *, weeks: Sequence[Week]) -> None:
    if not weeks:
        return say_instead(figure, "The period has no whole week.")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    places = list(range(len(weeks)))
    marker = "o" if len(weeks) <= 26 else ""
    came, went = [week.opened for week in weeks], [week.closed for week in weeks]
    above.plot(places, came, color=VERMILION, ls="--", marker=marker, ms=4, label="received")
    above.plot(places, went, color=BLUE, marker=marker, ms=4, label="released")
    above.set_ylabel("exhibits a week")
    key_above(above)
    open_end = [week.open_end for week in weeks]
    below.fill_between(places, open_end, color=SEQUENCE[0])
    below.plot(places, open_end, color=GREY, lw=2)
    below.set_ylabel("open at\nweek's end")
    whole_numbers(above)
    whole_numbers(below, most=4)
    some_days(below, [day_words(week.first_on) for week in weeks])
    below.set_xlabel("week from")
    return None


def band_chart(split: Split) -> Chart:
    """Draw how old the open exhibits are in each group, the largest groups first."""
    groups = [group for group in split.groups if group.ages.days.n]
    names = [group.name or NOT_STATED for group in groups]
    counts = [class_counts(group.ages) for group in groups]
    rows = tuple(
        (name, *map(whole, parts), whole(sum(parts)))
        for name, parts in zip(names, counts, strict=True)
    )
    by = str(split.by)
    return Chart(
        name="ages-by-" + by.replace(" ", "-"),
        title=f"Open exhibits by {by} and age",
        description=_band_words(by, names, counts),
        table=Table(
            caption=f"Open exhibits by {by} and days since receipt",
            header=(by.capitalize(), *age_classes(), "All"),
            rows=rows,
        ),
        draw=partial(_draw_bands, names=names[:MOST_GROUPS], counts=counts[:MOST_GROUPS]),
        inches=(7.4, 1.7 + 0.38 * max(2, min(len(groups), MOST_GROUPS))),
    )


def _band_words(by: str, names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    if not names:
        return "No exhibit is open."
    oldest = max(range(len(names)), key=lambda place: counts[place][-1])
    edge = OLDER_THAN_DAYS[-1]
    if counts[oldest][-1]:
        words = f"Of exhibits over {edge} days old, {by} {names[oldest]} has most: "
        words += f"{whole(counts[oldest][-1])}."
    else:
        words = f"No open exhibit is over {edge} days old."
    if len(names) > MOST_GROUPS:
        words += f" The chart shows the {MOST_GROUPS} largest groups, the table all {len(names)}."
    return words


def _draw_bands(
    figure: FigureBase, *, names: Sequence[str], counts: Sequence[Sequence[int]]
) -> None:
    if not names:
        return say_instead(figure, "No exhibit is open.")
    axes = figure.add_subplot()
    places = list(range(len(names)))
    longest = max(sum(parts) for parts in counts)
    begun = [0] * len(names)
    for which, (label, colour) in enumerate(zip(age_classes(), SEQUENCE, strict=True)):
        parts = [row[which] for row in counts]
        key = label if which == len(SEQUENCE) - 1 else label.removesuffix(" days")
        axes.barh(places, parts, left=begun, color=colour, ec=GREY, lw=0.6, height=0.72, label=key)
        for place, part in zip(places, parts, strict=True):
            if part > longest * 0.05:
                ink = "white" if which >= 3 else "black"
                middle = begun[place] + part / 2
                axes.text(middle, place, whole(part), ha="center", va="center", color=ink)
        begun = [start + part for start, part in zip(begun, parts, strict=True)]
    axes.set_yticks(places, [_shortened(name) for name in names])
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xlabel("open exhibits")
    whole_numbers(axes, along="x")
    key_above(axes, columns=5)
    return None


def _shortened(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= _NAME_LETTERS else shown[: _NAME_LETTERS - 1] + "\u2026"


def backlog_chart(told: Forecast) -> Chart:
    """Draw the forecast of the backlog as a fan."""
    series = [step.backlog for step in told.steps]
    last = series[-1]
    return Chart(
        name="forecast-backlog",
        title="Forecast of the backlog",
        description=(
            f"From {whole(told.basis.open_now)} open now, the backlog on "
            f"{day_words(told.steps[-1].on)} is forecast at {whole(last.p50)} exhibits, with eight "
            f"chances in ten that it lies between {whole(last.p10)} and {whole(last.p90)}."
        ),
        table=_fan_table(told, series, "Open exhibits at the end of the day"),
        draw=partial(
            _draw_fan, told=told, series=series, now=told.basis.open_now, words="open exhibits"
        ),
    )


def oldest_chart(told: Forecast) -> Chart:
    """Draw the forecast of the oldest exhibit's age as a fan."""
    series = [step.oldest_days for step in told.steps]
    last = series[-1]
    return Chart(
        name="forecast-oldest",
        title="Forecast of the oldest open exhibit, first come first served",
        description=(
            f"The oldest open exhibit has waited {days_words(max(0, told.basis.oldest_days))} now. "
            f"On {day_words(told.steps[-1].on)} its age is forecast at {days_words(last.p50)}, "
            f"with eight chances in ten between {days_words(last.p10)} and "
            f"{days_words(last.p90)}, if exhibits are taken first come first served."
        ),
        table=_fan_table(told, series, "Days that the oldest open exhibit has waited"),
        draw=partial(
            _draw_fan,
            told=told,
            series=series,
            now=max(0, told.basis.oldest_days),
            words="days since receipt",
        ),
    )


def _fan_table(told: Forecast, series: Sequence[Tenths], caption: str) -> Table:
    rows = tuple(
        (day_words(step.on), whole(at.p10), whole(at.p50), whole(at.p90))
        for step, at in zip(told.steps, series, strict=True)
    )
    header = ("Day", "1 in 10 at or below", "Middle (P50)", "9 in 10 at or below")
    return Table(caption=caption, header=header, rows=rows)


def _draw_fan(
    figure: FigureBase, *, told: Forecast, series: Sequence[Tenths], now: int, words: str
) -> None:
    axes: Axes = figure.add_subplot()
    places = list(range(len(series) + 1))
    low = [now, *(at.p10 for at in series)]
    high = [now, *(at.p90 for at in series)]
    axes.fill_between(
        places, low, high, color=SEQUENCE[1], lw=0, label="8 chances in 10 (P10 to P90)"
    )
    axes.plot(places, low, color=SEQUENCE[3], lw=0.8)
    axes.plot(places, high, color=SEQUENCE[3], lw=0.8)
    middle = [now, *(at.p50 for at in series)]
    axes.plot(places, middle, color=SEQUENCE[4], lw=2.2, label="middle (P50)")
    axes.set_ylabel(words)
    whole_numbers(axes)
    if max(high) == 0:
        axes.set_ylim(0, 1)
    some_days(axes, [day_words(told.basis.to_day), *(day_words(step.on) for step in told.steps)])
    axes.set_xlim(0, len(series))
    key_above(axes)
