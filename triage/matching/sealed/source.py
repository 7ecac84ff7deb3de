"""A pack that is about to be sealed, read column by column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching import layout
from triage.matching.column import Column, column_path
from triage.matching.index import Numbers, Rows
from triage.matching.manifest import PackDocument
from triage.matching.sealed.order import Shared, shared
from triage.model.digest import Algorithm


class ClearPack:
    """The columns of a pack that is not sealed.

    Raises:
        HashSetError: a column is missing or damaged.
    """

    def __init__(self, folder: Path, document: PackDocument) -> None:
        self._folder = folder
        self._listed = frozenset(file.name for file in document.files)
        self._open = ExitStack()
        self._columns: dict[str, NDArray[Any]] = {}
        self.count = document.manifest.taken

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._columns.clear()
        self._open.close()

    def exact(self) -> tuple[Algorithm, ...]:
        """Give the exact digests that occur."""
        return tuple(one for one in layout.STRENGTH if self._has(layout.prefixes_name(one)))

    def visual(self) -> tuple[Algorithm, ...]:
        """Give the digests of pictures that occur."""
        return tuple(one for one in layout.VISUAL if self._has(layout.digests_name(one)))

    def values(self, name: str) -> NDArray[Any] | None:
        """Give a column of one number a record; ``None`` where all are zero."""
        return self._column(name, layout.RECORD_DTYPES[name])

    def records(self, algorithm: Algorithm) -> Numbers:
        """Give the record of each digest of an algorithm."""
        if algorithm in layout.STRENGTH:
            rows = self._needed(layout.rows_name(algorithm), None)
            return np.ascontiguousarray(rows[:, -4:]).view("<u4").reshape(-1).astype(np.int64)
        column = self._column(layout.records_name(algorithm), "<u4")
        return np.arange(self.count) if column is None else column.astype(np.int64)

    def digests(self, algorithm: Algorithm, rows: Numbers) -> Rows:
        """Give exact digests whole, by their place among those of their algorithm."""
        heads = self._needed(layout.prefixes_name(algorithm), "<u8")[rows]
        rests = self._needed(layout.rows_name(algorithm), None)[rows, :-4]
        first = heads.astype(">u8").view(np.uint8).reshape(-1, 8)
        return np.concatenate([first, rests], axis=1)

    def pictures(self, algorithm: Algorithm) -> Rows:
        """Give all digests of pictures of an algorithm."""
        rows: Rows = self._needed(layout.digests_name(algorithm), None)
        return rows

    def shared(self, *, with_visual: bool) -> Iterator[Shared]:
        """Find the records that share a digest, algorithm by algorithm."""
        for name in self.exact():
            prefixes = self._needed(layout.prefixes_name(name), "<u8")
            yield shared(prefixes, self.records(name))
        for name in self.visual() if with_visual else ():
            heads = np.ascontiguousarray(self.pictures(name)[:, :8])
            yield shared(heads.view("<u8").reshape(-1), self.records(name))

    def strings(self, numbers: Numbers) -> list[str]:
        """Give strings by their numbers; 0 is the empty one."""
        ends = self._column(layout.STRING_ENDS, "<u8")
        text = self._column(layout.STRING_TEXT, "u1")
        if ends is None or text is None:
            return [""] * len(numbers)
        return [
            text[int(ends[number - 1]) : int(ends[number])]
            .tobytes()
            .decode("utf-8", "surrogatepass")
            if number
            else ""
            for number in numbers.tolist()
        ]

    def _has(self, name: str) -> bool:
        return column_path(self._folder, name).name in self._listed

    def _needed(self, name: str, kind: str | None) -> NDArray[Any]:
        column = self._column(name, kind)
        if column is None:
            raise HashSetError(f"{self._folder.name}: the column {name} is missing")
        return column

    def _column(self, name: str, kind: str | None) -> NDArray[Any] | None:
        if not self._has(name):
            return None
        if name not in self._columns:
            column = self._open.enter_context(Column(column_path(self._folder, name), kind))
            self._columns[name] = column.array
        return self._columns[name]
