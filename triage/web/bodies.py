"""Bodies of requests: never larger than the route takes, and read as forms where they are forms."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl

from fastapi import HTTPException
from starlette.requests import Request
from starlette.types import Message

from triage.web.faults import Fault, TooLarge
from triage.web.forms import Fields

USUAL = 1_000_000
"""Bytes of a body, unless a route says otherwise."""

BODY_S = 60.0
"""How long a body may take to arrive; whoever sends longer holds a place that others need."""

FIELDS_MOST = 2_000
"""Fields of a form."""

_FORM = "application/x-www-form-urlencoded"


class _Over(Exception):  # noqa: N818  (a state of the stream)
    """The body went over its limit in mid-stream."""


class TooSlow(Fault):
    """The body took longer than anybody's does."""

    status = 408
    heading = "That took too long"


def bounded(request: Request, most_bytes: int) -> Request:
    """Give the request with a body that ends in a fault once it is too large or takes too long.

    Args:
        most_bytes: -1 for a body that the handler counts itself.
    """
    if most_bytes < 0:
        return request
    seen, until = 0, time.monotonic() + BODY_S

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if message.get("more_body", False) and time.monotonic() > until:
            raise TooSlow("What was sent took too long to arrive.", hint="Send it again.")
        if seen > most_bytes:
            raise _Over
        return message

    return Request(request.scope, receive, request._send)  # noqa: SLF001  (has no public name)


def check_length(request: Request, most_bytes: int) -> None:
    """Refuse a body that says itself that it is too large, before a byte of it is read.

    Raises:
        TooLarge: it is.
        Fault: its length is no number.
    """
    told = request.headers.get("content-length", "0")
    if not (told.isascii() and told.isdigit() and len(told) <= 18):
        raise Fault("The length of what was sent is not known.")
    if 0 <= most_bytes < int(told):
        raise TooLarge("What was sent is larger than this page takes.")


async def read_form(request: Request) -> Fields:
    """Read a posted form, as browsers send one that has no files.

    What is not UTF-8, and the character NUL, which no database keeps, is replaced.

    Raises:
        Fault: it is no form, or has too many fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != _FORM:
        raise Fault("This page takes a form.")
    words = (await request.body()).decode("utf-8", "replace")
    try:
        posted = parse_qsl(words, keep_blank_values=True, max_num_fields=FIELDS_MOST)
    except ValueError as error:
        raise Fault("What was sent could not be read.") from error
    return Fields((name, value.replace("\0", "\ufffd")) for name, value in posted)


def as_fault(error: Exception) -> Exception:
    """Tell a body that was too large by its fault, however it was wrapped on the way."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _Over):
            return TooLarge("What was sent is larger than this page takes.")
        if isinstance(cause, TooSlow):
            return cause
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, HTTPException) and error.status_code == 400:
        return Fault("What was sent could not be read.")
    return error
