"""Finds the volumes of a medium and says of each whether it opens, and if not why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from triage.ingest.classify import classified, placed_slot
from triage.ingest.container import Container
from triage.ingest.fatcopies import copies_differ
from triage.ingest.filesystem import find
from triage.ingest.layer import (
    DEPTH_LIMIT,
    Inner,
    LayerFormat,
    Layers,
    Locked,
    Medium,
    Opened,
    Step,
    layer_at,
    outward,
    states_of_before,
)
from triage.ingest.reading import Found
from triage.ingest.signatures import ENCRYPTED, recognise
from triage.ingest.tables import Slot, Table, read_nested, read_tables
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState

_GAP_BYTES = 1024**2
_USUAL_OFFSETS = (0, 63 * 512, 128 * 512, 1024**2, 2048**2)
"""Where partitions begin by custom: at the start, after one track, at 64 KiB, 1 MiB and 4 MiB."""

_KINDS = {
    VolumeState.LOCKED: ProblemKind.VOLUME_LOCKED,
    VolumeState.UNSUPPORTED: ProblemKind.VOLUME_UNSUPPORTED,
    VolumeState.DAMAGED: ProblemKind.VOLUME_DAMAGED,
}
_LIVELY = (VolumeState.OPENED, VolumeState.LOCKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All volumes of one evidence item, and what stood in the way.

    Attributes:
        inner: how those are reached that lie under a layer.
    """

    volumes: tuple[VolumeInfo, ...]
    problems: tuple[Problem, ...]
    inner: tuple[Inner, ...] = ()


def survey(container: Container, layers: Layers | None = None) -> Survey:
    """Find all volumes of a medium; the same answer in every process.

    A table is believed unless nothing it points at is alive while a file system starts at
    sector 0 (boot sectors of FAT and NTFS look like tables). Where both are alive both are
    taken, and a note says so. Stretches that no table covers are looked at as well, and so is
    what an opened layer holds.

    Args:
        layers: those of the evidence, so that what is opened here stays open.
    """
    return _Surveyor(container, layers or Layers(container)).survey()


class _Surveyor:
    """Surveys one medium.

    Args:
        key: of the volume that it is, where it lies within a layer, which ``steps`` lead to.
    """

    def __init__(
        self, container: Container, layers: Layers, key: str = "", steps: tuple[Step, ...] = ()
    ) -> None:
        self._container = container
        self._size = container.info.size_bytes
        self._layers = layers
        self._key = key
        self._steps = steps
        self._volumes: list[VolumeInfo] = []
        self._problems: list[Problem] = []
        self._inner: list[Inner] = []
        self._told: set[str] = set()

    def survey(self) -> Survey:
        tables = read_tables(self._container)
        slots = _distinct(tables)
        bare = () if any(not slot.offset_bytes for slot in slots) else self._bare()
        for number, slot in enumerate(slots, 1):
            self._slot(self._numbered(number), slot)
        alive = any(volume.state in _LIVELY for volume in self._volumes)
        if bare and slots and not alive:
            self._forget(slots)
        if bare or not slots:
            self._whole(bare, beside=bool(slots) and alive)
        self._words_on(tables)
        opened = any(volume.state is VolumeState.OPENED for volume in self._volumes)
        if slots or not opened:
            self._search(_gaps(tables) if slots else ((0, self._size),), len(slots))
        self._problems.extend(
            _problem_of(self._container, volume)
            for volume in self._volumes
            if volume.key not in self._told
        )
        return Survey(
            volumes=tuple(self._volumes),
            problems=tuple(problem for problem in self._problems if problem.detail),
            inner=tuple(self._inner),
        )

    def _numbered(self, number: int) -> str:
        return f"{self._key}.{number}" if self._key else f"p{number}"

    def _bare(self) -> tuple[Found, ...]:
        if layer_at(self._container, 0, self._size):
            return (Found(state=VolumeState.NO_FILES),)
        locked = recognise(self._container, 0, self._size, ENCRYPTED)
        return (locked,) if locked else find(self._container, 0, self._size)

    def _whole(self, bare: tuple[Found, ...], *, beside: bool) -> None:
        slot = Slot(offset_bytes=0, length_bytes=self._size, table="none", description="")
        key = self._numbered(0) if beside or not self._key else self._key
        self._look(key, slot, bare)
        if beside:
            self._note(
                ProblemKind.SEVERAL_FILESYSTEMS,
                "a file system starts at sector 0 beside a partition table: both were examined",
            )

    def _forget(self, slots: tuple[Slot, ...]) -> None:
        """Drop the volumes of a table that leads nowhere."""
        self._volumes.clear()
        self._problems.clear()
        self._inner.clear()
        self._note(
            ProblemKind.SEVERAL_FILESYSTEMS,
            f"sector 0 also reads as a partition table of {len(slots)} entries, "
            "none of which leads to a file system: taken for a boot sector",
        )

    def _slot(self, key: str, slot: Slot) -> None:
        over = slot.offset_bytes + slot.length_bytes - self._size
        if over > 0:
            self._note(
                ProblemKind.VOLUME_TABLE,
                f"reaches {over} bytes beyond the end of the image",
                volume=key,
            )
        nested = read_nested(self._container, slot)
        if nested is None or not nested.slots:
            self._look(key, slot)
            return
        for number, inner in enumerate(nested.slots, 1):
            placed = placed_slot(self._container, inner, slot)
            if placed.offset_bytes != slot.offset_bytes or placed.length_bytes < slot.length_bytes:
                self._look(f"{key}.{number}", placed)

    def _look(self, key: str, slot: Slot, bare: tuple[Found, ...] = ()) -> None:
        """Take what stands in a slot: a layer, and what it holds, or something that ends there."""
        length = min(slot.length_bytes, self._size - slot.offset_bytes)
        row = layer_at(self._container, slot.offset_bytes, length) if length > 0 else None
        if row is None:
            self._add(key, slot, bare or classified(self._container, slot))
            return
        if len(self._steps) >= DEPTH_LIMIT:
            reason = f"more than {DEPTH_LIMIT} layers within each other: not followed"
            self._add(key, slot, (Found(state=VolumeState.UNSUPPORTED, reason=reason),))
            return
        opened = self._layers.open(self._steps, row, slot.offset_bytes, length)
        found = find(self._container, slot.offset_bytes, length) if row.outlived else ()
        if any(one.state is VolumeState.OPENED for one in found):
            self._add(key, slot, found)
            if isinstance(opened, Opened):
                words = f"a file system opens, and {opened.words}: both were examined"
                self._note(ProblemKind.SEVERAL_FILESYSTEMS, words, key)
                self._enter(f"{key}.0", slot, row, opened)
            return
        if isinstance(opened, Locked):
            self._add(key, slot, (Found(state=opened.state, reason=opened.reason),))
            return
        held = Found(state=VolumeState.NO_FILES, reason=opened.words, unlocked=opened.unlocked)
        self._add(key, slot, (held,))
        self._enter(key, slot, row, opened)

    def _enter(
        self, key: str, slot: Slot, row: LayerFormat, opened: Opened, beside: str = ""
    ) -> None:
        """Take what an opened layer holds."""
        for note in opened.notes:
            self._note(ProblemKind.VOLUME_UNSUPPORTED, note, volume=key)
        for number, medium in enumerate(opened.media, 1):
            name = f"{key}.{row.beside}{number}"
            if medium.note:
                self._note(ProblemKind.SNAPSHOT, medium.note, volume=name)
            found = self._within(name, slot, row, medium)
            self._inner.extend(replace(one, beside=one.beside or beside) for one in found.inner)
            self._problems.extend(
                replace(problem, offset_bytes=slot.offset_bytes, length_bytes=slot.length_bytes)
                for problem in found.problems
            )
            for volume in found.volumes:
                self._told.add(volume.key)
                self._volumes.append(outward(volume, slot, medium, opened))

    def _within(self, key: str, slot: Slot, row: LayerFormat, medium: Medium) -> Survey:
        """Survey one medium that a layer holds."""
        length = min(slot.length_bytes, self._size - slot.offset_bytes)
        step = Step(
            layer=row.name,
            offset_bytes=slot.offset_bytes,
            length_bytes=length,
            medium=medium.name,
        )
        steps = (*self._steps, step)
        reason = medium.reason if medium.source is None else self._layers.refused()
        if not reason:
            inner = self._layers.medium(steps)
            return _Surveyor(inner, self._layers, key, steps).survey()
        closed = VolumeInfo(
            key=key,
            offset_bytes=slot.offset_bytes,
            length_bytes=slot.length_bytes,
            table="none",
            description="",
            state=medium.state,
            reason=reason,
        )
        return Survey(volumes=(closed,), problems=(_problem_of(self._container, closed),))

    def _before(self, volume: VolumeInfo, slot: Slot) -> None:
        """Take the states of before that a file system keeps."""
        row = states_of_before(self._container, slot, self._steps)
        if row is None:
            return
        opened = self._layers.open(self._steps, row, slot.offset_bytes, slot.length_bytes)
        if isinstance(opened, Locked):
            self._note(ProblemKind.VOLUME_UNSUPPORTED, opened.reason, volume=volume.key)
            return
        self._enter(volume.key, slot, row, opened, beside=volume.key)

    def _search(self, gaps: tuple[tuple[int, int], ...], number: int) -> None:
        """Look for file systems where no table points: deleted partitions, lost tables."""
        for start, length in gaps:
            if length < _GAP_BYTES:
                continue
            places = {start + usual for usual in _USUAL_OFFSETS if usual < length} - {0}
            places.add(-(-start // _GAP_BYTES) * _GAP_BYTES or _GAP_BYTES)
            for place in sorted(at for at in places if start <= at < start + length):
                if any(_covers(volume, place) for volume in self._volumes):
                    continue
                left = start + length - place
                slot = Slot(
                    offset_bytes=place,
                    length_bytes=left,
                    table="none",
                    description="in unpartitioned space",
                )
                found = find(self._container, place, left)
                if found:
                    number += 1
                    self._add(self._numbered(number), slot, found)
                    self._note(
                        ProblemKind.VOLUME_TABLE,
                        f"a file system stands where no table points, at {place}",
                        volume=self._numbered(number),
                    )

    def _words_on(self, tables: tuple[Table, ...]) -> None:
        if any(table.backup for table in tables):
            words = "the first GPT does not read: its copy at the end of the image was used"
            self._note(ProblemKind.VOLUME_TABLE, words)
        kinds = [table.kind for table in tables]
        if len(kinds) > 1:
            words = f"several partition tables ({', '.join(kinds)}): all were followed"
            self._note(ProblemKind.SEVERAL_FILESYSTEMS, words)
        if any(table.lost for table in tables):
            words = "a protective partition says GPT, but no GPT reads"
            self._note(ProblemKind.VOLUME_TABLE, words)

    def _add(self, key: str, slot: Slot, found: tuple[Found, ...]) -> None:
        for number, each in enumerate(found, 1):
            part = each.pooled or number > 1
            self._volumes.append(
                VolumeInfo(
                    key=f"{key}.{number}" if part else key,
                    offset_bytes=slot.offset_bytes,
                    length_bytes=slot.length_bytes,
                    table=slot.table,
                    description=slot.description,
                    state=each.state,
                    filesystem=each.filesystem,
                    label=each.label,
                    block_size_bytes=each.block_size_bytes,
                    reason=each.reason,
                    unlocked=each.unlocked,
                )
            )
            self._opened(self._volumes[-1], slot, each.extent_bytes)
            if each.doubts:
                self._note(ProblemKind.VOLUME_DAMAGED, each.doubts, self._volumes[-1].key)
            for words in each.snapshots:
                self._note(ProblemKind.SNAPSHOT, words, volume=self._volumes[-1].key)
        if len(found) > 1 and not all(each.pooled for each in found):
            names = " and ".join(each.filesystem for each in found)
            self._note(ProblemKind.SEVERAL_FILESYSTEMS, f"opens as {names}: all were examined", key)

    def _opened(self, volume: VolumeInfo, slot: Slot, extent_bytes: int) -> None:
        """Say what is wrong with a file system that opens, and take its states of before."""
        self._cut(volume, extent_bytes)
        self._compare_tables(volume)
        if volume.state is VolumeState.OPENED:
            if self._steps:
                self._inner.append(Inner(volume=volume, steps=self._steps))
            self._before(volume, slot)

    def _cut(self, volume: VolumeInfo, extent_bytes: int) -> None:
        """Tell of a file system that goes on where the image ends: files of it may be lost."""
        lost = volume.offset_bytes + extent_bytes - self._size
        if extent_bytes and lost > 0:
            self._note(
                ProblemKind.VOLUME_DAMAGED,
                f"the file system is {extent_bytes} bytes long by its own account, "
                f"the last {lost} of which the image does not hold: it was cut short",
                volume=volume.key,
            )

    def _compare_tables(self, volume: VolumeInfo) -> None:
        """Tell of a FAT volume whose two tables differ: the first alone is followed."""
        if volume.filesystem not in {"fat12", "fat16", "fat32"}:
            return
        if copies_differ(self._container.read_at, volume.offset_bytes):
            self._note(
                ProblemKind.VOLUME_DAMAGED,
                "its two allocation tables differ: files are read by the first, and some may be "
                "cut short, mixed up or taken for deleted",
                volume=volume.key,
            )

    def _note(self, kind: ProblemKind, detail: str, volume: str = "") -> None:
        self._problems.append(
            Problem(kind=kind, evidence=self._container.info.key, volume=volume, detail=detail)
        )


def _distinct(tables: tuple[Table, ...]) -> tuple[Slot, ...]:
    """Give the slots of all tables, each place once."""
    slots: dict[int, Slot] = {}
    for table in tables:
        for slot in table.slots:
            slots.setdefault(slot.offset_bytes, slot)
    return tuple(slots.values())


def _gaps(tables: tuple[Table, ...]) -> tuple[tuple[int, int], ...]:
    return tables[0].gaps if tables else ()


def _covers(volume: VolumeInfo, place: int) -> bool:
    """Tell whether an opened volume already holds a place."""
    end = volume.offset_bytes + volume.length_bytes
    return volume.state is VolumeState.OPENED and volume.offset_bytes <= place < end


def _problem_of(container: Container, volume: VolumeInfo) -> Problem:
    kind = _KINDS.get(volume.state)
    return Problem(
        kind=kind or ProblemKind.VOLUME_UNSUPPORTED,
        evidence=container.info.key,
        volume=volume.key,
        detail=(volume.reason or str(volume.state)) if kind else "",
        offset_bytes=volume.offset_bytes,
        length_bytes=volume.length_bytes,
    )
