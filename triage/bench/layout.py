"""The contents of a case in stacks and in order; what no vote changes."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from triage.bench.ordering import Band, Placing, Sign, Surroundings, placing, signs_of, sort_key
from triage.bench.sight import NO_FACTS, Folders, Sight, series_in, sights_of, surroundings_of
from triage.model.display import printable
from triage.model.grade import Category
from triage.pipeline.stacking import stacks_of
from triage.store import boardrows
from triage.store.boardrows import BoardCase
from triage.store.database import Store

KEY_BYTES = 16
_FOLDER_DEPTH = 4
_FOLDERS_OFFERED = 60
_CAMERAS_OFFERED = 60


class Layout:
    """Stacks by number, the most urgent first; the contents of each one after the other.

    Attributes:
        contents: those of stack ``s`` are ``starts[s]`` to ``starts[s + 1]``, its leader first.
        stack_of: number of the stack of each content; ``distance``: bits from its leader.
        gravest: of each stack the content of which reference sets say the gravest.
        keys: name each stack by what lies in it: another content, another name.
        reasons: why each stack has its place, in words; ``bands`` likewise.
        shown: stacks that come before those of known-good contents.
    """

    def __init__(self, case: BoardCase, folders: Folders, pictures: int) -> None:
        self.case = case
        self.folders = folders
        self.pictures = pictures
        self.contents: list[Sight] = []
        self.starts = array("I", [0])
        self.stack_of = array("I")
        self.distance = bytearray()
        self.gravest = array("I")
        self.keys: list[bytes] = []
        self.bands = bytearray()
        self.reasons: list[tuple[str, ...]] = []
        self.shown = 0
        self.number: dict[bytes, int] = {}
        self.by_key: dict[bytes, int] = {}
        self._proposed: dict[Category, set[int]] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def members(self, stack: int) -> range:
        """Give the numbers of the contents of a stack."""
        return range(self.starts[stack], self.starts[stack + 1])

    def add(self, members: Sequence[tuple[Sight, int]], place: Placing) -> None:
        """Put a stack behind the others: contents with their distances, the leader first."""
        stack, first = len(self.keys), len(self.contents)
        digest = hashlib.sha256()
        for number, (one, distance) in enumerate(members, first):
            self.contents.append(one)
            self.stack_of.append(stack)
            self.distance.append(distance)
            self.number[one.sha256] = number
            digest.update(one.sha256)
            category = one.category or Category.UNCATEGORISED
            self._proposed.setdefault(category, set()).add(stack)
        gravest = min(range(len(members)), key=lambda at: members[at][0].gravity())
        self.gravest.append(first + gravest)
        key = digest.digest()[:KEY_BYTES]
        self.keys.append(key)
        self.by_key[key] = stack
        self.starts.append(len(self.contents))
        self.bands.append(place.band)
        self.reasons.append(place.reasons)
        if place.band is not Band.KNOWN_GOOD:
            self.shown = len(self.keys)

    def proposed_as(self, categories: Iterable[Category]) -> AbstractSet[int]:
        """Give the stacks with a content that reference sets propose one of some categories for."""
        found: set[int] = set()
        return found.union(*(self._proposed.get(one, ()) for one in categories))

    def offered_folders(self) -> list[tuple[int, str, int]]:
        """Give the folders that hold most, with their exhibit and number of contents."""
        inside: Counter[tuple[int, bytes]] = Counter()
        above = [(exhibit, _ancestors(path)) for exhibit, path in self.folders.all]
        for one in self.contents:
            found = {
                (above[folder][0], path) for folder in one.folders for path in above[folder][1]
            }
            inside.update(found)
        most = sorted(inside.items(), key=lambda item: (-item[1], item[0]))[:_FOLDERS_OFFERED]
        return [(exhibit, printable(path), count) for (exhibit, path), count in sorted(most)]

    def offered_cameras(self) -> list[tuple[str, int]]:
        """Give the cameras that took most, with their numbers of contents."""
        counted = Counter(one.camera for one in self.contents if one.camera)
        most = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        return most[:_CAMERAS_OFFERED]


def lay_out(store: Store, case: BoardCase, *, today: date) -> Layout:
    """Read a case, stack its pictures and put the stacks in order.

    Videos, pictures without features and those that were not decoded are stacks of one.

    Args:
        today: days after it are not believed.
    """
    sights, folders = sights_of(store, case)
    devices = boardrows.devices_of(store.connection, case.reference)
    about = surroundings_of(devices, sights.values(), today)
    series = series_in(sights.values())
    known: dict[tuple[Sign, ...], tuple[Sign, ...]] = {}
    ordered = []
    for members in _stacked(store, case, sights):
        place = _place(members, series, about, known)
        ordered.append((sort_key(place, len(members), members[0][0].sha256), place, members))
    ordered.sort(key=lambda one: one[0])
    for one in sights.values():
        one.facts = NO_FACTS  # told anew where they are asked for: of a million they are too much
    layout = Layout(case, folders, len(sights))
    words: dict[tuple[str, ...], tuple[str, ...]] = {}
    for _, place, members in ordered:
        layout.add(members, place._replace(reasons=words.setdefault(place.reasons, place.reasons)))
    return layout


def _stacked(
    store: Store, case: BoardCase, sights: dict[bytes, Sight]
) -> Iterable[list[tuple[Sight, int]]]:
    """Give each content once, in its stack or alone."""
    left = dict.fromkeys(sights)
    for stack in stacks_of(store, case.exhibit_ids, least=1).stacks:
        members = [
            (sights[one.sha256], one.distance_bits) for one in stack.members if one.sha256 in left
        ]
        for one, _ in members:
            del left[one.sha256]
        if members:
            yield members
    for sha256 in left:
        yield [(sights[sha256], 0)]


def _place(
    members: Sequence[tuple[Sight, int]],
    series: dict[tuple[str, int], int],
    about: Surroundings,
    known: dict[tuple[Sign, ...], tuple[Sign, ...]],
) -> Placing:
    found = []
    for one, _ in members:
        traits = one.traits(series)
        signs = signs_of(traits, about)
        found.append((traits, known.setdefault(signs, signs)))
    return placing(found)


def _ancestors(path: bytes) -> list[bytes]:
    """Give a folder and those that it lies in, from the top, down to some depth."""
    parts = path.split(b"/")
    return [b"/".join(parts[: depth + 1]) for depth in range(1, min(len(parts), _FOLDER_DEPTH))]
