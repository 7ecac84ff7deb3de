"""The figures of a unit over a period: what metrics work out and what pages and files tell.

Ages and delays are days of 86,400 seconds; GB are 10^9 bytes. Where ``n`` is 0 there is no figure,
whatever the other fields hold. A group named ``""`` holds what was not stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from triage.model.history import CountKind

OLDER_THAN_DAYS = (30, 90, 180, 365)
"""Ages that are asked for by name: how many of the open exhibits are older."""

EXAMPLES = 3
"""Exhibits that are named of those whose times contradict each other."""

PERCENTILES = "nearest rank"
"""The smallest value that at least so many per cent of all values do not exceed: a real value."""


class SplitBy(StrEnum):
    """By what the backlog is split."""

    STAGE = "stage"
    RISK_BAND = "risk band"
    DEVICE_TYPE = "device type"
    OWNER_ROLE = "owner role"
    OFFENCE = "offence"


class Faulty(StrEnum):
    """What contradicts itself in the ledger; closed list."""

    NO_RECEIPT = "no moment of receipt"
    FUTURE = "a moment in the future"
    RELEASED_FIRST = "released before it was received"
    STAGE_FIRST = "in a stage before it was received"
    LATER_STAGE = "in another stage after the one it stands in"
    NO_STAGE_MOMENT = "no moment for the stage it stands in"
    RESULT_FIRST = "a result before it was received"
    SEIZED_LATER = "seized after it was received"
    NO_DAY = "a day of seizure that is no day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How ``n`` values lie; percentiles by :data:`PERCENTILES`."""

    n: int = 0
    total: float = 0.0
    mean: float = 0.0
    p50: float = 0.0
    p90: float = 0.0
    max: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a whole; there is no ratio where the whole is nothing."""

    part: int = 0
    whole: int = 0

    @property
    def ratio(self) -> float:
        """Give the part of 1; 0 where the whole is nothing, which is no figure."""
        return self.part / self.whole if self.whole else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """An ISO week as far as it lies in the period.

    Attributes:
        name: ``2026-W47``.
        first_on: its first day in the period; ``last_on``: the last, ``YYYY-MM-DD``.
        is_whole: all seven days lie in the period and are over.
        open_end: open when the last of its days was over, or now.
    """

    name: str
    first_on: str
    last_on: str
    is_whole: bool
    opened: int
    closed: int
    open_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How long the open exhibits have been open."""

    days: Spread
    older: tuple[tuple[int, Share], ...]
    """For each of :data:`OLDER_THAN_DAYS`, how many are older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group of a split.

    Attributes:
        opened: came in during the period; of a stage: entered it. ``closed``: were released; of a
            stage: left it.
        weeks: opened, closed and open at the end, for each week of the period.
    """

    name: str
    open_start: int
    opened: int
    closed: int
    ages: Ages
    weeks: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The backlog by one property: the largest group first, ``""`` last; stages in their order."""

    by: SplitBy
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """Days spent in a stage: by those that left it in the period, and so far by those in it."""

    stage: str
    left: Spread
    waiting: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class LongWait:
    """An open exhibit that has waited longer than others, and why.

    Attributes:
        opened_s: when it came in, or came back; seconds since 1970 UTC.
        stage_s: since when it stands in its stage.
        words: why, in words, the most telling first.
    """

    case: str
    exhibit: str
    age_days: float
    stage: str
    stage_days: float
    opened_s: int
    stage_s: int
    device_type: str = ""
    owner_role: str = ""
    offence: str = ""
    risk_band: str = ""
    is_held: bool = False
    is_bumped: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Days from one event to another, of those that came to the second one in the period.

    Attributes:
        unknown: those left out because the first moment is not stated or contradicts the second.
    """

    name: str
    days: Spread
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The investigations behind the open exhibits.

    Attributes:
        open: with exhibits that are open; ``active``: that had any open in the period.
        exhibits: open exhibits of each case that has any.
    """

    open: int
    active: int
    exhibits: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsourced:
    """How much is done outside."""

    open: Share
    opened: Share
    closed: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What an exhibit takes, of those whose triage was finished in the period."""

    minutes: Spread
    image_gb: Spread
    read_gb: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What reference sets spared people, in the results finished in the period.

    Attributes:
        results: results that say it.
        known_good: of all files, those whose content a known-good set holds.
        pre_categorised: of pictures and videos, those that a reference set names.
        left: of pictures and videos, those left for a person.
    """

    results: int
    known_good: Share
    pre_categorised: Share
    left: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Results finished in the period by colour, and what was released after a negative triage."""

    colours: tuple[tuple[str, int], ...]
    released_negative: Share
    """Of those released in the period, those whose result was green before they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A counted figure; where no day of the time has one (``days`` is 0) there is none."""

    days: int = 0
    value: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A count in the period and on the same days of the year before; ``subject`` ``""``: all."""

    kind: CountKind
    subject: str
    now: Figure
    before: Figure

    @property
    def is_compared(self) -> bool:
        """Tell whether both times have a figure."""
        return bool(self.now.days and self.before.days)

    @property
    def change(self) -> float:
        """Give the change on the year before; 0 where it is not compared."""
        return self.now.value - self.before.value if self.is_compared else 0.0

    @property
    def change_ratio(self) -> float | None:
        """Give the change as a part of the year before; ``None`` where that was 0 or not given."""
        return self.change / self.before.value if self.is_compared and self.before.value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """What a person viewed and graded in the period."""

    name: str
    viewed: Figure
    hours: Figure
    graded: Figure
    an_hour: Figure
    """Pictures viewed an hour, over the days that have both figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Exhibits of the period whose times contradict each other; they are counted, and named."""

    kind: Faulty
    count: int
    examples: tuple[tuple[str, str], ...]
    """Case and exhibit of the first few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpis:
    """All figures of a period.

    Attributes:
        from_on: first day of the period, ``to_on``: its last day.
        as_of_s: the moment at which open exhibits, their ages and stages are told.
        zone: in words, the time zone in which days and weeks begin.
        exhibits: exhibits in the ledger; ``uncounted``: those without any moment, in no figure.
        came_back: exhibits that came back in the period; they are among ``opened``.
    """

    from_on: str
    to_on: str
    now_s: int
    as_of_s: int
    zone: str
    exhibits: int
    uncounted: int
    open_start: int
    open_end: int
    opened: int
    closed: int
    came_back: int
    weeks: tuple[Week, ...]
    ages: Ages
    splits: tuple[Split, ...]
    stages: tuple[StageTime, ...]
    longest: tuple[LongWait, ...]
    delays: tuple[Delay, ...]
    cases: Cases
    outsourced: Outsourced
    effort: Effort
    media: Media
    outcomes: Outcomes
    before_from_on: str
    before_to_on: str
    counts: tuple[Compared, ...]
    graders: tuple[Grader, ...]
    faults: tuple[Fault, ...]
