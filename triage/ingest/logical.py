"""Evidence that is files rather than a medium: what every kind promises, and the formats."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from triage.errors import EvidenceError
from triage.ingest.filesystem import FileSystem
from triage.ingest.logicals import android_backup, ewf_logical, ios_backup, tar_source, zip_format
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo

__all__ = [
    "HEAD_BYTES",
    "LOGICALS",
    "LogicalFormat",
    "LogicalHandover",
    "LogicalSource",
    "handed_over",
    "open_logical",
    "recognised",
]

HEAD_BYTES = 4096
"""How much of the given file every format may look at to recognise itself."""


class LogicalSource(Protocol):
    """Evidence of files, an extraction or a backup, opened read-only, for one process.

    Laws: nothing raises for what the bytes are once it is open, other than VolumeError and
    ContentError where :class:`triage.ingest.filesystem.FileSystem` says so; what is missing or
    damaged becomes a problem. The same evidence gives the same listing in every process. Its
    entries have no ``extents``, for there is no medium. A folder's ``address`` is its own alone:
    the listing visits each address once.
    """

    @property
    def info(self) -> EvidenceInfo:
        """What was opened: its kind, the digests stored in it, and of the device what it tells.

        ``segments`` are the names of the files that it is made of, relative to the folder that
        the given one lies in, by whose size and time it is recognised in other processes.
        """

    def survey(self) -> Survey:
        """Give its volumes, ``p0`` where there is one; a table is named as its format.

        A volume that a password would open is ``LOCKED``, with the reason, and a problem.
        """

    def filesystem(self, volume_key: str) -> FileSystem:
        """Open a volume; called once a volume, and only for volumes that are ``OPENED``.

        Raises:
            VolumeError: it does not open.
        """

    def facts(self) -> object | None:
        """Give what was found out at opening, to be pickled for other processes.

        Never a secret. Where it is large, what can be looked up in the evidence itself stays out.
        """

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far, by places in the file that holds it; merged, sorted.

        A content that differs from a digest stored with it lies on a range of the kind
        ``ACQUISITION_ERROR``: it is digested and judged, and marked.
        """

    def gone(self) -> str:
        """Say in words that a file of the evidence is not there any more; ``""`` while all are."""

    def close(self) -> None:
        """Let go of all files; a second call does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalFormat:
    """One row of the registry.

    Attributes:
        recognises: takes the path given and the first ``HEAD_BYTES`` of that file, ``b""`` for a
            folder. Never raises; looks at nothing but names beside it or below it, and their
            first bytes.
        open: takes the path, and what :meth:`LogicalSource.facts` gave of the same evidence in
            another process, or ``None``; raises :class:`EvidenceError`.
        kinds: of the evidence that it opens.
    """

    name: str
    recognises: Callable[[Path, bytes], bool]
    open: Callable[[Path, object | None], LogicalSource]
    kinds: tuple[ContainerKind, ...]


LOGICALS: tuple[LogicalFormat, ...] = (
    LogicalFormat(
        name="zip",
        recognises=zip_format.recognises,
        open=zip_format.open_zip,
        kinds=(ContainerKind.ZIP, ContainerKind.UFDR),
    ),
    LogicalFormat(
        name="tar",
        recognises=tar_source.recognises,
        open=tar_source.open_tar,
        kinds=(ContainerKind.TAR,),
    ),
    LogicalFormat(
        name="ewf-logical",
        recognises=ewf_logical.recognises,
        open=ewf_logical.open_logical_evidence,
        kinds=(ContainerKind.EWF_LOGICAL,),
    ),
    LogicalFormat(
        name=ios_backup.NAME,
        recognises=ios_backup.recognises,
        open=ios_backup.open_backup,
        kinds=(ContainerKind.IOS_BACKUP,),
    ),
    LogicalFormat(
        name=android_backup.NAME,
        recognises=android_backup.recognises,
        open=android_backup.open_backup,
        kinds=(ContainerKind.ANDROID_BACKUP,),
    ),
)
"""In order of trial; what none of them takes is a medium or a plain folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalHandover:
    """What one process found out about evidence of files, as a plain value for others.

    Attributes:
        format: name of the row that opened it.
        stamps: of each file its name, size and time in nanoseconds; of a folder its name alone.
    """

    format: str
    stamps: tuple[tuple[str, int, int], ...]
    facts: object | None

    def fits(self, path: Path) -> bool:
        """Tell whether the files are still those that were looked at."""
        return bool(self.stamps) and all(
            _stamp(path.parent / name) == (size, time) for name, size, time in self.stamps
        )


def open_logical(
    path: Path, known: LogicalHandover | None = None
) -> tuple[LogicalFormat, LogicalSource] | None:
    """Open a file or a folder as evidence of files, ``None`` where no format takes it.

    Args:
        known: what another process found in it; not used where it no longer fits.

    Raises:
        EvidenceError: a format takes it for its own and cannot open it.
    """
    if known is not None and known.fits(path):
        for one in LOGICALS:
            if one.name == known.format:
                return one, _opened(one, path, known.facts)
    found = recognised(path)
    return (found, _opened(found, path, None)) if found is not None else None


def _opened(one: LogicalFormat, path: Path, facts: object | None) -> LogicalSource:
    try:
        return one.open(path, facts)
    except OSError as error:
        shown, words = printable(path.name), error.strerror or type(error).__name__
        raise EvidenceError(f"{shown}: cannot be read: {words}") from error


def recognised(path: Path) -> LogicalFormat | None:
    """Give the format that takes a file or folder, without opening it."""
    head = _head(path)
    if head is None:
        return None
    return next((one for one in LOGICALS if one.recognises(path, head)), None)


def handed_over(path: Path, of: LogicalFormat, source: LogicalSource) -> LogicalHandover:
    """Give an opened source as a value for other processes."""
    stamps = []
    for name in source.info.segments:
        found = _stamp(path.parent / name)
        if found is not None:
            stamps.append((name, *found))
    return LogicalHandover(format=of.name, stamps=tuple(stamps), facts=source.facts())


def _head(path: Path) -> bytes | None:
    """Give the first bytes; ``None`` for what no format here opens, as a device."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return b""
        if not stat.S_ISREG(mode):
            return None
        with path.open("rb", buffering=0) as file:
            return file.read(HEAD_BYTES) or None
    except (OSError, ValueError):
        return None  # whoever tries last says what is wrong with it


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(found.st_mode):
        return 0, 0
    return found.st_size, found.st_mtime_ns
