"""A zip that holds the file system of a device, or any files, as evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from triage.ingest.archives.zip_content import content_of
from triage.ingest.archives.zip_directory import ZipEntry
from triage.ingest.archives.zip_lock import ZipLock
from triage.ingest.container import evidence_key
from triage.ingest.filesystem import FileSystem
from triage.ingest.logicals.checked import StoredDigests
from triage.ingest.logicals.device import REPORT, device_header
from triage.ingest.logicals.file_source import FileSource
from triage.ingest.logicals.zip_files import OpenedZip, ZipFileSystem
from triage.ingest.logicals.zip_scan import ZipFacts, entry_at
from triage.ingest.reading import ContentError, VolumeError
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState


def zip_volume(filesystem: str = "zip") -> VolumeInfo:
    """Give the one volume of a zip."""
    return VolumeInfo(
        key="p0",
        offset_bytes=0,
        length_bytes=0,
        table="zip",
        description="files in a zip",
        state=VolumeState.OPENED,
        filesystem=filesystem,
    )


class ZipSource:
    """One zip as evidence, for one process."""

    def __init__(self, path: Path, source: FileSource, facts: ZipFacts) -> None:
        self._source = source
        self._facts = facts
        self._stored = StoredDigests()
        self._lock = ZipLock(source, self._locked())
        self._opened = OpenedZip(source=source, facts=facts, stored=self._stored, lock=self._lock)
        self.info = EvidenceInfo(
            key=evidence_key(
                name=path.name,
                kind=ContainerKind.ZIP,
                size_bytes=source.size_bytes,
                stored_digests=(),
                read_at=source.read_at,
            ),
            name=path.name,
            kind=ContainerKind.ZIP,
            segments=(path.name,),
            size_bytes=source.size_bytes,
            header=device_header(dict(self._clues())),
        )

    def survey(self) -> Survey:
        """Give the one volume, and what of the zip could not be listed."""
        kind = ProblemKind.EXTRACTION_INCOMPLETE
        problems = tuple(self._problem(kind, words) for words in self._facts.faults)
        volume = self._volume()
        if self._facts.locked and not self._facts.readable and not self._opens():
            reason = "encrypted: every file in the zip; its password would open it"
            volume = replace(volume, state=VolumeState.LOCKED, filesystem="", reason=reason)
            problems += (self._problem(ProblemKind.VOLUME_LOCKED, reason),)
        return Survey(volumes=(volume,), problems=problems)

    def _volume(self) -> VolumeInfo:
        return zip_volume()

    def _opens(self) -> bool:
        return any(self._lock.password(entry) is not None for entry in self._locked())

    def _locked(self) -> list[ZipEntry]:
        """Give some of the encrypted members, the same in every process."""
        try:
            return [
                entry
                for place in self._facts.locked
                if (entry := entry_at(self._source, place, self._facts.shift_bytes)) is not None
            ]
        except ContentError:
            return []

    def _problem(self, kind: ProblemKind, words: str) -> Problem:
        return Problem(kind=kind, evidence=self.info.key, volume="p0", detail=words)

    def filesystem(self, volume_key: str) -> FileSystem:
        """Give the members as files."""
        if volume_key != "p0":
            raise VolumeError(f"{printable(self.info.name)}: no volume {volume_key}")
        return ZipFileSystem(self._opened, self._volume(), self.info.key)

    def facts(self) -> object | None:
        """Give what the directory showed."""
        return self._facts

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give where contents differ from what is stored of them, as far as they were read."""
        return self._stored.ranges()

    def gone(self) -> str:
        """Say in words that the zip is not there any more."""
        return self._source.gone

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()

    def _clues(self) -> list[tuple[str, bytes]]:
        found = []
        for name, place in self._facts.clues:
            try:
                entry = entry_at(self._source, place, self._facts.shift_bytes)
                if entry is not None and name != REPORT:
                    found.append((name, b"".join(content_of(self._source, entry))))
            except ContentError:
                continue  # the file is listed and fails there; the device stays unnamed
        return found
