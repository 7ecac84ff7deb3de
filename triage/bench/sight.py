"""What a board keeps of each content, read from the case once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar, cast

from triage.bench.ordering import (
    MEDIA,
    SERIES_PICTURES,
    Device,
    Surroundings,
    Traits,
    camera_of,
)
from triage.model.entry import Allocation
from triage.model.grade import SEVERITY, Category, Standing
from triage.model.picturefacts import PictureFacts
from triage.store import boardrows
from triage.store.boardrows import BoardCase, BoardContent, BoardDevice
from triage.store.database import Store
from triage.store.picturefacts import all_facts

_GRAVEST = {one: place for place, one in enumerate(Standing)}
_SHOWN = frozenset({"", "none", "pending", "done", "known-good", "known-bad"})
_DAY_NS = 86_400 * 1_000_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date.max.toordinal()
NO_FACTS = PictureFacts()
Kept = TypeVar("Kept")


class Sight:
    """A distinct content of the case; there may be a million, so equal parts are kept once.

    Attributes:
        day: ordinal of the day that the picture tells, else of the first change of a file; -1.
        live: it lies somewhere as a file that is there; ``deleted``: somewhere as one that is not.
        exhibits: places in the exhibits of the case; ``folders``: numbers of folders.
        shows: it could be decoded, or nobody has tried.
    """

    __slots__ = (
        "camera",
        "category",
        "code",
        "conflict",
        "day",
        "deleted",
        "exhibits",
        "facts",
        "folders",
        "height",
        "live",
        "medium",
        "mime",
        "occurrences",
        "reason",
        "sets",
        "sha256",
        "shows",
        "size_bytes",
        "standing",
        "width",
    )

    def __init__(self, one: BoardContent) -> None:
        self.sha256 = one.sha256
        self.size_bytes = one.size_bytes
        self.mime = one.mime
        self.medium = one.family
        self.width = one.width or 0
        self.height = one.height or 0
        self.shows = one.picture_state in _SHOWN
        self.standing = Standing(one.standing)
        self.category = Category(one.category) if one.category else None
        self.code = one.original_code
        self.reason = one.grade_reason
        self.conflict = one.conflict
        self.sets: tuple[str, ...] = ()
        self.camera = ""
        self.facts = NO_FACTS
        self.day = -1
        self.live = False
        self.deleted = False
        self.exhibits: tuple[int, ...] = ()
        self.folders: tuple[int, ...] = ()
        self.occurrences = 0

    def gravity(self) -> tuple[int, int]:
        """Give what tells which of several is the gravest; the lowest is."""
        rank = len(SEVERITY) if self.category is None else SEVERITY.index(self.category)
        return _GRAVEST[self.standing], rank

    def traits(self, series: Mapping[tuple[str, int], int]) -> Traits:
        """Give what the order rests on."""
        facts = self.facts
        taken = _day(facts.taken) if facts.taken else None
        return Traits(
            standing=self.standing,
            category=self.category,
            conflict=bool(self.conflict),
            in_set=bool(self.sets),
            medium=self.medium,
            make=facts.make,
            model=facts.model,
            serial=facts.serial,
            located=facts.latitude is not None,
            taken=taken,
            series=series.get(_series(self, taken), 0) if taken else 0,
            width=self.width,
            height=self.height,
            shows=self.shows,
        )


class Folders:
    """Folders by number: of which exhibit, and their path as the disk has it."""

    def __init__(self) -> None:
        self.all: list[tuple[int, bytes]] = []
        self._numbers: dict[tuple[int, bytes], int] = {}

    def number(self, exhibit: int, path: bytes) -> int:
        """Give the number of the folder of a file."""
        key = exhibit, path.rpartition(b"/")[0]
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self.all)
            self.all.append(key)
        return known


def sights_of(store: Store, case: BoardCase) -> tuple[dict[bytes, Sight], Folders]:
    """Read the contents of a case that are graded, by SHA-256.

    Where exhibits differ in what reference sets say of a content, the gravest stands.
    """
    once = _Once()
    found: dict[bytes, Sight] = {}
    for place, (exhibit_id, _) in enumerate(case.exhibits):
        for row in boardrows.contents_in(store.connection, exhibit_id, MEDIA):
            _add(found, Sight(row), place, once)
        for sha256, name in boardrows.sets_in(store.connection, exhibit_id, MEDIA):
            one = found[sha256]
            if name not in one.sets:
                one.sets = once(tuple(sorted({*one.sets, name})))
    folders = _add_places(store, case, found, once)
    _add_facts(store, case, found, once)
    return found, folders


def surroundings_of(
    devices: Iterable[BoardDevice], sights: Iterable[Sight], today: date
) -> Surroundings:
    """Tell what the case is about: its devices, and until when they were in use."""
    told = tuple(devices)
    days = [_taken_in(one) for one in told]
    until = max((day for day in days if day is not None), default=None)
    if until is None:
        last = max((one.day for one in sights if one.day <= today.toordinal()), default=-1)
        until = date.fromordinal(last) if last > 0 else None
    known = tuple(
        Device(exhibit=one.exhibit, make=one.make, model=one.model, serial=one.serial)
        for one in told
        if one.serial or (one.make and one.model)
    )
    return Surroundings(devices=known, until=until)


def series_in(sights: Iterable[Sight]) -> dict[tuple[str, int], int]:
    """Count the contents of each camera and day where there are enough for a series."""
    counted = Counter(
        _series(one, taken)
        for one in sights
        if one.camera and one.facts.taken and (taken := _day(one.facts.taken)) is not None
    )
    return {key: count for key, count in counted.items() if count >= SERIES_PICTURES and key[0]}


class _Once:
    """Keeps of equal values of a kind the first one."""

    def __init__(self) -> None:
        self._known: dict[type, dict[Any, Any]] = {}

    def __call__(self, value: Kept) -> Kept:
        known = self._known.setdefault(type(value), {})
        return cast("Kept", known.setdefault(value, value))


def _add(found: dict[bytes, Sight], one: Sight, place: int, once: _Once) -> None:
    known = found.get(one.sha256)
    if known is None:
        one.exhibits = once((place,))
        for name in ("mime", "medium", "code", "reason", "conflict"):
            setattr(one, name, once(getattr(one, name)))
        found[one.sha256] = one
        return
    known.exhibits = once((*known.exhibits, place))
    known.conflict = known.conflict or once(one.conflict)
    if one.gravity() < known.gravity():
        for name in ("standing", "category", "code", "reason"):
            setattr(known, name, once(getattr(one, name)))
    if one.width and not known.width:
        known.width, known.height, known.shows = one.width, one.height, one.shows


def _add_places(store: Store, case: BoardCase, found: dict[bytes, Sight], once: _Once) -> Folders:
    folders = Folders()
    place = {exhibit_id: at for at, exhibit_id in enumerate(case.exhibit_ids)}
    exhibits = boardrows.evidence_exhibits(store.connection, case.exhibit_ids)
    live = Allocation.LIVE.value
    for sha256, evidence_id, path, allocation, modified_ns in boardrows.places_in(
        store.connection, case.exhibit_ids, MEDIA
    ):
        one = found.get(sha256)
        if one is None:
            continue
        one.occurrences += 1
        if allocation == live:
            one.live = True
        else:
            one.deleted = True
        folder = folders.number(place[exhibits[evidence_id]], path)
        if folder not in one.folders:
            one.folders = once((*one.folders, folder))
        if modified_ns is not None:
            day = modified_ns // _DAY_NS + _EPOCH
            if 0 < day <= _LAST_DAY and not 0 <= one.day <= day:
                one.day = day
    return folders


def _add_facts(store: Store, case: BoardCase, found: dict[bytes, Sight], once: _Once) -> None:
    for sha256, facts in all_facts(store.connection, case.case_id):
        one = found.get(sha256)
        if one is None:
            continue
        one.facts = facts
        one.camera = once(camera_of(facts.make, facts.model))
        if facts.taken and (taken := _day(facts.taken)) is not None:
            one.day = taken.toordinal()


def _day(taken: str) -> date | None:
    try:
        return date.fromisoformat(taken[:10])
    except ValueError:
        return None


def _series(one: Sight, taken: date) -> tuple[str, int]:
    return f"{one.camera}\0{one.facts.serial}" if one.camera else "", taken.toordinal()


def _taken_in(one: BoardDevice) -> date | None:
    if (seized := _day(one.seized_on)) is not None:
        return seized
    return datetime.fromtimestamp(one.arrived_s, UTC).date() if one.arrived_s > 0 else None
