"""Where in the bytes of a picture its EXIF lies, by the format of the file."""

from __future__ import annotations

from triage.hashing import decoding

MOST_PARTS = 10_000
"""Segments or chunks of a file that are stepped over in search of it."""
_MARK = b"Exif\0\0"
_ANY_SIZE = 1 << 40
"""Pixels; none are decoded here."""


def exif_of(data: bytes) -> bytes:
    """Give the EXIF of a picture, from its byte-order mark on; ``b""`` where there is none.

    JPEG (JFIF, ITU T.81), PNG 1.5 with its extension ``eXIf``, WebP (RIFF) and TIFF are searched
    here, so that a file whose picture is damaged still tells; HEIF and AVIF by their decoders.
    """
    if data.startswith(b"\xff\xd8"):
        return _in_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _in_png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _in_webp(data)
    if data[:4] in {b"II*\0", b"MM\0*"}:
        return data
    return _told_by_decoder(data) if data[4:8] == b"ftyp" else b""


def _in_jpeg(data: bytes) -> bytes:
    at = 2
    for _ in range(MOST_PARTS):
        if len(data) < at + 4 or data[at] != 0xFF:
            return b""
        kind = data[at + 1]
        if kind == 0xFF:  # a byte to fill up with
            at += 1
            continue
        if kind in {0xDA, 0xD9}:  # from here on there are pixels, or nothing
            return b""
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == 0xE1 and data.startswith(_MARK, at + 4):
            return data[at + 10 : at + 2 + length]
        at += 2 + max(length, 2)
    return b""


def _in_png(data: bytes) -> bytes:
    at = 8
    for _ in range(MOST_PARTS):
        if len(data) < at + 8:
            return b""
        length = int.from_bytes(data[at : at + 4], "big")
        if data.startswith(b"eXIf", at + 4):
            return _unmarked(data[at + 8 : at + 8 + length])
        at += 12 + length
    return b""


def _in_webp(data: bytes) -> bytes:
    at = 12
    for _ in range(MOST_PARTS):
        if len(data) < at + 8:
            return b""
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if data.startswith(b"EXIF", at):
            return _unmarked(data[at + 8 : at + 8 + length])
        at += 8 + length + (length & 1)
    return b""


def _unmarked(exif: bytes) -> bytes:
    return exif.removeprefix(_MARK)


def _told_by_decoder(data: bytes) -> bytes:
    try:
        with decoding.quiet(_ANY_SIZE), decoding.opened(data) as picture:
            found = picture.info.get("exif") or b""
    except Exception:  # noqa: BLE001  (border: decoders raise a dozen classes)
        return b""
    return _unmarked(found) if isinstance(found, bytes) else b""
