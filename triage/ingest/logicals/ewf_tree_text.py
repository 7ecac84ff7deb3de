"""The list of files of logical evidence: where each entry stands in it, and what it says."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

FOLDER, DELETED, LINK, STREAM, SPARSE = 0x02000000, 0x80, 0x10, 0x2000, 0x04000000
"""Bits of the column ``opr``."""

MOST_ENTRIES = 5_000_000
_ENTRY = "\nentry\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry, its columns by their short names as libewf describes them."""

    number: int
    columns: dict[str, str]

    @property
    def flags(self) -> int:
        """The bits of ``opr``."""
        return whole(self.columns.get("opr", ""))

    @property
    def is_folder(self) -> bool:
        """Whether others may stand below it."""
        return self.columns.get("p") == "1" or bool(self.flags & FOLDER)

    @property
    def size_bytes(self) -> int:
        """Length of the content."""
        return whole(self.columns.get("ls", ""))

    @property
    def extent(self) -> tuple[int, int] | None:
        """Offset and length of what is stored: ``1``, both in hexadecimal; ``None`` without."""
        parts = self.columns.get("be", "").split()
        if len(parts) != 3:
            return None
        try:
            offset, length = int(parts[1], 16), int(parts[2], 16)
        except ValueError:
            return None
        return (offset, length) if 0 <= offset < 1 << 62 and 0 <= length < 1 << 62 else None

    def digest(self, name: str, digits: int) -> bytes:
        """Give a digest, ``b""`` where it is not stored: zeros stand for that."""
        text = self.columns.get(name, "")
        try:
            value = bytes.fromhex(text) if len(text) == digits else b""
        except ValueError:
            return b""
        return value if any(value) else b""


class TreeText:
    """Entries of a list by their numbers, from 1 in the order of the list; 0 is above all.

    Of each only its place, its parent and where the entries below it end are kept.

    Attributes:
        fault: in words, where the list breaks off or says of itself what does not hold.

    Args:
        tree: UTF-16 without a byte-order mark; single surrogates occur.
    """

    def __init__(self, tree: bytes) -> None:
        self._text = tree[: len(tree) // 2 * 2].decode("utf-16-le", "surrogatepass")
        self.fault = ""
        self._names: list[str] = []
        self._starts = array("Q", [0])
        self._ends = array("Q", [0])
        self._read()

    def __len__(self) -> int:
        return len(self._starts) - 1

    def row(self, number: int) -> Row:
        """Give what the list says of an entry."""
        start = self._starts[number]
        end = self._text.find("\n", start)
        values = self._text[start : end if end >= 0 else len(self._text)].split("\t")
        return Row(number=number, columns=dict(zip(self._names, values, strict=False)))

    def below(self, number: int) -> Iterator[int]:
        """Give the numbers of the entries right below one; none where there is no such one."""
        at = number + 1
        end = self._ends[number] if number < len(self) else 0
        while at < end:
            yield at
            at = self._ends[at]

    def _read(self) -> None:
        """Go through the entries once: a line with the number of those below, then the values."""
        at = self._text.find(_ENTRY)
        if at < 0:
            self.fault = "the list of files has no entries"
            return
        at = self._text.find("\n", at + len(_ENTRY)) + 1
        names_end = self._text.find("\n", at)
        self._names = self._text[at:names_end].split("\t")
        open_ones: list[list[int]] = [[0, 1]]
        at = names_end + 1
        while open_ones and len(self._starts) <= MOST_ENTRIES:
            if open_ones[-1][1] == 0:
                self._ends[open_ones.pop()[0]] = len(self._starts)
                continue
            found = self._entry(at)
            if found is None:
                break
            open_ones[-1][1] -= 1
            start, count, at = found
            self._starts.append(start)
            self._ends.append(0)
            open_ones.append([len(self._starts) - 1, count])
        if open_ones:
            self.fault = "the list of files breaks off"
        for number, _ in open_ones:
            self._ends[number] = len(self._starts)

    def _entry(self, at: int) -> tuple[int, int, int] | None:
        """Give where the values stand, how many are below, and where the next one begins."""
        counts_end = self._text.find("\n", at)
        values_end = self._text.find("\n", counts_end + 1)
        if counts_end < 0 or values_end < 0:
            return None
        counts = self._text[at:counts_end].split("\t")
        count = whole(counts[-1]) if len(counts) == 2 else -1
        if not 0 <= count <= MOST_ENTRIES or not counts[-1].strip():
            return None
        return counts_end + 1, count, values_end + 1


def whole(text: str) -> int:
    """Give a number that is none below 0 and has no more than 18 digits; else 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
