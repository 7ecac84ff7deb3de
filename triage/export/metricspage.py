"""The page of a unit's figures over a period."""

from __future__ import annotations

from triage.export.charts import age_chart, band_chart, flow_chart
from triage.export.drawing import Table
from triage.export.kpiwords import (
    DEFINITIONS,
    counts_table,
    figure,
    longest_table,
    period_words,
    shares_table,
    split_table,
    spread_table,
)
from triage.export.pagemaking import Page, Section, Tile, render
from triage.export.wording import days_words, moment_words, share, whole
from triage.model.kpi import Fault, Kpis, SplitBy


def metrics_page(kpis: Kpis) -> str:
    """Give the page as one HTML file; it has no moment but those of the figures."""
    page = Page(
        title="Exhibits: backlog, ages and throughput",
        subtitle=f"{period_words(kpis)}; open exhibits as at {moment_words(kpis.as_of_s)}",
        alerts=tuple(map(_fault_words, kpis.faults)),
        tiles=_tiles(kpis),
        sections=tuple(section for section in _sections(kpis) if _says_something(section)),
        foot=(
            (
                f"{whole(kpis.exhibits)} exhibits in the ledger, {whole(kpis.uncounted)} without "
                f"any moment and in no figure. Days and weeks begin at midnight, {kpis.zone}."
            ),
            f"Made {moment_words(kpis.now_s)}.",
        ),
    )
    return render(page)


def _tiles(kpis: Kpis) -> tuple[Tile, ...]:
    ages = kpis.ages
    half, longest = ages.older[1:3], ages.days
    return (
        Tile(label="Open", figure=whole(kpis.open_end), note=f"{whole(kpis.open_start)} before"),
        Tile(label="Received", figure=whole(kpis.opened), note="in the period"),
        Tile(label="Released", figure=whole(kpis.closed), note="in the period"),
        Tile(
            label="Longest wait",
            figure=days_words(longest.max) if longest.n else "none",
            note=", ".join(
                f"{share(part.part, part.whole)} over {days} days" for days, part in half
            ),
        ),
    )


def _sections(kpis: Kpis) -> tuple[Section, ...]:
    band = next((one for one in kpis.splits if one.by is SplitBy.RISK_BAND), None)
    bands = (band_chart(band),) if band else ()
    return (
        Section(heading="Received and released", charts=(flow_chart(kpis.weeks),)),
        Section(heading="How old open exhibits are", charts=(age_chart(kpis.ages), *bands)),
        Section(heading="Where they are", tables=tuple(map(split_table, kpis.splits))),
        Section(heading="Longest waits", tables=_filled(longest_table(kpis.longest))),
        Section(heading="How long it takes", tables=_times(kpis)),
        Section(heading="Shares", tables=(shares_table(kpis),)),
        Section(heading="Results", tables=_filled(_colours(kpis))),
        Section(heading="Counted by people", tables=_counted(kpis)),
        Section(heading="What the words mean", definitions=DEFINITIONS),
    )


def _says_something(section: Section) -> bool:
    return bool(section.sentences or section.charts or section.tables or section.definitions)


def _filled(*tables: Table) -> tuple[Table, ...]:
    return tuple(table for table in tables if table.rows)


def _times(kpis: Kpis) -> tuple[Table, ...]:
    delays = [(delay.name.capitalize(), delay.days) for delay in kpis.delays]
    left = [(stage.stage, stage.left) for stage in kpis.stages]
    waiting = [(stage.stage, stage.waiting) for stage in kpis.stages]
    effort = [
        ("Minutes of triage", kpis.effort.minutes),
        ("Size of its medium or image, GB", kpis.effort.image_gb),
        ("Read in triage, GB", kpis.effort.read_gb),
    ]
    return (
        spread_table("Days from one event to another", "From and to", delays),
        spread_table("Days in a stage, of those that left it in the period", "Stage", left),
        spread_table("Days in their stage so far, of those in it", "Stage", waiting),
        spread_table("Effort an exhibit", "What", effort),
    )


def _colours(kpis: Kpis) -> Table:
    every = sum(number for _, number in kpis.outcomes.colours)
    return Table(
        caption="Results finished in the period by colour",
        header=("Colour", "Exhibits", "Share"),
        rows=tuple(
            (colour, whole(number), share(number, every))
            for colour, number in kpis.outcomes.colours
        ),
    )


def _counted(kpis: Kpis) -> tuple[Table, ...]:
    """Give the table of all, then those of each campaign, then that of the graders."""
    graders = {grader.name for grader in kpis.graders}
    subjects = dict.fromkeys(one.subject for one in kpis.counts)
    campaigns = [subject for subject in subjects if subject and subject not in graders]
    load = Table(
        caption="Load of each grader",
        header=("Grader", "Viewed", "Graded", "Hours", "Viewed an hour"),
        rows=tuple(
            (
                grader.name or "all",
                *map(figure, (grader.viewed, grader.graded, grader.hours, grader.an_hour)),
            )
            for grader in kpis.graders
        ),
    )
    tables = [counts_table(kpis.counts, subject) for subject in ("", *campaigns)]
    return _filled(*tables, load)


def _fault_words(fault: Fault) -> str:
    named = ", ".join(f"{case} {exhibit}" for case, exhibit in fault.examples)
    return f"The ledger contradicts itself for {whole(fault.count)}: {fault.kind} ({named})."
