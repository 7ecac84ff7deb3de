"""Stacks the pictures of a case, so that a person grades one and sees the rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from triage.matching.stacking import stacked, tells
from triage.model.digest import PdqRecipe
from triage.model.grade import Standing
from triage.store.database import Store
from triage.store.stacks import StoredPicture, StoredPlace, places_of, stored_pictures

_GRAVEST_FIRST = tuple(Standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One distinct content of a stack.

    Attributes:
        distance_bits: of its PDQ from the leader's.
        standing: of several exhibits, the gravest.
    """

    distance_bits: int
    sha256: bytes
    standing: Standing
    category: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Near-duplicate pictures; the first member leads, the others follow by distance."""

    members: tuple[Member, ...]
    recipe: PdqRecipe

    def standings(self) -> dict[str, int]:
        """Count the members by standing, all standings named."""
        counted = Counter(member.standing for member in self.members)
        return {str(standing): counted[standing] for standing in _GRAVEST_FIRST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacks:
    """The stacks of a case or an exhibit, the largest first.

    Attributes:
        pictures: distinct pictures that were compared.
        featureless: distinct pictures that were left out: nothing on them to compare.
    """

    stacks: tuple[Stack, ...]
    pictures: int
    featureless: int


def stacks_of(store: Store, exhibit_ids: Sequence[int], *, least: int = 2) -> Stacks:
    """Stack the decoded pictures of exhibits; nothing is stored, nothing is graded.

    Pictures are compared by the first of their PDQ, and only with those of the same recipe.

    Args:
        least: leave out stacks of fewer distinct contents.
    """
    seen: dict[bytes, _Seen] = {}
    featureless: set[bytes] = set()
    for exhibit_id in exhibit_ids:
        for page in stored_pictures(store, exhibit_id):
            for one in page:
                if not tells(one.pdq, one.phash):
                    featureless.add(one.sha256)
                elif one.sha256 not in seen or _graver(one.standing, seen[one.sha256].standing):
                    seen[one.sha256] = _seen(one)
    by_recipe: dict[PdqRecipe, list[_Seen]] = defaultdict(list)
    for kept in seen.values():
        by_recipe[kept.recipe].append(kept)
    found = [
        stack
        for recipe, pictures in by_recipe.items()
        for stack in _stacks(recipe, pictures, least)
    ]
    found.sort(key=lambda stack: (-len(stack.members), stack.members[0].sha256))
    return Stacks(stacks=tuple(found), pictures=len(seen), featureless=len(featureless))


def places(
    store: Store, exhibit_ids: Sequence[int], stack: Stack
) -> dict[bytes, list[StoredPlace]]:
    """Give the places of each member of a stack."""
    return places_of(store, exhibit_ids, [member.sha256 for member in stack.members])


class _Seen(NamedTuple):
    """What is kept of a picture: there may be a million."""

    sha256: bytes
    bits: bytes
    recipe: PdqRecipe
    width: int
    height: int
    standing: str
    category: str


def _seen(one: StoredPicture) -> _Seen:
    sha256, pdq, _, width, height, standing, category = one
    return _Seen(sha256, pdq.bits, pdq.recipe, width, height, standing, category)


def _graver(one: str, other: str) -> bool:
    return _GRAVEST_FIRST.index(Standing(one)) < _GRAVEST_FIRST.index(Standing(other))


def _stacks(recipe: PdqRecipe, pictures: list[_Seen], least: int) -> Iterator[Stack]:
    groups: dict[bytes, list[tuple[int, _Seen]]] = defaultdict(list)
    found = stacked([one.bits for one in pictures])
    for one, place in zip(pictures, found, strict=True):
        groups[place.leader].append((place.distance_bits, one))
    for group in groups.values():
        if len(group) >= least:
            yield Stack(members=_members(group), recipe=recipe)


def _members(group: Iterable[tuple[int, _Seen]]) -> tuple[Member, ...]:
    """Order by distance, of equally distant ones the largest picture first."""
    members = [
        Member(
            distance_bits=distance,
            sha256=one.sha256,
            standing=Standing(one.standing),
            category=one.category,
            width=one.width,
            height=one.height,
        )
        for distance, one in group
    ]
    members.sort(key=lambda one: (one.distance_bits, -one.width * one.height, one.sha256))
    return tuple(members)
