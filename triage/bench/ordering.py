"""In what order contents are looked at, with the reasons in words; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from triage.model.grade import Category, Standing

RECENT_DAYS = 365
"""A picture taken so many days before the device came into police hands, or fewer, is recent."""

SERIES_PICTURES = 5
"""So many pictures by one camera on one day are a series."""

SMALL_PIXELS = 100
"""Pictures of fewer pixels on their longer side are mostly icons and come later."""

MEDIA = ("picture", "video")
"""Types of contents that are graded, in the order in which they are looked at."""


class Band(IntEnum):
    """What is looked at first, whatever the points within a band."""

    SIGNALS = 0
    """In no reference set and something points at it; or sets contradict each other."""
    UNKNOWN = 1
    UNCLEAR = 2
    """A set names it without a category that means anything here."""
    CONFIRM = 3
    """A set gives a category, which a person confirms."""
    KNOWN_GOOD = 4


class Sign(NamedTuple):
    """Something that points at a content."""

    points: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device of the case, as the ledger describes it."""

    exhibit: str
    make: str = ""
    model: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the case is about.

    Attributes:
        until: day on which the last of its devices came into police hands, else the day of its
            last picture; ``None`` where neither is known.
    """

    devices: tuple[Device, ...] = ()
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the order rests on: facts of one content, never what people said of it.

    Attributes:
        in_set: any reference set names the content or something that looks like it.
        located: the picture says where it was taken.
        taken: day of its clock; ``series``: pictures of the case by the same camera that day.
        shows: it could be decoded, or nobody has tried.
    """

    standing: Standing
    category: Category | None = None
    conflict: bool = False
    in_set: bool = False
    medium: str = "picture"
    make: str = ""
    model: str = ""
    serial: str = ""
    located: bool = False
    taken: date | None = None
    series: int = 0
    width: int = 0
    height: int = 0
    shows: bool = True


class Placing(NamedTuple):
    """A place in the order; the lowest comes first."""

    band: Band
    points: int
    later: int
    reasons: tuple[str, ...]


_SERIAL = 100
_MODEL = 60
_CONFLICT = Sign(55, "reference sets contradict each other")
_VISUAL = Sign(50, "looks like a known-bad picture")
_CAMERA = Sign(20, "says which camera took it, with its serial number")
_GPS = Sign(20, "says where it was taken")
_RECENT = Sign(15, "taken in the year before the device came into police hands")


def signs_of(one: Traits, case: Surroundings) -> tuple[Sign, ...]:
    """Tell what points at a content, the strongest first; reasons, never a verdict."""
    found = (
        [*_device_signs(one.make, one.model, one.serial, case.devices)]
        if one.make or one.serial
        else []
    )
    if one.conflict:
        found.append(_CONFLICT)
    if one.standing is Standing.VISUAL:
        found.append(_VISUAL)
    if one.serial:
        found.append(_CAMERA)
    if one.located:
        found.append(_GPS)
    if _is_recent(one.taken, case.until):
        found.append(_RECENT)
    if one.series >= SERIES_PICTURES:
        found.append(Sign(10, "one of a series: same camera, same day"))
    return tuple(sorted(found, key=_strength)) if len(found) > 1 else tuple(found)


def band_of(one: Traits, signs: Sequence[Sign]) -> Band:
    """Tell in which band a content is."""
    if one.conflict or one.standing is Standing.VISUAL:
        return Band.SIGNALS
    if one.standing is Standing.KNOWN_GOOD:
        return Band.KNOWN_GOOD
    if one.standing in {Standing.KNOWN_BAD, Standing.NOTABLE}:
        return Band.CONFIRM
    if one.standing is Standing.UNMAPPED or one.in_set:
        return Band.UNCLEAR
    return Band.SIGNALS if signs else Band.UNKNOWN


def placing(members: Iterable[tuple[Traits, Sequence[Sign]]]) -> Placing:
    """Give the place of a stack: the most urgent band and all the signs of its members."""
    band, later = Band.KNOWN_GOOD, 3
    signs: set[Sign] = set()
    for one, found in members:
        band = min(band, band_of(one, found))
        later = min(later, _later(one))
        signs.update(found)
    ordered = sorted(signs, key=_strength)
    points = sum(sign.points for sign in ordered)
    return Placing(band, points, later, tuple(sign.words for sign in ordered))


def _strength(sign: Sign) -> tuple[int, str]:
    return -sign.points, sign.words


def sort_key(place: Placing, contents: int, leader: bytes) -> tuple[int, int, int, int, bytes]:
    """Give what stacks are sorted by; larger stacks first, where nothing else tells them apart."""
    return place.band, -place.points, place.later, -contents, leader


def camera_of(make: str, model: str) -> str:
    """Name a camera once, where its model repeats its make."""
    make, model = " ".join(make.split()), " ".join(model.split())
    if model.casefold().startswith(make.casefold()):
        return model
    return f"{make} {model}".strip()


@lru_cache(maxsize=4096)
def _device_signs(
    make: str, model: str, serial: str, devices: tuple[Device, ...]
) -> tuple[Sign, ...]:
    """Tell of which devices a camera may be; a case has few cameras and many pictures."""
    return tuple(_found_devices(make, model, _folded(serial), devices))


def _found_devices(make: str, model: str, serial: str, devices: Iterable[Device]) -> Iterable[Sign]:
    camera = _folded(camera_of(make, model)) if make and model else ""
    for device in devices:
        if serial and serial == _folded(device.serial):
            yield Sign(_SERIAL, f"camera's serial number is that of exhibit {device.exhibit}")
        elif (
            camera
            and device.make
            and device.model
            and camera == _folded(camera_of(device.make, device.model))
        ):
            yield Sign(_MODEL, f"camera is of the make and model of exhibit {device.exhibit}")


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()


def _is_recent(taken: date | None, until: date | None) -> bool:
    return (
        taken is not None
        and until is not None
        and until - timedelta(days=RECENT_DAYS) <= taken <= until
    )


def _later(one: Traits) -> int:
    """Put back what cannot be shown, then icons, then what takes long to look at."""
    if not one.shows:
        return 3
    if one.medium != MEDIA[0]:
        return 1
    return 2 if 0 < max(one.width, one.height) < SMALL_PIXELS else 0
