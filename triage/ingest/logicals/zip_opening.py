"""Opens a zip that is evidence itself: as the report of Cellebrite that it holds, or as it is."""

from __future__ import annotations

from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.logicals.file_source import FileSource
from triage.ingest.logicals.ufdr_facts import UfdrFacts, ufdr_facts
from triage.ingest.logicals.ufdr_source import UfdrSource
from triage.ingest.logicals.zip_format import SPLIT
from triage.ingest.logicals.zip_scan import ZipFacts, scan
from triage.ingest.logicals.zip_source import ZipSource
from triage.ingest.reading import ContentError
from triage.model.display import printable


def open_zip(path: Path, facts: object | None) -> ZipSource:
    """Open a zip.

    Raises:
        EvidenceError: it is one part of several, or has no end that can be read.
    """
    source = FileSource(path)
    try:
        _refuse_parts(path, source)
        return _opened(path, source, facts)
    except ContentError as error:
        source.close()
        raise EvidenceError(f"{printable(path.name)}: {error.detail}") from error
    except EvidenceError:
        source.close()
        raise


def _opened(path: Path, source: FileSource, facts: object | None) -> ZipSource:
    if isinstance(facts, UfdrFacts):
        return UfdrSource(path, source, facts)
    if isinstance(facts, ZipFacts):
        return ZipSource(path, source, facts)
    known = scan(source)
    reported = ufdr_facts(source, known)
    return UfdrSource(path, source, reported) if reported else ZipSource(path, source, known)


def _refuse_parts(path: Path, source: FileSource) -> None:
    if source.read_at(0, 8).startswith(SPLIT):
        raise EvidenceError(
            f"{printable(path.name)}: is one part of a zip in several parts",
            hint="join the parts first: zip -s 0 PARTS.zip --out whole.zip",
        )
