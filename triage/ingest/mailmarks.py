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
_BLANK = re.compile(rb"\r?\n\r?\n")
_WHOLE_BYTES = 64 * 1024
_START_BYTES = 4096
_EARLY_FIELDS = 60
"""A header that has said nothing of a message by then is none; a long text costs no more."""
_SENT = frozenset({b"from", b"sender", b"return-path", b"received", b"delivered-to"})
_SAYS = frozenset(
    {b"date", b"to", b"cc", b"bcc", b"subject", b"message-id", b"mime-version"}
    | {b"received", b"newsgroups", b"content-type", b"x-mozilla-status", b"delivered-to"}
)


def mail(head: bytes) -> str:
    """Give the type of a message or mailbox, ``""`` for anything else.

    Args:
        head: the first bytes of a content, 64 KiB where there are so many; not empty.
    """
    return _told(head, cut=len(head) >= _WHOLE_BYTES, start_only=False)


def may_be_mail(head: bytes) -> str:
    """Give the type that :func:`mail` gives as well, or might if it saw more.

    Args:
        head: the first bytes of a content, 4 KiB where there are so many.
    """
    return _told(head, cut=len(head) >= _START_BYTES, start_only=True)


def _told(head: bytes, *, cut: bool, start_only: bool) -> str:
    if not _START.match(head):
        length = _LENGTH.match(head)
        start, kind = (length.end() if length else -1), APPLE_MESSAGE
    elif head.startswith(b"From "):
        line = _SEPARATOR.match(head)
        start, kind = (line.end() if line else -1), MAILBOX
    else:
        start, kind = 3 if head.startswith(b"\xef") else 0, MESSAGE
    if start < 0:
        return ""
    names, ended = _fields(head, start)
    if names is None or not (ended or cut):
        return ""
    if start_only and not ended:
        return kind
    return kind if _says_enough(names, head[start:]) else ""


def _fields(head: bytes, start: int) -> tuple[set[bytes] | None, bool]:
    """Give the names of the fields up to the first empty line, and whether that was met.

    ``None`` where a line is no field, or where many have said nothing of a message.
    """
    names = set[bytes]()
    at, count = start, 0
    while at < len(head):
        end = head.find(b"\n", at)
        if end < 0:
            break
        line = head[at:end].rstrip(b"\r")
        at = end + 1
        if not line:
            return names, True
        if line[:1] in (b" ", b"\t") and count:
            continue
        field = _FIELD.match(line)
        count += 1
        if field is None or _CONTROL.search(line):
            return None, False
        names.add(field.group()[:-1].lower())
        if count == _EARLY_FIELDS and not names & _SAYS:
            return None, False
    return names, False


def _says_enough(names: set[bytes], header: bytes) -> bool:
    if b"mime-version" in names and _PARTS.search(
        header.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
    ):
        return True
    return bool(names & _SENT) and len(names & _SAYS) >= 2
