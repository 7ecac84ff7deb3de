"""What travels between a run and its workers while they look for files without a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from triage.hashing.limits import PictureLimits
from triage.model.carving import Space
from triage.model.entry import FileEntry
from triage.model.evidence import DamagedRange
from triage.model.extents import Extents
from triage.model.outcome import Outcome
from triage.pipeline.items import PlacedDone


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceItem:
    """A volume of which the stretches that no file holds are wanted."""

    location: str
    volume: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSpace:
    """The stretches that are looked through, told to each worker once.

    Attributes:
        placed: they lie on the medium of the evidence, so that what is found has its place there.
    """

    location: str
    volume: str
    space: Space
    stretches: Extents
    placed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartItem:
    """A part of a space: files that begin in it are wanted.

    Attributes:
        first, last: numbers of its first byte, and of the one behind its last, in the space.
    """

    location: str
    volume: str
    space: Space
    first: int
    last: int
    limits: PictureLimits


class Found(NamedTuple):
    """A file that was found.

    Attributes:
        at, end: numbers of its first byte, and of the one behind its last, in the space.
        outcome: what became of it; ``None`` where it is still to be read.
    """

    at: int
    end: int
    entry: FileEntry
    outcome: PlacedDone | Outcome | None


class SearchedPart(NamedTuple):
    """What was found in a part.

    Attributes:
        rejected: numbers at which a file seemed to begin that did not hold up.
    """

    found: tuple[Found, ...]
    rejected: tuple[int, ...]
    damage: tuple[DamagedRange, ...]
