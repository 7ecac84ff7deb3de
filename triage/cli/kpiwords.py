"""How figures are written for people: days, shares, changes, and a dash where there is none."""

from __future__ import annotations

from dataclasses import dataclass

from triage.export.wording import full_days, many
from triage.model.kpi import Figure, Share, Spread

NONE = "-"
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with its title; the first ``words`` columns hold words, the others figures."""

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    words: int = 1


def days(value: float) -> str:
    """Give days in words, those that are over, as ``exhibit list`` has them."""
    return many(full_days(value), "day")


def percent(share: Share) -> str:
    """Give a share in per cent, a dash where the whole is nothing."""
    return f"{100 * share.ratio:.1f} %" if share.whole else NONE


def of(share: Share) -> str:
    """Give the part and the whole."""
    return f"{share.part:,} of {share.whole:,}"


def figure(found: Figure) -> str:
    """Give a counted figure, a dash where no day has one."""
    return number(found.value) if found.days else NONE


def number(value: float) -> str:
    """Give a figure with one decimal where it is not whole."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def spread_cells(spread: Spread, places: int = 1) -> tuple[str, str, str, str, str]:
    """Give mean, P50, P90, the largest and how many there are."""
    if not spread.n:
        return (NONE, NONE, NONE, NONE, "0")
    mean, p50, p90, largest = (
        f"{value:,.{places}f}" for value in (spread.mean, spread.p50, spread.p90, spread.max)
    )
    return (mean, p50, p90, largest, f"{spread.n:,}")


def shortened(words: str, width: int) -> str:
    """Cut words that would not leave room for the figures."""
    return words if len(words) <= width else words[: width - 1] + "…"
