"""Opens a tar, plain or in gzip, bzip2 or xz, as evidence."""

from __future__ import annotations

from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.archives.source import HeldSource, Source
from triage.ingest.archives.tar_archive import BLOCK
from triage.ingest.archives.tar_archive import recognises as is_tar
from triage.ingest.container import evidence_key
from triage.ingest.filesystem import FileSystem
from triage.ingest.inflating import BZIP2, GZIP, XZ, Inflating, Packing
from triage.ingest.logicals.file_source import FileSource
from triage.ingest.logicals.tar_files import TarFileSystem
from triage.ingest.logicals.tar_scan import TarFacts, scan
from triage.ingest.reading import ContentError, VolumeError
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState

_PACKINGS: tuple[Packing, ...] = (GZIP, BZIP2, XZ)
_USTAR_AT = 257
_BLOCK_BYTES = 1024 * 1024
"""bzip2 gives nothing before a block of up to 900 kB is complete."""


def recognises(path: Path, head: bytes) -> bool:
    """Take a tar by the checksum and the mark of its first header, packed or not.

    The old kind has no mark, so that a medium could look like one: it is taken if it is called so.
    """
    packing = _packing(head)
    if packing is None:
        marked = head[_USTAR_AT:].startswith(b"ustar") or path.suffix.lower() == ".tar"
        return marked and is_tar(head)
    try:
        with path.open("rb") as file:
            packed = file.read(_BLOCK_BYTES)
    except OSError:
        return False
    return is_tar(Inflating(HeldSource(packed), packing).read_at(0, BLOCK))


def open_tar(path: Path, facts: object | None) -> TarSource:
    """Open a tar.

    Raises:
        EvidenceError: it cannot be read.
    """
    file = FileSource(path)
    try:
        packing = _packing(file.read_at(0, 8))
        known = facts if isinstance(facts, TarFacts) else None
        source: Source = file
        if packing is not None:
            source = Inflating(file, packing, size_bytes=known.size_bytes if known else None)
        return TarSource(path, file, source, known or _scanned(source))
    except ContentError as error:
        file.close()
        raise EvidenceError(f"{printable(path.name)}: {error.detail}") from error


def tar_volume(table: str = "tar") -> VolumeInfo:
    """Give the one volume of a tar."""
    return VolumeInfo(
        key="p0",
        offset_bytes=0,
        length_bytes=0,
        table=table,
        description="files in a tar",
        state=VolumeState.OPENED,
        filesystem="tar",
    )


class TarSource:
    """One tar as evidence, for one process.

    Args:
        file: the file as it lies there.
        source: the tar in it.
    """

    def __init__(self, path: Path, file: FileSource, source: Source, facts: TarFacts) -> None:
        self._file = file
        self._source = source
        self._facts = facts
        self.info = EvidenceInfo(
            key=evidence_key(
                name=path.name,
                kind=ContainerKind.TAR,
                size_bytes=file.size_bytes,
                stored_digests=(),
                read_at=file.read_at,
            ),
            name=path.name,
            kind=ContainerKind.TAR,
            segments=(path.name,),
            size_bytes=file.size_bytes,
        )

    def survey(self) -> Survey:
        """Give the one volume, and what of the tar could not be listed."""
        problems = tuple(
            Problem(
                kind=ProblemKind.EXTRACTION_INCOMPLETE,
                evidence=self.info.key,
                volume="p0",
                detail=words,
            )
            for words in self._facts.faults
        )
        return Survey(volumes=(tar_volume(),), problems=problems)

    def filesystem(self, volume_key: str) -> FileSystem:
        """Give the members as files."""
        if volume_key != "p0":
            raise VolumeError(f"{printable(self.info.name)}: no volume {volume_key}")
        return TarFileSystem(self._source, self._facts, tar_volume(), self.info.key)

    def facts(self) -> object | None:
        """Give what the headers showed."""
        return self._facts

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give nothing: a tar has no checksums of contents."""
        return ()

    def gone(self) -> str:
        """Say in words that the file is not there any more."""
        return self._file.gone

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _scanned(source: Source) -> TarFacts:
    found = scan(source)
    broken = source.broken if isinstance(source, Inflating) else ""
    if not broken:
        return found
    return TarFacts(
        pages=found.pages,
        unlinked=found.unlinked,
        faults=(*found.faults, broken),
        size_bytes=found.size_bytes,
    )


def _packing(head: bytes) -> Packing | None:
    return next((one for one in _PACKINGS if head.startswith(one.mark)), None)
