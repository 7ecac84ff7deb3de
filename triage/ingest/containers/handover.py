"""What one process found out about an image at opening, for others that open the same one."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from triage.ingest.containers.ewf_segments import Structure
from triage.ingest.containers.files import SegmentFiles
from triage.model.evidence import EvidenceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStamp:
    """A segment file by which it is recognised: without its folder, so that a set may be moved."""

    name: str
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The shape of a raw medium.

    Attributes:
        extents: for each file its start on the medium and its length in bytes, ascending.
    """

    extents: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHandover:
    """An opened container as a plain value, to be sent to other processes.

    The entries of chunk tables are not in it: they stay in the image file, whose pages all
    processes share, and are decoded where they are needed.

    Attributes:
        stamps: the segment files, in order.
        structure: what the container is made of; checked once, by who opened it first. ``None``
            where that is told by a few tables, which each process reads for itself.
    """

    info: EvidenceInfo
    stamps: tuple[FileStamp, ...]
    structure: Structure | Layout | None

    def fits(self, path: Path) -> bool:
        """Tell whether the files are still those that were looked at."""
        if path.name not in self.info.segments:
            return False
        return all(_stamp(path.with_name(one.name)) == one for one in self.stamps)

    def files(self, path: Path) -> SegmentFiles:
        """Give the segment files beside ``path``, opened as they are needed."""
        paths = [path.with_name(one.name) for one in self.stamps]
        return SegmentFiles(paths, tuple(one.size_bytes for one in self.stamps))


def handover(
    info: EvidenceInfo,
    files: SegmentFiles,
    structure: Structure | Layout | None,
    above: ContainerHandover | None = None,
) -> ContainerHandover | None:
    """Make a handover; ``None`` where a file is none that can be recognised, as a device.

    Args:
        above: of the disk that this one holds the differences to.
    """
    stamps = tuple(_stamp(path) for path in files.paths)
    known = tuple(one for one in stamps if one is not None)
    if tuple(one.size_bytes for one in known) != files.sizes_bytes:
        return None
    known += above.stamps if above else ()
    return ContainerHandover(info=info, stamps=known, structure=structure)


def _stamp(path: Path) -> FileStamp | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileStamp(name=path.name, size_bytes=found.st_size, modified_ns=found.st_mtime_ns)
