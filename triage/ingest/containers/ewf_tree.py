"""The section of logical evidence that lists its files: found, bounded, and its size told."""

from __future__ import annotations

from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers.ewf_sections import read_section
from triage.ingest.containers.ewf_segments import Segment, sections_of
from triage.ingest.containers.files import SegmentFiles
from triage.model.display import printable

MOST_BYTES = 512 * 1024 * 1024
"""Half a million files with long names and all digests take 300 MB."""

_START_BYTES = 4096


def first_tree(files: SegmentFiles, segments: tuple[Segment, ...], kind: str, path: Path) -> bytes:
    """Give the data of the section that lists the files.

    Raises:
        EvidenceError: there is none, or it is larger than can be held.
    """
    shown = printable(path.name)
    for segment, section in sections_of(segments, (kind,)):
        if section.data_bytes > MOST_BYTES:
            raise EvidenceError(
                f"{shown}: the list of its files has {section.data_bytes} bytes, too many to hold",
                hint="acquire the files in several parts",
            )
        return read_section(files, segment.index, section, MOST_BYTES)
    raise EvidenceError(
        f"{shown}: the list of its files is missing",
        hint="it stands in the last segment: put all segments into the same folder",
    )


def media_bytes(text: bytes) -> int:
    """Read from the start of the list how long all contents are together; 0 where it does not say.

    The second line is ``rec``, the third names columns, the fourth holds their values; the column
    ``tb`` is the total of bytes (libewf's description of the format).
    """
    lines = text[:_START_BYTES].decode("utf-16-le", "replace").split("\n")
    if len(lines) < 4 or lines[1].strip() != "rec":
        return 0
    row = dict(zip(lines[2].split("\t"), lines[3].split("\t"), strict=False))
    told = row.get("tb", "").strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0
