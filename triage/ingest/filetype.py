"""Tells the type of content by its first bytes, and whether the name fits it."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Protocol

import filetype

from triage.errors import TriageError
from triage.ingest.filetype_extensions import DOCUMENTS, PACKED, agrees
from triage.ingest.filetype_signatures import signature
from triage.ingest.filetype_text import plain_text
from triage.ingest.filetype_weak import believed, weak_picture
from triage.model.outcome import FileType

HEAD_BYTES = 64 * 1024
"""As many first bytes of a content as :func:`detect` makes use of."""

_UNKNOWN = "application/octet-stream"
_MAGIC_BYTES = 4 * 1024
_DOUBTED = frozenset(
    {"image/bmp", "image/x-icon", "audio/aac", "image/jpx", "application/x-brotli"}
)
"""Types that the library gives on two to four bytes alone."""

_PICTURES = frozenset({"application/dicom"})
_DRAWINGS = frozenset(
    {"image/svg+xml", "image/x-eps", "image/vnd.dwg", "image/vnd.dxf", "image/vnd.djvu"}
)
"""Pages and drawings: no picture decoder shows them, so they count as documents."""

_VIDEOS = frozenset(
    {"application/mxf", "application/vnd.rn-realmedia", "application/x-shockwave-flash"}
)


class _Asked(Protocol):
    def from_buffer(self, buf: bytes) -> str: ...


def detect(head: bytes, name: bytes, size_bytes: int) -> FileType:
    """Give the type of a content.

    Marks that cannot be mistaken decide first, then plain text; libmagic, which costs more than
    all digests, is asked only about the rest.

    Args:
        head: the first bytes, :data:`HEAD_BYTES` at most; fewer where the content is shorter.
        name: last part of the path, raw.
        size_bytes: size of the whole content.
    """
    mime = _mime(head, size_bytes) if size_bytes and head else _UNKNOWN
    return FileType(
        mime=mime, family=family(mime), extension_agrees=agrees(name, mime, family(mime))
    )


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
    mime = signature(head) or weak_picture(head, size_bytes) or plain_text(head)
    if mime:
        return mime
    guess = filetype.guess(head[:8192])
    mime = _asked(head) if guess is None or guess.mime in _DOUBTED else guess.mime
    return mime if believed(mime, head, size_bytes) else _UNKNOWN


def _asked(head: bytes) -> str:
    magic, error = libmagic()
    try:
        return magic.from_buffer(head[:_MAGIC_BYTES]) or _UNKNOWN
    except error:
        return _UNKNOWN


@cache
def libmagic() -> tuple[_Asked, type[Exception]]:
    """Give the one handle of this process, and the error that it raises.

    Raises:
        TriageError: libmagic is not installed; a missing library is never an unknown type.
    """
    try:
        with suppress(ImportError):  # absent where the system or python-magic-bin brings libmagic
            import_module("pylibmagic")  # puts libmagic where python-magic looks, so it goes first
        magic = import_module("magic")
    except ImportError as error:
        hint = "pip install pylibmagic python-magic"
        raise TriageError(f"libmagic does not load: {error}", hint=hint) from error
    return magic.Magic(mime=True), magic.MagicException
