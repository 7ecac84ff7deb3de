"""What is said of uploads in JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from triage.batch.evidencenames import NAME_MAX
from triage.batch.uploadterms import MAX_FILES
from triage.store.uploads import Upload, UploadState

_Digest = Annotated[
    str,
    Field(pattern="^[0-9a-f]{64}$", description="SHA-256 in hexadecimal, small letters."),
]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OfferedFile(_Body):
    """A file that somebody wants to send."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
    size_bytes: Annotated[int, Field(gt=0, lt=1 << 62)]


class NewFile(OfferedFile):
    """A file that somebody is going to send."""

    sha256: Annotated[_Digest, Field(description="SHA-256 before it is sent, in hexadecimal.")]


class OfferBody(_Body):
    """The files of one disk image."""

    files: Annotated[list[OfferedFile], Field(min_length=1, max_length=MAX_FILES)]


class FilesBody(_Body):
    """The files of one disk image, with their digests."""

    files: Annotated[list[NewFile], Field(min_length=1, max_length=MAX_FILES)]


class FileBody(_Body):
    """A file of an upload; ``sha256_after`` is empty until it was read here."""

    nth: int
    name: str
    size_bytes: int
    received_bytes: int
    sha256_before: str
    sha256_after: str


class UploadBody(_Body):
    """An upload; ``checked_bytes`` were read anew so far, of all its files."""

    key: str
    state: UploadState
    size_bytes: int
    received_bytes: int
    checked_bytes: int
    begun_s: int
    files: list[FileBody]


class UploadsBody(_Body):
    """One's own uploads."""

    uploads: list[UploadBody]


class ReceivedBody(_Body):
    """How much of a file is here for good."""

    received_bytes: int


class EdgesBody(_Body):
    """Both ends of what is here of a file; the last part ends at ``received_bytes``."""

    received_bytes: int
    first_bytes: int
    first_sha256: _Digest
    last_bytes: int
    last_sha256: _Digest


def body_of(upload: Upload, *, checked_bytes: int | None = None) -> UploadBody:
    """Say an upload."""
    done = upload.size_bytes if upload.state is UploadState.CHECKED else 0
    return UploadBody(
        key=upload.key,
        state=upload.state,
        size_bytes=upload.size_bytes,
        received_bytes=upload.received_bytes,
        checked_bytes=done if checked_bytes is None else checked_bytes,
        begun_s=upload.created_s,
        files=[
            FileBody(
                nth=one.nth,
                name=one.name,
                size_bytes=one.size_bytes,
                received_bytes=one.received_bytes,
                sha256_before=one.sha256_before,
                sha256_after=one.sha256_after,
            )
            for one in upload.files
        ],
    )
