"""What is said of an upload: what is offered, why it is not taken, and what is here of it."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from triage.batch.evidencenames import stored_names
from triage.errors import UsageFault
from triage.store.uploads import Upload, UploadFile

MAX_FILES = 800
"""EWF numbers 775 segments under one letter."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class Reason(StrEnum):
    """Why an upload, or a piece of it, was not taken."""

    NO_SUCH = "no-such-upload"
    NOT_EVIDENCE = "not-evidence"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    NO_ROOM = "no-room"
    DISK = "disk"
    WRONG_PLACE = "wrong-place"
    BUSY = "busy"
    NOT_OPEN = "not-open"
    NOT_COMPLETE = "not-complete"
    SUBMITTED = "submitted"


class UploadFault(UsageFault):
    """An upload, or a piece of it, was not taken.

    Args:
        received_bytes: of the file, where a piece of it belongs somewhere else; else -1.
    """

    def __init__(
        self, reason: Reason, message: str, *, hint: str = "", received_bytes: int = -1
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.received_bytes = received_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A file that somebody wants to send; ``sha256`` in hexadecimal, taken before it is sent."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Both ends of what is here of a file, by digests in hexadecimal.

    Attributes:
        first_bytes: length of the first part; ``last_bytes`` of that which ends at
            ``received_bytes``.
    """

    received_bytes: int
    first_bytes: int
    first_sha256: str
    last_bytes: int
    last_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a file on its way in."""

    key: str
    nth: int
    offset_bytes: int
    data: bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An upload after a step of its check.

    Attributes:
        bytes: read so far, of all its files.
        settled: the verdict came by this step.
    """

    upload: Upload
    bytes: int
    settled: bool = False


def accepted(offered: Sequence[Offered]) -> tuple[UploadFile, ...]:
    """Check what is offered, and give it names of ours.

    Raises:
        UploadFault: these are not the files of one disk image.
    """
    if not 0 < len(offered) <= MAX_FILES:
        raise UploadFault(
            Reason.NOT_EVIDENCE, f"Choose between 1 and {MAX_FILES} files of one disk image."
        )
    for one in offered:
        if not 0 < one.size_bytes < 1 << 62:
            raise UploadFault(Reason.NOT_EVIDENCE, "A file is empty.")
        if not _DIGEST.fullmatch(one.sha256):
            raise UploadFault(Reason.NOT_EVIDENCE, "The SHA-256 of a file is missing.")
    try:
        names = stored_names([one.name for one in offered])
    except UsageFault as fault:
        raise UploadFault(Reason.NOT_EVIDENCE, fault.message, hint=fault.hint) from fault
    return tuple(
        UploadFile(
            nth=nth,
            name=one.name,
            stored=stored,
            size_bytes=one.size_bytes,
            sha256_before=one.sha256,
        )
        for nth, (one, stored) in enumerate(zip(offered, names, strict=True))
    )


def file_of(upload: Upload, nth: int) -> UploadFile:
    """Give a file by its place.

    Raises:
        UploadFault: there is none.
    """
    if not 0 <= nth < len(upload.files):
        raise UploadFault(Reason.NO_SUCH, f"This upload has no file {nth}.")
    return upload.files[nth]


def wrong_place(file: UploadFile, here: int) -> UploadFault:
    """Say where a piece belongs."""
    return UploadFault(
        Reason.WRONG_PLACE,
        f"{here:,} of {file.size_bytes:,} bytes are here: the next piece starts there.",
        received_bytes=here,
    )


def no_room() -> UploadFault:
    """Say that the disk is too full."""
    return UploadFault(
        Reason.NO_ROOM,
        "There is no room for this evidence on the server at the moment.",
        hint="What has arrived is kept. Tell the unit, and go on later.",
    )


@contextlib.contextmanager
def on_disk() -> Iterator[None]:
    """Say of a disk that fails what can be done; what was said to be here still is.

    Raises:
        UploadFault: the disk is full, or fails.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise no_room() from error
        raise UploadFault(
            Reason.DISK,
            f"The disk of the server fails: {error.strerror or error}.",
            hint="What has arrived is kept. Tell the unit, and go on later.",
        ) from error
