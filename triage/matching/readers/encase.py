"""EnCase hash sets: a binary header and 18-byte entries, after the layout published with TSK."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from triage.errors import HashSetError
from triage.matching.batch import DigestBatch
from triage.matching.decoding import usual
from triage.matching.fields import placeholder
from triage.matching.mixing import KIND, ODD, Scan, mixed_rows
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import opened
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm
from triage.model.hashset import ReferenceRecord, RefusedRecord

_MAGIC = b"HASH\r\n\xff\x00"
_HEADER_SIZE_BYTES = 1_152
_ENTRY_SIZE_BYTES = 18
_BATCH_SIZE_BYTES = _ENTRY_SIZE_BYTES * 50_000

_Given = TypeVar("_Given", Item, Item | DigestBatch)


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
        return self._read(path, options, _items)

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the MD5s in columns.

        Raises:
            HashSetError: as :meth:`read`.
        """
        return self._read(path, options, _columns)

    def _read(
        self, path: Path, options: ReadOptions, made: Callable[[bytes, int], Iterator[_Given]]
    ) -> Iterator[_Given | RefusedRecord]:
        with opened(path, options) as stream:
            header = stream.read(_HEADER_SIZE_BYTES)
            if len(header) < _HEADER_SIZE_BYTES or not header.startswith(_MAGIC):
                raise HashSetError(f"{path.name}: byte 0: no whole EnCase header")
            (announced,) = struct.unpack_from("<I", header, 16)
            offset = _HEADER_SIZE_BYTES
            while batch := stream.read(_BATCH_SIZE_BYTES):
                yield from made(batch, offset)
                offset += len(batch)
        entries = (offset - _HEADER_SIZE_BYTES) // _ENTRY_SIZE_BYTES
        words = f"the header counts {announced} entries, the file holds {entries}"
        if entries < announced:
            yield RefusedRecord(place="byte 16", reason=f"{words}: it was cut short")
        elif entries > announced and options.on_note is not None:
            options.on_note("byte 16", words)


def _columns(batch: bytes, offset: int) -> Iterator[Item | DigestBatch]:
    whole = len(batch) // _ENTRY_SIZE_BYTES * _ENTRY_SIZE_BYTES
    entries = np.frombuffer(batch, np.uint8, whole).reshape(-1, _ENTRY_SIZE_BYTES)
    rows = np.ascontiguousarray(entries[:, : DIGEST_SIZE_BYTES[Algorithm.MD5]])
    kinds = np.where(usual(rows, Algorithm.MD5), KIND[Algorithm.MD5], ODD).astype(np.int8)

    def slow(place: int) -> Item:
        start = place * _ENTRY_SIZE_BYTES
        return next(_items(batch[start : start + _ENTRY_SIZE_BYTES], offset + start))

    yield from mixed_rows(Scan(kinds=kinds, digests={Algorithm.MD5: rows}), slow)
    yield from _items(batch[whole:], offset + whole)


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
