"""EnCase hash sets: a binary header and 18-byte entries, after the layout published with TSK."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from triage.errors import HashSetError
from triage.matching.fields import placeholder
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import opened
from triage.model.digest import Algorithm
from triage.model.hashset import ReferenceRecord, RefusedRecord

_MAGIC = b"HASH\r\n\xff\x00"
_HEADER_SIZE_BYTES = 1_152
_ENTRY_SIZE_BYTES = 18
_BATCH_SIZE_BYTES = _ENTRY_SIZE_BYTES * 50_000


class EncaseReader(Reader):
    """Magic, u32 count at 16, entries of MD5 and two bytes from 1152 on."""

    id = "encase"
    title = "EnCase .hash"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the magic."""
        return head.startswith(_MAGIC)

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the MD5s; a file shorter than its count says ends with a refused record.

        Raises:
            HashSetError: not this format, or cut inside the header.
        """
        with opened(path, options) as stream:
            header = stream.read(_HEADER_SIZE_BYTES)
            if len(header) < _HEADER_SIZE_BYTES or not header.startswith(_MAGIC):
                raise HashSetError(f"{path.name}: byte 0: no whole EnCase header")
            (announced,) = struct.unpack_from("<I", header, 16)
            offset = _HEADER_SIZE_BYTES
            while batch := stream.read(_BATCH_SIZE_BYTES):
                yield from _items(batch, offset)
                offset += len(batch)
        entries = (offset - _HEADER_SIZE_BYTES) // _ENTRY_SIZE_BYTES
        words = f"the header counts {announced} entries, the file holds {entries}"
        if entries < announced:
            yield RefusedRecord(place="byte 16", reason=f"{words}: it was cut short")
        elif entries > announced and options.on_note is not None:
            options.on_note("byte 16", words)


def _items(batch: bytes, offset: int) -> Iterator[Item]:
    for start in range(0, len(batch), _ENTRY_SIZE_BYTES):
        place = f"byte {offset + start}"
        md5 = batch[start : start + 16]
        if len(batch) - start < _ENTRY_SIZE_BYTES:
            yield RefusedRecord(place=place, reason="an entry is cut short")
        elif words := placeholder(md5, Algorithm.MD5):
            yield RefusedRecord(place=place, reason=words)
        else:
            yield ReferenceRecord(md5=md5, place=place)
