"""Notes outside the database what link a line of the audit had, and reads those notes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from triage.errors import StoreError
from triage.model.auditchain import Anchor
from triage.model.display import printable

NAME = "audit-anchors.txt"
"""The file in TRIAGE_HOME."""

ROWS = 1_000
"""A line is noted whenever so many were appended."""

_ANCHOR = re.compile(r"([0-9]{1,19})[: ]([0-9a-f]{64})(?: ([0-9TZ:+-]{1,40}))?")


def add_anchor(path: Path, anchor: Anchor) -> None:
    """Append a note, which is on the disk when this returns.

    Raises:
        StoreError: it cannot be written.
    """
    when = datetime.fromtimestamp(anchor.at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = f"{anchor.number} {anchor.link.hex()} {when}\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with open(path, "ab", opener=lambda name, _: os.open(name, flags, 0o600)) as file:
            file.write(words.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def read_anchors(path: Path) -> tuple[Anchor, ...]:
    """Give the notes of a file in their order, none where there is no file.

    Raises:
        StoreError: it cannot be read, or a line of it is none.
    """
    try:
        with path.open(encoding="ascii", errors="replace") as lines:
            return tuple(_anchors(path, lines))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def anchor_of(words: str) -> Anchor | None:
    """Read ``number:link`` or ``number link``, and a moment after it; ``None`` where it is none."""
    found = _ANCHOR.fullmatch(words.strip())
    if found is None:
        return None
    number, link, when = found.groups()
    try:
        at_s = int(datetime.fromisoformat(when).timestamp()) if when else -1
    except ValueError:
        return None
    return Anchor(number=int(number), link=bytes.fromhex(link), at_s=at_s)


def _anchors(path: Path, lines: Iterator[str]) -> Iterator[Anchor]:
    for nth, line in enumerate(lines, 1):
        found = anchor_of(line)
        if found is None:
            raise StoreError(
                f"{path}, line {nth}: {printable(line.strip()[:80])!r} is no note of the audit",
                hint="Somebody has changed this file; compare it with a copy kept elsewhere.",
            )
        yield found
