"""Tells the type of content by its first bytes, and whether the name fits it."""

from __future__ import annotations

import re
from functools import lru_cache

from triage.ingest.filetypes.extensions import DOCUMENTS, LONGEST_BYTES, PACKED, agrees
from triage.ingest.filetypes.libraries import (
    UNKNOWN,
    asked,
    guessed,
    libmagic,
    magic_identity,
    packed_silence,
    take_silence,
)
from triage.ingest.filetypes.rare import rare_picture
from triage.ingest.filetypes.signatures import signature
from triage.ingest.filetypes.systems import system
from triage.ingest.filetypes.text import plain_text
from triage.ingest.filetypes.weak import believed, weak_picture
from triage.ingest.mailmarks import TYPES as MAIL
from triage.ingest.mailmarks import mail
from triage.model.outcome import FileType

__all__ = [
    "HEAD_BYTES",
    "detect",
    "family",
    "libmagic",
    "magic_identity",
    "packed_silence",
    "take_silence",
]

HEAD_BYTES = 64 * 1024
"""As many first bytes of a content as :func:`detect` makes use of."""

_DOUBTED = frozenset(
    {"image/bmp", "image/x-icon", "audio/aac", "image/jpx", "application/x-brotli"}
)
"""Types that the library gives on two to four bytes alone."""

_DISC, _DISC_MARK = "application/x-iso9660-image", (b"CD001", 32769)
"""Volume descriptor of ECMA-119, beyond what libmagic is shown."""

_MANIFEST = b"Manifest.db"
"""The database of an iOS backup. In blocks of a cipher and not to be recognised it is encrypted,
and with it all files of the folder that it lies in: that has to be told, and only its name can."""

_THUMBDATA = re.compile(rb"\.thumbdata\d+-?-?\d*")
"""Android's cache of thumbnails: its first block is mostly empty, so that only its name tells."""

_PICTURES = frozenset({"application/dicom"})
_DRAWINGS = frozenset(
    {"image/svg+xml", "image/x-eps", "image/vnd.dwg", "image/vnd.dxf", "image/vnd.djvu"}
)
"""Pages and drawings: no picture decoder shows them, so they count as documents."""

_VIDEOS = frozenset(
    {"application/mxf", "application/vnd.rn-realmedia", "application/x-shockwave-flash"}
)


def detect(head: bytes, name: bytes, size_bytes: int) -> FileType:
    """Give the type of a content.

    Marks that cannot be mistaken decide first, then plain text, then the marks of other files;
    the libraries, of which libmagic costs more than all digests, are asked only about the rest.

    Args:
        head: the first bytes, :data:`HEAD_BYTES` at most; fewer where the content is shorter.
        name: last part of the path, raw.
        size_bytes: size of the whole content.
    """
    mime = _mime(head, size_bytes) if size_bytes and head else UNKNOWN
    if mime == UNKNOWN and name == _MANIFEST and not size_bytes % 16:
        mime = "application/x-ios-backup"
    if mime == UNKNOWN and _THUMBDATA.fullmatch(name):
        mime = "application/x-android-thumbdata"
    return _named(mime, name.rpartition(b".")[2][:LONGEST_BYTES] if b"." in name else b"")


@lru_cache(maxsize=4096)
def _named(mime: str, extension: bytes) -> FileType:
    """Give a type with what follows from it and an extension; the same few come again and again."""
    kind = family(mime)
    return FileType(mime=mime, family=kind, extension_agrees=agrees(extension, mime, kind))


def family(mime: str) -> str:
    """Give ``picture``, ``video``, ``audio``, ``archive``, ``document`` or ``other``."""
    if mime in _DRAWINGS or mime in DOCUMENTS:
        return "document"
    if mime.startswith("image/") or mime in _PICTURES:
        return "picture"
    if mime.startswith("video/") or mime in _VIDEOS:
        return "video"
    if mime.startswith("audio/"):
        return "audio"
    if mime in PACKED:
        return "archive"
    return "document" if mime.startswith("text/") else "other"


def _mime(head: bytes, size_bytes: int) -> str:
    mime = signature(head) or weak_picture(head, size_bytes) or mail(head)
    mime = mime or plain_text(head) or system(head)
    if mime:
        return mime
    mime = guessed(head)
    if not mime or mime in _DOUBTED:
        mime = _DISC if head.startswith(*_DISC_MARK) else asked(head)
        if mime == UNKNOWN:
            return rare_picture(head) or UNKNOWN
        if mime in MAIL:  # on its first word alone
            return "text/plain"
    return mime if believed(mime, head, size_bytes) else UNKNOWN
