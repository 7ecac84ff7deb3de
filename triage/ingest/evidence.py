"""Opens one evidence item, an image or a folder, and gives its volumes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from triage.errors import EvidenceError, EvidenceGone
from triage.ingest.container import Container, open_container
from triage.ingest.earlier import with_earlier_states
from triage.ingest.filesystem import FileSystem, open_volume
from triage.ingest.filesystems.folder import (
    FolderFileSystem,
    folder_info,
    folder_volume,
    live_problems,
)
from triage.ingest.handing import Handover
from triage.ingest.layer import Layers, filesystem_within
from triage.ingest.logical import open_logical
from triage.ingest.logicalevidence import LogicalEvidence
from triage.ingest.placed import placed_content
from triage.ingest.pointing import NOTHING, Told, follow
from triage.ingest.reading import ContentError, VolumeError, overlapping
from triage.ingest.unlocking import recall, remembered
from triage.ingest.volume import Survey, survey
from triage.model.display import printable
from triage.model.evidence import DamagedRange, EvidenceInfo
from triage.model.extents import Extents
from triage.model.outcome import FailReason
from triage.model.volume import VolumeInfo, VolumeState

__all__ = ["Evidence", "Handover", "Survey", "VolumeError", "open_evidence", "reopen_evidence"]


class Evidence(Protocol):
    """One opened evidence item, read-only, for one process."""

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""

    def survey(self) -> Survey:
        """Give all volumes and what stood in the way; worked out once."""

    def filesystem(self, volume_key: str) -> FileSystem:
        """Open a volume, once.

        Raises:
            VolumeError: there is no such volume, or it does not open. Some only try when they are
                listed, or read by way of the file system, and raise it then.
        """

    def placed(self, extents: Extents) -> Iterator[bytes]:
        """Give a content in order by its place on the medium, without opening any volume.

        Raises:
            ContentError: the medium ends before the content does.
        """

    def hurt(self, extents: Extents) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges known so far that a place on the medium touches."""

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage of the image known so far."""

    def gone(self) -> str:
        """Say in words that the evidence is not there any more; ``""`` while it is."""

    def handover(self) -> Handover:
        """Give what was found at opening, its volumes included, for other processes."""

    def close(self) -> None:
        """Let go of all files."""


class ImageEvidence:
    """Evidence in a container of bytes.

    Args:
        known: what an earlier survey of the same image gave; spares a worker its own.
    """

    def __init__(self, container: Container, known: Survey | None = None) -> None:
        self._container = container
        self._layers = Layers(container)
        self._known = known
        self._survey: Survey | None = None
        self._opened: dict[str, FileSystem] = {}
        self.told: Told = NOTHING

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""
        return self.told.on(self._container.info)

    def survey(self) -> Survey:
        """Give all volumes and what stood in the way; worked out once."""
        if self._survey is None:
            found = survey(self._container, self._layers)
            self._survey = self.told.beside(with_earlier_states(found, self.info), self.info)
        return self._survey

    def filesystem(self, volume_key: str) -> FileSystem:
        """Open a volume, once."""
        if volume_key not in self._opened:
            for volume in self._found().volumes:
                if volume.key == volume_key:
                    if volume.state is not VolumeState.OPENED:
                        raise VolumeError(f"volume {volume_key}: {volume.reason}")
                    self._opened[volume_key] = self._open(volume)
                    break
            else:
                raise VolumeError(f"{printable(self.info.name)}: no volume {volume_key}")
        return self._opened[volume_key]

    @property
    def container(self) -> Container:
        """Give the medium as a whole."""
        return self._container

    def medium(self, volume_key: str) -> tuple[Container, VolumeInfo]:
        """Give the medium that a volume lies on, and the volume by its place there.

        Raises:
            VolumeError: there is no such volume, or a layer above it does not open any more.
        """
        found = self._found()
        for inner in found.inner:
            if inner.volume.key == volume_key:
                return self._layers.medium(inner.steps), inner.volume
        for volume in found.volumes:
            if volume.key == volume_key and not volume.layer:
                return self._container, volume
        raise VolumeError(f"{printable(self.info.name)}: no volume {volume_key}")

    def _found(self) -> Survey:
        return self._known or self.survey()

    def _open(self, volume: VolumeInfo) -> FileSystem:
        for inner in self._found().inner:
            if inner.volume.key == volume.key:
                now = self.filesystem(inner.beside) if inner.beside else None
                return filesystem_within(self._layers, inner, volume, now)
        return open_volume(self._container, volume)

    def placed(self, extents: Extents) -> Iterator[bytes]:
        """Give a content by its place; see the protocol."""
        return placed_content(self._container, extents)

    def hurt(self, extents: Extents) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges that a place touches."""
        damage = self._container.damage()
        return overlapping(damage, extents) if damage else ()

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage of the image known so far."""
        return self._container.damage()

    def gone(self) -> str:
        """Say in words that a file of the image is not there any more."""
        return self._container.gone()

    def handover(self) -> Handover:
        """Give what was found at opening, its volumes included, for other processes."""
        found = self._found()
        return Handover(
            key=self.info.key,
            container=self._container.handover(),
            volumes=found.volumes,
            inner=found.inner,
            unlocked=remembered(),
        )

    def close(self) -> None:
        """Let go of all files."""
        self._opened.clear()
        self._container.close()


class FolderEvidence:
    """A plain folder as evidence: one volume, ``p0``.

    Args:
        live: it is in use, and that is told.
    """

    def __init__(self, path: Path, *, live: bool = False) -> None:
        self.info = folder_info(path, live=live)
        self._files = FolderFileSystem(path, self.info.key)

    def survey(self) -> Survey:
        """Give the one volume."""
        return Survey(volumes=(folder_volume(),), problems=live_problems(self.info))

    def filesystem(self, volume_key: str) -> FileSystem:
        """Give the one file system."""
        if volume_key != self._files.volume.key:
            raise VolumeError(f"{printable(self.info.name)}: no volume {volume_key}")
        return self._files

    def placed(self, extents: Extents) -> Iterator[bytes]:
        """Give nothing: a folder has no medium, and its entries have no places."""
        if extents:
            raise ContentError(FailReason.READ_ERROR, "a folder has no medium of its own")
        return iter(())

    def hurt(self, extents: Extents) -> tuple[DamagedRange, ...]:  # noqa: ARG002  (the protocol's)
        """Give nothing: a folder has no medium of its own."""
        return ()

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give nothing: a folder has no medium of its own."""
        return ()

    def gone(self) -> str:
        """Say in words that the folder itself is not there any more."""
        return self._files.gone()

    @property
    def inode(self) -> int:
        """By what the folder is recognised."""
        return self._files.inode

    def handover(self) -> Handover:
        """Give the one volume, and by what the folder is recognised."""
        volumes = (folder_volume(),)
        return Handover(key=self.info.key, container=None, volumes=volumes, inode=self.inode)

    def close(self) -> None:
        """Nothing is held open."""


def open_evidence(path: Path, handover: Handover | None = None, *, live: bool = False) -> Evidence:
    """Open any segment of an image, an extraction or backup, what points at one, or a folder.

    Args:
        handover: what another process found in the same evidence; it is not looked through again
            as long as size and time of every segment are as they were.
        live: a folder is in use, a mounted device for instance.

    Raises:
        EvidenceError: the path is absent, unreadable, or of a kind that is not supported.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise EvidenceError(f"{printable(path.name)}: {error.strerror}") from error
    pointed = None if is_folder else follow(path)
    if pointed is not None:
        evidence = open_evidence(pointed.path, handover, live=live)
        if isinstance(evidence, ImageEvidence | LogicalEvidence):
            evidence.told = evidence.told.with_more(pointed.told)
        return evidence
    logical = open_logical(path, handover.logical if handover is not None else None)
    if logical is not None:
        return LogicalEvidence(path, logical, _volumes_of(handover, path))
    if is_folder:
        return FolderEvidence(path, live=live)
    if handover is not None and handover.container is not None and handover.container.fits(path):
        known = Survey(volumes=handover.volumes, problems=(), inner=handover.inner)
        recall(handover.unlocked)
        return ImageEvidence(open_container(path, handover.container), known)
    return ImageEvidence(open_container(path))


def _volumes_of(handover: Handover | None, path: Path) -> tuple[VolumeInfo, ...]:
    if handover is None or handover.logical is None or not handover.logical.fits(path):
        return ()
    return handover.volumes


def reopen_evidence(path: Path, handover: Handover | None, *, live: bool = False) -> Evidence:
    """Open evidence that was listed before, and make sure that it is still the same.

    Args:
        live: as for :func:`open_evidence`.

    Raises:
        EvidenceError: as :func:`open_evidence`, where nothing is known of it yet.
        EvidenceGone: it had opened and does not open now, or other evidence lies there: what was
            listed says nothing of it.
    """
    if handover is None:
        return open_evidence(path, live=live)
    try:
        evidence = open_evidence(path, handover, live=live)
    except EvidenceGone:
        raise
    except EvidenceError as error:
        raise EvidenceGone(error.message) from error
    moved = _inode(evidence) != handover.inode
    if evidence.info.key != handover.key or moved:
        evidence.close()
        raise EvidenceGone(f"{printable(path.name)}: is no longer the evidence that was listed")
    return evidence


def _inode(evidence: Evidence) -> int:
    return evidence.inode if isinstance(evidence, FolderEvidence | LogicalEvidence) else 0
