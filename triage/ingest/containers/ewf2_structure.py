"""The structure of a whole EWF2 set: geometry, tables in their places, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers import ewf2_facts, ewf2_placing, ewf2_tables
from triage.ingest.containers.ewf2_sections import FILE_HEADER_BYTES, LOST, is_encrypted, walk
from triage.ingest.containers.ewf_facts import Geometry
from triage.ingest.containers.ewf_names import LOGICAL2, find_segments
from triage.ingest.containers.ewf_names import SIGNATURE2 as SIGNATURE
from triage.ingest.containers.ewf_placing import Gap
from triage.ingest.containers.ewf_sections import read_section
from triage.ingest.containers.ewf_segments import (
    Dialect,
    Segment,
    Structure,
    acquisition_errors,
    descriptor_damage,
    fact,
    gather,
    no_data,
    no_size,
    note,
    pieces_of,
    sections_of,
)
from triage.ingest.containers.ewf_table import Table
from triage.ingest.containers.ewf_tree import first_tree, media_bytes
from triage.ingest.containers.files import SegmentFiles
from triage.model.display import printable
from triage.model.evidence import DamagedRange, DamageKind

_DEVICE, _CASE = "device information", "case data"

_Values = tuple[dict[str, str], bool]


def read_structure(path: Path) -> tuple[SegmentFiles, Structure]:
    """Read the structure of the set that a segment belongs to.

    Gives the files of the set as well, for the reader to take over.

    Raises:
        EvidenceError: encrypted or logical evidence, or no segment tells the size of the medium.
    """
    numbered = find_segments(path, ("Ex",))
    files = SegmentFiles([segment for _, segment in numbered])
    try:
        return files, _structure(files, [number for number, _ in numbered], path)[0]
    except BaseException:
        files.close()
        raise


def read_logical(path: Path) -> tuple[SegmentFiles, Structure, bytes]:
    """Read the structure of logical evidence, and the section that lists its files, as it is.

    Raises:
        EvidenceError: it is encrypted, or no segment lists files.
    """
    numbered = find_segments(path, ("Lx",))
    files = SegmentFiles([segment for _, segment in numbered])
    try:
        numbers = [number for number, _ in numbered]
        return files, *_structure(files, numbers, path, logical=True)
    except BaseException:
        files.close()
        raise


def _structure(
    files: SegmentFiles, numbers: list[int], path: Path, *, logical: bool = False
) -> tuple[Structure, bytes]:
    """Give the structure and, of logical evidence, the section that lists its files."""
    segments, foreign = gather(files, numbers, _DIALECT)
    if any(is_encrypted(files, one.index, one.chain) for one in segments):
        raise EvidenceError(
            f"{printable(path.name)}: the image is encrypted",
            hint="export the image as E01 without encryption from the tool that made it",
        )
    device, case = _values(files, segments, _DEVICE), _values(files, segments, _CASE)
    geometry = ewf2_facts.parse_geometry(device, case, bytes(16))
    if geometry is None:
        raise no_size(path)
    tree = first_tree(files, segments, "single files", path) if logical else b""
    if logical:
        geometry = replace(geometry, sector_bytes=1, sector_count=media_bytes(tree), logical=True)
    pieces = list(pieces_of(segments, partial(_segment_pieces, files)))
    placing = ewf2_placing.place(pieces, geometry)
    if placing.media_bytes == 0 and not logical:
        raise no_data(path)
    structure = Structure(
        geometry=geometry,
        media_bytes=placing.media_bytes,
        placed=placing.placed,
        load_page=ewf2_tables.load_page,
        digests=_digests(files, segments),
        header=(*ewf2_facts.readable(case[0]), *ewf2_facts.readable(device[0])),
        damage=(
            *foreign,
            *descriptor_damage(segments),
            *placing.damage,
            *_error_damage(files, segments, geometry, placing.media_bytes),
            *_fact_damage(files, segments),
        ),
    )
    return structure, tree


def _written_number(files: SegmentFiles, index: int) -> int:
    head = _head(files, index)
    return int.from_bytes(head[12:16], "little") if head[:8] in {SIGNATURE, LOGICAL2} else 0


def _set_id(files: SegmentFiles, segment: Segment) -> bytes:
    """Give the identifier in the file header, which has no check of its own.

    It is random (a GUID of version 4), so that two acquisitions differ nearly everywhere.
    """
    head = _head(files, segment.index)
    return head[16:] if head[:8] in {SIGNATURE, LOGICAL2} else bytes(16)


def _head(files: SegmentFiles, index: int) -> bytes:
    """Read signature, version, compression method, number and identifier of a segment.

    The compression method is not needed: a zlib stream and a bzip2 stream start differently.
    """
    try:
        head = files.pread(index, 0, FILE_HEADER_BYTES)
    except OSError:
        head = b""
    return head if len(head) == FILE_HEADER_BYTES else bytes(FILE_HEADER_BYTES)


_DIALECT = Dialect(written_number=_written_number, walk=walk, set_id=_set_id, id_slack_bytes=4)


def _values(files: SegmentFiles, segments: tuple[Segment, ...], kind: str) -> _Values:
    """Give the first values that agree with their checksum, else the first there are.

    Every segment repeats them.
    """
    fallback: _Values = ({}, False)
    for segment, section in sections_of(segments, (kind,)):
        found = ewf2_facts.parse_values(fact(files, segment, section))
        if found[1]:
            return found
        fallback = fallback if fallback[0] else found
    return fallback


def _segment_pieces(files: SegmentFiles, segment: Segment) -> Iterator[Table | Gap]:
    """Give the tables of a segment, and a gap wherever one may be missing."""
    shown = f"segment {segment.number}"
    for section in segment.chain.sections:
        if section.kind == LOST:
            words = f"{shown}: a section descriptor is unreadable"
            yield Gap(kind=DamageKind.SECTION_CHECKSUM, detail=words)
        elif section.kind == "sector table":
            table = ewf2_tables.resolve(files, segment.index, section)
            lost = Gap(kind=DamageKind.TABLE_CHECKSUM, detail=f"{shown}: a chunk table is lost")
            yield lost if table is None else table
    if segment.chain.ending == "cut":
        yield Gap(kind=DamageKind.TRUNCATED, detail=f"{shown} breaks off")


def _fact_damage(files: SegmentFiles, segments: tuple[Segment, ...]) -> Iterator[DamagedRange]:
    for segment, section in sections_of(segments, (_DEVICE, _CASE, *ewf2_facts.DIGEST_BYTES)):
        data = fact(files, segment, section)
        if section.kind in ewf2_facts.DIGEST_BYTES:
            sound = ewf2_facts.parse_digest(section.kind, data) is not None
        else:
            sound = ewf2_facts.parse_values(data)[1]
        if not sound:
            words = f"segment {segment.number}: the {section.kind} fails its checksum"
            yield note(DamageKind.SECTION_CHECKSUM, words)


def _error_damage(
    files: SegmentFiles, segments: tuple[Segment, ...], geometry: Geometry, media_bytes: int
) -> Iterator[DamagedRange]:
    """Ranges that the imager could not read from the device and wrote as zeros."""
    for segment, section in sections_of(segments, ("error table",)):
        data = read_section(files, segment.index, section, ewf2_facts.ERRORS_LIMIT_BYTES)
        ranges, sound = ewf2_facts.parse_errors(data)
        if not sound:
            words = f"segment {segment.number}: the error table fails its checksum"
            yield note(DamageKind.SECTION_CHECKSUM, words)
        yield from acquisition_errors(ranges, geometry, media_bytes)


def _digests(files: SegmentFiles, segments: tuple[Segment, ...]) -> tuple[tuple[str, str], ...]:
    """Give the digests that agree with their checksums; zeros stand for one not computed."""
    found: set[tuple[str, str]] = set()
    for segment, section in sections_of(segments, tuple(ewf2_facts.DIGEST_BYTES)):
        digest = ewf2_facts.parse_digest(section.kind, fact(files, segment, section))
        if digest is not None and digest[1].strip("0"):
            found.add(digest)
    return tuple(sorted(found))
