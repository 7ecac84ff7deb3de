"""A forecast of the backlog: what it was drawn from, on what terms, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """How far apart the forecast's moments lie."""

    DAY = "day"
    WEEK = "week"


class ChangeKind(StrEnum):
    """What a changed rate is measured in."""

    PERCENT = "percent"
    """Of the rate of the period."""
    MORE = "more"
    """Exhibits a week on top of the rate of the period; negative for fewer."""
    RATE = "rate"
    """Exhibits a week instead of the rate of the period."""
    EXAMINERS = "examiners"
    """Examiners on top of those that there are; negative for fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A rate that shall differ from that of the period."""

    kind: ChangeKind
    value: float


UNCHANGED = Change(kind=ChangeKind.MORE, value=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked.

    Attributes:
        examiners: how many there are now; 0 where that was not said.
        overtime_hours: of all examiners together, a week.
        hours_per_exhibit: a person's hours; 0 where they are to be worked out from
            ``examiners``, ``hours_a_week`` and the exhibits finished in the period.
        hours_a_week: of one examiner.
        horizon_weeks: how far the forecast looks.
        history_weeks: length of the period before the cut that is drawn from, at most.
        clear_at: the backlog counts as cleared when so many exhibits or fewer are open.
        seed: of the draws; the same seed and history give the same forecast.
    """

    arrivals: Change = UNCHANGED
    capacity: Change = UNCHANGED
    examiners: int = 0
    overtime_hours: float = 0.0
    hours_per_exhibit: float = 0.0
    hours_a_week: float = 37.0
    horizon_weeks: int = 104
    history_weeks: int = 52
    step: Step = Step.WEEK
    runs: int = 10_000
    seed: int = 1
    clear_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The period that a forecast is drawn from, and how things stood at its end.

    Attributes:
        from_day: first day of the period, ``to_day`` its last one (both counted), ``YYYY-MM-DD``.
        arrivals: exhibits received in the period; ``completions``: released in it.
        busy_weeks: weeks in which work was waiting all the time; only these tell the capacity.
        busy_completions: exhibits released in them.
        open_now: exhibits received and not released at the end of the period.
        oldest_days: whole days since the oldest of them was received; -1 where none is open.
    """

    from_day: str
    to_day: str
    weeks: int
    arrivals: int
    completions: int
    busy_weeks: int
    busy_completions: int
    open_now: int
    oldest_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Exhibits a week, as the forecast has them.

    Attributes:
        hours_per_exhibit: by which overtime was turned into exhibits, -1 where none was asked.
        notes: how the rates differ from those of the period, a sentence each.
    """

    arrivals: float
    capacity: float
    hours_per_exhibit: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenths:
    """Of ten runs one lies at ``p10`` or below, five at ``p50`` or below, nine at ``p90``."""

    p10: int
    p50: int
    p90: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastStep:
    """How things stand at the end of a day.

    Attributes:
        backlog: exhibits received and not released.
        oldest_days: whole days since the oldest of them was received, 0 where none is open.
    """

    on: str
    backlog: Tenths
    oldest_days: Tenths


class Outlook(StrEnum):
    """Whether the backlog clears."""

    CLEAR_NOW = "clear-now"
    CLEARS = "clears"
    """Capacity is above arrivals: it clears in the end, if not within the horizon."""
    NEVER = "never"
    """Arrivals are not below capacity: it does not clear at this capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """When the backlog clears.

    Attributes:
        chance: share of runs in which it does so within the horizon, 0 to 1.
        p10_on: day by which one run in ten has cleared, ``p50_on`` five, ``p90_on`` nine;
            ``""`` where that is not within the horizon.
        growth_a_week: exhibits by which the backlog grows in a mean week; negative: shrinks.
        weeks_at_mean: backlog divided by the weekly shrinkage, -1 where it does not shrink.
    """

    outlook: Outlook
    chance: float
    p10_on: str
    p50_on: str
    p90_on: str
    growth_a_week: float
    weeks_at_mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """All of it.

    Attributes:
        wait_days: days until an exhibit that is received now is released, first come first
            served; -1 where that is not within the horizon.
    """

    basis: Basis
    terms: Terms
    rates: Rates
    steps: tuple[ForecastStep, ...]
    clearing: Clearing
    wait_days: Tenths
