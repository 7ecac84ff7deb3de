"""Signatures of pictures and videos, and of what is most often met beside them."""

from __future__ import annotations

import struct

from triage.ingest.filetypes.marks import Mark, Marks
from triage.ingest.filetypes.weak import DIB_BYTES

_PLAIN: tuple[Mark, ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\x8aMNG\r\n\x1a\n", "video/x-mng"),
    (0, b"\x8bJNG\r\n\x1a\n", "image/x-jng"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"CR\x02\x00", "image/x-canon-cr2"),
    (0, b"FUJIFILMCCD-RAW", "image/x-fuji-raf"),
    (0, b"IIRO", "image/x-olympus-orf"),
    (0, b"IIRS", "image/x-olympus-orf"),
    (0, b"MMOR", "image/x-olympus-orf"),
    (0, b"IIU\0", "image/x-panasonic-rw2"),
    (6, b"HEAPCCDR", "image/x-canon-crw"),
    (0, b"\0MRM", "image/x-minolta-mrw"),
    (0, b"FOVb", "image/x-sigma-x3f"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "image/x-jp2-codestream"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"II\xbc\x01", "image/jxr"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"icns", "image/x-icns"),
    (0, b"BLP1", "image/x-blp"),
    (0, b"BLP2", "image/x-blp"),
    (0, b"DDS |\0\0\0", "image/vnd.ms-dds"),
    (0, b"qoif", "image/x-qoi"),
    (0, b"gimp xcf", "image/x-xcf"),
    (0, b"\x59\xa6\x6a\x95", "image/x-sun-raster"),
    (0, b"\x76\x2f\x31\x01", "image/x-exr"),
    (0, b"#?RADIANCE", "image/vnd.radiance"),
    (0, b"\xd7\xcd\xc6\x9a\0\0", "image/wmf"),
    (40, b" EMF", "image/emf"),
    (128, b"DICM", "application/dicom"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "video/x-ms-asf"),
    (0, b"\0\0\x01\xba", "video/mpeg"),
    (0, b"\0\0\x01\xb3", "video/mpeg"),
    (0, b"\0\0\0\x01\x67", "video/h264"),
    (0, b"\0\0\0\x01\x40\x01", "video/h265"),
    (0, b".RMF\0\0\0", "application/vnd.rn-realmedia"),
    (0, b"DKIF\0\0", "video/x-ivf"),
    (0, b"DHAV", "video/x-dhav"),
    (0, b"IMKH", "video/x-hikvision"),
    (0, bytes.fromhex("060e2b34020501010d0102"), "application/mxf"),
    (0, bytes.fromhex("b7d800203749da11a64e0007e95ead8d"), "video/x-ms-wtv"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"ANDROID BACKUP\n", "application/x-android-backup"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
)
"""``(offset, bytes, type)``; magic numbers as published by the makers of the formats."""

_RIFF = {
    b"WEBP": "image/webp",
    b"AVI ": "video/x-msvideo",
    b"AVIX": "video/x-msvideo",
    b"AMV ": "video/x-amv",
    b"WAVE": "audio/x-wav",
}
_STILL_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"hevm": "image/heic",
    b"hevs": "image/heic",
    b"mif1": "image/heif",
    b"mif2": "image/heif",
    b"msf1": "image/heif",
    b"miaf": "image/heif",
    b"crx ": "image/x-canon-cr3",
    b"jxl ": "image/jxl",
    b"jp2 ": "image/jp2",
    b"jpx ": "image/jpx",
}
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "})
_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"pnot"})
_OGG_VIDEO = (b"\x80theora", b"OVP80", b"BBCD\0", b"\x01video", b"fishead\0")


def signature(head: bytes) -> str:
    """Give the type of what carries an unmistakable mark, ``""`` where none was found."""
    return _TABLE.told(head) if head else ""


def _riff(head: bytes) -> str:
    return _RIFF.get(head[8:12], "") if head[:4] in (b"RIFF", b"RIFX") else ""


def _iso_media(head: bytes) -> str:  # noqa: PLR0911 (one return a brand)
    """Tell HEIF, AVIF, sound and film apart by their brands (ISO/IEC 14496-12, 23008-12)."""
    if head[4:8] in _ATOMS and len(head) >= 16:
        return "video/quicktime"
    if head[4:8] != b"ftyp":
        return ""
    end = min(int.from_bytes(head[:4], "big"), 256, len(head))
    major = head[8:12]
    if major in _STILL_BRANDS:
        brands = [major, *(head[at : at + 4] for at in range(16, end - 3, 4))]
        exact = [_STILL_BRANDS[brand] for brand in brands if brand in _STILL_BRANDS]
        return next((mime for mime in exact if mime != "image/heif"), "image/heif")
    if major in _SOUND_BRANDS:
        return "audio/mp4"
    if major == b"qt  ":
        return "video/quicktime"
    if major[:3] in (b"3gp", b"3gg", b"3gs", b"3gr", b"3ge"):
        return "video/3gpp"
    return "video/3gpp2" if major[:3] == b"3g2" else "video/mp4"


def _matroska(head: bytes) -> str:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return ""
    return "video/webm" if b"webm" in head[:64] else "video/x-matroska"


def _tiff(head: bytes) -> str:
    """Give TIFF, or the camera's own kind of it by the maker and the DNG tag in the first IFD."""
    if head[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return ""
    order = "<" if head[:2] == b"II" else ">"
    if head[2:4] in (b"+\0", b"\0+") or len(head) < 8:
        return "image/tiff"
    tags = _tags(head, order, struct.unpack_from(order + "I", head, 4)[0])
    if 50706 in tags:
        return "image/x-adobe-dng"
    maker = head[tags[271] : tags[271] + 8].upper() if 271 in tags else b""
    raw = 330 in tags or 34665 in tags
    if raw and maker.startswith(b"NIKON"):
        return "image/x-nikon-nef"
    if raw and maker.startswith(b"SONY"):
        return "image/x-sony-arw"
    return "image/tiff"


def _tags(head: bytes, order: str, offset: int) -> dict[int, int]:
    """Give tag → value or offset of the first IFD, as far as the head reaches (TIFF 6.0)."""
    if offset + 2 > len(head):
        return {}
    count = struct.unpack_from(order + "H", head, offset)[0]
    tags = {}
    for index in range(min(count, 512)):
        place = offset + 2 + index * 12
        if place + 12 > len(head):
            break
        tag, value = struct.unpack_from(order + "H6xI", head, place)
        tags[tag] = value
    return tags


def _bitmap(head: bytes) -> str:
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in DIB_BYTES:
        return "image/bmp"
    return "image/bmp" if head[:2] == b"BA" and head[14:16] == b"BM" else ""


def _netpbm(head: bytes) -> str:
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3] in b" \t\r\n" and len(head) > 3:
        return "image/x-portable-anymap"
    return ""


def _transport(head: bytes) -> str:
    """Ask for five sync bytes in a row at the packet sizes of ISO/IEC 13818-1 and of M2TS."""
    if head[:1] != b"G" and head[4:5] != b"G":
        return ""
    for start, step in ((0, 188), (4, 192)):
        marks = head[start : start + 5 * step : step]
        if marks == b"G" * 5:
            return "video/mp2t"
    return ""


def _ogg(head: bytes) -> str:
    if not head.startswith(b"OggS"):
        return ""
    return "video/ogg" if any(mark in head[:4096] for mark in _OGG_VIDEO) else "audio/ogg"


def _jxl(head: bytes) -> str:
    """A naked codestream starts with two bytes only, so it must not look like text as well."""
    return "image/jxl" if head[:2] == b"\xff\x0a" and len(head) > 12 else ""


def _flash(head: bytes) -> str:
    if head[:3] in (b"FWS", b"CWS", b"ZWS") and 0 < int.from_bytes(head[3:4], "big") < 64:
        return "application/x-shockwave-flash"
    return ""


_TABLE = Marks(
    _PLAIN,
    (
        (b"R", _riff),
        (b"", _iso_media),
        (b"\x1a", _matroska),
        (b"IM", _tiff),
        (b"B", _bitmap),
        (b"P", _netpbm),
        (b"", _transport),
        (b"O", _ogg),
        (b"\xff", _jxl),
        (b"FCZ", _flash),
        (b"!", lambda head: "application/x-unix-archive" if head == b"!<arch>\n" else ""),
    ),
)
