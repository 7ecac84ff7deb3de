"""Entries of the chunk tables of an EWF image, decoded page by page as compact arrays."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from triage.ingest.containers.ewf_table import Table
from triage.ingest.containers.ewf_tables import COMPRESSED, OFFSET_BITS, read_entries
from triage.ingest.containers.files import SegmentFiles

PAGE_ENTRIES = 4_096
CACHED_PAGES = 256
"""A million chunks of 13 bytes each: what is decoded of the tables stays under 14 MiB."""

STORED, PACKED, FILLED, BARE = 0, 1, 2, 3
"""With a checksum behind it; compressed; filled with a pattern; stored without a checksum."""

KIND_BITS, JOINS = 3, 4
"""The lower bits of a flag tell the kind; ``JOINS``: lies past the chunk before it."""

_MOST = np.iinfo(np.int32).max

Starts = np.ndarray[tuple[int], np.dtype[np.int64]]
Kinds = np.ndarray[tuple[int], np.dtype[np.uint8]]
PageLoader = Callable[[SegmentFiles, Table, int, int], "Page"]
"""Takes the files, a table, where its entries lie, and the first entry wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Decoded entries of a part of a table: 13 bytes for each chunk.

    Attributes:
        first: number of the first entry within its table.
        starts: where the chunk starts in its file; where it is filled, the pattern of 8 bytes.
        sizes: bytes it takes there as far as the entries tell, 0 where they make no sense.
        flags: its kind, and whether it joins the chunk before.
    """

    first: int
    starts: Starts
    sizes: np.ndarray[tuple[int], np.dtype[np.int32]]
    flags: Kinds

    @classmethod
    def of(cls, first: int, starts: Starts, ends: Starts, kinds: Kinds) -> Page:
        """Make a page of where chunks start and end."""
        sizes = np.clip(ends - starts, 0, _MOST).astype(np.int32)
        plain = (kinds == STORED) | (kinds == PACKED)
        joins = np.zeros(len(starts), dtype=np.uint8)
        joins[1:] = (starts[1:] > starts[:-1]) & (sizes[1:] > 0) & plain[1:] & plain[:-1]
        return cls(first, starts, sizes, kinds | joins * np.uint8(JOINS))


class Pages:
    """The pages of all tables, the most recently used ones kept."""

    def __init__(self, files: SegmentFiles, load: PageLoader) -> None:
        self._files = files
        self._load = load
        self._pages: OrderedDict[tuple[int, int, int], Page] = OrderedDict()

    def page(self, table: Table, entry: int, *, alternate: bool = False) -> Page:
        """Give the page that holds an entry; shorter where the disk or the file ends."""
        where = table.alternate_offset if alternate else table.entries_offset
        first = entry // PAGE_ENTRIES * PAGE_ENTRIES
        key = (table.segment, where or 0, first)
        found = self._pages.get(key)
        if found is None:
            found = self._pages[key] = self._load(self._files, table, where or 0, first)
            if len(self._pages) > CACHED_PAGES:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(key)
        return found


def load_page(files: SegmentFiles, table: Table, entries_offset: int, first: int) -> Page:
    """Decode entries of EWF1: 31 bits of offset, one for compression.

    A chunk ends where the next one starts, the last one where the data ends.
    """
    last = min(first + PAGE_ENTRIES + 1, table.count)
    raw = read_entries(files, table.segment, entries_offset, first, last)
    starts = (raw & OFFSET_BITS).astype(np.int64)
    kinds = ((raw & COMPRESSED) != 0).astype(np.uint8)
    full = max(0, table.overflow_from - first)
    starts[full:] = raw[full:]
    kinds[full:] = STORED
    starts += table.base
    ends = np.append(starts[1:], table.data_end)[:PAGE_ENTRIES]
    return Page.of(first, starts[:PAGE_ENTRIES], ends, kinds[:PAGE_ENTRIES])
