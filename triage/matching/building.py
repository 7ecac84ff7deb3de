"""Write the columns of a pack, record by record or batch by batch, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching import layout
from triage.matching.batch import DigestBatch
from triage.matching.column import ColumnWriter
from triage.matching.columns import ValuesWriter
from triage.matching.keytable import CarriedTable, KeyTable, VisualTable
from triage.matching.manifest import PackFile
from triage.matching.near import index_near
from triage.matching.sorting import RUN_ROWS
from triage.model.digest import EXACT, Algorithm
from triage.model.hashset import ReferenceRecord

MAX_RECORDS = 2**32 - 1

_KNOWN_STRINGS = 200_000
_KNOWN_STRING_LENGTH = 256


class PackBuilder:
    """Takes records in batches; the same records give the same bytes, however they are batched.

    Args:
        folder: an empty folder on the file system of the packs.
        run_rows: digests of a kind that are held before they are spilled to the disk.
    """

    def __init__(self, folder: Path, *, run_rows: int = RUN_ROWS) -> None:
        self._folder = folder
        self._columns = {
            name: ValuesWriter(folder, name, kind) for name, kind in layout.RECORD_DTYPES.items()
        }
        self._strings = _Strings(folder)
        self._tables: dict[str, KeyTable | VisualTable | CarriedTable] = {
            **{str(name): KeyTable(folder, name, run_rows=run_rows) for name in EXACT},
            **{str(name): VisualTable(folder, name, run_rows=run_rows) for name in layout.VISUAL},
            layout.PHOTODNA: CarriedTable(folder, layout.PHOTODNA),
        }
        self.files: tuple[PackFile, ...] = ()
        self.count = 0
        self.with_size = 0

    def add(self, records: Sequence[ReferenceRecord]) -> None:
        """Append records.

        Raises:
            HashSetError: a digest of the wrong length, or more records than a pack can number.
        """
        self._check_room(len(records))
        number = self._strings.number
        # Record by record, so that the numbers of strings do not depend on the way of batching.
        strings = [
            (number(record.code or ""), number(record.series), number(record.tags))
            for record in records
        ]
        self._column(layout.FLAGS, [layout.flags_of(record) for record in records])
        self._column(layout.SIZES, [record.size_bytes or 0 for record in records])
        for place, name in enumerate((layout.CODES, layout.SERIES, layout.TAGS)):
            self._column(name, [numbers[place] for numbers in strings])
        for name, digests in _digests(records):
            present = np.array([digest is not None for digest in digests], bool)
            if present.any():
                rows = _rows([digest for digest in digests if digest is not None], name)
                self._tables[name].add(rows, present, self.count)
        self.with_size += sum(record.size_bytes is not None for record in records)
        self.count += len(records)

    def add_batch(self, batch: DigestBatch) -> None:
        """Append records that are given in columns.

        Raises:
            HashSetError: digests of another shape than announced, or more records than a pack can
                number.
        """
        self._check_room(batch.count)
        if not batch.count:
            return
        for algorithm, rows in batch.digests.items():
            if rows.shape != (batch.count, layout.DIGEST_WIDTHS[algorithm]):
                raise HashSetError(
                    f"a batch of {batch.count} records has other {algorithm} digests"
                )
        given = self._values(batch)
        for name, column in self._columns.items():
            column.append(given.get(name), batch.count)
        present = np.ones(batch.count, bool)
        for algorithm, rows in batch.digests.items():
            self._tables[algorithm].add(rows, present, self.count)
        self.count += batch.count

    def finish(
        self, on_sorted: Callable[[int, int], None] | None = None
    ) -> tuple[tuple[str, int], ...]:
        """Sort, complete all files, bring all to the disk; give distinct digests by algorithm.

        Args:
            on_sorted: called with the digests that are in their place, and how many there are.
        """
        files = [file for column in self._columns.values() for file in column.finish()]
        files += self._strings.finish()
        total, before = sum(table.count for table in self._tables.values()), 0
        rows = []
        for name, table in self._tables.items():
            told = None if on_sorted is None else _shifted(on_sorted, before, total)
            distinct, written = table.finish(self.count, told)
            files += written
            before += table.count
            if distinct:
                rows.append((name, distinct))
        for algorithm in layout.VISUAL:
            files += index_near(self._folder, algorithm)
        self.files = tuple(sorted(files, key=lambda file: file.name))
        return tuple(rows)

    def close(self) -> None:
        """Let go of all files, finished or not, so that the folder can be deleted."""
        for part in (*self._columns.values(), self._strings, *self._tables.values()):
            part.close()

    def _check_room(self, count: int) -> None:
        if self.count + count > MAX_RECORDS:
            raise HashSetError(f"a pack holds at most {MAX_RECORDS} records")

    def _column(self, name: str, values: list[int]) -> None:
        try:
            numbers = np.array(values, layout.RECORD_DTYPES[name])
        except OverflowError as error:
            raise HashSetError(f"a record has a value out of range for its {name}") from error
        self._columns[name].append(numbers, len(numbers))

    def _values(self, batch: DigestBatch) -> dict[str, NDArray[Any]]:
        """Give the record columns of a batch; those that are zero throughout may be left out."""
        given: dict[str, NDArray[Any]] = {}
        flags = np.zeros(batch.count, np.uint32)
        if batch.sizes is not None:
            sized = batch.sizes >= 0
            flags[sized] |= np.uint32(layout.HAS_SIZE)
            given[layout.SIZES] = np.maximum(batch.sizes, 0)
            self.with_size += int(np.count_nonzero(sized))
        if batch.codes is not None:
            flags[batch.codes >= 0] |= np.uint32(layout.HAS_CODE)
            given[layout.CODES] = self._codes(batch.codes, batch.code_words)
        return given if not given else {layout.FLAGS: flags, **given}

    def _codes(self, codes: NDArray[np.int32], words: tuple[str, ...]) -> NDArray[np.uint32]:
        """Give the number of the string of each record's code; 0 where it has none."""
        numbers = np.zeros(len(words) + 1, np.uint32)  # the last one is that of code -1
        used, first = np.unique(codes, return_index=True)
        for place in used[np.argsort(first)].tolist():
            if place >= 0:
                numbers[place] = self._strings.number(words[place])
        return numbers[codes]


class _Strings:
    """Numbers strings; a string is nearly always stored once, and memory stays bounded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: tuple[ColumnWriter, ColumnWriter] | None = None
        self._known = {"": 0}

    def number(self, text: str) -> int:
        known = self._known.get(text)
        if known is not None:
            return known
        if len(self._known) > _KNOWN_STRINGS:
            self._known = {"": 0}
        texts, ends = self._opened()
        number = ends.count
        texts.append(text.encode("utf-8", "surrogatepass"))
        ends.append(texts.count.to_bytes(8, "little"))
        if len(text) <= _KNOWN_STRING_LENGTH:
            self._known[text] = number
        return number

    def close(self) -> None:
        for writer in self._writers or ():
            writer.close()

    def finish(self) -> list[PackFile]:
        return [writer.finish() for writer in self._writers or ()]

    def _opened(self) -> tuple[ColumnWriter, ColumnWriter]:
        if self._writers is None:
            texts = ColumnWriter(self._folder, layout.STRING_TEXT, 1)
            self._writers = texts, ColumnWriter(self._folder, layout.STRING_ENDS, 8)
            self._writers[1].append(bytes(8))
        return self._writers


def _digests(
    records: Sequence[ReferenceRecord],
) -> tuple[tuple[str, list[bytes | None]], ...]:
    return (
        (Algorithm.MD5, [record.md5 for record in records]),
        (Algorithm.SHA1, [record.sha1 for record in records]),
        (Algorithm.SHA256, [record.sha256 for record in records]),
        (Algorithm.PDQ, [None if record.pdq is None else record.pdq.bits for record in records]),
        (Algorithm.PHASH, [record.phash for record in records]),
        (layout.PHOTODNA, [record.photodna for record in records]),
    )


def _rows(digests: list[bytes], name: str) -> NDArray[np.uint8]:
    width = layout.DIGEST_WIDTHS[name]
    if any(len(digest) != width for digest in digests):
        raise HashSetError(f"a record has a {name} that is not {width} bytes long")
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, width)


def _shifted(
    on_sorted: Callable[[int, int], None], before: int, total: int
) -> Callable[[int], None]:
    return lambda rows: on_sorted(before + rows, total)
