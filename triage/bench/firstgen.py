"""Possible first-generation material of a case: what points at it, in words; never a verdict."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from triage.bench.layout import Layout
from triage.bench.ordering import SERIES_PICTURES, Sign, signs_of
from triage.bench.places import crowded, places
from triage.bench.sight import Sight, series_in, surroundings_of
from triage.model.grade import Standing
from triage.model.picturefacts import PictureFacts
from triage.store import boardrows
from triage.store.database import Store
from triage.store.picturefacts import all_facts

PLACE_PICTURES = 3
"""So many pictures from one place are several."""

ALIKE_PICTURES = 3
"""So many different pictures that look alike are a series."""

NO_SET = "in no reference set"
NO_SET_BUT_ALIKE = "in no reference set itself"
IN_STACK = Sign(10, "in one stack with a picture that something points at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A content that no reference set has, and what points at it.

    Attributes:
        stack: key of its stack on the bench.
        exhibits: references of those that hold it; ``occurrences``: files that hold it.
        signs: the strongest first, never empty.
        reasons: why it stands on the list, in words.
    """

    sha256: bytes
    medium: str
    mime: str
    stack: str
    exhibits: tuple[str, ...]
    occurrences: int
    facts: PictureFacts
    signs: tuple[Sign, ...]
    reasons: tuple[str, ...]

    @property
    def points(self) -> int:
        """Give what the order of the list rests on."""
        return sum(sign.points for sign in self.signs)


def leads_of(store: Store, layout: Layout, *, today: date) -> tuple[Lead, ...]:
    """List what may be first-generation material, what most points at first.

    Args:
        layout: of the case, in stacks.
        today: days after it are not believed.
    """
    facts = dict(all_facts(store.connection, layout.case.case_id))
    sights = [_with_facts(one, facts.get(one.sha256)) for one in layout.contents]
    devices = boardrows.devices_of(store.connection, layout.case.reference)
    about, series = surroundings_of(devices, sights, today), series_in(sights)
    fresh = [one for one in sights if is_unknown(one)]
    located = crowded(places(_points(fresh)), PLACE_PICTURES)
    cameras = Counter(_camera(one) for one in fresh if one.camera)
    own = {
        one.sha256: [
            *signs_of(one.traits(series), about),
            *_camera_signs(cameras[_camera(one)] if one.camera else 0),
            *_place_signs(located.get(one.sha256, 0)),
        ]
        for one in fresh
    }
    _add_stacks(layout, own)
    found = [_lead(layout, one, own[one.sha256]) for one in fresh if own[one.sha256]]
    return tuple(sorted(found, key=lambda one: (-one.points, one.stack, one.sha256)))


def is_unknown(one: Sight) -> bool:
    """Tell whether no reference set has a content; one that only looks like theirs counts."""
    if one.conflict:
        return False
    return one.standing is Standing.VISUAL or (one.standing is Standing.UNKNOWN and not one.sets)


def _with_facts(one: Sight, facts: PictureFacts | None) -> Sight:
    """Give a content with what it says of itself, which a layout does not keep."""
    if facts is None:
        return one
    told = copy.copy(one)
    told.facts = facts
    return told


def _points(sights: Iterable[Sight]) -> dict[bytes, tuple[float, float]]:
    """Give where pictures were taken, of those that say it."""
    return {
        one.sha256: (one.facts.latitude, one.facts.longitude)
        for one in sights
        if one.facts.latitude is not None and one.facts.longitude is not None
    }


def _camera(one: Sight) -> tuple[str, str]:
    return one.camera.casefold(), one.facts.serial.casefold()


def _camera_signs(pictures: int) -> Iterable[Sign]:
    if pictures >= SERIES_PICTURES:
        yield Sign(5, f"one of {pictures:,} pictures by the same camera")


def _place_signs(pictures: int) -> Iterable[Sign]:
    if pictures >= PLACE_PICTURES:
        yield Sign(15, f"one of {pictures:,} pictures from the same place, within 100 metres")


def _add_stacks(layout: Layout, own: Mapping[bytes, list[Sign]]) -> None:
    """Add what follows from the stacks: series, and what lies with something pointed at."""
    contents = layout.contents
    for stack in range(len(layout)):
        members = [contents[one].sha256 for one in layout.members(stack)]
        fresh = [one for one in members if one in own]
        pointed = {one for one in fresh if own[one]}
        for one in fresh:
            if pointed - {one}:
                own[one].append(IN_STACK)
            if len(fresh) >= ALIKE_PICTURES:
                own[one].append(
                    Sign(5, f"one of {len(fresh):,} different pictures that look alike")
                )


def _lead(layout: Layout, one: Sight, signs: Sequence[Sign]) -> Lead:
    ordered = tuple(sorted(signs, key=lambda sign: (-sign.points, sign.words)))
    first = NO_SET_BUT_ALIKE if one.standing is Standing.VISUAL else NO_SET
    number = layout.number[one.sha256]
    return Lead(
        sha256=one.sha256,
        medium=one.medium,
        mime=one.mime,
        stack=layout.keys[layout.stack_of[number]].hex(),
        exhibits=tuple(layout.case.exhibits[at][1] for at in one.exhibits),
        occurrences=one.occurrences,
        facts=one.facts,
        signs=ordered,
        reasons=(first, *(sign.words for sign in ordered)),
    )
