"""Layers under file systems: encryption and volume managers, and how what they hold is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from triage.ingest.container import Container
from triage.ingest.filesystem import FileSystem, open_volume
from triage.ingest.layered import InnerMedium, LayeredFileSystem, Locked, Medium, Opened
from triage.ingest.layers import bitlocker, filevault, luks, lvm, vss, vss_differing
from triage.ingest.reading import VolumeError
from triage.ingest.tables import Slot
from triage.model.volume import VolumeInfo

__all__ = [
    "DEPTH_LIMIT",
    "LAYERS",
    "MEDIA_LIMIT",
    "Inner",
    "LayerFormat",
    "Layers",
    "Locked",
    "Medium",
    "Opened",
    "Step",
    "filesystem_within",
    "layer_at",
    "outward",
    "states_of_before",
]

DEPTH_LIMIT = 4
"""Layers within layers that are followed."""

MEDIA_LIMIT = 256
"""Media within layers that are looked at, of one evidence item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFormat:
    """One row of the registry.

    Attributes:
        recognises: takes a medium, a start and a length in bytes; never raises.
        open: takes the same, of what it recognised; tries what
            :func:`triage.ingest.unlocking.candidates` gives. Never raises for what the bytes are.
        beside: it keeps states of before of a file system that also opens by itself: looked for
            at opened volumes only, whose key its media get with this mark: ``p2.s1`` for ``"s"``.
        outlived: its mark may be of before: where a file system opens at the same place, both are
            examined.
        compared: for a layer beside: takes the file system of a state of before and that of now,
            and gives what is to be listed of the former.
    """

    name: str
    recognises: Callable[[Container, int, int], bool]
    open: Callable[[Container, int, int], Opened | Locked]
    beside: str = ""
    outlived: bool = False
    compared: Callable[[FileSystem, FileSystem], FileSystem] | None = None


LAYERS: tuple[LayerFormat, ...] = (
    LayerFormat(name="bitlocker", recognises=bitlocker.recognises, open=bitlocker.open_layer),
    LayerFormat(name="corestorage", recognises=filevault.recognises, open=filevault.open_layer),
    LayerFormat(name="luks", recognises=luks.recognises, open=luks.open_layer),
    LayerFormat(name="lvm", recognises=lvm.recognises, open=lvm.open_layer, outlived=True),
    LayerFormat(
        name="vss",
        recognises=vss.recognises,
        open=vss.open_layer,
        beside="s",
        compared=vss_differing.compared,
    ),
)
"""In order of trial; asked before any file system is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The way from one medium to one that it holds.

    Attributes:
        layer: name of the row.
        offset_bytes: where the layer stands on the medium, with its length.
        medium: name of the medium in it.
    """

    layer: str
    offset_bytes: int
    length_bytes: int
    medium: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A volume on an inner medium, as it lies there.

    Attributes:
        volume: its place is that on the inner medium; its key is that of the volume.
        steps: how the medium is reached, outermost first.
        beside: key of the volume whose state of before it is, ``""`` for others.
    """

    volume: VolumeInfo
    steps: tuple[Step, ...]
    beside: str = ""


def layer_at(
    container: Container, offset_bytes: int, length_bytes: int, *, beside: bool = False
) -> LayerFormat | None:
    """Give the layer that stands in a stretch of a medium; where asked, of those beside."""
    for row in LAYERS:
        if bool(row.beside) is beside and row.recognises(container, offset_bytes, length_bytes):
            return row
    return None


def states_of_before(
    container: Container, slot: Slot, steps: tuple[Step, ...]
) -> LayerFormat | None:
    """Give the layer of states of before of a volume; those have none of their own."""
    past = {row.name for row in LAYERS if row.beside}
    if len(steps) >= DEPTH_LIMIT or any(step.layer in past for step in steps):
        return None
    return layer_at(container, slot.offset_bytes, slot.length_bytes, beside=True)


def outward(volume: VolumeInfo, slot: Slot, medium: Medium, opened: Opened) -> VolumeInfo:
    """Give a volume of an inner medium as it is told of: at the place of the layer."""
    return replace(
        volume,
        offset_bytes=slot.offset_bytes,
        length_bytes=slot.length_bytes,
        layer=f"{medium.name}/{volume.layer}" if volume.layer else medium.name,
        unlocked=volume.unlocked or opened.unlocked,
        label=volume.label or medium.label,
    )


class Layers:
    """The opened layers of one evidence item, for one process; each is opened once."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._opened: dict[tuple[tuple[Step, ...], str, int], Opened | Locked] = {}
        self._media: dict[tuple[Step, ...], Container] = {(): container}

    def open(
        self, steps: tuple[Step, ...], row: LayerFormat, offset_bytes: int, length_bytes: int
    ) -> Opened | Locked:
        """Open the layer that stands in a stretch of the medium that steps lead to.

        Raises:
            VolumeError: a step leads nowhere.
        """
        place = (steps, row.name, offset_bytes)
        if place not in self._opened:
            medium = self.medium(steps)
            self._opened[place] = row.open(medium, offset_bytes, length_bytes)
        return self._opened[place]

    def refused(self) -> str:
        """Say in words that no more media are looked at; ``""`` while they are."""
        if len(self._media) <= MEDIA_LIMIT:
            return ""
        return f"more than {MEDIA_LIMIT} media within layers: not looked at"

    def medium(self, steps: tuple[Step, ...]) -> Container:
        """Give the medium that steps lead to.

        Raises:
            VolumeError: it does not open, or not any more.
        """
        if steps not in self._media:
            self._media[steps] = self._entered(steps[:-1], steps[-1])
        return self._media[steps]

    def _entered(self, before: tuple[Step, ...], step: Step) -> Container:
        found = self.open(before, _row(step.layer), step.offset_bytes, step.length_bytes)
        if isinstance(found, Locked):
            raise VolumeError(f"{step.medium}: {found.reason}")
        for medium in found.media:
            if medium.name == step.medium and medium.source is not None:
                return InnerMedium(self.medium(before), medium.name, medium.source)
        raise VolumeError(f"{step.medium}: is not in what was opened")


def filesystem_within(
    layers: Layers, inner: Inner, volume: VolumeInfo, now: FileSystem | None
) -> FileSystem:
    """Open the file system of a volume that lies under layers.

    Args:
        volume: as it is told of, with its layers.
        now: of a state of before, the file system beside which it is kept.

    Raises:
        VolumeError: it does not open.
    """
    medium = layers.medium(inner.steps)
    opened = LayeredFileSystem(open_volume(medium, inner.volume), medium, volume)
    compared = _row(inner.steps[-1].layer).compared
    return compared(opened, now) if compared is not None and now is not None else opened


def _row(name: str) -> LayerFormat:
    return next(row for row in LAYERS if row.name == name)
