"""The result of a device on one sheet of A4, for an officer to print and take away."""

from __future__ import annotations

from dataclasses import dataclass

from triage.export.drawing import Table
from triage.export.pagemaking import Page, Section, render
from triage.export.wording import moment_words, whole
from triage.model.officer import OfficerResult

ROWS_MOST = 14
"""Of all tables together, as far as gaps go; each category is always there."""
GAPS_LEAST = 5
FACT_MOST = 150
"""Characters of one fact; the page has all of them."""

_STYLES = ("page.css", "panel.css", "result.css")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands on the sheet besides the result.

    Attributes:
        receipt: number of the submission.
        facts: ``(label, words)`` of the device, as the officer gave them.
        unit: name of the unit; ``contact``: whom to ask there.
        taken_by: who takes the sheet away; ``taken_s``: when, seconds since 1970 UTC.
    """

    result: OfficerResult
    receipt: str
    facts: tuple[tuple[str, str], ...]
    unit: str
    contact: str
    taken_by: str
    taken_s: int


def result_sheet(sheet: Sheet) -> str:
    """Give the sheet as one HTML file that needs nothing else; no name of a file is in it."""
    result = sheet.result
    return render(
        Page(
            title=result.heading,
            subtitle=f"{sheet.unit}: triage result, receipt {sheet.receipt}",
            lead=result.meaning,
            sections=(
                Section(heading="What to do next", sentences=_numbered(result.next_steps)),
                Section(heading="What was found", sentences=_found(result), tables=_tables(result)),
                Section(
                    heading="What was not examined",
                    sentences=_left_out(result),
                    tables=_gaps(result),
                ),
                Section(
                    heading="The device",
                    definitions=tuple((label, _cut(words)) for label, words in sheet.facts),
                ),
            ),
            foot=(
                (
                    f"Taken by {sheet.taken_by} on {moment_words(sheet.taken_s)}; it says what "
                    "stood then. It is a triage result, no evidence and no forensic report."
                ),
                f"Questions: ask {sheet.contact}, and give the receipt number.",
            ),
            body_class=f"paper sheet sheet-{result.colour}",
            styles=_STYLES,
        ),
        template="panel.html",
    )


def found_rows(result: OfficerResult) -> tuple[tuple[str, ...], ...]:
    """Give a row a category: label, pictures, videos, other files."""
    return tuple(
        (one.label, whole(one.pictures), whole(one.videos), whole(one.others))
        for one in result.counts
    )


def _numbered(steps: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{number}. {words}" for number, words in enumerate(steps, start=1))


def _found(result: OfficerResult) -> tuple[str, ...]:
    words = list(result.extent)
    if not result.counts:
        words.append("No file is exactly the same as one that is listed as illegal or notable.")
    if result.likenesses:
        words.append(f"Pictures that look like a listed one: {whole(result.likenesses)}.")
    if result.graded:
        graded = "; ".join(f"{label}: {whole(count)}" for label, count in result.graded)
        words.append(f"Different files graded by people. {graded}.")
    return (" ".join(words),)


def _tables(result: OfficerResult) -> tuple[Table, ...]:
    if not result.counts:
        return ()
    return (
        Table(
            caption="Files exactly as listed, copies and deleted ones included",
            header=("Category", "Pictures", "Videos", "Other files"),
            rows=found_rows(result),
        ),
    )


def _left_out(result: OfficerResult) -> tuple[str, ...]:
    more = len(result.not_examined) - _room(result)
    words = [] if result.not_examined else ["Everything that was listed was examined."]
    if more > 0:
        words.append(f"There are {more} more kinds than have room here; the page shows them all.")
    return (" ".join((*words, result.outside)),)


def _room(result: OfficerResult) -> int:
    return max(GAPS_LEAST, ROWS_MOST - len(result.counts))


def _cut(words: str) -> str:
    return words if len(words) <= FACT_MOST else f"{words[:FACT_MOST].rstrip()} …"


def _gaps(result: OfficerResult) -> tuple[Table, ...]:
    if not result.not_examined:
        return ()
    rows = tuple((one.what, one.why) for one in result.not_examined[: _room(result)])
    return (Table(caption="Left out, and why", header=("What", "Why"), rows=rows),)
