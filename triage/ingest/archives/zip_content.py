"""Reads the content of one member of a zip, and holds it to what the directory says of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from itertools import chain

from triage.ingest.archives import inflate
from triage.ingest.archives.source import BUFFER_BYTES, Source, WindowSource, guarded
from triage.ingest.archives.zip_crypt import aes_facts, decrypted
from triage.ingest.archives.zip_directory import LOCAL, LOCAL_MARK, ZipEntry
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.outcome import FailReason

STORED, DEFLATED = 0, 8
_BZIP2, _LZMA, _ZSTANDARD, _XZ, _AES = 12, 14, 93, 95, 99
_ENCRYPTED, _MASKED = 1, 1 << 13
_METHODS = {9: "Deflate64", 97: "WavPack", 98: "PPMd", 99: "AES"}
_PLAIN: dict[int, Callable[[], inflate.Inflater]] = {
    DEFLATED: inflate.naked_deflate,
    _BZIP2: inflate.bzip2,
    _ZSTANDARD: inflate.zstandard,
    _XZ: inflate.xz,
}


def is_encrypted(entry: ZipEntry) -> bool:
    """Tell whether a member needs a password, or hides what stands in the directory."""
    return bool(entry.flags & (_ENCRYPTED | _MASKED)) or entry.method == _AES


def content_of(source: Source, entry: ZipEntry, password: str | None = None) -> Iterator[bytes]:
    """Give the content of a member in order.

    Args:
        password: for one that is encrypted.

    Raises:
        ContentError: it cannot be unpacked, comes out longer or shorter than recorded, or differs
            from its CRC-32.
    """
    total, checksum = 0, 0
    with guarded("member of a zip"):
        for piece in _unpacked(source, entry, password):
            total += len(piece)
            if total > entry.size_bytes:
                detail = f"holds more than the {entry.size_bytes} bytes that are recorded"
                raise ContentError(FailReason.READ_ERROR, detail)
            checksum = zlib.crc32(piece, checksum)
            yield piece
    if total < entry.size_bytes:
        detail = f"content ends at byte {total} of {entry.size_bytes}"
        raise ContentError(FailReason.SHORT_READ, detail)
    if checksum != entry.checksum and not _sealed(entry):
        detail = f"the checksum is {checksum:08x}, recorded is {entry.checksum:08x}"
        raise ContentError(FailReason.READ_ERROR, detail)


def window_of(source: Source, entry: ZipEntry) -> Source | None:
    """Give a member that is stored as it is, ``None`` for one that is not.

    Raises:
        ContentError: no header of a member stands where the directory says so.
    """
    if entry.method != STORED or entry.flags & _ENCRYPTED:
        return None
    if entry.packed_bytes != entry.size_bytes:
        return None
    return WindowSource(source, start_of(source, entry), entry.size_bytes)


def start_of(source: Source, entry: ZipEntry) -> int:
    """Give where the content starts, behind the header that stands before it.

    Raises:
        ContentError: no header stands there.
    """
    place = entry.header_offset_bytes
    head = source.read_at(place, LOCAL.size) if place >= 0 else b""
    if len(head) < LOCAL.size or not head.startswith(LOCAL_MARK):
        detail = f"no header of a member at byte {place} of the zip"
        raise ContentError(FailReason.READ_ERROR, detail)
    fields = LOCAL.unpack(head)
    return place + LOCAL.size + int(fields[9]) + int(fields[10])


def unpacks(entry: ZipEntry) -> str:
    """Say in words why a member cannot be unpacked; ``""`` where its method is known."""
    if entry.method in {STORED, _LZMA, *_PLAIN}:
        return ""
    name = _METHODS.get(entry.method, "unknown")
    return f"packed by method {entry.method} ({name}), which is not unpacked"


def packed_of(source: Source, entry: ZipEntry) -> Callable[[int, int], Iterator[bytes]]:
    """Give what reads stretches of the packed content of a member."""
    start = start_of(source, entry)
    return lambda offset, length: _packed(source, start + offset, length)


def _sealed(entry: ZipEntry) -> bool:
    """Tell a member whose encryption has a seal of its own, and therefore no CRC-32."""
    facts = aes_facts(entry) if entry.method == _AES else None
    return facts is not None and facts.version == 2


def _unpacked(source: Source, entry: ZipEntry, password: str | None) -> Iterator[bytes]:
    pieces = packed_of(source, entry)
    method = entry.method
    if entry.flags & _ENCRYPTED or method == _AES:
        if password is None:
            raise ContentError(FailReason.READ_ERROR, "encrypted")
        packed = decrypted(entry, password, pieces)
        facts = aes_facts(entry) if method == _AES else None
        method = facts.method if facts else method
    else:
        packed = pieces(0, entry.packed_bytes)
    if method == STORED:
        return packed
    if method in _PLAIN:
        return inflate.inflated(_PLAIN[method], packed)
    if method == _LZMA:
        head, rest = _parted(packed, 9)
        return inflate.inflated(lambda: inflate.zip_lzma(head), rest)
    raise ContentError(FailReason.READ_ERROR, unpacks(entry))


def _parted(pieces: Iterator[bytes], length: int) -> tuple[bytes, Iterator[bytes]]:
    """Give the first bytes, and the others."""
    head = b""
    while len(head) < length and (piece := next(pieces, b"")):
        head += piece
    return head[:length], chain((head[length:],), pieces) if head[length:] else pieces


def _packed(source: Source, start: int, size_bytes: int) -> Iterator[bytes]:
    at, end = start, start + size_bytes
    step = BUFFER_BYTES if size_bytes > BUFFER_BYTES else CHUNK_BYTES
    while at < end:
        piece = source.read_at(at, min(step, end - at))
        if not piece:
            detail = f"the zip ends {end - at} bytes before the member does"
            raise ContentError(FailReason.SHORT_READ, detail)
        at += len(piece)
        yield piece
