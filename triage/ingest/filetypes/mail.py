"""Tells messages and mailboxes by the whole of their first header, so that no text passes for one.

A type of its own opens a file as an archive of its parts; any other text stays plain text.
"""

from __future__ import annotations

import re

MESSAGE, MAILBOX, APPLE_MESSAGE = "message/rfc822", "application/mbox", "message/x-emlx"
TYPES = frozenset({MESSAGE, MAILBOX, APPLE_MESSAGE, "message/news"})
"""Also as libmagic calls them, which asks for one word at the start only."""

_SEPARATOR = re.compile(
    rb"From [^\r\n]{0,400}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[, ][^\r\n]{0,60}\d{4}[^\r\n]{0,40}\r?\n"
)
_LENGTH = re.compile(rb"\d{1,10} *\r?\n")
_FIELD = re.compile(rb"[!-9;-~]{1,76}:")
_START = re.compile(rb"[!-9;-~]{1,76}:|From |\xef\xbb\xbf")
_CONTROL = re.compile(rb"[\0-\b\v\f\x0e-\x1a\x1c-\x1f]")
_PARTS = re.compile(rb"^content-type:\s*multipart/", re.IGNORECASE | re.MULTILINE)
_WHOLE_BYTES = 64 * 1024
_EARLY_LINES = 60
"""A header that has said nothing of a message by then is none; a long text costs no more."""
_SENT = frozenset({b"from", b"sender", b"return-path", b"received", b"delivered-to"})
_SAYS = frozenset(
    {b"date", b"to", b"cc", b"bcc", b"subject", b"message-id", b"mime-version"}
    | {b"received", b"newsgroups", b"content-type", b"x-mozilla-status", b"delivered-to"}
)


def mail(head: bytes) -> str:
    """Give the type of a message or mailbox, ``""`` for anything else.

    Args:
        head: the first bytes of a content; not empty.
    """
    if not _START.match(head):
        length = _LENGTH.match(head)
        return APPLE_MESSAGE if length and _is_header(head, length.end()) else ""
    if head.startswith(b"From "):
        line = _SEPARATOR.match(head)
        return MAILBOX if line and _is_header(head, line.end()) else ""
    return MESSAGE if _is_header(head, 3 if head.startswith(b"\xef") else 0) else ""


def _is_header(head: bytes, start: int) -> bool:
    """Ask that all lines up to the first empty one are fields, and that they say who wrote what."""
    names = set[bytes]()
    at, lines = start, 0
    while at < len(head):
        lines += 1
        if lines == _EARLY_LINES and not names & _SAYS:
            return False
        end = head.find(b"\n", at)
        if end < 0:
            return len(head) >= _WHOLE_BYTES and _says_enough(names, head[start:])
        line = head[at:end].rstrip(b"\r")
        if not line:
            return _says_enough(names, head[start:end])
        if line[:1] in (b" ", b"\t") and names:
            at = end + 1
            continue
        field = _FIELD.match(line)
        if field is None or _CONTROL.search(line):
            return False
        names.add(field.group()[:-1].lower())
        at = end + 1
    return len(head) >= _WHOLE_BYTES and _says_enough(names, head[start:])


def _says_enough(names: set[bytes], header: bytes) -> bool:
    if b"mime-version" in names and _PARTS.search(header):
        return True
    return bool(names & _SENT) and len(names & _SAYS) >= 2
