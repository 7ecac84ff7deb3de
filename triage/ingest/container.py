"""The medium behind an image file: what every container promises, and the formats in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from triage.errors import EvidenceError
from triage.ingest.containers import ewf, ewf2, raw, refused, split_raw
from triage.model.display import printable
from triage.model.evidence import DamagedRange, EvidenceInfo

HEAD_BYTES = 64
"""How much of the given file every format may look at to recognise itself."""


class Container(Protocol):
    """A byte-addressable medium, opened read-only, safe for one process.

    Laws: ``read_at`` never raises for damage of the evidence; what is lost reads as zeros and is
    remembered. A read is shorter than asked only at the end of the medium. The same image gives
    the same bytes and, after the same reads in any order, the same damage. Nothing is shared
    between processes: each worker opens its own.
    """

    @property
    def info(self) -> EvidenceInfo:
        """What was opened; its ``damage`` is what the structure alone tells."""

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the bytes of the medium; zeros where they are lost, fewer only at the end."""

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far: of the structure, and met by reads; merged, sorted."""

    def close(self) -> None:
        """Let go of all files; a second call does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFormat:
    """One row of the registry.

    Attributes:
        recognises: takes the path given and the first ``HEAD_BYTES`` of that file.
        open: takes the path of any segment; raises :class:`EvidenceError`.
    """

    name: str
    recognises: Callable[[Path, bytes], bool]
    open: Callable[[Path], Container]


CONTAINERS: tuple[ContainerFormat, ...] = (
    ContainerFormat(name="ewf", recognises=ewf.recognises, open=ewf.open_ewf),
    ContainerFormat(name="ewf2", recognises=ewf2.recognises, open=ewf2.open_ewf2),
    ContainerFormat(name="refused", recognises=refused.recognises, open=refused.refuse),
    ContainerFormat(name="split-raw", recognises=split_raw.recognises, open=split_raw.open_split),
    ContainerFormat(name="raw", recognises=raw.recognises, open=raw.open_raw),
)
"""In order of trial; the last one takes everything."""


def open_container(path: Path) -> Container:
    """Open an image file by what it holds, not by what it is called.

    Args:
        path: any segment of the image, or a device.

    Raises:
        EvidenceError: the file is absent, unreadable, empty, or of a kind that is not supported.
    """
    head = _head(path)
    for container in CONTAINERS:
        if container.recognises(path, head):
            return container.open(path)
    raise EvidenceError(f"{printable(path.name)}: no container format takes this file")


def _head(path: Path) -> bytes:
    shown = printable(path.name)
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(HEAD_BYTES) or b""
    except FileNotFoundError as error:
        raise EvidenceError(
            f"{shown}: there is no such file", hint="check the path; quote names with spaces"
        ) from error
    except IsADirectoryError as error:
        raise EvidenceError(
            f"{shown}: is a folder, not an image", hint="name the first segment of the image"
        ) from error
    except PermissionError as error:
        raise EvidenceError(
            f"{shown}: may not be read by this user", hint="check the permissions of the file"
        ) from error
    except OSError as error:
        raise EvidenceError(f"{shown}: cannot be read: {error.strerror}") from error
