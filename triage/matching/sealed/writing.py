"""The columns of a sealed pack: keyed digests in new order, categories, encrypted pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.column import ColumnWriter
from triage.matching.columns import ValuesWriter
from triage.matching.index import Numbers
from triage.matching.keytable import KeyTable
from triage.matching.manifest import PackFile
from triage.matching.sealed.cipher import Place, encrypted
from triage.matching.sealed.key import SealKey
from triage.matching.sealed.keyed import KeyedDigests
from triage.matching.sealed.pictures import FLAGS_COLUMN, digests_column, records_column
from triage.matching.sealed.source import ClearPack
from triage.matching.sorting import RUN_ROWS
from triage.model.digest import Algorithm

CHUNK_RECORDS = 1 << 17

KEPT_FLAGS = layout.HAS_CODE | 3 << layout.TRUSTED_SHIFT
"""What grading needs of a record beside its code."""
PICTURE_FLAGS = 3 << layout.RECIPE_SHIFT | layout.QUALITY_MASK << layout.QUALITY_SHIFT
"""What the comparison of pictures needs; encrypted with them."""


class Written(NamedTuple):
    """What was written: the files, and distinct digests by algorithm."""

    files: tuple[PackFile, ...]
    rows: tuple[tuple[str, int], ...]


class SealedWriter:
    """Writes the columns of a sealed pack, one kind after another.

    Args:
        source: the pack in the clear.
        folder: an empty folder on the file system of the packs; nothing that is written to it,
            not even for a moment, holds a digest.
        order: the records of the source in the order of the sealed pack.
    """

    def __init__(self, source: ClearPack, folder: Path, order: Numbers) -> None:
        self._source = source
        self._folder = folder
        self._order = order
        self._places = np.empty(len(order), np.int64)
        self._places[order] = np.arange(len(order))
        self._files: list[PackFile] = []
        self._rows: list[tuple[str, int]] = []

    def finish(self) -> Written:
        """Give what was written."""
        files = tuple(sorted(self._files, key=lambda file: file.name))
        return Written(files, tuple(self._rows))

    def exact(self, keyed: KeyedDigests, on_digests: Callable[[int], None]) -> None:
        """Write the keyed form of all exact digests.

        Args:
            on_digests: called now and then with the number of digests done since the last call.
        """
        for name in self._source.exact():
            table = KeyTable(self._folder, name, run_rows=RUN_ROWS)
            with closing(table):
                self._fill(table, name, keyed, on_digests)
                distinct, files = table.finish(self._source.count, None)
            self._files += files
            self._rows.append((name, distinct))

    def facts(self, *, with_sizes: bool) -> None:
        """Write codes, and what else grading needs; sizes only where they are wanted."""
        flags = self._source.values(layout.FLAGS)
        if flags is not None:
            kept = KEPT_FLAGS | (layout.HAS_SIZE if with_sizes else 0)
            self._values(layout.FLAGS, flags[self._order] & kept)
        sizes = self._source.values(layout.SIZES)
        if sizes is not None and with_sizes:
            self._values(layout.SIZES, sizes[self._order])
        codes = self._source.values(layout.CODES)
        if codes is not None:
            self._codes(codes[self._order].astype(np.int64))

    def pictures(self, key: SealKey, pack: str) -> None:
        """Write the digests of pictures, whose records they are, and how good, encrypted.

        Args:
            pack: ``name@version`` of the sealed pack.
        """
        for name in self._source.visual():
            digests = self._source.pictures(name)
            distinct = 1 + int(np.count_nonzero((digests[1:] != digests[:-1]).any(axis=1)))
            self._rows.append((name, distinct))
            self._encrypt(key, Place(pack, digests_column(name)), digests.tobytes())
            holders = self._places[self._source.records(name)].astype("<u4")
            self._encrypt(key, Place(pack, records_column(name)), holders.tobytes())
        if self._source.visual():
            flags = self._source.values(layout.FLAGS)
            flags = np.zeros(self._source.count, "<u4") if flags is None else flags[self._order]
            of_pictures = (flags & PICTURE_FLAGS).astype("<u4")
            self._encrypt(key, Place(pack, FLAGS_COLUMN), of_pictures.tobytes())

    def _fill(
        self,
        table: KeyTable,
        name: Algorithm,
        keyed: KeyedDigests,
        on_digests: Callable[[int], None],
    ) -> None:
        places = self._places[self._source.records(name)]
        rows = np.argsort(places)
        places = places[rows]
        for first in range(0, self._source.count, CHUNK_RECORDS):
            last = min(first + CHUNK_RECORDS, self._source.count)
            low, high = np.searchsorted(places, (first, last)).tolist()
            present = np.zeros(last - first, bool)
            present[places[low:high] - first] = True
            clear = self._source.digests(name, rows[low:high])
            values = np.frombuffer(keyed.joined(name, clear.tobytes()), np.uint8)
            table.add(values.reshape(clear.shape), present, first)
            on_digests(high - low)

    def _codes(self, numbers: Numbers) -> None:
        """Write codes by numbers that follow their spelling, not their order in the list."""
        used, which = np.unique(numbers, return_inverse=True)
        texts = self._source.strings(used)
        spelled = sorted({text for text in texts if text})
        of_text = {"": 0} | {text: number for number, text in enumerate(spelled, 1)}
        own = np.array([of_text[text] for text in texts], np.uint32)
        self._values(layout.CODES, own[which])
        if not spelled:
            return
        raw = [text.encode("utf-8", "surrogatepass") for text in spelled]
        ends = np.cumsum([0, *map(len, raw)]).astype("<u8")
        self._column(layout.STRING_TEXT, 1, raw)
        self._column(layout.STRING_ENDS, 8, [ends.tobytes()])

    def _values(self, name: str, values: NDArray[Any]) -> None:
        writer = ValuesWriter(self._folder, name, layout.RECORD_DTYPES[name])
        with closing(writer):
            writer.append(values, len(values))
            self._files += writer.finish()

    def _encrypt(self, key: SealKey, place: Place, plain: bytes) -> None:
        self._column(place.column, 1, encrypted(key, place, plain))

    def _column(self, name: str, width: int, pieces: Iterable[bytes]) -> None:
        writer = ColumnWriter(self._folder, name, width)
        with closing(writer):
            for piece in pieces:
                writer.append(piece)
            self._files.append(writer.finish())
