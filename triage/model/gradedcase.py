"""A case that was graded elsewhere, as its file tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedRecord:
    """One content of the file.

    Attributes:
        place: where it stands in the file, ``record 3``.
        code: as written; ``None`` where it has none (0 is a code).
        size_bytes: ``None`` where the file does not say.
        precategorised: the file says that its category comes from a reference set.
        by: who graded it, where the file names them for this content.
        said_by: contact and organisation of its case, ``""`` where they are not named.
        problem: why nothing can be taken from it, ``""`` where it can.
    """

    place: str
    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    size_bytes: int | None = None
    code: str | None = None
    precategorised: bool = False
    by: tuple[str, ...] = ()
    said_by: str = ""
    tags: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedFile:
    """A file of one or more cases.

    Attributes:
        sha256: of the file as it lies on the disk, lower hex.
        version: of the data model, ``2.0`` or ``1.3``; ``region``: whose categories it holds.
        said_by: of all its cases, in words.
        application: what wrote it.
    """

    name: str
    sha256: str
    size_bytes: int
    version: str
    region: str
    said_by: str
    application: str
    records: tuple[GradedRecord, ...]
