"""The structure of a whole EWF set: geometry, tables in their places, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers import ewf_facts, ewf_placing
from triage.ingest.containers.ewf_facts import Geometry
from triage.ingest.containers.ewf_names import find_segments
from triage.ingest.containers.ewf_placing import Gap, Placed
from triage.ingest.containers.ewf_sections import Chain, Section, read_section, walk
from triage.ingest.containers.ewf_tables import Table, resolve
from triage.ingest.containers.files import SegmentFiles
from triage.model.display import printable
from triage.model.evidence import DamagedRange, DamageKind

SIGNATURE = b"EVF\x09\x0d\x0a\xff\x00"
_GEOMETRY_KINDS = ("volume", "disk", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Everything that the sections of all segments say."""

    files: SegmentFiles
    geometry: Geometry
    media_bytes: int
    placed: tuple[Placed, ...]
    digests: tuple[tuple[str, str], ...]
    header: tuple[tuple[str, str], ...]
    damage: tuple[DamagedRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    number: int
    index: int
    chain: Chain


def read_structure(path: Path) -> Structure:
    """Read the structure of the set that a segment belongs to.

    Raises:
        EvidenceError: no segment tells the size of the medium, or the set is a logical one.
    """
    numbered = find_segments(path, ("E", "S"))
    files = SegmentFiles([segment for _, segment in numbered])
    try:
        return _structure(files, [number for number, _ in numbered], path)
    except BaseException:
        files.close()
        raise


def _structure(files: SegmentFiles, numbers: list[int], path: Path) -> Structure:
    segments, foreign = _segments(files, numbers)
    geometry = _geometry(files, segments)
    if geometry is None:
        raise EvidenceError(
            f"{printable(path.name)}: no section of the image tells the size of the medium",
            hint="the image is only a header or badly damaged; copy it again from its source",
        )
    if geometry.logical:
        raise EvidenceError(
            f"{printable(path.name)}: logical evidence file (L01) is not supported",
            hint="export its files to a folder with the imager, then run on the folder",
        )
    pieces = list(_pieces(files, segments))
    placing = ewf_placing.place(pieces, geometry)
    if placing.media_bytes == 0:
        raise EvidenceError(
            f"{printable(path.name)}: the image holds no data",
            hint="the acquisition wrote a header only; look for a complete copy",
        )
    damage = (
        *foreign,
        *_descriptor_damage(segments),
        *placing.damage,
        *_error_damage(files, segments, geometry, placing.media_bytes),
        *_fact_damage(files, segments, geometry),
    )
    return Structure(
        files=files,
        geometry=geometry,
        media_bytes=placing.media_bytes,
        placed=placing.placed,
        digests=_digests(files, segments),
        header=_header(files, segments),
        damage=damage,
    )


def _segments(
    files: SegmentFiles, numbers: list[int]
) -> tuple[tuple[_Segment, ...], tuple[DamagedRange, ...]]:
    """Walk all segments in order; what is not of this set counts as missing.

    The number in the file header is believed over the file name, as long as no two agree.
    Segments after the one that ends the set are of another set and are left out.
    """
    written = [_written_number(files, index) for index in range(len(numbers))]
    known = [number for number in written if number]
    trusted = len(set(known)) == len(known)
    found: list[_Segment] = []
    notes: list[DamagedRange] = []
    for index, by_name in enumerate(numbers):
        shown = printable(files.paths[index].name)
        if not written[index] and files.sizes_bytes[index] == 0:
            notes.append(_note(DamageKind.MISSING_SEGMENT, f"{shown} is empty"))
            continue
        if not written[index]:
            notes.append(_note(DamageKind.SECTION_CHECKSUM, f"{shown} has no EWF signature"))
        number = written[index] if trusted and written[index] else by_name
        if number != by_name:
            notes.append(
                _note(DamageKind.SECTION_CHECKSUM, f"{shown} says that it is segment {number}")
            )
        found.append(_Segment(number=number, index=index, chain=walk(files, index)))
    return _of_one_set(files, sorted(found, key=lambda one: one.number), notes)


def _of_one_set(
    files: SegmentFiles, found: list[_Segment], notes: list[DamagedRange]
) -> tuple[tuple[_Segment, ...], tuple[DamagedRange, ...]]:
    kept: list[_Segment] = []
    set_id = bytes(16)
    for segment in found:
        if kept and kept[-1].chain.ending == "done":
            shown = printable(files.paths[segment.index].name)
            notes.append(_note(DamageKind.SECTION_CHECKSUM, f"{shown} lies after the last segment"))
            continue
        geometry = _geometry(files, (segment,))
        own = geometry.set_id if geometry is not None and geometry.sound else bytes(16)
        if any(own) and any(set_id) and own != set_id:
            shown = printable(files.paths[segment.index].name)
            detail = f"{shown} belongs to another acquisition"
            notes.append(_note(DamageKind.MISSING_SEGMENT, detail))
            continue
        set_id = own if any(own) else set_id
        kept.append(segment)
    return tuple(kept), tuple(notes)


def _written_number(files: SegmentFiles, index: int) -> int:
    try:
        raw = files.pread(index, 0, 13)
    except OSError:
        return 0
    return int.from_bytes(raw[9:11], "little") if raw[:8] == SIGNATURE and len(raw) == 13 else 0


def _geometry(files: SegmentFiles, segments: tuple[_Segment, ...]) -> Geometry | None:
    """Give the first geometry that agrees with its checksum, else the first possible one."""
    fallback: Geometry | None = None
    for segment, section in _sections(segments, _GEOMETRY_KINDS):
        data = read_section(files, segment.index, section, 1052)
        geometry = ewf_facts.parse_geometry(data)
        if geometry is not None and geometry.sound:
            return geometry
        fallback = fallback or geometry
    return fallback


def _sections(
    segments: tuple[_Segment, ...], kinds: tuple[str, ...]
) -> Iterator[tuple[_Segment, Section]]:
    for segment in segments:
        for section in segment.chain.sections:
            if section.kind in kinds:
                yield segment, section


def _pieces(files: SegmentFiles, segments: tuple[_Segment, ...]) -> Iterator[Table | Gap]:
    """Give tables and gaps in the order of the medium."""
    expected = 1
    for segment in segments:
        if segment.number > expected:
            names = _missing_words(expected, segment.number - 1)
            yield Gap(kind=DamageKind.MISSING_SEGMENT, detail=names)
        expected = segment.number + 1
        yield from _segment_pieces(files, segment)
    if not segments or segments[-1].chain.ending == "next":
        words = f"segment {expected} and what follows is missing"
        yield Gap(kind=DamageKind.MISSING_SEGMENT, detail=words)


def _missing_words(first: int, last: int) -> str:
    if first == last:
        return f"segment {first} is missing"
    return f"segments {first} to {last} are missing"


def _segment_pieces(files: SegmentFiles, segment: _Segment) -> Iterator[Table | Gap]:
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


def _descriptor_damage(segments: tuple[_Segment, ...]) -> Iterator[DamagedRange]:
    for segment in segments:
        for kind in segment.chain.hurt:
            what = "a section descriptor is unreadable" if kind == "?" else f"section {kind}"
            words = what if kind == "?" else f"the descriptor of {what} fails its checksum"
            yield _note(DamageKind.SECTION_CHECKSUM, f"segment {segment.number}: {words}")


def _fact_damage(
    files: SegmentFiles, segments: tuple[_Segment, ...], geometry: Geometry
) -> Iterator[DamagedRange]:
    if not geometry.sound:
        yield _note(DamageKind.SECTION_CHECKSUM, "the volume section fails its checksum")
    for segment, section in _sections(segments, ("hash", "digest")):
        if ewf_facts.parse_digests(section.kind, _fact(files, segment, section)) is None:
            words = f"segment {segment.number}: the {section.kind} section fails its checksum"
            yield _note(DamageKind.SECTION_CHECKSUM, words)


def _error_damage(
    files: SegmentFiles, segments: tuple[_Segment, ...], geometry: Geometry, media_bytes: int
) -> Iterator[DamagedRange]:
    """Ranges that the imager could not read from the device and wrote as zeros."""
    for segment, section in _sections(segments, ("error2",)):
        limit = 524 + 8 * ewf_facts.MAX_ERROR_ENTRIES
        ranges, sound = ewf_facts.parse_errors(read_section(files, segment.index, section, limit))
        if not sound:
            words = f"segment {segment.number}: the error2 section fails its checksum"
            yield _note(DamageKind.SECTION_CHECKSUM, words)
        for first, count in ranges:
            start = min(first * geometry.sector_bytes, media_bytes)
            end = min(start + count * geometry.sector_bytes, media_bytes)
            yield DamagedRange(
                offset_bytes=start,
                length_bytes=end - start,
                kind=DamageKind.ACQUISITION_ERROR,
                detail="the imager could not read the device here",
            )


def _digests(files: SegmentFiles, segments: tuple[_Segment, ...]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    for segment, section in _sections(segments, ("digest", "hash")):
        data = _fact(files, segment, section)
        found.update(dict.fromkeys(ewf_facts.parse_digests(section.kind, data) or ()))
    return tuple(sorted(found))


def _header(files: SegmentFiles, segments: tuple[_Segment, ...]) -> tuple[tuple[str, str], ...]:
    """Acquisition values; ``header2`` knows more alphabets, so it wins over ``header``."""
    found: dict[str, str] = {}
    for kind in ("header2", "header"):
        for segment, section in _sections(segments, (kind,)):
            for name, value in ewf_facts.parse_header(_fact(files, segment, section)):
                found.setdefault(name, value)
    return tuple(found.items())


def _fact(files: SegmentFiles, segment: _Segment, section: Section) -> bytes:
    return read_section(files, segment.index, section, ewf_facts.MAX_HEADER_BYTES)


def _note(kind: DamageKind, detail: str) -> DamagedRange:
    return DamagedRange(offset_bytes=0, length_bytes=0, kind=kind, detail=detail)
