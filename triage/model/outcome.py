"""What became of an entry: done, skipped or failed, each with a reason from a closed list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from triage.model.digest import Digests, PictureHashes


class SkipReason(StrEnum):
    """Why an entry has no digest although nothing went wrong."""

    DIRECTORY = "directory"
    EMPTY = "empty"
    NOT_A_FILE = "not-a-file"
    """Link, device, pipe, socket."""
    VIRTUAL = "virtual"
    BAD_CLUSTER_LIST = "bad-cluster-list"
    NOT_RECOVERABLE = "not-recoverable"
    """Deleted, and the file system kept no trace of where the content was."""
    REALLOCATED = "reallocated"
    """Deleted, and its record now belongs to another file."""
    ENCRYPTED = "encrypted"
    """Encrypted, by the file system (EFS, fscrypt) or in an archive, and no secret opens it."""
    OUT_OF_SCOPE = "out-of-scope"
    TOO_LARGE = "too-large"
    IMPLAUSIBLE_SIZE = "implausible-size"
    """The record claims more than the medium can hold: a bogus orphan."""
    OTHER_NAME = "other-name"
    """Another name of a file that is listed and counted under the name that ``detail`` tells."""


UNEXAMINED_SKIPS = frozenset(
    {
        SkipReason.ENCRYPTED,
        SkipReason.OUT_OF_SCOPE,
        SkipReason.TOO_LARGE,
        SkipReason.IMPLAUSIBLE_SIZE,
    }
)
"""Skips that leave content unexamined, so that the verdict cannot be green."""


class FailReason(StrEnum):
    """Why reading an entry failed."""

    READ_ERROR = "read-error"
    DAMAGED = "damaged"
    """The content lies in a damaged or missing range of the image."""
    SHORT_READ = "short-read"
    CRASH = "parser-crash"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    NAME_VANISHED = "vanished"


class PictureReason(StrEnum):
    """Why a picture has no perceptual hash."""

    UNDECODABLE = "undecodable"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_MANY_BYTES = "too-many-bytes"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    CRASH = "decoder-crash"
    UNREADABLE = "unreadable"
    KNOWN_GOOD = "known-good"
    KNOWN_BAD = "known-bad"
    TOO_SMALL = "too-small"
    UNSUPPORTED = "unsupported-format"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """Type by content.

    Attributes:
        mime: ``image/jpeg`` …; ``application/octet-stream`` where nothing was recognised.
        family: ``picture``, ``video``, ``audio``, ``archive``, ``document`` or ``other``.
        extension_agrees: whether the name's extension fits; ``None`` where it says nothing.
    """

    mime: str
    family: str
    extension_agrees: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Content read to its end and digested."""

    digests: Digests
    type: FileType
    damaged: bool = False
    """Digested, but over a range that the container reports as damaged (zero-filled)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Not digested, for a reason that is no failure."""

    reason: SkipReason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Reading failed; the run goes on and the verdict says so."""

    reason: FailReason
    detail: str = ""


Outcome = Done | Skipped | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPicture:
    """A picture by type that gave no perceptual hash."""

    reason: PictureReason
    detail: str = ""


PictureOutcome = PictureHashes | NoPicture
