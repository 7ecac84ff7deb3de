"""Columns of a pack that hold an index of look-alikes, written band by band and mapped whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching.column import ColumnWriter
from triage.matching.eligible import RADIUS_BITS
from triage.matching.index import RadiusIndex, Rows
from triage.matching.indexes import SCAN_ROWS, BandRadius, ChosenScan
from triage.matching.indexes.bandplan import Band, Plan, is_exact
from triage.matching.indexes.bandtable import BandTable, blocks_of
from triage.matching.manifest import PackFile
from triage.matching.nearchoice import Choice, Listed, choice_of, tables_of, wanted_of

PLAN, LOWS, BLOCKS, WIDE, TAGS, IDS = "plan", "lows", "blocks", "wide", "tags", "ids"
CHOSEN, ENDS, RECIPES = "chosen", "ends", "recipes"
WIDTHS = {PLAN: 20, LOWS: 2, BLOCKS: 4, WIDE: 16, TAGS: 2, CHOSEN: 4, ENDS: 4, RECIPES: 1}

Opener = Callable[[str, str | None], NDArray[Any] | None]
"""Gives a column by name and kind; ``None`` where there is none."""


def near_name(algorithm: str, part: str) -> str:
    """Name a column of the index."""
    return f"{algorithm}-near-{part}"


def write_near(folder: Path, listed: Listed) -> list[PackFile]:
    """Build the index and write its columns."""
    choice = choice_of(listed)
    writers = _Writers(folder, listed.algorithm)
    try:
        writers.append(RECIPES, np.array(sorted(choice.recipes), np.uint8))
        if choice.ends is not None:
            writers.append(ENDS, choice.ends.astype("<u4", copy=False))
        if len(choice.rows) <= SCAN_ROWS:
            writers.append(CHOSEN, choice.rows.astype("<u4"))
        else:
            for place, (band, table) in enumerate(tables_of(listed, choice.rows)):
                writers.append_band(place, band, table)
        return writers.finish()
    finally:
        writers.close()


def read_near(listed: Listed, opened: Opener) -> tuple[RadiusIndex, Choice] | None:
    """Map the columns; ``None`` where the pack holds no index.

    Raises:
        HashSetError: the columns do not belong together, or would not find every look-alike.
    """

    def column(part: str, kind: str | None) -> NDArray[Any] | None:
        return opened(near_name(listed.algorithm, part), kind)

    present = column(RECIPES, "u1")
    if present is None:
        return None
    ends, chosen = column(ENDS, "<u4"), column(CHOSEN, "<u4")
    rows = np.empty(0, np.int64) if chosen is None else chosen.astype(np.int64)
    choice = Choice(rows=rows, ends=ends, recipes=frozenset(present.tolist()))
    if chosen is None:
        return _mapped(listed, ends, column), choice
    return ChosenScan(listed.digests, RADIUS_BITS[listed.algorithm], rows), choice


class _Writers:
    """Columns that are opened when something goes into them."""

    def __init__(self, folder: Path, algorithm: str) -> None:
        self._folder = folder
        self._algorithm = algorithm
        self._open: dict[str, ColumnWriter] = {}

    def append(self, part: str, items: NDArray[Any]) -> None:
        if part not in self._open:
            width = WIDTHS.get(part) or items.shape[1]
            self._open[part] = ColumnWriter(self._folder, near_name(self._algorithm, part), width)
        self._open[part].append(items)

    def append_band(self, place: int, band: Band, table: BandTable) -> None:
        facts = (band.first_bit, band.key_bits, band.radius_bits, band.tag_bit, band.most_bits)
        self.append(PLAN, np.array(facts, "<u4"))
        self.append(LOWS, table.lows.astype("<u2", copy=False))
        self.append(BLOCKS, table.blocks.astype("<u4", copy=False))
        self.append(TAGS, table.tags.astype("<u2", copy=False))
        self.append(IDS, table.ids)
        if len(table.wide):
            places = np.full(len(table.wide), place)
            self.append(WIDE, np.column_stack([places, table.wide]).astype("<u4"))

    def finish(self) -> list[PackFile]:
        return [writer.finish() for writer in self._open.values()]

    def close(self) -> None:
        for writer in self._open.values():
            writer.close()


def _mapped(listed: Listed, ends: NDArray[np.uint32] | None, column: Opener) -> BandRadius:
    radius = RADIUS_BITS[listed.algorithm]
    facts = column(PLAN, None)
    lows, blocks = column(LOWS, "<u2"), column(BLOCKS, "<u4")
    tags, ids = column(TAGS, "<u2"), column(IDS, None)
    if facts is None or lows is None or blocks is None or tags is None or ids is None:
        raise HashSetError(f"the index of look-alikes by {listed.algorithm} is missing")
    plan = _plan(facts)
    found = column(WIDE, None)
    wide = np.empty((0, 4), np.uint32) if found is None else found.view("<u4").reshape(-1, 4)
    entries = len(tags) // max(1, len(plan))
    fits = (
        is_exact(plan, listed.digests.shape[1] * 8, radius)
        and len(tags) == len(ids) == entries * len(plan)
        and len(lows) == sum(band.buckets + 1 for band in plan)
        and len(blocks) == sum(blocks_of(band) for band in plan)
    )
    if not fits:
        raise HashSetError(f"the index of look-alikes by {listed.algorithm} does not add up")
    tables: list[BandTable] = []
    low = block = 0
    for place, band in enumerate(plan):
        part = slice(place * entries, (place + 1) * entries)
        tables.append(
            BandTable(
                lows=lows[low : low + band.buckets + 1],
                blocks=blocks[block : block + blocks_of(band)],
                wide=wide[wide[:, 0] == place, 1:],
                tags=tags[part],
                ids=ids[part],
            )
        )
        low += band.buckets + 1
        block += blocks_of(band)
    wanted = wanted_of(listed, ends)
    return BandRadius(listed.digests, radius, plan, tables, wanted=wanted)


def _plan(facts: Rows) -> Plan:
    numbers = facts.view("<u4").reshape(-1, 5).tolist()
    return tuple(
        Band(first_bit=first, key_bits=key, radius_bits=radius, tag_bit=tag, most_bits=most)
        for first, key, radius, tag, most in numbers
    )
