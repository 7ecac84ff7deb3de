"""The parts of the page of figures, in the order in which they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from triage.cli.kpiwords import (
    NONE,
    NOT_STATED,
    Sheet,
    days,
    figure,
    number,
    of,
    percent,
    shortened,
    spread_cells,
)
from triage.export.wording import full_days, many
from triage.model.display import printable
from triage.model.kpi import EXAMPLES, Compared, Group, Kpis, Split, Spread

GROUPS = 8
"""Groups of a split that are shown; free words may make hundreds."""
LONGEST = 5
_NAME = 20
NO_FIGURE_BEFORE = "- under before: no figure for the year before"
_SPREAD = ("mean", "P50", "P90", "max", "n")


def sections(kpis: Kpis) -> Iterator[Sheet]:
    """Yield all parts of the page."""
    yield _weeks(kpis)
    yield _ages(kpis)
    for split in kpis.splits:
        yield _split(split)
    yield _longest(kpis)
    yield _stages(kpis)
    yield _delays(kpis)
    yield _work(kpis)
    yield _shares(kpis)
    yield from _counts(kpis)
    yield _graders(kpis)
    yield _faults(kpis)


def _weeks(kpis: Kpis) -> Sheet:
    rows = tuple(
        (
            week.name + ("" if week.is_whole else " *"),
            week.first_on,
            f"{week.opened:,}",
            f"{week.closed:,}",
            f"{week.open_end:,}",
        )
        for week in kpis.weeks
    )
    partial = any(not week.is_whole for week in kpis.weeks)
    return Sheet(
        title=f"By week, {kpis.from_on} to {kpis.to_on} ({kpis.zone})",
        columns=("week", "from", "opened", "closed", "open at its end"),
        rows=rows,
        notes=("* not the whole week",) * partial,
        words=2,
    )


def _ages(kpis: Kpis) -> Sheet:
    spread = kpis.ages.days
    scaled = [(days, share) for days, share in kpis.ages.older]
    rows = tuple(
        (f"over {days} days", f"{share.part:,}", percent(share), f"{share.whole:,}")
        for days, share in scaled
    )
    figures = (("P50", spread.p50), ("P90", spread.p90), ("oldest", spread.max))
    words = ", ".join(f"{name} {days(value)} = {value / 7:,.1f} weeks" for name, value in figures)
    return Sheet(
        title="Ages of what is open",
        columns=("age", "exhibits", "share", "n"),
        rows=rows,
        notes=(words,) if spread.n else ("nothing is open",),
    )


def _split(split: Split) -> Sheet:
    shown, rest = split.groups[:GROUPS], split.groups[GROUPS:]
    stage = split.by == "stage"
    notes = []
    if stage:
        notes.append("opened and closed: entered and left the stage; ages since it came in")
    if rest:
        others = sum(group.ages.days.n for group in rest)
        notes.append(f"and {many(len(rest), 'more group')} with {others:,} open (see --json)")
    return Sheet(
        title=f"By {split.by}",
        columns=(split.by, "open", "opened", "closed", "P50 d", "P90 d", "max d", "> 365 d"),
        rows=tuple(map(_group, shown)),
        notes=tuple(notes),
    )


def _group(group: Group) -> tuple[str, ...]:
    spread = group.ages.days
    ages = (spread.p50, spread.p90, spread.max)
    told = [f"{full_days(value):,}" if spread.n else NONE for value in ages]
    return (
        shortened(group.name or NOT_STATED, _NAME),
        f"{spread.n:,}",
        f"{group.opened:,}",
        f"{group.closed:,}",
        *told,
        percent(dict(group.ages.older)[365]),
    )


def _longest(kpis: Kpis) -> Sheet:
    notes = []
    for place, wait in enumerate(kpis.longest[:LONGEST], 1):
        facts = [wait.offence, wait.device_type, wait.owner_role, wait.risk_band]
        known = ", ".join(printable(fact) for fact in facts if fact)
        which = printable(f"{wait.case} {wait.exhibit}")
        notes.append(f"{place}. {which}: {days(wait.age_days)}, {wait.stage}; {known}")
        notes += [f"   - {printable(words)}" for words in wait.words]
    return Sheet(title="Longest waits, and why", notes=tuple(notes) or ("nothing is open",))


def _stages(kpis: Kpis) -> Sheet:
    rows = tuple(
        (one.stage, *_cells(one.left), *_cells(one.waiting))
        for one in kpis.stages
        if one.left.n or one.waiting.n
    )
    return Sheet(
        title="Days in a stage: of those that left it, and so far of those in it",
        columns=("stage", "P50", "P90", "n", "so far P50", "P90", "n"),
        rows=rows,
    )


def _cells(spread: Spread) -> tuple[str, str, str]:
    _, p50, p90, _, n = spread_cells(spread)
    return (p50, p90, n)


def _delays(kpis: Kpis) -> Sheet:
    return Sheet(
        title="Days from seizure and receipt to result and release, in the period",
        columns=("from, to", *_SPREAD, "not known"),
        rows=tuple((one.name, *spread_cells(one.days), f"{one.unknown:,}") for one in kpis.delays),
    )


def _work(kpis: Kpis) -> Sheet:
    cases, effort = kpis.cases, kpis.effort
    return Sheet(
        title="An exhibit, and a case",
        columns=("", *_SPREAD),
        rows=(
            ("minutes of triage", *spread_cells(effort.minutes)),
            ("GB of the device", *spread_cells(effort.image_gb)),
            ("GB that were read", *spread_cells(effort.read_gb)),
            ("open exhibits a case", *spread_cells(cases.exhibits)),
        ),
        notes=(f"cases with open exhibits: {cases.open:,}, in the period {cases.active:,}",),
    )


def _shares(kpis: Kpis) -> Sheet:
    media, outside = kpis.media, kpis.outsourced
    shares = (
        ("outsourced, of the open", outside.open),
        ("outsourced, of the opened", outside.opened),
        ("outsourced, of the closed", outside.closed),
        ("files known as good", media.known_good),
        ("pictures, videos named by a set", media.pre_categorised),
        ("pictures, videos left for a person", media.left),
        ("released after a green result", kpis.outcomes.released_negative),
    )
    colours = ", ".join(f"{name or NOT_STATED} {n:,}" for name, n in kpis.outcomes.colours)
    return Sheet(
        title="Shares",
        columns=("", "share", "of"),
        rows=tuple((name, percent(share), of(share)) for name, share in shares),
        notes=(f"results in the period: {colours}",),
    )


def _counts(kpis: Kpis) -> Iterator[Sheet]:
    caid = tuple(one for one in kpis.counts if one.kind.startswith("caid"))
    held = {"viewed", "grading-hours"}
    other = tuple(one for one in kpis.counts if one not in caid and one.kind not in held)
    before = f"{kpis.before_from_on} to {kpis.before_to_on}"
    for title, counts in (("CAID contributions", caid), ("Work with others", other)):
        yield Sheet(
            title=f"{title}, and the year before ({before})",
            columns=("", "who, what", "now", "before", "change", "in %"),
            rows=tuple(map(_compared, counts)),
            notes=_missing(counts),
            words=2,
        )


def _missing(counts: tuple[Compared, ...]) -> tuple[str, ...]:
    """Say where there is nothing to compare with."""
    if not counts:
        return ("no counts were entered for either time",)
    told = (
        (NO_FIGURE_BEFORE, any(not one.before.days for one in counts)),
        ("- under now: no figure for the period", any(not one.now.days for one in counts)),
    )
    return tuple(words for words, missing in told if missing)


def _compared(one: Compared) -> tuple[str, ...]:
    kind = one.kind.removeprefix("caid-").replace("-", " ")
    head = (kind, shortened(one.subject, _NAME) or "all", figure(one.now), figure(one.before))
    if not one.is_compared:
        return (*head, NONE, NONE)
    ratio = one.change_ratio
    sign = "+" if one.change > 0 else ""
    return (*head, sign + number(one.change), NONE if ratio is None else f"{100 * ratio:+.1f} %")


def _graders(kpis: Kpis) -> Sheet:
    return Sheet(
        title="Graders",
        columns=("", "viewed", "hours", "graded", "pictures an hour", "days"),
        rows=tuple(
            (
                shortened(one.name, _NAME),
                *map(figure, (one.viewed, one.hours, one.graded, one.an_hour)),
                f"{one.viewed.days:,}",
            )
            for one in kpis.graders
        ),
        notes=() if kpis.graders else ("no grading was counted in the period",),
    )


def _faults(kpis: Kpis) -> Sheet:
    notes = []
    for one in kpis.faults:
        which = ", ".join(printable(" ".join(names)) for names in one.examples)
        more = " ..." * (one.count > EXAMPLES)
        notes.append(f"{one.count:,}: {one.kind} ({which}{more})")
    if kpis.uncounted:
        notes.append(f"{many(kpis.uncounted, 'exhibit')} without any moment: in no figure")
    return Sheet(title="Times that contradict each other", notes=tuple(notes) or ("none",))
