"""The morning summary of a night as a page."""

from __future__ import annotations

from collections.abc import Sequence

from triage.export.drawing import Table
from triage.export.pagemaking import Page, Section, Tile, render
from triage.export.wording import NO_FIGURE, tenth, whole
from triage.model.night import Backlog, DoneExhibit, NightSummary, OpenExhibit

_GB = 1e9
_LISTS = (
    ("set_aside", "Set aside: a person has to look"),
    ("failed", "Attempts that failed"),
    ("away", "Image not there: tried again when it is back"),
    ("not_started", "Not started: it would not have fitted"),
    ("stopped", "Stopped, and continued from where they are"),
    ("working", "Being worked at now"),
    ("taken_over", "Taken over from a worker that died"),
)
"""Fields of a summary with their headings, what needs a person first."""


def night_page(summary: NightSummary) -> str:
    """Give the page as one HTML file; it has no moment but those of the summary."""
    page = Page(
        title="Summary of the night",
        subtitle=f"{summary.since} to {summary.until}",
        lead=(_lead(summary),),
        alerts=_alerts(summary),
        tiles=_tiles(summary),
        sections=night_sections(summary),
        foot=(f"Worked by: {', '.join(summary.holders) or 'nobody'}.",),
    )
    return render(page)


def night_sections(summary: NightSummary) -> tuple[Section, ...]:
    """Give what a page says of a night below its first figures, what needs a person first."""
    return (
        *_not_finished(summary),
        Section(heading="Done", tables=_done_tables(summary)),
        Section(
            heading="What still waits",
            sentences=(summary.backlog.forecast,) if summary.backlog.forecast else (),
            tables=(_backlog_table(summary.backlog),),
        ),
        *_happenings(summary),
    )


def _not_finished(summary: NightSummary) -> tuple[Section, ...]:
    lists = [(heading, getattr(summary, field)) for field, heading in _LISTS]
    tables = tuple(_open_table(heading, entries) for heading, entries in lists if entries)
    return (Section(heading="Not finished", tables=tables),) if tables else ()


def _lead(summary: NightSummary) -> str:
    colours = ", ".join(f"{number} {colour}" for colour, number in summary.colours if number)
    if not summary.done:
        return "No exhibit was finished."
    word = "exhibit was" if len(summary.done) == 1 else "exhibits were"
    return f"{len(summary.done)} {word} finished: {colours}."


def _alerts(summary: NightSummary) -> tuple[str, ...]:
    if not summary.set_aside:
        return ()
    many = len(summary.set_aside)
    word = "exhibit was" if many == 1 else "exhibits were"
    return (f"{many} {word} set aside after failing too often; a person has to look.",)


def _tiles(summary: NightSummary) -> tuple[Tile, ...]:
    backlog = summary.backlog
    mean = summary.minutes_an_exhibit
    gigabytes = summary.gigabytes_an_exhibit
    return (
        Tile(label="Done", figure=whole(len(summary.done))),
        Tile(label="Waiting", figure=whole(backlog.waiting), note=f"{backlog.held} held back"),
        Tile(label="Failed attempts", figure=whole(len(summary.failed))),
        Tile(
            label="Minutes an exhibit",
            figure=tenth(mean) if mean >= 0 else NO_FIGURE,
            note=f"{tenth(gigabytes)} GB an exhibit" if gigabytes >= 0 else "",
        ),
    )


def _done_tables(summary: NightSummary) -> tuple[Table, ...]:
    hits = Table(
        caption="Exact hits of all exhibits done",
        header=("Category", "Occurrences"),
        rows=tuple((label, whole(number)) for label, number in summary.hits),
    )
    done = Table(
        caption="Exhibits done",
        header=("Exhibit", "Colour", "Done", "Hits", "Gaps", "Files", "Minutes", "GB read"),
        rows=tuple(map(_done_row, summary.done)),
    )
    return (done, hits)


def _done_row(one: DoneExhibit) -> tuple[str, ...]:
    hits = ", ".join(f"{label}: {number}" for label, number in one.hits) or "none"
    return (
        f"{one.case} {one.exhibit}",
        one.colour,
        one.done,
        hits,
        whole(one.gaps),
        whole(one.files),
        tenth(one.seconds / 60),
        tenth(one.read_bytes / _GB),
    )


def _open_table(caption: str, entries: Sequence[OpenExhibit]) -> Table:
    return Table(
        caption=caption,
        header=("Exhibit", "When", "By", "Why", "Failures"),
        rows=tuple(
            (f"{one.case} {one.exhibit}", one.at, one.holder, one.reason, whole(one.failures))
            for one in entries
        ),
    )


def _backlog_table(backlog: Backlog) -> Table:
    hours = tenth(backlog.hours_left) if backlog.hours_left >= 0 else NO_FIGURE
    rate = tenth(backlog.exhibits_an_hour) if backlog.exhibits_an_hour > 0 else NO_FIGURE
    return Table(
        caption="The queue now",
        header=("What", "Figure"),
        rows=(
            ("Waiting", whole(backlog.waiting)),
            ("Size of their images, GB", whole(backlog.waiting_bytes / _GB)),
            ("Of unknown size", whole(backlog.unsized)),
            ("Being worked at", whole(backlog.working)),
            ("Held back by a person", whole(backlog.held)),
            ("Done an hour, by all machines", rate),
            ("Hours left at that rate", hours),
        ),
    )


def _happenings(summary: NightSummary) -> tuple[Section, ...]:
    if not summary.happenings:
        return ()
    rows = tuple(
        (one.at, one.event, one.exhibit, one.detail, one.holder) for one in summary.happenings
    )
    table = Table(
        caption="What else happened",
        header=("When", "What", "Exhibit", "Detail", "Said by"),
        rows=rows,
    )
    return (Section(heading="What else happened", tables=(table,)),)
