"""What an officer is told of a device: a colour in words, counts, and never a name of a file."""

from __future__ import annotations

from dataclasses import dataclass

from triage.model.verdict import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCount:
    """How many files of a category were recognised, deleted ones and copies included.

    Attributes:
        label: of the category, in words.
        pictures: occurrences, likewise ``videos`` and ``others``.
    """

    label: str
    pictures: int
    videos: int
    others: int

    @property
    def total(self) -> int:
        """Sum of all three."""
        return self.pictures + self.videos + self.others


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExamined:
    """What was not examined, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerResult:
    """A result in words that an officer may read, print and take away.

    Attributes:
        heading: the colour and what it says, in a few words.
        meaning: what the colour means here, and for green what it does not mean.
        counts: files that are exactly as listed; ``likenesses``: pictures that look like listed
            ones; ``graded``: different files by what people said of them, ``(label, files)``.
        extent: how much was compared, and with what.
        not_examined: empty where all that was listed was examined.
        outside: what no examination of this kind looks at.
        next_steps: what the officer does now, in order.
        relied_on: false where the program's own account does not add up.
    """

    colour: Colour
    heading: str
    meaning: tuple[str, ...]
    counts: tuple[CategoryCount, ...]
    likenesses: int
    graded: tuple[tuple[str, int], ...]
    extent: tuple[str, ...]
    not_examined: tuple[NotExamined, ...]
    outside: str
    next_steps: tuple[str, ...]
    relied_on: bool = True
