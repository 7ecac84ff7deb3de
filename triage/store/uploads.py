"""Keeps what is known of files on their way in: whose they are, how far they came, digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from triage.store.benchtables import submissions, upload_files, uploads


class UploadState(StrEnum):
    """How far an upload has come."""

    OPEN = "open"
    CHECKED = "checked"
    """Every file is here, and is what the sender had."""
    REFUSED = "refused"
    """A file is not what the sender had."""
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFile:
    """A file of an upload.

    Attributes:
        nth: its place among the files as the sender named them, from 0.
        name: as the sender called it; never a path of ours. ``stored``: as it lies here.
        received_bytes: what is here for good, from the start of the file.
        sha256_before: in hexadecimal, as the sender told it; ``sha256_after``: of the file as it
            lies here, ``""`` until it was read.
    """

    nth: int
    name: str
    stored: str
    size_bytes: int
    received_bytes: int = 0
    sha256_before: str = ""
    sha256_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Files on their way in, which together are one piece of evidence.

    Attributes:
        folder: where they lie, a folder of their own.
        used: a submission rests on it, so it stays.
    """

    upload_id: int
    key: str
    user_id: int
    state: UploadState
    folder: Path
    created_s: int
    touched_s: int
    used: bool
    files: tuple[UploadFile, ...]

    @property
    def size_bytes(self) -> int:
        """Of all files together, as the sender told it."""
        return sum(one.size_bytes for one in self.files)

    @property
    def received_bytes(self) -> int:
        """Of all files together."""
        return sum(one.received_bytes for one in self.files)

    @property
    def complete(self) -> bool:
        """Whether all bytes are here; says nothing of their digests."""
        return all(one.received_bytes == one.size_bytes for one in self.files)


class Uploads:
    """The uploads in a case database; nothing is kept before the store's ``commit``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def begin(
        self, key: str, user_id: int, folder: Path, files: Sequence[UploadFile], now_s: int
    ) -> int:
        """Enter an upload of which nothing has arrived, and give its id."""
        adding = uploads.insert().returning(uploads.c.id)
        row = {
            "key": key,
            "user_id": user_id,
            "state": UploadState.OPEN.value,
            "folder": str(folder),
            "created_s": now_s,
            "touched_s": now_s,
        }
        upload_id = int(self._connection.execute(adding, row).scalar_one())
        self._connection.execute(
            upload_files.insert(),
            [
                {
                    "upload_id": upload_id,
                    "nth": one.nth,
                    "name": one.name,
                    "stored": one.stored,
                    "size_bytes": one.size_bytes,
                    "sha256_before": one.sha256_before,
                }
                for one in files
            ],
        )
        return upload_id

    def find(self, key: str, user_id: int) -> Upload | None:
        """Give a person's upload by its key; another person's is as if it were not there."""
        found = self._chosen((uploads.c.key == key) & (uploads.c.user_id == user_id))
        return found[0] if found else None

    def of(self, user_id: int) -> tuple[Upload, ...]:
        """Give a person's uploads that are under way, or done and not submitted; newest first."""
        waiting = uploads.c.state.in_((UploadState.OPEN.value, UploadState.CHECKED.value))
        found = self._chosen((uploads.c.user_id == user_id) & waiting & ~_USED)
        return tuple(reversed(found))

    def unused(self, before_s: int) -> tuple[Upload, ...]:
        """Give what no submission rests on and nobody has touched since a moment."""
        gone = uploads.c.state == UploadState.DROPPED.value
        return self._chosen(~gone & ~_USED & (uploads.c.touched_s < before_s))

    def keys(self) -> frozenset[str]:
        """Give the keys of all uploads whose files may be here."""
        here = uploads.c.state.in_((UploadState.OPEN.value, UploadState.CHECKED.value))
        chosen = sa.select(uploads.c.key).where(here | _USED)
        return frozenset(self._connection.execute(chosen).scalars())

    def awaited_bytes(self) -> int:
        """Give what open uploads of all persons still have to bring."""
        left = sa.func.sum(upload_files.c.size_bytes - upload_files.c.received_bytes)
        chosen = sa.select(left).join(uploads, uploads.c.id == upload_files.c.upload_id)
        opened = chosen.where(uploads.c.state == UploadState.OPEN.value)
        return int(self._connection.execute(opened).scalar() or 0)

    def advance(
        self, upload_id: int, nth: int, *, before_bytes: int, after_bytes: int, now_s: int
    ) -> bool:
        """Say how much of a file is here; false where that was said differently meanwhile."""
        if not self._touch(upload_id, UploadState.OPEN, now_s):
            return False
        columns = upload_files.c
        changed = self._connection.execute(
            sa.update(upload_files)
            .where(columns.upload_id == upload_id, columns.nth == nth)
            .where(columns.received_bytes == before_bytes)
            .values(received_bytes=after_bytes)
        )
        return changed.rowcount == 1

    def digested(self, upload_id: int, nth: int, sha256: str) -> None:
        """Say what a file came to when it was read here."""
        columns = upload_files.c
        self._connection.execute(
            sa.update(upload_files)
            .where(columns.upload_id == upload_id, columns.nth == nth)
            .values(sha256_after=sha256)
        )

    def settle(self, upload_id: int, state: UploadState, now_s: int) -> bool:
        """End an open upload; false where it was not open any more."""
        return self._touch(upload_id, UploadState.OPEN, now_s, becomes=state)

    def take(self, key: str, user_id: int, now_s: int) -> Upload | None:
        """Give a person's checked upload for a submission, which nobody drops before ``commit``.

        ``None`` where there is none, it is not checked, or a submission rests on it already.
        """
        columns = uploads.c
        taking = (
            sa.update(uploads)
            .where(columns.key == key, columns.user_id == user_id)
            .where(columns.state == UploadState.CHECKED.value)
            .values(touched_s=now_s)
        )
        if self._connection.execute(taking).rowcount != 1:
            return None
        found = self.find(key, user_id)
        return None if found is None or found.used else found

    def drop(self, upload_id: int, now_s: int, *, before_s: int | None = None) -> bool:
        """Give an upload up; false where a submission rests on it, or it was dropped before.

        Args:
            before_s: only if nobody has touched it since.
        """
        columns = uploads.c
        # The row is locked first and the question asked second: a submission that was under way
        # is then seen, on servers too where each statement sees what was true when it began.
        locking = sa.update(uploads).where(columns.id == upload_id)
        locking = locking.where(columns.state != UploadState.DROPPED.value)
        if before_s is not None:
            locking = locking.where(columns.touched_s < before_s)
        if self._connection.execute(locking.values(state=columns.state)).rowcount != 1:
            return False
        dropping = sa.update(uploads).where(columns.id == upload_id, ~_USED)
        dropped = dropping.values(state=UploadState.DROPPED.value, touched_s=now_s)
        return self._connection.execute(dropped).rowcount == 1

    def _touch(
        self, upload_id: int, state: UploadState, now_s: int, *, becomes: UploadState | None = None
    ) -> bool:
        columns = uploads.c
        touching = sa.update(uploads).where(columns.id == upload_id, columns.state == state.value)
        values = {"touched_s": now_s, "state": (becomes or state).value}
        return self._connection.execute(touching.values(values)).rowcount == 1

    def _chosen(self, where: sa.ColumnElement[bool]) -> tuple[Upload, ...]:
        """Give the uploads that a condition chooses, with their files, oldest first."""
        columns = upload_files.c
        chosen = sa.select(uploads, _USED.label("used")).where(where).order_by(uploads.c.id)
        rows = self._connection.execute(chosen).all()
        files: dict[int, list[UploadFile]] = {row.id: [] for row in rows}
        if files:
            of = sa.select(upload_files).where(columns.upload_id.in_(list(files)))
            for row in self._connection.execute(of.order_by(columns.upload_id, columns.nth)):
                files[row.upload_id].append(_file(row))
        return tuple(_upload(row, tuple(files[row.id])) for row in rows)


_USED = sa.exists().where(submissions.c.upload_id == uploads.c.id)


def _file(row: sa.Row[Any]) -> UploadFile:
    return UploadFile(
        nth=row.nth,
        name=row.name,
        stored=row.stored,
        size_bytes=row.size_bytes,
        received_bytes=row.received_bytes,
        sha256_before=row.sha256_before,
        sha256_after=row.sha256_after,
    )


def _upload(row: sa.Row[Any], files: tuple[UploadFile, ...]) -> Upload:
    return Upload(
        upload_id=row.id,
        key=row.key,
        user_id=row.user_id,
        state=UploadState(row.state),
        folder=Path(row.folder),
        created_s=row.created_s,
        touched_s=row.touched_s,
        used=bool(row.used),
        files=files,
    )
