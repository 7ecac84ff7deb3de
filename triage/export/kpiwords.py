"""Tables and sentences of a unit's figures, for its page and its paper."""

from __future__ import annotations

from collections.abc import Sequence

from triage.export.drawing import Table
from triage.export.wording import NO_FIGURE, change, day_words, days_words, share, tenth, whole
from triage.model.kpi import Compared, Figure, Kpis, LongWait, Share, Split, Spread

NOT_STATED = "not stated"
KINDS = {
    "caid-graded": "CAID: pictures graded",
    "caid-new": "CAID: new to it",
    "caid-awaiting-second-vote": "CAID: awaiting a second vote",
    "caid-uploaded": "CAID: uploaded",
    "viewed": "Pictures viewed",
    "grading-hours": "Hours of grading",
    "referrals": "Referrals",
    "warrants": "Warrants",
    "arrests": "Arrests",
    "safeguarded": "People safeguarded",
    "devices": "Devices seized",
}
DEFINITIONS = (
    ("Open", "received by the unit and not released; one that came back counts from its return"),
    ("Age", "days of 24 hours since receipt, or since it came back"),
    ("Half (P50), nine in ten (P90)", "nearest rank: the real value that so many do not exceed"),
    ("Released", "the unit's own work on the exhibit is over, its report included"),
    ("Negative triage", "a green result: nothing known was found and nothing was left unread"),
    ("Pre-categorised", "pictures and videos whose content a reference set names"),
)


def spread_row(name: str, spread: Spread) -> tuple[str, ...]:
    """Give number, mean, P50, P90 and greatest."""
    if not spread.n:
        return (name, "0", *(NO_FIGURE,) * 4)
    figures = (spread.mean, spread.p50, spread.p90, spread.max)
    return (name, whole(spread.n), *map(tenth, figures))


def spread_table(caption: str, first: str, rows: Sequence[tuple[str, Spread]]) -> Table:
    """Give a table of spreads; ``first`` heads the names."""
    return Table(
        caption=caption,
        header=(first, "Number", "Mean", "Half at most", "9 in 10 at most", "Greatest"),
        rows=tuple(spread_row(name, spread) for name, spread in rows),
    )


def split_table(split: Split) -> Table:
    """Give the groups of a split with their flow and ages."""
    rows = tuple(
        (
            group.name or NOT_STATED,
            whole(group.ages.days.n),
            whole(group.opened),
            whole(group.closed),
            *_age_cells(group.ages.days),
        )
        for group in split.groups
    )
    moves = ("Entered", "Left") if split.by == "stage" else ("Received", "Released")
    ages = ("Half at most, days", "9 in 10 at most, days", "Longest, days")
    return Table(
        caption=f"By {split.by}",
        header=(str(split.by).capitalize(), "Open", *moves, *ages),
        rows=rows,
    )


def _age_cells(days: Spread) -> tuple[str, ...]:
    if not days.n:
        return (NO_FIGURE,) * 3
    return (tenth(days.p50), tenth(days.p90), tenth(days.max))


def longest_table(longest: Sequence[LongWait]) -> Table:
    """Give the exhibits that have waited longest, by name: a page for the unit alone."""
    return Table(
        caption="Open exhibits that have waited longest, and why",
        header=("Exhibit", "Waited", "Device", "Offence", "Risk band", "Why"),
        rows=tuple(
            (
                f"{one.case} {one.exhibit}",
                days_words(one.age_days),
                one.device_type or NOT_STATED,
                one.offence or NOT_STATED,
                one.risk_band or NOT_STATED,
                "; ".join(one.words),
            )
            for one in longest
        ),
    )


def longest_words(longest: Sequence[LongWait]) -> str:
    """Say the longest wait for a paper that is public.

    It names neither the exhibit nor its case, and leaves out what people wrote of it.
    """
    if not longest:
        return "No exhibit is open."
    one = longest[0]
    held = " and is held back by a person" if one.is_held else ""
    return (
        f"The exhibit that has waited longest came in {days_words(one.age_days)} before the end "
        f"of the period. Device: {one.device_type or NOT_STATED}; offence: "
        f"{one.offence or NOT_STATED}; risk band: {one.risk_band or NOT_STATED}. It has been in "
        f"the stage {one.stage} for {days_words(one.stage_days)}{held}."
    )


def counts_table(counts: Sequence[Compared], subject: str = "") -> Table:
    """Give what people counted, beside the year before, for one subject or for all."""
    rows = [
        (
            KINDS.get(str(one.kind), str(one.kind)),
            figure(one.now),
            figure(one.before),
            change(one.now.value, one.before.value) if one.is_compared else NO_FIGURE,
        )
        for one in counts
        if one.subject == subject
    ]
    return Table(
        caption=f"Counted by people: {subject or 'all'}",
        header=("What", "In the period", "Year before", "Change"),
        rows=tuple(rows),
    )


def figure(value: Figure) -> str:
    """Give a counted figure; where nobody counted there is none."""
    if not value.days:
        return NO_FIGURE
    return whole(value.value) if value.value == int(value.value) else tenth(value.value)


def shares_table(kpis: Kpis) -> Table:
    """Give the parts of wholes that are asked for."""
    media, outside = kpis.media, kpis.outsourced
    rows: tuple[tuple[str, Share], ...] = (
        ("Open exhibits that are outsourced", outside.open),
        ("Received exhibits that are outsourced", outside.opened),
        ("Released exhibits that were outsourced", outside.closed),
        ("Investigations with an open exhibit, of those that had one in the period", _cases(kpis)),
        ("Files suppressed as known-good", media.known_good),
        ("Pictures and videos pre-categorised by a reference set", media.pre_categorised),
        ("Pictures and videos left for a person", media.left),
        ("Released after a negative triage", kpis.outcomes.released_negative),
    )
    return Table(
        caption="Shares",
        header=("What", "Part", "Of", "Share"),
        rows=tuple(
            (name, whole(one.part), whole(one.whole), share(one.part, one.whole))
            for name, one in rows
        ),
    )


def _cases(kpis: Kpis) -> Share:
    return Share(part=kpis.cases.open, whole=kpis.cases.active)


def period_words(kpis: Kpis) -> str:
    """Say the period."""
    return f"{day_words(kpis.from_on)} to {day_words(kpis.to_on)}"
