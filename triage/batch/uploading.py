"""Takes evidence in over a network, piece by piece, whatever breaks between; then checks it.

What is said to be here is here: a piece is written and made permanent before the database tells
of it, so that after any crash the sender goes on from what the database tells. A piece belongs at
the end of what is here; any other is refused with the offset that is right. When all bytes are
here they are read anew from the disk, and only what the sender had before is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from triage.batch import uploadfiles
from triage.batch.evidencenames import first_of
from triage.batch.uploadcheck import Check
from triage.batch.uploadterms import (
    Checked,
    Edges,
    Offered,
    Piece,
    Reason,
    UploadFault,
    accepted,
    file_of,
    no_room,
    on_disk,
    wrong_place,
)
from triage.model.settings import UnitSettings
from triage.store.database import Store
from triage.store.uploads import Upload, UploadFile, Uploads, UploadState

FOLDER = "uploads"
"""Under ``TRIAGE_HOME``."""

MAX_OPEN = 5
"""Uploads that a person may have under way at once."""

PIECE_BYTES = 4 << 20
"""What is made permanent, and said to be here, at a time."""

CHECK_BYTES = 1 << 30
"""Read anew in one step of the check, so that each answer comes within seconds."""

EDGE_BYTES = 1 << 20
"""At the start and end of what is here, by which a sender tells the same file again."""

SWEEP_EVERY_S = 3_600
STALE_S = 14 * 86_400
"""After which an upload that nobody goes on with, or submits, is removed."""

GB = 1_000_000_000

_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Uploading:
    """The uploads of one server; there is one server to a ``TRIAGE_HOME``.

    Args:
        home: whose folder ``uploads`` is used; made when the first piece comes.
    """

    def __init__(
        self, home: Path, *, free_bytes: Callable[[Path], int] = uploadfiles.free_bytes
    ) -> None:
        self._folder = home / FOLDER
        self._free_bytes = free_bytes
        self._busy: dict[str, object] = {}
        self._checks: dict[str, Check] = {}
        self._swept_s = 0

    def begin(
        self,
        store: Store,
        user_id: int,
        offered: Sequence[Offered],
        limits: UnitSettings,
        now_s: int,
    ) -> Upload:
        """Enter an upload; the caller commits.

        Raises:
            UploadFault: the files are not one disk image, too large, or there is no room.
        """
        files = accepted(offered)
        size = sum(one.size_bytes for one in files)
        if size > limits.upload_max_gb * GB:
            raise UploadFault(
                Reason.TOO_LARGE,
                f"The files are larger than {limits.upload_max_gb} GB together.",
                hint=f"Bring the evidence to {limits.unit_contact} instead.",
            )
        uploads = Uploads(store.connection)
        self._check_room(size + uploads.awaited_bytes(), limits)
        if sum(one.state is UploadState.OPEN for one in uploads.of(user_id)) >= MAX_OPEN:
            raise UploadFault(
                Reason.TOO_MANY,
                f"You have {MAX_OPEN} uploads that are not finished.",
                hint="Finish or remove one of them first.",
            )
        key = secrets.token_hex(16)
        uploads.begin(key, user_id, self._folder / key, files, now_s)
        return self.find(store, key, user_id)

    def find(self, store: Store, key: str, user_id: int) -> Upload:
        """Give a person's upload.

        Raises:
            UploadFault: the person has none of this key.
        """
        found = Uploads(store.connection).find(key, user_id) if _KEY.fullmatch(key) else None
        if found is None or found.state is UploadState.DROPPED:
            raise UploadFault(
                Reason.NO_SUCH,
                "There is no such upload.",
                hint="It may have been removed because nobody went on with it. Start again.",
            )
        return found

    def append(
        self, store: Store, user_id: int, piece: Piece, limits: UnitSettings, now_s: int
    ) -> int:
        """Write a piece at the end of what is here of a file, commit, and give what is here then.

        Raises:
            UploadFault: it does not belong there, the upload is not open, or there is no room.
        """
        with self._alone(piece.key):
            upload, file = self._fitting(store, user_id, piece)
            here = piece.offset_bytes
            after = here + len(piece.data)
            self._check_room(len(piece.data), limits)
            with on_disk():
                uploadfiles.write_piece(upload.folder / file.stored, here, piece.data)
            if not _advance(store, upload, file, after, now_s):
                store.rollback()
                raise wrong_place(file, here)
            store.commit()
            return after

    def expect(self, store: Store, user_id: int, piece: Piece) -> None:
        """Do nothing where a piece belongs to what is here; of it, not all need be here yet.

        Raises:
            UploadFault: as :meth:`append` would.
        """
        self._fitting(store, user_id, piece)

    def edges(self, store: Store, key: str, user_id: int, nth: int) -> Edges:
        """Give both ends of what is here of a file.

        Raises:
            UploadFault: there is no such upload or file.
        """
        upload = self.find(store, key, user_id)
        file = file_of(upload, nth)
        path, here = upload.folder / file.stored, _here(upload, file)
        length = min(here, EDGE_BYTES)
        with on_disk():
            first = uploadfiles.read_part(path, 0, length) if length else b""
            last = uploadfiles.read_part(path, here - length, length) if length else b""
        return Edges(
            received_bytes=here,
            first_bytes=length,
            first_sha256=hashlib.sha256(first).hexdigest(),
            last_bytes=length,
            last_sha256=hashlib.sha256(last).hexdigest(),
        )

    def check(self, store: Store, key: str, user_id: int, now_s: int) -> Checked:
        """Read on in an upload of which all bytes are here, and settle it at the end.

        Call it until the upload is not open any more; the caller commits. The files of one that is
        refused are to be removed then, by :meth:`clear`.

        Raises:
            UploadFault: bytes are missing, or it is being read by another call.
        """
        with self._alone(key):
            upload = self.find(store, key, user_id)
            if upload.state is not UploadState.OPEN:
                return Checked(upload=upload, bytes=upload.size_bytes)
            _check_complete(store, upload, now_s)
            check = self._checks.setdefault(key, Check())
            settled = check.step(upload, CHECK_BYTES)
            if settled:
                del self._checks[key]
                uploads = Uploads(store.connection)
                for file, digest in zip(upload.files, check.digests, strict=True):
                    uploads.digested(upload.upload_id, file.nth, digest)
                same = check.same(upload)
                state = UploadState.CHECKED if same else UploadState.REFUSED
                uploads.settle(upload.upload_id, state, now_s)
            found = self.find(store, key, user_id)
            return Checked(upload=found, bytes=check.done_bytes, settled=settled)

    def drop(self, store: Store, key: str, user_id: int, now_s: int) -> Upload:
        """Give an upload up; the caller commits, and then calls :meth:`clear`.

        Raises:
            UploadFault: there is none, or a submission rests on it.
        """
        upload = self.find(store, key, user_id)
        if not Uploads(store.connection).drop(upload.upload_id, now_s):
            raise UploadFault(
                Reason.SUBMITTED, "This evidence is part of a submission and cannot be removed."
            )
        self._checks.pop(key, None)
        return upload

    def clear(self, upload: Upload) -> None:
        """Remove the files of an upload that was dropped or refused."""
        uploadfiles.remove(upload.folder)

    def tidy(self, store: Store, now_s: int) -> None:
        """Sweep where that was not done within the hour."""
        if now_s - self._swept_s >= SWEEP_EVERY_S:
            self._swept_s = now_s
            self.sweep(store, now_s)

    def sweep(self, store: Store, now_s: int, *, stale_s: int = STALE_S) -> int:
        """Drop what nobody goes on with, commit, remove files that no upload needs; give how many.

        Args:
            stale_s: how long an upload may lie that nobody touches and no submission rests on.
        """
        uploads, before_s = Uploads(store.connection), now_s - stale_s
        # What is on the disk is listed first: a folder is made after its row was committed.
        there = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        dropped = [
            one
            for one in uploads.unused(before_s)
            if uploads.drop(one.upload_id, now_s, before_s=before_s)
        ]
        store.commit()
        needed = uploads.keys()
        for folder in there:
            if _KEY.fullmatch(folder.name) and folder.name not in needed:
                uploadfiles.remove(folder)
        return len(dropped)

    def _fitting(self, store: Store, user_id: int, piece: Piece) -> tuple[Upload, UploadFile]:
        upload = self.find(store, piece.key, user_id)
        if upload.state is not UploadState.OPEN:
            raise UploadFault(Reason.NOT_OPEN, "This upload is finished: nothing can be added.")
        file = file_of(upload, piece.nth)
        here = _here(upload, file)
        if piece.offset_bytes != here:
            raise wrong_place(file, here)
        if here + len(piece.data) > file.size_bytes:
            raise UploadFault(
                Reason.TOO_LARGE,
                "The file is larger than was said when the upload began.",
                received_bytes=here,
            )
        return upload, file

    def _check_room(self, more_bytes: int, limits: UnitSettings) -> None:
        if self._free_bytes(self._folder) - more_bytes < limits.upload_free_gb * GB:
            raise no_room()

    @contextlib.contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Let one call at a time work on an upload; of two threads, one's entry is there first.

        Raises:
            UploadFault: another one does.
        """
        mine = object()
        if self._busy.setdefault(key, mine) is not mine:
            raise UploadFault(
                Reason.BUSY, "Another window is sending this upload.", hint="Try again shortly."
            )
        try:
            yield
        finally:
            del self._busy[key]


def evidence_of(upload: Upload) -> Path:
    """Give the path of the first segment, by which the whole image is opened."""
    return upload.folder / first_of([one.stored for one in upload.files])


def _here(upload: Upload, file: UploadFile) -> int:
    """Give what is here of a file: what was said to be, unless the disk has lost it."""
    return min(file.received_bytes, uploadfiles.size_bytes(upload.folder / file.stored))


def _advance(store: Store, upload: Upload, file: UploadFile, after_bytes: int, now_s: int) -> bool:
    return Uploads(store.connection).advance(
        upload.upload_id,
        file.nth,
        before_bytes=file.received_bytes,
        after_bytes=after_bytes,
        now_s=now_s,
    )


def _check_complete(store: Store, upload: Upload, now_s: int) -> None:
    """Refuse to check what is not all here, and set right what the disk has lost."""
    for file in upload.files:
        here = _here(upload, file)
        if here == file.size_bytes:
            continue
        if here < file.received_bytes:
            _advance(store, upload, file, here, now_s)
            store.commit()
        raise UploadFault(
            Reason.NOT_COMPLETE,
            f"File {file.nth + 1} is not complete: {here:,} of {file.size_bytes:,} bytes are here.",
            hint="Choose the same files again to go on.",
            received_bytes=here,
        )
