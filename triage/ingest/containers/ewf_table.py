"""One chunk table of an EWF image as it was found, of any version: light to import."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of chunk offsets, resolved from its one or two copies.

    Attributes:
        segment: index of the segment file.
        entries_offset: where the entries lie in that file.
        alternate_offset: the other copy of the entries where neither agrees with its checksum.
        first_cut: first entry whose chunk starts past the end of the file; ``count`` if none.
        base: added to each offset (EWF1).
        overflow_from: from this entry on offsets use all 32 bits and chunks are stored (EWF1).
        data_end: first byte after the last chunk, as far as the sections tell (EWF1).
        first_chunk: number of the first chunk where the table tells it (EWF2).
        sound: the entries agree with their checksum, so that they may be believed by themselves.
        damage: words for what is wrong with the copies, ``""`` where all is well.
    """

    segment: int
    entries_offset: int
    alternate_offset: int | None = None
    count: int
    first_cut: int
    base: int = 0
    overflow_from: int = 0
    data_end: int = 0
    first_chunk: int | None = None
    sound: bool = True
    damage: str = ""
