"""What a person has to look at before the queue goes on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from triage.batch.fits import GIGABYTE
from triage.batch.standing import QueueLine, Standing
from triage.batch.weights import Weights
from triage.export.wording import days_words, many, tenth, whole
from triage.model.display import printable
from triage.model.kpi import Fault

SOON_DAYS = 7
"""Bail or custody that ends within these is told."""
HELD_DAYS = 28
"""A hold that lasts longer is told."""
NO_NIGHT_S = 36 * 3600
"""Where exhibits wait and nothing was started for so long, that is told."""
LOW_DISK_BYTES = 20 * GIGABYTE
SHOWN = 5
"""Exhibits that are named of each need."""
_DAY_S = 86_400


class NeedKind(StrEnum):
    """Why a person is needed, the most pressing first."""

    STATUTORY = "statutory date"
    SET_ASIDE = "set aside"
    AWAY = "image away"
    NO_NIGHT = "no night"
    DISK = "disk"
    NO_IMAGE = "no image"
    HELD = "held for long"
    BANDS = "unknown bands"
    FAULTS = "contradictions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something for a person.

    Attributes:
        words: a sentence; ``named``: the first exhibits with their reason.
        count: how many exhibits it is about, 0 where it is about none.
        standing: in the queue, ``None`` where they do not stand in one way.
    """

    kind: NeedKind
    words: str
    count: int = 0
    named: tuple[tuple[str, str, str], ...] = ()
    standing: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known besides the queue.

    Attributes:
        last_start_s: when a batch process was started last, -1 for never.
        free_bytes: on the disk of ``TRIAGE_HOME``.
    """

    now_s: int
    last_start_s: int
    free_bytes: int
    faults: tuple[Fault, ...] = ()


def needs(lines: Sequence[QueueLine], weights: Weights, known: Circumstances) -> tuple[Need, ...]:
    """Say what a person has to look at, the most pressing first; nothing where all goes well."""
    today = datetime.fromtimestamp(known.now_s, UTC).date()
    found = (
        _statutory(lines, today),
        _of(
            NeedKind.SET_ASIDE,
            [one for one in lines if one.standing is Standing.SET_ASIDE],
            "failed too often and {is_} set aside: a person has to look before a retry.",
            lambda one: one.why,
        ),
        _of(
            NeedKind.AWAY,
            [one for one in lines if one.standing is Standing.AWAY],
            "cannot be worked: the image is not where the ledger says.",
            lambda one: one.entry.facts.image_path,
        ),
        _no_night(lines, known),
        _disk(known.free_bytes),
        _of(
            NeedKind.NO_IMAGE,
            [one for one in lines if one.standing is Standing.NO_IMAGE],
            "{stands} in the queue without an image.",
            lambda _: "no image is named in the ledger",
        ),
        _held(lines, known.now_s),
        _bands(lines, weights),
        _faults(known.faults),
    )
    return tuple(one for one in found if one is not None)


def _of(
    kind: NeedKind, lines: Sequence[QueueLine], words: str, why: Callable[[QueueLine], str]
) -> Need | None:
    if not lines:
        return None
    one = len(lines) == 1
    told = words.format(is_="is" if one else "are", stands="stands" if one else "stand")
    return Need(
        kind=kind,
        words=f"{many(len(lines), 'exhibit')} {told}",
        count=len(lines),
        named=tuple(
            (line.entry.facts.case, line.entry.facts.exhibit, why(line)) for line in lines[:SHOWN]
        ),
        standing=_standing(lines),
    )


def _standing(lines: Sequence[QueueLine]) -> Standing | None:
    first = lines[0].standing
    return first if all(one.standing is first for one in lines) else None


def _statutory(lines: Iterable[QueueLine], today: date) -> Need | None:
    """Name what is not finished although bail or custody ends soon, or has ended."""
    pressing = [
        (days, one)
        for one in lines
        if one.standing is not Standing.DONE
        and (days := _days_to(one.entry.facts.statutory_on, today)) is not None
        and days <= SOON_DAYS
    ]
    pressing.sort(key=lambda pair: pair[0])
    days_of = {one.entry.ledger_id: days for days, one in pressing}
    words = f"of suspects whose bail or custody ends within {SOON_DAYS} days, or has ended."
    return _of(
        NeedKind.STATUTORY,
        [one for _, one in pressing],
        words,
        lambda one: _ends(one, days_of[one.entry.ledger_id]),
    )


def _ends(line: QueueLine, days: int) -> str:
    facts = line.entry.facts
    kind = str(facts.statutory_kind) or "the statutory time"
    when = "today" if not days else f"in {many(days, 'day')}"
    if days < 0:
        return f"{kind} ended {many(-days, 'day')} ago; {line.standing}"
    return f"{kind} ends {when}; {line.standing}"


def _days_to(day: str, today: date) -> int | None:
    try:
        return (date.fromisoformat(day) - today).days
    except ValueError:
        return None


def _no_night(lines: Sequence[QueueLine], known: Circumstances) -> Need | None:
    waiting = sum(one.standing is Standing.WAITING for one in lines)
    working = any(one.standing is Standing.WORKED for one in lines)
    if not waiting or working or known.now_s - known.last_start_s < NO_NIGHT_S:
        return None
    began = "No batch process was ever started"
    if known.last_start_s >= 0:
        ago = days_words((known.now_s - known.last_start_s) / _DAY_S)
        began = f"The last batch process was started {ago} ago"
    words = f"{began}, and {many(waiting, 'exhibit')} could be worked."
    return Need(kind=NeedKind.NO_NIGHT, words=words)


def _disk(free_bytes: int) -> Need | None:
    if free_bytes >= LOW_DISK_BYTES:
        return None
    words = f"Only {tenth(free_bytes / GIGABYTE)} GB are free where triage keeps its data."
    return Need(kind=NeedKind.DISK, words=words)


def _held(lines: Iterable[QueueLine], now_s: int) -> Need | None:
    return _of(
        NeedKind.HELD,
        [
            one
            for one in lines
            if one.standing is Standing.HELD and now_s - one.since_s > HELD_DAYS * _DAY_S
        ],
        f"{{is_}} held back for more than {HELD_DAYS} days.",
        lambda one: f"by {one.by or 'nobody named'}: {one.why or 'no reason was given'}",
    )


def _bands(lines: Iterable[QueueLine], weights: Weights) -> Need | None:
    """Name the bands that the weights do not know: a misspelling is nobody's decision."""
    given = {one.entry.facts.risk_band for one in lines}
    strange = sorted(one for one in given if one.strip() and weights.band(one) is None)
    if not strange:
        return None
    words = ", ".join(f"'{printable(one)}'" for one in strange[:SHOWN])
    more = f" and {whole(len(strange) - SHOWN)} more" if len(strange) > SHOWN else ""
    points = f"{weights.band_unknown:,g} points"
    return Need(
        kind=NeedKind.BANDS,
        words=f"Risk bands that the order does not know: {words}{more}. Each counts {points}.",
    )


def _faults(faults: Sequence[Fault]) -> Need | None:
    if not faults:
        return None
    kinds = "; ".join(f"{one.kind} ({whole(one.count)})" for one in faults)
    named = tuple(
        (case, exhibit, str(one.kind)) for one in faults for case, exhibit in one.examples
    )
    return Need(
        kind=NeedKind.FAULTS,
        words=f"The ledger contradicts itself: {kinds}.",
        named=named[:SHOWN],
    )
