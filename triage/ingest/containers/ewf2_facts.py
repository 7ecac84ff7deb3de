"""What the small sections of an EWF2 image say: geometry, digests, acquisition values, errors."""

from __future__ import annotations

import bz2
import struct

from isal import isal_zlib

from triage.ingest.containers.ewf_chunks import BZIP2_MAGIC, INFLATE_ERROR
from triage.ingest.containers.ewf_facts import (
    MAX_CHUNK_BYTES,
    MAX_ERROR_ENTRIES,
    MAX_HEADER_BYTES,
    Geometry,
    decoded_text,
    ends_with_checksum,
    parse_lines,
    readable_time,
)

DIGEST_BYTES = {"MD5 hash": ("md5", 16), "SHA1 hash": ("sha1", 20)}
ERRORS_LIMIT_BYTES = 36 + 16 * MAX_ERROR_ENTRIES

_VALUE_NAMES = {
    "nm": "description",
    "cn": "case_number",
    "en": "evidence_number",
    "ex": "examiner",
    "nt": "notes",
    "av": "software_version",
    "os": "operating_system",
    "at": "acquisition_date",
    "tt": "system_date",
    "md": "device_model",
    "sn": "device_serial",
    "lb": "device_label",
    "dt": "drive_type",
    "pid": "process_id",
    "hs": "protected_sectors_hpa",
    "dc": "protected_sectors_dco",
    "gr": "error_granularity",
    "wb": "write_blocker",
    "ph": "is_physical",
}
_TIMES = ("tt", "at")
_SHAPE = ("ts", "bp", "sb", "tb", "cp")


def parse_values(data: bytes) -> tuple[dict[str, str], bool]:
    """Read a device information or case data section: compressed UTF-16 text.

    Gives the values by their short names, and whether the stream agrees with its checksum. Of a
    broken stream what came out of it is given.
    """
    plain, sound = _unpacked(data)
    return dict(parse_lines(decoded_text(plain))), sound


def parse_geometry(
    device: tuple[dict[str, str], bool], case: tuple[dict[str, str], bool], set_id: bytes
) -> Geometry | None:
    """Put the shape of the medium together; ``None`` where it is impossible or not to be trusted.

    Sectors (``ts``) and bytes of each (``bp``) are of the device, sectors in a chunk (``sb``) and
    chunks (``tb``) of the case. Values from a broken section count only where both sides agree.
    """
    sectors, sector_bytes = _number(device[0], "ts"), _number(device[0], "bp")
    per_chunk, chunks = _number(case[0], "sb"), _number(case[0], "tb")
    chunk_bytes = sector_bytes * per_chunk
    if not 0 < chunk_bytes <= MAX_CHUNK_BYTES or sectors * sector_bytes >= 1 << 62:
        return None
    sound = device[1] and case[1]
    if not sound and (sector_bytes not in {512, 2048, 4096} or -(-sectors // per_chunk) != chunks):
        return None
    return Geometry(
        chunk_count=chunks,
        chunk_bytes=chunk_bytes,
        sector_bytes=sector_bytes,
        sector_count=sectors,
        logical=False,
        set_id=set_id,
        sound=sound,
    )


def readable(values: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Name the values as those of E01 are named; the shape of the medium is told elsewhere."""
    return tuple(
        (_VALUE_NAMES.get(name, name), readable_time(value) if name in _TIMES else value)
        for name, value in values.items()
        if name not in _SHAPE
    )


def parse_digest(kind: str, data: bytes) -> tuple[str, str] | None:
    """Read a hash section: the digest, then its Adler-32; ``None`` where they do not agree."""
    name, size = DIGEST_BYTES[kind]
    whole = len(data) >= size + 4 and ends_with_checksum(data[: size + 4])
    return (name, data[:size].hex()) if whole else None


def parse_errors(data: bytes) -> tuple[tuple[tuple[int, int], ...], bool]:
    """Read an error table: ranges ``(first sector, sectors)``, and whether both checksums agree.

    Layout: u32 count, 12 bytes, Adler-32 of these 16, 12 bytes, entries of u64, u32 and 4 bytes,
    their Adler-32.
    """
    if len(data) < 36:
        return (), False
    (count,) = struct.unpack_from("<I", data)
    held = min(count, (len(data) - 36) // 16, MAX_ERROR_ENTRIES)
    entries = data[32 : 32 + 16 * held]
    (footer,) = struct.unpack_from("<I", data, 32 + 16 * held)
    sound = ends_with_checksum(data[:20]) and held == count
    sound = sound and isal_zlib.adler32(entries) == footer
    return tuple(struct.iter_unpack("<QI4x", entries)), sound


def _number(values: dict[str, str], name: str) -> int:
    text = values.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _unpacked(data: bytes) -> tuple[bytes, bool]:
    """Inflate up to a limit, in pieces, so that what comes before a fault is kept."""
    if data[:2] == b"\xff\xfe":
        return data, False
    inflater = bz2.BZ2Decompressor() if data.startswith(BZIP2_MAGIC) else isal_zlib.decompressobj()
    out = b""
    try:
        for at in range(0, len(data), 64):
            if inflater.eof or len(out) >= MAX_HEADER_BYTES:
                break
            out += inflater.decompress(data[at : at + 64], MAX_HEADER_BYTES - len(out))
    except (INFLATE_ERROR, OSError, EOFError):
        return out, False
    return out, inflater.eof
