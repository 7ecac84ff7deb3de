"""Recognises a zip that is evidence itself; what reads it is loaded when there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from triage.ingest.archives.zip_directory import LOCAL_MARK

if TYPE_CHECKING:
    from triage.ingest.logicals.zip_source import ZipSource

SPLIT = (b"PK\7\x08", b"PK00PK")
_EMPTY = b"PK\5\6"
_AFF4 = b"container.description"
_NAME_AT = 30


def recognises(path: Path, head: bytes) -> bool:
    """Take a zip by its first bytes; an AFF4 image, which is a zip as well, is none of files."""
    del path
    if head.startswith((_EMPTY, *SPLIT)):
        return True
    return head.startswith(LOCAL_MARK) and not head.startswith(_AFF4, _NAME_AT)


def open_zip(path: Path, facts: object | None) -> ZipSource:
    """Open a zip.

    Raises:
        EvidenceError: it is one part of several, or has no end that can be read.
    """
    from triage.ingest.logicals import zip_opening  # noqa: PLC0415  (numpy, for zips only)

    return zip_opening.open_zip(path, facts)
