"""The structure of a whole EWF set: geometry, tables in their places, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers import ewf_facts, ewf_pages, ewf_placing
from triage.ingest.containers.ewf_facts import Geometry
from triage.ingest.containers.ewf_names import LOGICAL, SIGNATURE, find_segments
from triage.ingest.containers.ewf_placing import Gap
from triage.ingest.containers.ewf_sections import Section, read_section, walk
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
from triage.ingest.containers.ewf_tables import resolve
from triage.ingest.containers.ewf_tree import first_tree, media_bytes
from triage.ingest.containers.files import SegmentFiles
from triage.model.display import printable
from triage.model.evidence import DamagedRange, DamageKind

_TREE_HEAD_BYTES = 48
_GEOMETRY_KINDS = ("volume", "disk", "data")


def read_structure(path: Path) -> tuple[SegmentFiles, Structure]:
    """Read the structure of the set that a segment belongs to.

    Gives the files of the set as well, for the reader to take over.

    Raises:
        EvidenceError: no segment tells the size of the medium, or the set is a logical one.
    """
    numbered = find_segments(path, ("E", "S"))
    files = SegmentFiles([segment for _, segment in numbered])
    try:
        segments, foreign = gather(files, [number for number, _ in numbered], _DIALECT)
        geometry = _known_geometry(files, segments, path, logical=False)
        return files, _structure(files, segments, foreign, geometry, path)
    except BaseException:
        files.close()
        raise


def read_logical(path: Path) -> tuple[SegmentFiles, Structure, bytes]:
    """Read the structure of logical evidence, and the section that lists its files, as it is.

    Raises:
        EvidenceError: no segment tells the size of the chunks, or none lists files.
    """
    numbered = find_segments(path, ("L",))
    files = SegmentFiles([segment for _, segment in numbered])
    try:
        segments, foreign = gather(files, [number for number, _ in numbered], _DIALECT)
        geometry = _known_geometry(files, segments, path, logical=True)
        tree = first_tree(files, segments, "ltree", path)
        size = media_bytes(tree[_TREE_HEAD_BYTES:])
        geometry = replace(geometry, sector_bytes=1, sector_count=size)
        return files, _structure(files, segments, foreign, geometry, path), tree
    except BaseException:
        files.close()
        raise


def _known_geometry(
    files: SegmentFiles, segments: tuple[Segment, ...], path: Path, *, logical: bool
) -> Geometry:
    geometry = _geometry(files, segments)
    if geometry is None:
        raise no_size(path)
    if geometry.logical and not logical:
        raise EvidenceError(
            f"{printable(path.name)}: is a logical evidence file (L01) under the name of an image",
            hint="give it the ending .L01, as its maker did",
        )
    return replace(geometry, logical=logical)


def _structure(
    files: SegmentFiles,
    segments: tuple[Segment, ...],
    foreign: tuple[DamagedRange, ...],
    geometry: Geometry,
    path: Path,
) -> Structure:
    pieces = list(pieces_of(segments, partial(_segment_pieces, files)))
    placing = ewf_placing.place(pieces, geometry)
    if placing.media_bytes == 0 and not geometry.logical:
        raise no_data(path)
    damage = (
        *foreign,
        *descriptor_damage(segments),
        *placing.damage,
        *_error_damage(files, segments, geometry, placing.media_bytes),
        *_fact_damage(files, segments, geometry),
    )
    return Structure(
        geometry=geometry,
        media_bytes=placing.media_bytes,
        placed=placing.placed,
        load_page=ewf_pages.load_page,
        digests=_digests(files, segments),
        header=_header(files, segments),
        damage=damage,
    )


def _written_number(files: SegmentFiles, index: int) -> int:
    try:
        raw = files.pread(index, 0, 13)
    except OSError:
        return 0
    signed = raw[:8] in {SIGNATURE, LOGICAL} and len(raw) == 13
    return int.from_bytes(raw[9:11], "little") if signed else 0


def _set_id(files: SegmentFiles, segment: Segment) -> bytes:
    geometry = _geometry(files, (segment,))
    return geometry.set_id if geometry is not None and geometry.sound else bytes(16)


_DIALECT = Dialect(written_number=_written_number, walk=walk, set_id=_set_id)


def _geometry(files: SegmentFiles, segments: tuple[Segment, ...]) -> Geometry | None:
    """Give the first geometry that agrees with its checksum, else the first possible one."""
    fallback: Geometry | None = None
    for segment, section in sections_of(segments, _GEOMETRY_KINDS):
        data = read_section(files, segment.index, section, 1052)
        geometry = ewf_facts.parse_geometry(data)
        if geometry is not None and geometry.sound:
            return geometry
        fallback = fallback or geometry
    return fallback


def _segment_pieces(files: SegmentFiles, segment: Segment) -> Iterator[Table | Gap]:
    data_end: int | None = None
    waiting = False
    sections = [one for one in segment.chain.sections if one.kind in _DATA_KINDS]
    lost = Gap(
        kind=DamageKind.TABLE_CHECKSUM, detail=f"segment {segment.number}: a chunk table is lost"
    )
    for at, section in enumerate(sections):
        if section.kind == "sectors":
            if waiting:
                yield lost
            data_end, waiting = section.end, True
            continue
        after_table = at > 0 and sections[at - 1].kind == "table"
        if section.kind == "table2" and after_table:
            continue
        copies = sections[at : at + 2] if _has_copy(sections, at) else [section]
        table = resolve(files, segment.index, tuple(copies), data_end)
        yield lost if table is None else table
        waiting = False
    if segment.chain.ending == "cut":
        words = f"segment {segment.number} breaks off"
        yield Gap(kind=DamageKind.TRUNCATED, detail=words)
    elif waiting:
        yield lost


_DATA_KINDS = ("sectors", "table", "table2")


def _has_copy(sections: list[Section], at: int) -> bool:
    following = sections[at + 1].kind if at + 1 < len(sections) else ""
    return sections[at].kind == "table" and following == "table2"


def _fact_damage(
    files: SegmentFiles, segments: tuple[Segment, ...], geometry: Geometry
) -> Iterator[DamagedRange]:
    if not geometry.sound:
        yield note(DamageKind.SECTION_CHECKSUM, "the volume section fails its checksum")
    for segment, section in sections_of(segments, ("hash", "digest")):
        if ewf_facts.parse_digests(section.kind, fact(files, segment, section)) is None:
            words = f"segment {segment.number}: the {section.kind} section fails its checksum"
            yield note(DamageKind.SECTION_CHECKSUM, words)


def _error_damage(
    files: SegmentFiles, segments: tuple[Segment, ...], geometry: Geometry, media_bytes: int
) -> Iterator[DamagedRange]:
    """Ranges that the imager could not read from the device and wrote as zeros."""
    for segment, section in sections_of(segments, ("error2",)):
        limit = 524 + 8 * ewf_facts.MAX_ERROR_ENTRIES
        ranges, sound = ewf_facts.parse_errors(read_section(files, segment.index, section, limit))
        if not sound:
            words = f"segment {segment.number}: the error2 section fails its checksum"
            yield note(DamageKind.SECTION_CHECKSUM, words)
        yield from acquisition_errors(ranges, geometry, media_bytes)


def _digests(files: SegmentFiles, segments: tuple[Segment, ...]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    for segment, section in sections_of(segments, ("digest", "hash")):
        data = fact(files, segment, section)
        found.update(dict.fromkeys(ewf_facts.parse_digests(section.kind, data) or ()))
    return tuple(sorted(found))


def _header(files: SegmentFiles, segments: tuple[Segment, ...]) -> tuple[tuple[str, str], ...]:
    """Acquisition values; ``header2`` knows more alphabets, so it wins over ``header``."""
    found: dict[str, str] = {}
    for kind in ("header2", "header"):
        for segment, section in sections_of(segments, (kind,)):
            for name, value in ewf_facts.parse_header(fact(files, segment, section)):
                found.setdefault(name, value)
    return tuple(found.items())
