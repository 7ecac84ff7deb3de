"""Write the columns of a pack, record by record, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching import layout
from triage.matching.column import Column, ColumnWriter, column_path
from triage.matching.index import prefixes_of
from triage.matching.sorting import RUN_PAIRS, PairSorter
from triage.model.digest import Algorithm
from triage.model.hashset import ReferenceRecord

MAX_RECORDS = 2**32 - 1
_KNOWN_STRINGS = 200_000
_KNOWN_STRING_LENGTH = 256
_COUNT_BLOCK = 1 << 20


class PackBuilder:
    """Takes records in batches; the same records give the same bytes, however they are batched.

    Args:
        folder: an empty folder on the file system of the packs.
        run_pairs: pairs that are sorted in memory before they are spilled.
    """

    def __init__(self, folder: Path, *, run_pairs: int = RUN_PAIRS) -> None:
        self._folder = folder
        self._columns = {
            name: ColumnWriter(folder, name, np.dtype(kind).itemsize)
            for name, kind in layout.RECORD_DTYPES.items()
        }
        self._used: set[str] = set()
        self._strings = _Strings(folder)
        self._tables = {
            name: _Table(folder, name, width, run_pairs)
            for name, width in layout.DIGEST_WIDTHS.items()
        }
        self.count = 0
        self.with_size = 0

    def add(self, records: Sequence[ReferenceRecord]) -> None:
        """Append records.

        Raises:
            HashSetError: a digest of the wrong length, or more records than a pack can number.
        """
        if self.count + len(records) > MAX_RECORDS:
            raise HashSetError(f"a pack holds at most {MAX_RECORDS} records")
        number = self._strings.number
        self._column(layout.FLAGS, [layout.flags_of(record) for record in records])
        self._column(layout.SIZES, [record.size_bytes or 0 for record in records])
        self._column(layout.CODES, [number(record.code or "") for record in records])
        self._column(layout.SERIES, [number(record.series) for record in records])
        self._column(layout.TAGS, [number(record.tags) for record in records])
        for name, digests in _digests(records):
            self._tables[name].add(digests, self.count)
        self.with_size += sum(record.size_bytes is not None for record in records)
        self.count += len(records)

    def finish(self) -> tuple[tuple[str, int], ...]:
        """Sort, write all headers, bring all to the disk; give distinct digests by algorithm."""
        for name, writer in self._columns.items():
            _finish_or_drop(writer, keep=name in self._used)
        self._strings.finish()
        rows = []
        for name, table in self._tables.items():
            table.finish(self.count)
            if table.count and name != layout.PHOTODNA:
                rows.append((name, _distinct(self._folder, name)))
        return tuple(rows)

    def close(self) -> None:
        """Let go of all files, finished or not, so that the folder can be deleted."""
        for writer in self._columns.values():
            writer.close()
        self._strings.close()
        for table in self._tables.values():
            table.close()

    def _column(self, name: str, values: list[int]) -> None:
        if any(values):
            self._used.add(name)
        try:
            self._columns[name].append(np.array(values, layout.RECORD_DTYPES[name]))
        except OverflowError as error:
            raise HashSetError(f"a record has a value out of range for its {name}") from error


class _Strings:
    """Numbers strings; a string is nearly always stored once, and memory stays bounded."""

    def __init__(self, folder: Path) -> None:
        self._text = ColumnWriter(folder, layout.STRING_TEXT, 1)
        self._ends = ColumnWriter(folder, layout.STRING_ENDS, 8)
        self._ends.append(bytes(8))
        self._known = {"": 0}

    def number(self, text: str) -> int:
        known = self._known.get(text)
        if known is not None:
            return known
        if len(self._known) > _KNOWN_STRINGS:
            self._known = {"": 0}
        number = self._ends.count
        self._text.append(text.encode("utf-8", "surrogatepass"))
        self._ends.append(self._text.count.to_bytes(8, "little"))
        if len(text) <= _KNOWN_STRING_LENGTH:
            self._known[text] = number
        return number

    def close(self) -> None:
        self._text.close()
        self._ends.close()

    def finish(self) -> None:
        keep = self._ends.count > 1
        _finish_or_drop(self._text, keep=keep)
        _finish_or_drop(self._ends, keep=keep)


class _Table:
    """The digests of one algorithm, whose records they are, and their sorted prefixes."""

    def __init__(self, folder: Path, name: str, width: int, run_pairs: int) -> None:
        self._folder = folder
        self._name = name
        self._digests = ColumnWriter(folder, layout.digests_name(name), width)
        self._records = ColumnWriter(folder, layout.records_name(name), 4)
        self._sorter = PairSorter(folder, name, run_pairs=run_pairs)

    @property
    def count(self) -> int:
        return self._digests.count

    def add(self, digests: list[bytes | None], first_record: int) -> None:
        present = [number for number, digest in enumerate(digests) if digest is not None]
        if not present:
            return
        width = self._digests.width
        rows = _rows([digest for digest in digests if digest is not None], width, self._name)
        if self._name != layout.PHOTODNA:
            self._sorter.add(prefixes_of(rows), self.count)
        self._digests.append(rows)
        self._records.append(np.array(present, "<u4") + np.uint32(first_record))

    def close(self) -> None:
        self._digests.close()
        self._records.close()

    def finish(self, records: int) -> None:
        keep = self.count > 0
        # Where every record has a digest, digest n is that of record n.
        _finish_or_drop(self._records, keep=keep and self.count < records)
        _finish_or_drop(self._digests, keep=keep)
        if not keep or self._name == layout.PHOTODNA:
            return
        prefixes = ColumnWriter(self._folder, layout.prefixes_name(self._name), 8)
        positions = ColumnWriter(self._folder, layout.positions_name(self._name), 4)
        for block_prefixes, block_positions in self._sorter.sorted_blocks():
            prefixes.append(block_prefixes)
            positions.append(block_positions)
        prefixes.finish()
        positions.finish()


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


def _rows(digests: list[bytes], width: int, name: str) -> NDArray[np.uint8]:
    if any(len(digest) != width for digest in digests):
        raise HashSetError(f"a record has a {name} that is not {width} bytes long")
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, width)


def _finish_or_drop(writer: ColumnWriter, *, keep: bool) -> None:
    if keep:
        writer.finish()
    else:
        writer.abandon()


def _distinct(folder: Path, name: str) -> int:
    """Count distinct digests; only where prefixes are equal must whole digests be compared."""
    total = 0
    carried: set[bytes] = set()
    with (
        Column(column_path(folder, layout.prefixes_name(name)), "<u8") as prefixes,
        Column(column_path(folder, layout.positions_name(name)), "<u4") as positions,
        Column(column_path(folder, layout.digests_name(name))) as digests,
    ):
        last: int | None = None
        for start in range(0, prefixes.count, _COUNT_BLOCK):
            block = np.array(prefixes.array[start : start + _COUNT_BLOCK])
            shared = _shares_prefix(block)
            total += int(np.count_nonzero(~shared))
            rows = digests.array[positions.array[start : start + _COUNT_BLOCK][shared]]
            found = {row.tobytes() for row in rows}
            # The first and last prefix of a block count as shared: their runs may go on.
            fresh = found - carried if last == int(block[0]) else found
            total += len(fresh)
            if last != int(block[-1]):
                carried = set()
            end = int(block[-1]).to_bytes(8, "big")
            carried |= {digest for digest in found if digest[:8] == end}
            last = int(block[-1])
    return total


def _shares_prefix(block: NDArray[np.uint64]) -> NDArray[np.bool_]:
    shared = np.zeros(len(block), bool)
    equal = block[1:] == block[:-1]
    shared[1:] |= equal
    shared[:-1] |= equal
    shared[0] = shared[-1] = True
    return shared
