"""Compares contents with digests that an extraction recorded, and remembers what differs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from triage.ingest.reading import overlapping
from triage.model.evidence import DamagedRange, DamageKind


class StoredDigests:
    """The places of contents that differ from what was recorded of them.

    A content that differs is still what the extraction holds: it is digested and judged like any
    other, and marked, as one over sectors that the imager could not read is.
    """

    def __init__(self) -> None:
        self._differing: dict[tuple[int, int], str] = {}

    def checked(
        self, content: Iterator[bytes], algorithm: str, stored: bytes, place: tuple[int, int]
    ) -> Iterator[bytes]:
        """Give a content as it comes, and note at its end whether its digest is another.

        Args:
            algorithm: ``md5`` or ``sha256``.
            stored: the digest, or its first bytes.
            place: offset and length in the file of the extraction.
        """
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for piece in content:
            digest.update(piece)
            yield piece
        found = digest.digest()
        if found[: len(stored)] != stored:
            shown = algorithm.upper().replace("SHA", "SHA-")
            self._differing[place] = f"the {shown} that is stored with a content is another"

    def ranges(self) -> tuple[DamagedRange, ...]:
        """Give what is known to differ, in order of place."""
        return tuple(
            DamagedRange(
                offset_bytes=offset,
                length_bytes=length,
                kind=DamageKind.ACQUISITION_ERROR,
                detail=words,
            )
            for (offset, length), words in sorted(self._differing.items())
        )

    def touched(self, place: tuple[int, int]) -> tuple[DamagedRange, ...]:
        """Give what is known to differ and lies on a stretch."""
        return overlapping(self.ranges(), (place,)) if self._differing else ()
