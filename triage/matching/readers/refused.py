"""Hash-set files that are recognised and cannot be taken, each with the words why."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from pathlib import Path

from triage.errors import HashSetError
from triage.matching.reading import Item, Reader, ReadOptions


class BloomReader(Reader):
    """DCSO bloom filters: u64 flags, capacity, f64 probability, u64 k, m, N, then the bits."""

    id = "dcso-bloom"
    title = "DCSO / CIRCL bloom filter (recognised, never taken)"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by plausible parameters in the header."""
        if len(head) < 48:
            return False
        flags, capacity, chance, rounds, bits, _ = struct.unpack_from("<QQdQQQ", head)
        return bool(flags & 0xFF == 1 and capacity > 0 and 0 < chance < 1 and rounds < 100 < bits)

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:  # noqa: ARG002  (protocol)
        """Refuse.

        Raises:
            HashSetError: always.
        """
        raise HashSetError(
            f"{path.name}: a bloom filter can only say 'probably in the set', and does not hold "
            "the digests themselves: no hit that a person must answer for can rest on it",
            hint="ask for the list that the filter was made from",
        )


class XWaysReader(Reader):
    """The internal hash database of X-Ways, whose layout is not published."""

    id = "xways-xhd"
    title = "X-Ways internal hash database (recognised, never taken)"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the file name."""
        return path.suffix.lower() == ".xhd" or path.name.upper() == "RHDB"

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:  # noqa: ARG002  (protocol)
        """Refuse.

        Raises:
            HashSetError: always.
        """
        raise HashSetError(
            f"{path.name}: the internal hash database of X-Ways is not a published format",
            hint="in X-Ways open the hash database, export the set as text (first line MD5, then "
            "one digest a line) and import that",
        )


class HkeReader(Reader):
    """The description that HashKeeper puts beside a set; it holds no digests."""

    id = "hashkeeper-hke"
    title = "HashKeeper .hke description (recognised, never taken)"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the start of its header, whose misspelling is part of the format."""
        start = head.lstrip(codecs.BOM_UTF8)[:200].replace(b'"', b"").lower()
        return start.startswith(b"hashset_id,name,vendor,package,version,authenicated_flag")

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:  # noqa: ARG002  (protocol)
        """Refuse.

        Raises:
            HashSetError: always.
        """
        raise HashSetError(
            f"{path.name}: a HashKeeper description holds no digests",
            hint="import the .hsh beside it; what the description says of the set is shown then",
        )
