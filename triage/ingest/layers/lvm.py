"""Opens the linear and striped volumes of LVM2 physical volumes."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.container import Container
from triage.ingest.layered import Locked, Medium, Opened
from triage.ingest.layers.lvm_text import (
    PhysicalVolume,
    Section,
    TextError,
    Value,
    label_place,
    natural,
    read_group,
    section_of,
    texts_of,
)
from triage.model.display import printable
from triage.model.volume import VolumeState

_SECTOR_BYTES = 512
_VOLUMES_LIMIT = 1_000
_ROWS_LIMIT = 4_096
"""A damaged stretch over more rows of stripes counts for all that lies between them."""


def recognises(container: Container, offset_bytes: int, length_bytes: int) -> bool:
    """Tell a physical volume by its label."""
    return label_place(container, offset_bytes, length_bytes) is not None


def open_layer(container: Container, offset_bytes: int, length_bytes: int) -> Opened | Locked:
    """Give every visible volume of the group, with the reason where one is not read here."""
    try:
        physical = read_group(container, offset_bytes, length_bytes)
        group = _Group(container, offset_bytes, length_bytes, physical)
        media = tuple(group.media())
    except TextError as error:
        reason = f"LVM2 physical volume, and {error}: its volumes are not read"
        return Locked(reason=reason, state=VolumeState.UNSUPPORTED)
    words = f"LVM2 volume group {printable(physical.group)} of {len(media)} volume(s)"
    if group.physical > 1:
        words += f" on {group.physical} physical volumes, of which this is one"
    notes: tuple[str, ...] = ()
    if len(media) > _VOLUMES_LIMIT:
        notes = (f"more than {_VOLUMES_LIMIT} volumes in one group: the others are not read",)
    return Opened(words=words, media=media[:_VOLUMES_LIMIT], notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A segment of a volume.

    Attributes:
        start_bytes: where it begins in the volume.
        places: of each stripe where it begins on the medium; one for a linear segment.
        stripe_bytes: how much of each goes in turn; the whole length for a linear segment.
    """

    start_bytes: int
    length_bytes: int
    places: tuple[int, ...]
    stripe_bytes: int

    def runs(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give where a range of the segment, counted from its start, lies on the medium."""
        end = min(offset_bytes + length_bytes, self.length_bytes)
        at, count = offset_bytes, len(self.places)
        while at < end:
            number, inside = divmod(at, self.stripe_bytes)
            row, stripe = divmod(number, count)
            taken = min(end - at, self.stripe_bytes - inside)
            yield self.places[stripe] + row * self.stripe_bytes + inside, taken
            at += taken

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give the ranges of the volume that a range of the medium goes into."""
        count, size = len(self.places), self.stripe_bytes
        each = self.length_bytes // count
        for stripe, place in enumerate(self.places):
            first = max(0, offset_bytes - place)
            last = min(each, offset_bytes + length_bytes - place)
            if first >= last:
                continue
            rows = range(first // size, (last - 1) // size + 1)
            if len(rows) > _ROWS_LIMIT:
                start = rows[0] * count * size
                yield self.start_bytes + start, len(rows) * count * size
                continue
            for row in rows:
                low, high = max(first, row * size), min(last, (row + 1) * size)
                start = (row * count + stripe) * size + low - row * size
                yield self.start_bytes + start, high - low


class Logical:
    """The bytes of one logical volume."""

    def __init__(self, container: Container, end_bytes: int, pieces: tuple[Piece, ...]) -> None:
        self._container = container
        self._end = end_bytes
        self._pieces = pieces
        self._starts = [piece.start_bytes for piece in pieces]
        self.size_bytes = pieces[-1].start_bytes + pieces[-1].length_bytes if pieces else 0

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give bytes, fewer where the physical volume ends before they do."""
        parts: list[bytes] = []
        end = offset_bytes + length_bytes
        index = max(0, bisect.bisect_right(self._starts, offset_bytes) - 1)
        for piece in self._pieces[index:]:
            at = max(offset_bytes, piece.start_bytes) - piece.start_bytes
            left = end - piece.start_bytes - at
            if left <= 0:
                break
            for place, wanted in piece.runs(at, left):
                data = self._container.read_at(place, max(0, min(wanted, self._end - place)))
                parts.append(data)
                if len(data) < wanted:
                    return b"".join(parts)
        return b"".join(parts)

    def within(self, offset_bytes: int, length_bytes: int) -> Iterator[tuple[int, int]]:
        """Give the ranges of the volume that a range of the medium goes into."""
        for piece in self._pieces:
            yield from piece.within(offset_bytes, length_bytes)


class _Group:
    def __init__(
        self, container: Container, offset: int, length: int, physical: PhysicalVolume
    ) -> None:
        self._container = container
        self._offset, self._end = offset, offset + length
        self._name = printable(physical.group)
        self._told = physical.told
        self._extent_bytes = natural(physical.told.get("extent_size")) * _SECTOR_BYTES
        if not self._extent_bytes:
            raise TextError("its extents have no size")
        every = section_of(physical.told, "physical_volumes")
        self.physical = len(every)
        self._own, self._first_bytes = _own(every, physical.identifier)
        self._devices = {
            name: printable(str(told.get("device", "")))
            for name, told in every.items()
            if isinstance(told, dict)
        }

    def media(self) -> Iterator[Medium]:
        """Give every visible volume."""
        volumes = section_of(self._told, "logical_volumes")
        stores = _snapshots(volumes)
        for name, told in volumes.items():
            if isinstance(told, dict) and "VISIBLE" in texts_of(told.get("status")):
                yield self._medium(name, told, stores.get(name, ""))

    def _medium(self, name: str, told: Section, origin: str) -> Medium:
        shown = f"lvm:{self._name}:{printable(name)}"
        segments = [section_of(told, f"segment{n}") for n in _counted(told)]
        kinds = {str(segment.get("type", "")) for segment in segments}
        if kinds == {"thin-pool"}:
            reason = "pool of LVM thin volumes: no files of its own"
            return Medium(name=shown, source=None, reason=reason, state=VolumeState.NO_FILES)
        if origin:
            reason = f"LVM volume {shown[4:]}: snapshot of {printable(origin)}, not read here"
            return Medium(name=shown, source=None, reason=reason)
        try:
            pieces = tuple(self._piece(segment) for segment in segments)
            source = Logical(self._container, self._end, _checked(pieces))
        except TextError as error:
            return Medium(name=shown, source=None, reason=f"LVM volume {shown[4:]}: {error}")
        return Medium(name=shown, source=source)

    def _piece(self, segment: Section) -> Piece:
        kind = str(segment.get("type", ""))
        if kind not in {"striped", "linear"}:
            raise TextError(f"volumes of type {printable(kind)} are not read here")
        stripes = segment.get("stripes")
        count = natural(segment.get("stripe_count"))
        length = natural(segment.get("extent_count")) * self._extent_bytes
        if not isinstance(stripes, list) or len(stripes) != 2 * count or not count or not length:
            raise TextError("one of its segments does not read")
        size = natural(segment.get("stripe_size", 0)) * _SECTOR_BYTES
        if count > 1 and (not size or length % (count * size)):
            raise TextError("the stripes of one of its segments do not add up")
        return Piece(
            start_bytes=natural(segment.get("start_extent")) * self._extent_bytes,
            length_bytes=length,
            places=tuple(self._place(*stripes[at : at + 2]) for at in range(0, 2 * count, 2)),
            stripe_bytes=size if count > 1 else length,
        )

    def _place(self, name: Value, extent: Value) -> int:
        if name != self._own:
            device = self._devices.get(str(name), "")
            where = f"{printable(str(name))} ({device})" if device else printable(str(name))
            raise TextError(f"a part of it lies on another physical volume, {where}")
        return self._offset + self._first_bytes + natural(extent) * self._extent_bytes


def _own(every: Section, identifier: str) -> tuple[str, int]:
    """Give the name that the group has for this physical volume, and where extents begin."""
    for name, told in every.items():
        if isinstance(told, dict) and str(told.get("id", "")).replace("-", "") == identifier:
            return name, natural(told.get("pe_start")) * _SECTOR_BYTES
    raise TextError("its group does not know it")


def _snapshots(volumes: Section) -> dict[str, str]:
    """Give the volumes that hold what snapshots keep, each with what it is a snapshot of."""
    out: dict[str, str] = {}
    for told in volumes.values():
        if isinstance(told, dict):
            for number in _counted(told):
                segment = section_of(told, f"segment{number}")
                if segment.get("type") == "snapshot":
                    kept = segment.get("cow_store", segment.get("merging_store", ""))
                    out[str(kept)] = str(segment.get("origin", ""))
    return out


def _counted(told: Section) -> range:
    """Number the segments that are there; a count says how many there should be."""
    wanted = natural(told.get("segment_count", 0))
    if wanted > len(told):
        raise TextError("segments of a volume are missing")
    return range(1, wanted + 1)


def _checked(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Give the segments in order of the volume, which they have to fill."""
    ordered = tuple(sorted(pieces, key=lambda piece: piece.start_bytes))
    end = 0
    for piece in ordered:
        if piece.start_bytes != end:
            raise TextError("its segments leave gaps or overlap")
        end += piece.length_bytes
    if not ordered:
        raise TextError("it has no segments")
    return ordered
