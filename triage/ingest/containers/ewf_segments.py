"""The segments of one EWF set in their order, whatever version of the format wrote them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from triage.errors import EvidenceError
from triage.ingest.containers.ewf_facts import MAX_HEADER_BYTES, Geometry
from triage.ingest.containers.ewf_placing import Gap, Placed
from triage.ingest.containers.ewf_sections import Chain, Section, read_section
from triage.ingest.containers.ewf_table import Table
from triage.ingest.containers.files import SegmentFiles
from triage.model.display import printable
from triage.model.evidence import DamagedRange, DamageKind

if TYPE_CHECKING:
    from triage.ingest.containers.ewf_pages import PageLoader  # with numpy, for open sets only


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Everything that the sections of all segments say: a plain value, the same in any process.

    Attributes:
        load_page: how entries of the chunk tables are decoded.
    """

    geometry: Geometry
    media_bytes: int
    placed: tuple[Placed, ...]
    load_page: PageLoader
    digests: tuple[tuple[str, str], ...]
    header: tuple[tuple[str, str], ...]
    damage: tuple[DamagedRange, ...]


def no_size(path: Path) -> EvidenceError:
    """Give the error of a set whose geometry is lost in every segment."""
    return EvidenceError(
        f"{printable(path.name)}: no section of the image tells the size of the medium",
        hint="the image is only a header or badly damaged; copy it again from its source",
    )


def no_data(path: Path) -> EvidenceError:
    """Give the error of a set without any chunk."""
    return EvidenceError(
        f"{printable(path.name)}: the image holds no data",
        hint="the acquisition wrote a header only; look for a complete copy",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment file: its number in the set, its index among the files, its sections."""

    number: int
    index: int
    chain: Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the versions of the format do differently in a segment.

    Attributes:
        written_number: the number in the file header, 0 where there is no signature.
        walk: the chain of sections.
        set_id: identifier of the acquisition, zeros where it is not known.
        id_slack_bytes: so many bytes of it may differ, where damage in it cannot be told.
    """

    written_number: Callable[[SegmentFiles, int], int]
    walk: Callable[[SegmentFiles, int], Chain]
    set_id: Callable[[SegmentFiles, Segment], bytes]
    id_slack_bytes: int = 0


def gather(
    files: SegmentFiles, numbers: list[int], dialect: Dialect
) -> tuple[tuple[Segment, ...], tuple[DamagedRange, ...]]:
    """Walk all segments in order; what is not of this set counts as missing.

    The number in the file header is believed over the file name, as long as no two agree.
    Segments after the one that ends the set are of another set and are left out.
    """
    written = [dialect.written_number(files, index) for index in range(len(numbers))]
    known = [number for number in written if number]
    trusted = len(set(known)) == len(known)
    found: list[Segment] = []
    notes: list[DamagedRange] = []
    for index, by_name in enumerate(numbers):
        shown = printable(files.paths[index].name)
        if not written[index] and files.sizes_bytes[index] == 0:
            notes.append(note(DamageKind.MISSING_SEGMENT, f"{shown} is empty"))
            continue
        if not written[index]:
            notes.append(note(DamageKind.SECTION_CHECKSUM, f"{shown} has no EWF signature"))
        number = written[index] if trusted and written[index] else by_name
        if number != by_name:
            notes.append(
                note(DamageKind.SECTION_CHECKSUM, f"{shown} says that it is segment {number}")
            )
        found.append(Segment(number=number, index=index, chain=dialect.walk(files, index)))
    return _of_one_set(files, sorted(found, key=lambda one: one.number), notes, dialect)


def _of_one_set(
    files: SegmentFiles, found: list[Segment], notes: list[DamagedRange], dialect: Dialect
) -> tuple[tuple[Segment, ...], tuple[DamagedRange, ...]]:
    kept: list[Segment] = []
    set_id = bytes(16)
    for segment in found:
        if kept and kept[-1].chain.ending == "done":
            shown = printable(files.paths[segment.index].name)
            notes.append(note(DamageKind.SECTION_CHECKSUM, f"{shown} lies after the last segment"))
            continue
        own = dialect.set_id(files, segment)
        differing = sum(one != other for one, other in zip(own, set_id, strict=True))
        if any(own) and any(set_id) and differing > dialect.id_slack_bytes:
            shown = printable(files.paths[segment.index].name)
            detail = f"{shown} belongs to another acquisition"
            notes.append(note(DamageKind.MISSING_SEGMENT, detail))
            continue
        set_id = own if any(own) else set_id
        kept.append(segment)
    return tuple(kept), tuple(notes)


def sections_of(
    segments: tuple[Segment, ...], kinds: tuple[str, ...]
) -> Iterator[tuple[Segment, Section]]:
    """Give the sections of some kinds in the order of the set."""
    for segment in segments:
        for section in segment.chain.sections:
            if section.kind in kinds:
                yield segment, section


def fact(files: SegmentFiles, segment: Segment, section: Section) -> bytes:
    """Read a small section whole, a hostile one up to a limit."""
    return read_section(files, segment.index, section, MAX_HEADER_BYTES)


def pieces_of(
    segments: tuple[Segment, ...], inside: Callable[[Segment], Iterator[Table | Gap]]
) -> Iterator[Table | Gap]:
    """Give tables and gaps in the order of the medium.

    Args:
        inside: gives those of one segment.
    """
    expected = 1
    for segment in segments:
        if segment.number > expected:
            names = _missing_words(expected, segment.number - 1)
            yield Gap(kind=DamageKind.MISSING_SEGMENT, detail=names)
        expected = segment.number + 1
        yield from inside(segment)
    if not segments or segments[-1].chain.ending == "next":
        words = f"segment {expected} and what follows is missing"
        yield Gap(kind=DamageKind.MISSING_SEGMENT, detail=words)


def _missing_words(first: int, last: int) -> str:
    if first == last:
        return f"segment {first} is missing"
    return f"segments {first} to {last} are missing"


def descriptor_damage(segments: tuple[Segment, ...]) -> Iterator[DamagedRange]:
    """Name the section descriptors that fail their checksums."""
    for segment in segments:
        for kind in segment.chain.hurt:
            what = "a section descriptor is unreadable" if kind == "?" else f"section {kind}"
            words = what if kind == "?" else f"the descriptor of {what} fails its checksum"
            yield note(DamageKind.SECTION_CHECKSUM, f"segment {segment.number}: {words}")


def acquisition_errors(
    ranges: Iterable[tuple[int, int]], geometry: Geometry, media_bytes: int
) -> Iterator[DamagedRange]:
    """Name ranges of sectors that the imager could not read from the device."""
    for first, count in ranges:
        start = min(first * geometry.sector_bytes, media_bytes)
        end = min(start + count * geometry.sector_bytes, media_bytes)
        yield DamagedRange(
            offset_bytes=start,
            length_bytes=end - start,
            kind=DamageKind.ACQUISITION_ERROR,
            detail="the imager could not read the device here",
        )


def note(kind: DamageKind, detail: str) -> DamagedRange:
    """Name damage of the structure that by itself costs no data."""
    return DamagedRange(offset_bytes=0, length_bytes=0, kind=kind, detail=detail)
