"""Tells plain text by its bytes, so that the slow library need not be asked about it."""

from __future__ import annotations

import codecs
import re

_LOOKED_AT_BYTES = 4096
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\b")) + b"\x7f"
_CONTROL = re.compile(b"[%s]" % re.escape(_CONTROLS))
_GLANCE_BYTES = 32
"""What is no text mostly shows it at once; the search is slower than the translation, if longer."""

_DECODER = codecs.getincrementaldecoder("utf-8")

_STARTS = (
    (
        re.compile(
            rb"(?>(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE svg[^>\[]*(?:\[[^\]]*\])?\s*>|\s+)*)"
            rb"<(?:svg:)?svg[\s>]",
            re.IGNORECASE | re.DOTALL,
        ),
        "image/svg+xml",
    ),
    (re.compile(rb"<\?xml\s"), "text/xml"),
    (re.compile(rb"<(?:!doctype\s+html|html|head|body)", re.IGNORECASE), "text/html"),
    (re.compile(rb"\{\\rtf"), "text/rtf"),
    (re.compile(rb"/\* XPM \*/"), "image/x-xpixmap"),
    (
        re.compile(
            rb"(?>(?:/\*.*?\*/|\s+)*)#define\s+(?>\w+)(?<=width)\s+\d+\s+#define\s+\w+\s+\d",
            re.DOTALL,
        ),
        "image/x-xbitmap",
    ),
    (re.compile(rb"#!\s*/"), "text/x-script"),
    (re.compile(rb"BEGIN:VCARD"), "text/vcard"),
)
"""Atomic groups keep hostile text from sending the patterns back and forth."""

_FIRSTS = frozenset((b"<", b"{", b"/", b"#", b"B"))
"""What a pattern can begin with, behind white space."""


def plain_text(head: bytes) -> str:
    """Give a type of text, ``""`` where the first bytes are not plain UTF-8 or UTF-16 text."""
    part = head[:_LOOKED_AT_BYTES]
    if part.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text/plain" if len(part) >= 4 and _utf16(part) else ""
    if _CONTROL.search(part, 0, _GLANCE_BYTES) or part.translate(None, _CONTROLS) != part:
        return ""
    try:
        if not part.isascii():
            _DECODER().decode(part)
    except UnicodeDecodeError:
        return ""
    start = part.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] not in _FIRSTS:
        return "text/plain"
    return next((mime for pattern, mime in _STARTS if pattern.match(start)), "text/plain")


def _utf16(part: bytes) -> bool:
    try:
        text = part[: len(part) // 2 * 2 - 2].decode("utf-16")
    except UnicodeDecodeError:
        return False
    return all(character >= " " or character in "\t\r\n" for character in text)
