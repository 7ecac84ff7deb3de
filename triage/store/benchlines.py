"""What graders leave behind besides votes: notes on contents, and stacks that they put off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.display import printable
from triage.store.benchtables import notes, skips

NOTE_MAX = 2_000
"""Characters of a note, at most."""


class Note(NamedTuple):
    """What a person wrote down about a content; ``at_s`` seconds since 1970 UTC."""

    by: str
    at_s: int
    words: str


def add_skip(
    connection: sa.Connection, case_id: int, user_id: int, sha256: bytes, *, now_s: int
) -> None:
    """Append that a person put off the stack that a content leads; the caller commits."""
    values = {"case_id": case_id, "user_id": user_id, "sha256": sha256, "at_s": now_s}
    connection.execute(sa.insert(skips), [values])


def skipped_by(connection: sa.Connection, case_id: int, user_id: int) -> frozenset[bytes]:
    """Give the contents of a case whose stacks a person ever put off."""
    mine = (skips.c.case_id == case_id) & (skips.c.user_id == user_id)
    query = sa.select(skips.c.sha256).where(mine)
    return frozenset(map(bytes, connection.execute(query).scalars()))


def add_notes(
    connection: sa.Connection, case_id: int, digests: Sequence[bytes], note: Note
) -> None:
    """Append a note to contents; the caller commits.

    Raises:
        UsageFault: it says nothing, or too much.
    """
    words = "\n".join(printable(line.strip()) for line in note.words.splitlines()).strip()
    if not words:
        raise UsageFault("a note needs words")
    if len(words) > NOTE_MAX:
        raise UsageFault(f"a note has {NOTE_MAX:,} characters at most")
    values = [
        {"case_id": case_id, "sha256": one, "by": note.by, "at_s": note.at_s, "words": words}
        for one in digests
    ]
    if values:
        connection.execute(sa.insert(notes), values)


def notes_of(connection: sa.Connection, case_id: int, sha256: bytes) -> tuple[Note, ...]:
    """Give the notes on a content, in the order of writing."""
    here = (notes.c.case_id == case_id) & (notes.c.sha256 == sha256)
    query = sa.select(notes.c.by, notes.c.at_s, notes.c.words).where(here).order_by(notes.c.id)
    return tuple(Note(*row) for row in connection.execute(query))
