"""Reads of the header of a message or of a part what says how its content is stored and named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from triage.ingest.archives.source import Source

_HEADER_BYTES, _STEP_BYTES = 256 * 1024, 4096
_END = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_WANTED = re.compile(
    rb"^(?:content-[a-z-]{1,40}|date|x-mozilla-external-attachment-url):"
    rb"[^\n]{0,4000}(?:\n[ \t][^\n]{0,4000}){0,200}",
    re.IGNORECASE | re.MULTILINE,
)
_PARSER = BytesHeaderParser()
_SUBTYPES = re.compile(r"[a-z0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a header says.

    Attributes:
        kind: type of the content, ``text/plain`` where none is told.
        boundary: between the parts, ``b""`` where there are none.
        encoding: as :mod:`triage.ingest.archives.mime_coding` names it.
        name: as the sender called the content, ``b""`` where nothing is told.
        date_ns: of the message, ``None`` where none is told.
        elsewhere: the content was taken out of the message and lies in another file.
    """

    kind: str
    boundary: bytes
    encoding: str
    name: bytes
    date_ns: int | None
    elsewhere: bool


def read_header(source: Source, start: int, end: int) -> tuple[Header, int]:
    """Give the header that stands at a place, and where the content behind it begins."""
    size = _STEP_BYTES
    while True:
        block = source.read_at(start, min(size, end - start))
        found = _END.search(block)
        if found or len(block) < size or size >= _HEADER_BYTES:
            break
        size *= 4
    stop = found.start() if found else len(block)
    return _told(block[:stop]), start + (found.end() if found else len(block))


def _told(block: bytes) -> Header:
    wanted = b"\n".join(match.group().rstrip(b"\r") for match in _WANTED.finditer(block))
    message = _PARSER.parsebytes(wanted + b"\n\n")
    kind = message.get_content_type()
    boundary = _boundary(message) if kind.startswith("multipart/") else b""
    return Header(
        kind=kind,
        boundary=boundary,
        encoding=str(message.get("content-transfer-encoding", "")).strip().strip('"').lower(),
        name=_name(message),
        date_ns=_date_ns(str(message.get("date", ""))),
        elsewhere=kind == "message/external-body"
        or "x-mozilla-external-attachment-url" in message
        or "x-apple-content-length" in message,
    )


def _boundary(message: Message) -> bytes:
    try:
        told = message.get_boundary("")
    except (ValueError, LookupError, TypeError, MessageError):
        told = ""
    return told.rstrip().encode("utf-8", "surrogateescape")


def _name(message: Message) -> bytes:
    try:
        name = _words(message.get_filename("") or "")
    except (ValueError, LookupError, TypeError, MessageError):
        name = ""
    if not name:
        location = str(message.get("content-location", "")).strip()
        name = re.split(r"[?#]", location)[0].rstrip("/").rpartition("/")[2][:255]
    return name.replace("\0", "").encode("utf-8", "surrogateescape")


def _words(text: str) -> str:
    """Decode encoded words (RFC 2047), which many put into file names as well."""
    if "=?" not in text:
        return text
    parts = []
    for part, charset in decode_header(text):
        if isinstance(part, str):
            parts.append(part)
            continue
        try:
            parts.append(part.decode(charset or "ascii", "surrogateescape"))
        except (LookupError, ValueError):
            parts.append(part.decode("latin-1"))
    return "".join(parts)


def _date_ns(text: str) -> int | None:
    try:
        moment = parsedate_to_datetime(text)
        seconds = int(moment.timestamp()) if moment.tzinfo else None
    except (ValueError, TypeError, LookupError, ArithmeticError, OSError):
        return None
    return seconds * 1_000_000_000 if seconds and abs(seconds) < 1 << 33 else None


def ending(kind: str) -> bytes:
    """Give an ending for the name of a content that has none of its own."""
    subtype = kind.rpartition("/")[2]
    subtype = {"jpeg": "jpg", "plain": "txt", "quicktime": "mov"}.get(subtype, subtype)
    return b"." + subtype.encode() if _SUBTYPES.fullmatch(subtype) else b""
