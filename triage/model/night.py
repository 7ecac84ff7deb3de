"""What a night came to, as the morning summary tells it: plain values for text, page and JSON.

Moments are local time with its offset, ``2026-11-23 03:12 +00:00``, as a person reads them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneExhibit:
    """An exhibit that was finished.

    Attributes:
        hits: exact ones, occurrences by category label.
        gaps: number of gaps that its result names.
        seconds: work of all its attempts, in this night and before; waiting is no part of it.
        image_bytes: -1 where it is not known.
    """

    case: str
    exhibit: str
    colour: str
    done: str
    hits: tuple[tuple[str, int], ...]
    gaps: int
    files: int
    seconds: float
    read_bytes: int
    image_bytes: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenExhibit:
    """An exhibit that is not finished, and why; the list that it stands in says in what way.

    Attributes:
        at: when that was so; ``holder``: who said so, or who works at it.
        reason: in words, ``""`` where none was given.
        failures: attempts that failed so far, where that matters.
    """

    case: str
    exhibit: str
    at: str
    holder: str
    reason: str
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Anything else that was recorded: a clock that jumped, a database that was away.

    Attributes:
        event: value of :class:`triage.model.queue.NightEvent`.
        exhibit: ``case exhibit``, or ``""``.
    """

    at: str
    holder: str
    event: str
    exhibit: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What still waits, and how long that takes at the rate of this night.

    Attributes:
        waiting: exhibits that may be taken; ``working``: taken now; ``held``: by a person.
        waiting_bytes: sum of the known sizes of their images; ``unsized``: exhibits without one.
        exhibits_an_hour: exhibits done an hour of the window, by all machines; 0.0 for none.
        hours_left: of all machines together for what waits; -1.0 where the night gives no rate.
        forecast: in words, how that was reckoned.
    """

    waiting: int
    waiting_bytes: int
    unsized: int
    working: int
    held: int
    exhibits_an_hour: float
    hours_left: float
    forecast: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NightSummary:
    """The morning summary of all machines that took from one queue.

    Attributes:
        since, until: the window; ``holders``: the batch processes that were at work in it.
        colours: exhibits done by colour, red first, each colour there.
        hits: exact ones of the exhibits done, occurrences by category label.
        stopped: cut off by a deadline or a person; they go on from where they are.
        working: somebody is at them now.
        failed: attempts that failed; ``set_aside``: failed too often, a person has to look.
        not_started: did not fit before the deadline, with the figures why.
        away: their image was not there; they are tried again when it is back.
        taken_over: their worker died or lost its lease, and another one went on.
        seconds, read_bytes: of all attempts that ended in the window.
        minutes_an_exhibit, gigabytes_an_exhibit: means of the exhibits done; -1.0 for none.
    """

    since: str
    until: str
    holders: tuple[str, ...]
    done: tuple[DoneExhibit, ...]
    colours: tuple[tuple[str, int], ...]
    hits: tuple[tuple[str, int], ...]
    stopped: tuple[OpenExhibit, ...]
    working: tuple[OpenExhibit, ...]
    failed: tuple[OpenExhibit, ...]
    set_aside: tuple[OpenExhibit, ...]
    not_started: tuple[OpenExhibit, ...]
    away: tuple[OpenExhibit, ...]
    taken_over: tuple[OpenExhibit, ...]
    happenings: tuple[Happening, ...]
    seconds: float
    read_bytes: int
    minutes_an_exhibit: float
    gigabytes_an_exhibit: float
    backlog: Backlog
