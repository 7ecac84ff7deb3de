"""What happens when nobody reads on: ``triage … | head -1`` ends quietly."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Iterator
from typing import TextIO


class ReaderGone(Exception):  # noqa: N818  (not an error: a reader has seen enough)
    """The reader of standard output or standard error has gone.

    No ``OSError``: click takes those of broken pipes for itself and exits with 1.
    """


@contextlib.contextmanager
def reader_may_go() -> Iterator[None]:
    """Turn the broken pipe of a stream of ours into :class:`ReaderGone`; no other pipe's."""
    try:
        yield
    except BrokenPipeError as error:
        if settle():
            raise
        raise ReaderGone from error


def settle() -> bool:
    """Hand over what is buffered for both streams, and tell whether both have their readers.

    A stream whose reader has gone leads nowhere from here on, so that the interpreter does not
    complain about it at the end.
    """
    read = [_settled(stream) for stream in (sys.stdout, sys.stderr)]
    return all(read)


def _settled(stream: TextIO | None) -> bool:
    if stream is None:
        return True
    try:
        stream.flush()
        gone = _hung_up(stream)
    except BrokenPipeError:
        gone = True
    if gone:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    return not gone


def _hung_up(stream: TextIO) -> bool:
    """Tell whether the other end is closed: what was not buffered is not there to fail again."""
    if not hasattr(select, "poll"):
        return False
    try:
        place = stream.fileno()
    except (OSError, ValueError):
        return False
    asked = select.poll()
    asked.register(place, select.POLLOUT)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in asked.poll(0))
