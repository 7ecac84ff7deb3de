"""Recognises a zip that is evidence itself, and tells a report of Cellebrite from a plain one."""

from __future__ import annotations

from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.archives.zip_directory import LOCAL_MARK
from triage.ingest.logicals.file_source import FileSource
from triage.ingest.logicals.ufdr_facts import UfdrFacts, ufdr_facts
from triage.ingest.logicals.ufdr_source import UfdrSource
from triage.ingest.logicals.zip_scan import ZipFacts, scan
from triage.ingest.logicals.zip_source import ZipSource
from triage.ingest.reading import ContentError
from triage.model.display import printable

_EMPTY, _SPLIT = b"PK\5\6", (b"PK\7\x08", b"PK00PK")
_AFF4 = b"container.description"
_NAME_AT = 30


def recognises(path: Path, head: bytes) -> bool:
    """Take a zip by its first bytes; an AFF4 image, which is a zip as well, is none of files."""
    del path
    if head.startswith((_EMPTY, *_SPLIT)):
        return True
    return head.startswith(LOCAL_MARK) and not head.startswith(_AFF4, _NAME_AT)


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
    if source.read_at(0, 8).startswith(_SPLIT):
        raise EvidenceError(
            f"{printable(path.name)}: is one part of a zip in several parts",
            hint="join the parts first: zip -s 0 PARTS.zip --out whole.zip",
        )
