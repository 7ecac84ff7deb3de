"""What is asked of arrivals and capacity, read from words and turned into exhibits a week."""

from __future__ import annotations

import re

from triage.errors import UsageFault
from triage.metrics.arrivals import FEWEST_WEEKS
from triage.model.display import printable
from triage.model.forecast import Basis, Change, ChangeKind, Rates, Terms

_FORM = re.compile(
    r"(?P<sign>[+-]?)(?P<number>\d{1,6}(?:\.\d{1,6})?)(?P<unit>%|/week|h)?", re.ASCII
)


def parse_arrivals(words: str) -> Change:
    """Read ``+17%``, ``-5%``, ``+3/week`` (on top) or ``30/week`` (instead).

    Raises:
        UsageFault: anything else.
    """
    change = _parsed(words)
    if change is None or change.kind is ChangeKind.EXAMINERS:
        raise UsageFault(
            f"--arrivals {printable(words)}: not understood",
            hint="Write +17%, -5%, +3/week (on top) or 30/week (instead).",
        )
    return change


def parse_capacity(words: str) -> Change:
    """Read ``+1`` (examiners), ``+10%``, ``+5/week`` (on top) or ``40/week`` (instead).

    Raises:
        UsageFault: anything else.
    """
    change = _parsed(words)
    if change is None:
        raise UsageFault(
            f"--capacity {printable(words)}: not understood",
            hint="Write +1 (examiners), +10%, +5/week (exhibits on top) or 40/week (instead).",
        )
    return change


def parse_hours(words: str) -> float:
    """Read hours a week: ``20h`` or ``20``.

    Raises:
        UsageFault: anything else.
    """
    found = _FORM.fullmatch(words.strip())
    if found is None or found["sign"] == "-" or found["unit"] not in {None, "h"}:
        raise UsageFault(
            f"--overtime {printable(words)}: not understood", hint="Write hours a week: 20h."
        )
    return float(found["number"])


def _parsed(words: str) -> Change | None:
    found = _FORM.fullmatch(words.strip())
    if found is None or found["unit"] == "h":
        return None
    signed = found["sign"] != ""
    value = float(found["sign"] + found["number"])
    if found["unit"] == "%":
        return Change(kind=ChangeKind.PERCENT, value=value) if signed else None
    if found["unit"] == "/week":
        return Change(kind=ChangeKind.MORE if signed else ChangeKind.RATE, value=value)
    return Change(kind=ChangeKind.EXAMINERS, value=value) if signed else None


def rates(basis: Basis, terms: Terms) -> Rates:
    """Work out the rates of the forecast from those of the period and what is asked.

    Raises:
        UsageFault: what is asked needs a figure that was not given, or nothing tells the capacity.
    """
    came = basis.arrivals / basis.weeks
    given = terms.capacity.kind is ChangeKind.RATE
    finished = 0.0 if given else _capacity_of_period(basis)
    arrivals = _changed(came, terms.arrivals)
    capacity = _with_examiners(finished, terms) if _by_head(terms) else None
    capacity = _changed(finished, terms.capacity) if capacity is None else capacity
    hours = _hours_per_exhibit(finished or capacity, terms) if terms.overtime_hours else -1.0
    extra = terms.overtime_hours / hours if terms.overtime_hours else 0.0
    notes = (
        *_arrivals_note(came, arrivals),
        *_capacity_note(finished, capacity, terms),
        *_overtime_note(extra, hours, terms),
    )
    return Rates(arrivals=arrivals, capacity=capacity + extra, hours_per_exhibit=hours, notes=notes)


def _by_head(terms: Terms) -> bool:
    return terms.capacity.kind is ChangeKind.EXAMINERS


def _capacity_of_period(basis: Basis) -> float:
    if basis.busy_weeks < FEWEST_WEEKS:
        raise UsageFault(
            f"in {basis.weeks - basis.busy_weeks} of the {basis.weeks} weeks from "
            f"{basis.from_day} to {basis.to_day} nothing was left open at the end of some day: "
            "what was finished then tells what came in, not how much could be finished",
            hint="Say the capacity yourself, for instance --capacity 12/week.",
        )
    return basis.busy_completions / basis.busy_weeks


def _changed(rate: float, change: Change) -> float:
    if change.kind is ChangeKind.PERCENT:
        return max(0.0, rate * (100 + change.value) / 100)
    if change.kind is ChangeKind.RATE:
        return change.value
    return max(0.0, rate + change.value)


def _with_examiners(finished: float, terms: Terms) -> float:
    """Share the capacity out evenly over the examiners that there are."""
    if terms.examiners < 1:
        raise UsageFault(
            f"--capacity {terms.capacity.value:+g} means examiners, and how many there are now "
            "was not said",
            hint="Add --examiners N, or say exhibits: --capacity +5/week.",
        )
    after = terms.examiners + terms.capacity.value
    return max(0.0, finished * after / terms.examiners)


def _hours_per_exhibit(finished: float, terms: Terms) -> float:
    if terms.hours_per_exhibit > 0:
        return terms.hours_per_exhibit
    if terms.examiners < 1 or finished <= 0:
        raise UsageFault(
            "--overtime is in hours, and how many hours of a person an exhibit takes is not known",
            hint="Add --hours-per-exhibit, or --examiners N to have it worked out.",
        )
    return terms.examiners * terms.hours_a_week / finished


def _arrivals_note(before: float, after: float) -> tuple[str, ...]:
    if after == before:
        return ()
    return (f"Arrivals: {after:.1f} exhibits a week instead of {before:.1f}.",)


def _capacity_note(before: float, after: float, terms: Terms) -> tuple[str, ...]:
    if terms.capacity.kind is ChangeKind.RATE:
        return (f"Capacity: {after:.1f} exhibits a week, as given.",)
    if after == before:
        return ()
    heads = ""
    if _by_head(terms):
        heads = f", {terms.examiners + terms.capacity.value:g} examiners instead of "
        heads += f"{terms.examiners}"
    return (f"Capacity: {after:.1f} exhibits a week instead of {before:.1f}{heads}.",)


def _overtime_note(extra: float, hours: float, terms: Terms) -> tuple[str, ...]:
    if not terms.overtime_hours:
        return ()
    more = f"{extra:.1f} exhibits a week more at {hours:.1f} hours an exhibit"
    return (f"Overtime: {terms.overtime_hours:g} hours a week, {more}.",)
