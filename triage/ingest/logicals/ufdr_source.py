"""A UFDR, the report of Cellebrite's Physical Analyzer with the files it lists, as evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from triage.ingest.filesystem import FileSystem
from triage.ingest.logicals.file_source import FileSource
from triage.ingest.logicals.ufdr_facts import UfdrFacts
from triage.ingest.logicals.ufdr_files import UfdrFileSystem
from triage.ingest.logicals.zip_source import ZipSource, zip_volume
from triage.ingest.reading import VolumeError
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.evidence import ContainerKind
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo


class UfdrSource(ZipSource):
    """One UFDR as evidence, for one process."""

    def __init__(self, path: Path, source: FileSource, facts: UfdrFacts) -> None:
        super().__init__(path, source, facts.zip)
        self._ufdr = facts
        told = {name: printable(value)[:200] for name, value in facts.device}
        header = tuple(sorted((dict(self.info.header) | told).items()))
        self.info = replace(self.info, kind=ContainerKind.UFDR, header=header)

    def survey(self) -> Survey:
        """Give the one volume, and what of the zip or the report could not be listed."""
        problems = tuple(
            Problem(
                kind=ProblemKind.EXTRACTION_INCOMPLETE,
                evidence=self.info.key,
                volume="p0",
                detail=printable(words),
            )
            for words in self._ufdr.faults
        )
        found = super().survey()
        return replace(found, problems=found.problems + problems)

    def _volume(self) -> VolumeInfo:
        return zip_volume("ufdr")

    def filesystem(self, volume_key: str) -> FileSystem:
        """Give the files under the paths that they have on the device."""
        if volume_key != "p0":
            raise VolumeError(f"{printable(self.info.name)}: no volume {volume_key}")
        return UfdrFileSystem(self._opened, self._ufdr, self._volume(), self.info.key)

    def facts(self) -> object | None:
        """Give what the directory and the report showed."""
        return self._ufdr
