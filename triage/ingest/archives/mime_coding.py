"""Undoes the encodings of mail (RFC 2045, 6) by pieces; the length is known before."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator

from triage.ingest.archives.source import BUFFER_BYTES, Source
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.outcome import FailReason

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_OTHERS = bytes(set(range(256)) - set(_ALPHABET))
_LINE_BYTES = 64 * 1024

Decoder = Callable[[Iterator[bytes]], Iterator[bytes]]


def raw(source: Source, start: int, end: int) -> Iterator[bytes]:
    """Give a stretch as it is."""
    at = start
    while at < end:
        piece = source.read_at(at, min(BUFFER_BYTES, end - at))
        if not piece:
            detail = f"the message ends {end - at} bytes before the part does"
            raise ContentError(FailReason.SHORT_READ, detail)
        at += len(piece)
        yield piece


def decoded(encoding: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Undo an encoding by its name; an unknown one leaves the bytes as they are."""
    for piece in _DECODERS.get(encoding, iter)(pieces):
        for at in range(0, len(piece), CHUNK_BYTES):
            yield piece[at : at + CHUNK_BYTES]


def decoded_size(encoding: str, pieces: Iterator[bytes]) -> int:
    """Give how many bytes :func:`decoded` gives."""
    if encoding == "base64":
        return sum(map(len, _letters(pieces))) * 6 // 8
    return sum(map(len, _DECODERS.get(encoding, iter)(pieces)))


def is_plain(encoding: str) -> bool:
    """Tell whether the content lies in the message as it is."""
    return encoding not in _DECODERS


def _letters(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Give what counts of base64, up to the first sign that fills up: the end by RFC 2045, 6.8."""
    for piece in pieces:
        letters = piece.translate(None, _OTHERS)
        end = letters.find(b"=")
        yield letters if end < 0 else letters[:end]
        if end >= 0:
            return


def _base64(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for letters in _letters(pieces):
        data = held + letters
        whole = len(data) // 4 * 4
        held = data[whole:]
        yield binascii.a2b_base64(data[:whole])
    if len(held) > 1:
        yield binascii.a2b_base64(held + b"=" * (4 - len(held)))


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Give whole lines together; one without end is cut where no escape stands."""
    held = b""
    for piece in pieces:
        data = held + piece
        end = data.rfind(b"\n") + 1
        if not end and len(data) > _LINE_BYTES:
            end = len(data) - 3
            while end > len(data) - 6 and b"=" in data[end - 2 : end]:
                end -= 1
        held = data[end:]
        if end:
            yield data[:end]
    if held:
        yield held


def _quoted(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for lines in _lines(pieces):
        yield binascii.a2b_qp(lines)


def _uuencoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inside = False
    for lines in _lines(pieces):
        for line in lines.splitlines():
            if not inside:
                inside = line.startswith(b"begin ")
            elif line.strip() == b"end":
                return
            elif line:
                yield _uu_line(line)


def _uu_line(line: bytes) -> bytes:
    """Undo a line; some encoders make it longer than its first letter says."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        size = ((line[0] - 32 & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:size])
        except binascii.Error:
            return b""


_DECODERS: dict[str, Decoder] = {
    "base64": _base64,
    "quoted-printable": _quoted,
    **dict.fromkeys(("x-uuencode", "uuencode", "x-uue"), _uuencoded),
}
