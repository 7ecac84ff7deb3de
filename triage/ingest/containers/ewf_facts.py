"""What the small sections of an EWF image say: geometry, digests, acquisition values, errors."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from isal import isal_zlib

from triage.ingest.containers.ewf_chunks import INFLATE_ERROR
from triage.model.display import iso_time

MAX_CHUNK_BYTES = 64 * 1024 * 1024
"""The largest of any imager is 32,768 sectors of 512 bytes; more is hostile."""

MAX_HEADER_BYTES = 1024 * 1024
MAX_ERROR_ENTRIES = 1_000_000

_VOLUME = struct.Struct("<B3xIIIQ")
_LOGICAL_MEDIA = 0x0E
_TIMES = ("m", "u")
_VALUE_NAMES = {
    "a": "description",
    "c": "case_number",
    "n": "evidence_number",
    "e": "examiner",
    "t": "notes",
    "m": "acquisition_date",
    "u": "system_date",
    "av": "software_version",
    "ov": "operating_system",
    "md": "device_model",
    "sn": "device_serial",
    "l": "device_label",
    "p": "password_hash",
    "pid": "process_id",
    "dc": "unknown_dc",
    "ext": "extents",
    "r": "compression",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """The shape of the medium, from a ``volume``, ``disk`` or ``data`` section.

    Attributes:
        set_id: identifier shared by all segments of one acquisition, zeros where not written.
        sound: the section agrees with its checksum.
    """

    chunk_count: int
    chunk_bytes: int
    sector_bytes: int
    sector_count: int
    logical: bool
    set_id: bytes
    sound: bool

    @property
    def media_bytes(self) -> int:
        """Size of the medium; 0 where the imager never wrote it."""
        return self.sector_count * self.sector_bytes


def parse_geometry(data: bytes) -> Geometry | None:
    """Read a volume section: 1,052 bytes (EnCase, FTK) or 94 bytes (SMART).

    Gives ``None`` where the values are impossible. The last four bytes are the Adler-32 of all
    before them in both shapes.
    """
    size = 1052 if len(data) >= 1052 else 94
    if len(data) < size:
        return None
    media_type, chunks, sectors_per_chunk, sector_bytes, sectors = _VOLUME.unpack_from(data)
    chunk_bytes = sectors_per_chunk * sector_bytes
    sane = 0 < chunk_bytes <= MAX_CHUNK_BYTES and sectors * max(1, sector_bytes) < 1 << 62
    if not sane:
        return None
    return Geometry(
        chunk_count=chunks,
        chunk_bytes=chunk_bytes,
        sector_bytes=sector_bytes,
        sector_count=sectors,
        logical=media_type == _LOGICAL_MEDIA,
        set_id=data[64:80] if size == 1052 else bytes(16),
        sound=ends_with_checksum(data[:size]),
    )


def parse_digests(kind: str, data: bytes) -> tuple[tuple[str, str], ...] | None:
    """Read a ``hash`` (36 bytes: MD5) or ``digest`` (80 bytes: MD5, SHA-1) section.

    Gives ``None`` where the section is short or fails its checksum.
    """
    size = 36 if kind == "hash" else 80
    if len(data) < size or not ends_with_checksum(data[:size]):
        return None
    found = [("md5", data[:16])]
    if kind == "digest":
        found.append(("sha1", data[16:36]))
    return tuple((name, value.hex()) for name, value in found if any(value))


def parse_header(data: bytes) -> tuple[tuple[str, str], ...]:
    """Read a ``header`` or ``header2`` section: zlib of tab-separated lines, read tolerantly.

    ``header`` is ASCII or a code page, ``header2`` UTF-16 with a byte-order mark.
    """
    return tuple(
        (_VALUE_NAMES.get(name, name), readable_time(value) if name in _TIMES else value)
        for name, value in parse_lines(decoded_text(_inflated(data)))
    )


def parse_lines(text: str) -> tuple[tuple[str, str], ...]:
    """Pair the line of names after ``main`` with the line of values; empty values are left out."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for at, line in enumerate(lines[:-2]):
        if line.strip() == "main":
            names, values = lines[at + 1].split("\t"), lines[at + 2].split("\t")
            return tuple(
                (name.strip(), value)
                for name, value in zip(names, values, strict=False)
                if name.strip() and value
            )
    return ()


def parse_errors(data: bytes) -> tuple[tuple[tuple[int, int], ...], bool]:
    """Read an ``error2`` section: ranges ``(first sector, sectors)`` that were unreadable.

    Layout: u32 count, 512 bytes, Adler-32 of these 516, then pairs of u32, then their Adler-32.
    Gives the ranges and whether both checksums agree.
    """
    if len(data) < 520:
        return (), False
    (count,) = struct.unpack_from("<I", data)
    held = min(count, (len(data) - 520) // 8, MAX_ERROR_ENTRIES)
    entries = data[520 : 520 + 8 * held]
    (footer,) = struct.unpack("<I", data[520 + 8 * held : 524 + 8 * held].ljust(4, b"\0"))
    sound = ends_with_checksum(data[:520]) and held == count
    sound = sound and isal_zlib.adler32(entries) == footer
    return tuple(struct.iter_unpack("<II", entries)), sound


def readable_time(value: str) -> str:
    """Dates as ISO 8601: six numbers are local time, one number counts seconds from 1970."""
    numbers = value.split()
    if not all(number.isascii() and number.isdigit() and len(number) < 12 for number in numbers):
        return value
    if len(numbers) == 1:
        return (iso_time(int(value) * 1_000_000_000) or "").replace(".0000000", "")
    if len(numbers) == 6:
        year, month, day, hour, minute, second = (int(number) for number in numbers)
        return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"
    return value


def ends_with_checksum(data: bytes) -> bool:
    """Tell whether the last four bytes are the Adler-32 of all before them."""
    return isal_zlib.adler32(data[:-4]) == int.from_bytes(data[-4:], "little")


def _inflated(data: bytes) -> bytes:
    inflater = isal_zlib.decompressobj()
    try:
        return bytes(inflater.decompress(data, MAX_HEADER_BYTES))
    except INFLATE_ERROR:
        return b""


def decoded_text(data: bytes) -> str:
    """Decode UTF-16 by its byte-order mark, else UTF-8, else the code page of Windows."""
    if data[:2] == b"\xff\xfe":
        return data[2:].decode("utf-16-le", "replace")
    if data[:2] == b"\xfe\xff":
        return data[2:].decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
