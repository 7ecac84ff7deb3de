"""EWF2 images (.Ex01), read through libewf: the one container that is not read by own code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pyewf

from triage.errors import EvidenceError
from triage.ingest.containers.damage import Ledger
from triage.ingest.containers.ewf_names import find_segments
from triage.ingest.containers.identity import evidence_key
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo

SIGNATURE = b"EVF2\x0d\x0a\x81\x00"
LOGICAL_SIGNATURE = b"LEF2\x0d\x0a\x81\x00"
_HEADER_NAMES = {
    "examiner_name": "examiner",
    "acquiry_date": "acquisition_date",
    "acquiry_operating_system": "operating_system",
    "acquiry_software_version": "software_version",
}
_DIGEST_NAMES = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256"}
_DIGEST_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}


def recognises(path: Path, head: bytes) -> bool:
    """Take EWF2 by signature, whatever the file is called."""
    return bool(path.name) and head[:8] in {SIGNATURE, LOGICAL_SIGNATURE}


def open_ewf2(path: Path) -> Ewf2Container:
    """Open the set that a segment belongs to.

    Raises:
        EvidenceError: logical or encrypted evidence, a missing segment, or an unreadable set.
    """
    shown = printable(path.name)
    with path.open("rb") as file:
        if file.read(8) == LOGICAL_SIGNATURE:
            raise EvidenceError(
                f"{shown}: logical evidence file (Lx01) is not supported",
                hint="export its files to a folder with the imager, then run on the folder",
            )
    segments = find_segments(path, ("Ex",))
    missing = sorted(set(range(1, segments[-1][0])) - {number for number, _ in segments})
    if missing:
        raise EvidenceError(
            f"{shown}: segment {missing[0]} of the set is missing",
            hint="put all segments of the image into one folder",
        )
    paths = [segment for _, segment in segments]
    handle = pyewf.handle()
    held = ExitStack()
    try:
        _open(handle, paths, held)
    except OSError as error:
        held.close()
        encrypted = "encrypt" in str(error).lower()
        raise EvidenceError(
            f"{shown}: {'the image is encrypted' if encrypted else 'libewf cannot open it'}",
            hint="export the image as E01 from the tool that made it",
        ) from error
    return Ewf2Container(handle, paths, held)


def _open(handle: pyewf.handle, paths: Sequence[Path], held: ExitStack) -> None:
    """Open by name, or by file object where a name is not text."""
    names = [os.fspath(path) for path in paths]
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        handle.open_file_objects([held.enter_context(path.open("rb")) for path in paths])
        return
    handle.open(names)


class Ewf2Container:
    """The medium inside an EWF2 set.

    libewf gives zeros or wrong bytes for a damaged chunk without a word, so damage inside chunks
    shows only when the whole medium is compared with its stored digest.

    Args:
        held: the files behind the handle, where it was not opened by name.
    """

    def __init__(self, handle: pyewf.handle, paths: Sequence[Path], held: ExitStack) -> None:
        self._held = held
        self._handle = handle
        self._closed = False
        self._ledger = Ledger()
        size_bytes = handle.get_media_size()
        if size_bytes == 0:
            raise EvidenceError(
                f"{printable(paths[0].name)}: the image holds no data",
                hint="the acquisition wrote a header only; look for a complete copy",
            )
        self._size_bytes = size_bytes
        digests = tuple(sorted(_digests(handle.get_hash_values())))
        name = paths[0].name
        self._info = EvidenceInfo(
            key=evidence_key(
                name=name,
                kind=ContainerKind.EWF2,
                size_bytes=size_bytes,
                stored_digests=digests,
                read_at=self.read_at,
            ),
            name=name,
            kind=ContainerKind.EWF2,
            segments=tuple(path.name for path in paths),
            size_bytes=size_bytes,
            sector_size_bytes=handle.get_bytes_per_sector(),
            stored_digests=digests,
            header=tuple(
                (_HEADER_NAMES.get(key, key), value)
                for key, value in sorted(handle.get_header_values().items())
                if value
            ),
        )

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""
        return self._info

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the bytes of the medium; zeros where libewf reports an error."""
        start = max(0, offset_bytes)
        end = min(start + max(0, length_bytes), self._size_bytes)
        if start >= end:
            return b""
        data = self._try(start, end - start)
        if data is not None:
            return data
        chunk_bytes = max(512, self._handle.get_chunk_size())
        parts: list[bytes] = []
        while start < end:
            take = min(chunk_bytes - start % chunk_bytes, end - start)
            parts.append(self._chunk(start, take))
            start += take
        return b"".join(parts)

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far."""
        return self._ledger.all()

    def close(self) -> None:
        """Close libewf's handle."""
        if not self._closed:
            self._closed = True
            self._handle.close()
            self._held.close()

    def _chunk(self, start: int, length_bytes: int) -> bytes:
        data = self._try(start, length_bytes)
        if data is not None:
            return data
        words = "libewf cannot read the chunk"
        self._ledger.add(start, length_bytes, DamageKind.CHUNK_UNREADABLE, words)
        return bytes(length_bytes)

    def _try(self, start: int, length_bytes: int) -> bytes | None:
        """Read all of it, or ``None``; libewf may give less than asked at a time."""
        parts: list[bytes] = []
        while length_bytes > 0:
            try:
                part = self._handle.read_buffer_at_offset(length_bytes, start)
            except OSError:
                return None
            if not part:
                return None
            parts.append(part)
            start += len(part)
            length_bytes -= len(part)
        return b"".join(parts)


def _digests(values: dict[str, str]) -> list[tuple[str, str]]:
    named = [(_DIGEST_NAMES.get(name.upper(), ""), value) for name, value in values.items()]
    return [
        (name, value.lower()) for name, value in named if _DIGEST_DIGITS.get(name) == len(value)
    ]
