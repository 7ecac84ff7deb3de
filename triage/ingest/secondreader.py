"""Reads an EWF image through libewf: another maker's eye on the bytes that our own reader gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyewf

from triage.errors import EvidenceError

NAME = "libewf"
READ_BYTES = 1 << 20


def read_by_libewf(path: Path, segments: tuple[str, ...]) -> Iterator[bytes]:
    """Yield the medium from its first byte to its last.

    libewf gives broken chunks without a word, so this is no check for damage: it is a second
    opinion on what a sound image holds.

    Args:
        path: any segment of the image.
        segments: file names of all segments, in order.

    Raises:
        EvidenceError: libewf cannot open the image or cannot read on, naming the place.
    """
    handle = pyewf.handle()
    place = 0
    try:
        handle.open([str(path.parent / name) for name in segments])
        size_bytes = handle.get_media_size()
        while place < size_bytes:
            piece = handle.read_buffer_at_offset(min(READ_BYTES, size_bytes - place), place)
            if not piece:
                raise EvidenceError(f"{path.name}: libewf ends at byte {place} of {size_bytes}")
            place += len(piece)
            yield piece
    except (OSError, MemoryError, ValueError) as error:
        words = str(error).split(".")[0]
        raise EvidenceError(f"{path.name}: libewf at byte {place}: {words}") from error
    finally:
        handle.close()
