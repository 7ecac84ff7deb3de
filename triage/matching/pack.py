"""An open pack: what opening it checks, and what it says of a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching import layout
from triage.matching.blocks import SUFFIX
from triage.matching.column import Column
from triage.matching.index import Numbers, Rows
from triage.matching.indexes.exact import ExactIndex
from triage.matching.indexes.keys import SortedKeys
from triage.matching.manifest import folder_name, read_document
from triage.matching.sealed.key import SealKey
from triage.matching.sealed.pictures import SealedPictures


class OpenPack:
    """A pack whose columns are mapped.

    Opening checks the manifest whole, the presence and size of every file, and the header of
    every column; reading everything again is left to ``verify``.

    Raises:
        HashSetError: anything is missing, of another size, or not as it was written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.document = read_document(folder)
        self.manifest = self.document.manifest
        self._columns: dict[str, Column] = {}
        self._strings: dict[int, str] = {}
        self._record_columns: dict[str, NDArray[Any]] = {}
        self._text: NDArray[Any] | None = None
        self._ends: NDArray[Any] | None = None
        self._pictures: SealedPictures | None = None
        try:
            self._open_files()
            self._open_records()
        except HashSetError as error:
            self.close()
            raise HashSetError(
                f"reference set {folder.name}: {error.message}",
                hint=error.hint or f"remove it and import it again: {folder.name}",
            ) from error

    def close(self) -> None:
        """Let go of every file."""
        self._record_columns.clear()
        self._text = self._ends = self._pictures = None
        for column in self._columns.values():
            column.close()
        self._columns.clear()

    def unlock(self, key: SealKey | None) -> None:
        """Take the key of a sealed pack, which its pictures are decrypted with when asked for.

        Args:
            key: ``None`` for a pack in the clear.
        """
        if key is not None:
            self._pictures = SealedPictures(key, folder_name(self.manifest), self._column)

    def values(self, name: str, records: Numbers) -> Numbers:
        """Give a record column's items; 0 throughout where the pack has no such column."""
        column = self._record_columns.get(name)
        if column is None:
            return np.zeros(len(records), np.int64)
        values: Numbers = column[records].astype(np.int64)
        return values

    def whole(self, name: str) -> NDArray[Any] | None:
        """Give a record column whole; ``None`` where it would be zero throughout."""
        return self._record_columns.get(name)

    def string(self, number: int) -> str:
        """Give a string by its number."""
        if number == 0 or self._text is None or self._ends is None:
            return ""
        if number not in self._strings:
            if len(self._strings) > 10_000:
                self._strings.clear()
            start, end = int(self._ends[number - 1]), int(self._ends[number])
            raw = self._text[start:end].tobytes()
            self._strings[number] = raw.decode("utf-8", "surrogatepass")
        return self._strings[number]

    def exact(self, algorithm: str) -> ExactTable | None:
        """Open the exact digests of an algorithm; ``None`` where no record has one."""
        prefixes = self._column(layout.prefixes_name(algorithm), "<u8")
        if prefixes is None:
            return None
        rows = self._column(layout.rows_name(algorithm), None)
        buckets = self._column(layout.buckets_name(algorithm), "<u4")
        blocks = self._column(layout.filter_name(algorithm), "<u8")
        if rows is None or buckets is None or blocks is None:
            raise HashSetError(f"{self.folder.name}: the index of {algorithm} is missing")
        repeats = self._column(layout.repeats_name(algorithm), "<u8")
        keys = SortedKeys(
            prefixes=prefixes,
            rows=rows,
            buckets=buckets,
            blocks=blocks,
            repeats=repeats is not None,
        )
        return ExactTable(ExactIndex(keys), self._column(layout.held_name(algorithm), "u1"))

    def table(self, algorithm: str) -> DigestTable | None:
        """Open the digests of pictures of an algorithm; ``None`` where no record has one."""
        if self._pictures is not None:
            return self._unsealed(algorithm, self._pictures)
        digests = self._column(layout.digests_name(algorithm), None)
        if digests is None:
            return None
        return DigestTable(digests, self._column(layout.records_name(algorithm), "<u4"))

    def column(self, name: str, kind: str | None) -> NDArray[Any] | None:
        """Map a column by its name; ``None`` where the pack has none.

        Args:
            kind: what an item is; ``None`` for rows of bytes.
        """
        return self._column(name, kind)

    def photodna(self, records: Numbers) -> list[bytes]:
        """Give the PhotoDNA that records carry, ``b""`` where they carry none."""
        digests = self._photodna
        if digests is None:
            return [b""] * len(records)
        held, rows = row_numbers(self._photodna_records, records)
        return [
            digests[row].tobytes() if has else b""
            for has, row in zip(held.tolist(), rows.tolist(), strict=True)
        ]

    def _unsealed(self, algorithm: str, pictures: SealedPictures) -> DigestTable | None:
        digests = pictures.digests(algorithm)
        if digests is None:
            return None
        clear = self._record_columns.get(layout.FLAGS)
        flags = pictures.flags()
        self._record_columns[layout.FLAGS] = flags if clear is None else flags | clear
        return DigestTable(digests, pictures.records(algorithm))

    def _open_files(self) -> None:
        """Map every file, once, and check that it is the one that the manifest states."""
        for file in self.document.files:
            column = self._columns[file.name] = Column(self.folder / file.name)
            if len(column) != file.size_bytes:
                raise HashSetError(
                    f"{file.name} has {len(column)} bytes instead of {file.size_bytes}"
                )
            if column.tail.sha256 != file.tail_sha256:
                raise HashSetError(f"{file.name}: its content was changed: it is another column")

    def _open_records(self) -> None:
        for name, kind in layout.RECORD_DTYPES.items():
            column = self._column(name, kind)
            if column is not None:
                self._record_columns[name] = column
        self._photodna = self._column(layout.digests_name(layout.PHOTODNA), None)
        self._photodna_records = self._column(layout.records_name(layout.PHOTODNA), "<u4")
        self._text = self._column(layout.STRING_TEXT, "u1")
        self._ends = self._column(layout.STRING_ENDS, "<u8")

    def _column(self, name: str, kind: str | None) -> NDArray[Any] | None:
        column = self._columns.get(name + SUFFIX)
        return None if column is None else column.viewed(kind)


class ExactTable:
    """The exact digests of one algorithm in one pack, and which records have one."""

    def __init__(self, index: ExactIndex, held: NDArray[np.uint8] | None) -> None:
        self.index = index
        self._held = held

    def holds(self, records: Numbers) -> NDArray[np.bool_]:
        """Tell of each record whether it has a digest here."""
        if self._held is None:
            return np.ones(len(records), bool)
        bits: NDArray[np.bool_] = (self._held[records >> 3] >> (records & 7)) & 1 > 0
        return bits

    def holds_between(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Tell of each record of a range whether it has a digest here."""
        if self._held is None:
            return np.ones(stop - start, bool)
        first = start // 8
        bits = np.unpackbits(self._held[first : -(-stop // 8)], bitorder="little")
        return bits[start - first * 8 : stop - first * 8].astype(bool)


class DigestTable:
    """The digests of pictures of one algorithm in one pack, in order, and their records."""

    def __init__(self, digests: Rows, records: NDArray[np.uint32] | None) -> None:
        self.digests = digests
        self._records = records

    def records_of(self, rows: Numbers) -> Numbers:
        """Give the record of each row."""
        return rows if self._records is None else self._records[rows].astype(np.int64)


def row_numbers(
    holders: NDArray[np.uint32] | None, records: Numbers
) -> tuple[NDArray[np.bool_], Numbers]:
    """Find records among the holders of a column, which stand in ascending order.

    Args:
        holders: record of each row; ``None`` where row n belongs to record n.
        records: record numbers.

    Returns:
        Which of them hold a value, and in which row (any row where not).
    """
    if holders is None:
        return np.ones(len(records), bool), records
    rows = np.searchsorted(holders, records.astype(np.uint32))
    inside = np.minimum(rows, len(holders) - 1)
    return holders[inside] == records, inside
