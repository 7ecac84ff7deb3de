"""The index of look-alikes of one algorithm in one pack: built at import, mapped ever after."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.column import Column, column_path
from triage.matching.eligible import RADIUS_BITS
from triage.matching.index import Numbers, RadiusIndex
from triage.matching.indexes import SCAN_ROWS, BandRadius, ChosenScan
from triage.matching.indexes.bandtable import TABLE_PARTS, band_table
from triage.matching.manifest import PackFile
from triage.matching.nearchoice import Choice, Listed, choice_of, tables_of, wanted_of
from triage.matching.nearcolumns import Opener, read_near, write_near
from triage.model.digest import Algorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """The digests that may be look-alikes, by the numbers of their rows among all digests.

    Attributes:
        index: answers with the first row of each digest.
        ends: end of the run of equal digests that each row belongs to; ``None`` where all differ.
        recipes: places in ``layout.RECIPES`` that occur among the eligible records.
    """

    index: RadiusIndex
    ends: NDArray[np.uint32] | None
    recipes: frozenset[int]

    def ends_of(self, rows: Numbers) -> Numbers:
        """Give where the runs of equal digests end that start at rows."""
        return rows + 1 if self.ends is None else self.ends[rows].astype(np.int64)


def near_of(listed: Listed, opened: Opener) -> Near:
    """Map the index of a pack; build it in memory where the pack holds none.

    Raises:
        HashSetError: the columns do not belong together, or would not find every look-alike.
    """
    stored = read_near(listed, opened)
    if stored is not None:
        index, choice = stored
    else:
        choice = choice_of(listed)
        radius = RADIUS_BITS[listed.algorithm]
        if len(choice.rows) <= SCAN_ROWS:
            index = ChosenScan(listed.digests, radius, choice.rows)
        else:
            built = list(tables_of(listed, choice.rows))
            plan, tables = tuple(band for band, _ in built), [table for _, table in built]
            wanted = wanted_of(listed, choice.ends)
            index = BandRadius(listed.digests, radius, plan, tables, wanted=wanted)
    return Near(index=index, ends=choice.ends, recipes=choice.recipes)


def index_near(folder: Path, algorithm: Algorithm) -> list[PackFile]:
    """Add the index to a pack whose digests and records are complete; nothing where it has none."""
    with ExitStack() as opened:
        listed = _listed(algorithm, _opener(folder, opened))
        return [] if listed is None else write_near(folder, listed)


def near_problem(folder: Path, algorithm: Algorithm) -> str:
    """Build the index again and say how the stored one differs; ``""`` where it does not.

    Raises:
        HashSetError: the columns do not belong together, or would not find every look-alike.
    """
    with ExitStack() as opened:
        column = _opener(folder, opened)
        listed = _listed(algorithm, column)
        stored = None if listed is None else read_near(listed, column)
        if listed is None or stored is None:
            return "there is no index of look-alikes"
        return _difference(listed, *stored)


def _difference(listed: Listed, index: RadiusIndex, choice: Choice) -> str:
    wanted = choice_of(listed)
    if choice.recipes != wanted.recipes or not _same(choice.ends, wanted.ends):
        return "what is said of its look-alikes does not fit"
    if not isinstance(index, BandRadius):
        same = np.array_equal(choice.rows, wanted.rows)
        return "" if same else "digests that may be look-alikes are left out"
    for band, table in zip(index.plan, index.tables, strict=True):
        built = band_table(listed.digests, band, wanted.rows)
        if not all(_same(getattr(table, part), getattr(built, part)) for part in TABLE_PARTS):
            return "a band of its look-alikes does not fit the digests"
    return ""


def _same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def _opener(folder: Path, opened: ExitStack) -> Opener:
    def column(name: str, kind: str | None) -> NDArray[Any] | None:
        path = column_path(folder, name)
        return opened.enter_context(Column(path, kind)).array if path.exists() else None

    return column


def _listed(algorithm: Algorithm, column: Opener) -> Listed | None:
    digests = column(layout.digests_name(algorithm), None)
    if digests is None:
        return None
    records = column(layout.records_name(algorithm), "<u4")
    flags = column(layout.FLAGS, layout.RECORD_DTYPES[layout.FLAGS])

    def flags_of(rows: Numbers) -> Numbers:
        holders = rows if records is None else records[rows]
        return np.zeros(len(rows), np.int64) if flags is None else flags[holders].astype(np.int64)

    return Listed(algorithm=algorithm, digests=digests, flags_of=flags_of)
