"""What a hash-set reader is: its options, its protocol and its laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from triage.matching.batch import DigestBatch
from triage.model.digest import PdqRecipe
from triage.model.hashset import ReferenceRecord, RefusedRecord

Item = ReferenceRecord | RefusedRecord
HEAD_SIZE_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What a person says about a source that the source itself does not.

    Attributes:
        column_map: ``(("md5", "HashValue"), …)``: our name of a field, the table's column name.
        pdq_recipe: how the PDQs were computed, where the source does not say.
        encoding: text encoding of the source; ``""`` for UTF-8, or UTF-16 where a BOM says so.
        delimiter: of a table; ``""`` to find it among comma, semicolon, tab and bar.
        on_bytes: called about every MiB with (bytes of the source consumed, bytes in all).
        on_note: called with (place, words) where a record was taken but one of its fields was
            not, so that nothing is left out silently.
    """

    column_map: tuple[tuple[str, str], ...] = ()
    pdq_recipe: PdqRecipe = PdqRecipe.UNKNOWN
    encoding: str = ""
    delimiter: str = ""
    on_bytes: Callable[[int, int], None] | None = None
    on_note: Callable[[str, str], None] | None = None


class Reader(Protocol):
    """Turns one hash-set format into records.

    Laws: a source is only ever read. Memory is bounded whatever the size of the source. Each
    record of the source gives exactly one record or one refused record, in the order of the
    source. Neither polarity nor category is ever guessed.
    """

    id: str
    title: str

    def recognises(self, head: bytes, path: Path) -> bool:
        """Tell whether a source looks like this format; never raises.

        Args:
            head: the first 64 KiB of the content (unpacked, where the file is gzip or zip).
            path: the file, for its extension or for formats that need to look deeper.
        """
        ...

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the records of a source.

        Raises:
            HashSetError: the file as a whole cannot be read (on); names the file and the place.
        """
        ...

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the records of a source, many at a time wherever they are alike.

        Law: taken apart, this is what :meth:`read` gives: the same records (but for their place)
        and refusals in the same order, and the same notes.

        Raises:
            HashSetError: as :meth:`read`.
        """
        return self.read(path, options)

    def warnings(
        self,
        path: Path,  # noqa: ARG002  (the protocol's default)
        options: ReadOptions,  # noqa: ARG002  (likewise)
    ) -> tuple[str, ...]:
        """Give what a person ought to know before this source is imported, in words."""
        return ()
