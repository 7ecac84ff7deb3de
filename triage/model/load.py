"""What graders looked at in some days: loads, as who looks after them reads them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GraderDay:
    """A day of a grader: pictures shown and minutes of looking.

    Attributes:
        day: its first moment, seconds since 1970 UTC.
    """

    day: int
    pictures: int
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GraderLoad:
    """What a grader looked at.

    Attributes:
        pictures: shown, each time anew; ``contents``: different ones.
        categories: different ones by what they are graded as; ``""``: not graded.
        graded, lifts, breaks, limits: votes given, welfare measures lifted, breaks taken, times
            that a limit was reached.
        over_soft: days that reached a soft limit.
    """

    name: str
    shown: str
    pictures: int
    contents: int
    minutes: float
    categories: tuple[tuple[str, int], ...]
    graded: int
    lifts: int
    breaks: int
    limits: int
    days: tuple[GraderDay, ...]
    over_soft: int
