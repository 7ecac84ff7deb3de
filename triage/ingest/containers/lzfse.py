"""Blocks of a DMG image that are packed by LZFSE, which libmodi alone unpacks here."""

from __future__ import annotations

import os

import pymodi

from triage.errors import EvidenceGone
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.pieces import Unpack, UnpackError


class LzfseBlocks:
    """Opens the image through libmodi when the first such block is asked for."""

    def __init__(self, files: SegmentFiles) -> None:
        self._files = files
        self._handle: pymodi.handle | None = None

    def unpacks(self, start_bytes: int) -> Unpack:
        """Give what unpacks the block that begins at a place on the medium."""

        def unpack(packed: bytes, length_bytes: int) -> bytes:
            if not packed:
                return b""
            return self._read(start_bytes, length_bytes)

        return unpack

    def _read(self, start_bytes: int, length_bytes: int) -> bytes:
        try:
            if self._handle is None:
                handle = pymodi.handle()
                handle.open_file_object(_File(self._files))
                self._handle = handle
            return self._handle.read_buffer_at_offset(length_bytes, start_bytes)
        except (OSError, MemoryError, ValueError, OverflowError, SystemError) as error:
            if self._files.gone:
                raise EvidenceGone(self._files.gone) from error
            raise UnpackError("LZFSE") from error


class _File:
    """The image file as libmodi wants it."""

    def __init__(self, files: SegmentFiles) -> None:
        self._files = files
        self._position = 0

    def read(self, size: int = -1, /) -> bytes:
        """Give up to ``size`` bytes from the position on."""
        left = max(0, self._files.sizes_bytes[0] - self._position)
        data = self._files.pread(0, self._position, left if size < 0 else min(size, left))
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the position as files do."""
        origins = (0, self._position, self._files.sizes_bytes[0])
        self._position = max(0, origins[whence] + offset)
        return self._position

    def tell(self) -> int:
        """Give the position."""
        return self._position

    def get_size(self) -> int:
        """Give the length in bytes, which libyal asks for by this name."""
        return self._files.sizes_bytes[0]
