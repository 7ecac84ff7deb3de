"""Evidence that is files, as one of the kinds of evidence that a run works on."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from triage.ingest.filesystem import FileSystem
from triage.ingest.handing import Handover
from triage.ingest.logical import LogicalFormat, LogicalSource, handed_over
from triage.ingest.pointing import NOTHING, Told
from triage.ingest.reading import ContentError, VolumeError
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.evidence import DamagedRange, EvidenceInfo
from triage.model.extents import Extents
from triage.model.outcome import FailReason
from triage.model.volume import VolumeInfo, VolumeState


class LogicalEvidence:
    """Evidence that is files in a container of files, or a backup in a folder.

    Args:
        path: where it lies; its folder is not told to anyone.
        opened: the row of the registry and what that opened.
        volumes: what an earlier survey of the same evidence gave; spares a worker its own.
    """

    told: Told

    def __init__(
        self,
        path: Path,
        opened: tuple[LogicalFormat, LogicalSource],
        volumes: tuple[VolumeInfo, ...] = (),
    ) -> None:
        self._path = path
        self._format, self._source = opened
        self._known = volumes
        self._survey: Survey | None = None
        self._opened: dict[str, FileSystem] = {}
        self.inode = _folder_inode(path)
        self.told = NOTHING

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""
        return self.told.on(self._source.info)

    def survey(self) -> Survey:
        """Give all volumes and what stood in the way; worked out once."""
        if self._survey is None:
            self._survey = self.told.beside(self._source.survey(), self.info)
        return self._survey

    def filesystem(self, volume_key: str) -> FileSystem:
        """Open a volume, once."""
        if volume_key not in self._opened:
            for volume in self._known or self.survey().volumes:
                if volume.key == volume_key:
                    if volume.state is not VolumeState.OPENED:
                        raise VolumeError(f"volume {volume_key}: {volume.reason}")
                    self._opened[volume_key] = self._source.filesystem(volume_key)
                    break
            else:
                raise VolumeError(f"{printable(self.info.name)}: no volume {volume_key}")
        return self._opened[volume_key]

    def placed(self, extents: Extents) -> Iterator[bytes]:
        """Give nothing: there is no medium, and entries have no places on one."""
        if extents:
            raise ContentError(FailReason.READ_ERROR, "files in a container have no medium")
        return iter(())

    def hurt(self, extents: Extents) -> tuple[DamagedRange, ...]:  # noqa: ARG002  (the protocol's)
        """Give nothing: there is no medium."""
        return ()

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give what the structure tells, and what was met by reading."""
        return self._source.damage()

    def gone(self) -> str:
        """Say in words that a file of the evidence, or its folder, is not there any more."""
        if self.inode and _folder_inode(self._path) != self.inode:
            return "the folder is not there any more"
        return self._source.gone()

    def handover(self) -> Handover:
        """Give what was found at opening, its volumes included, for other processes."""
        return Handover(
            key=self.info.key,
            container=None,
            volumes=self._known or self.survey().volumes,
            inode=self.inode,
            logical=handed_over(self._path, self._format, self._source),
        )

    def close(self) -> None:
        """Let go of all files."""
        self._opened.clear()
        self._source.close()


def _folder_inode(path: Path) -> int:
    """Give by what a folder is recognised; 0 for a file, -1 for nothing."""
    try:
        found = path.stat()
    except OSError:
        return -1
    return found.st_ino if stat.S_ISDIR(found.st_mode) else 0
