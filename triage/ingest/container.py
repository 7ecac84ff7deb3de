"""The medium behind an image file: what every container promises, and the formats in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from triage.errors import EvidenceError
from triage.ingest.containers import (
    dmg,
    ewf,
    ewf2,
    qcow,
    raw,
    refused,
    split_raw,
    vdi,
    vhd,
    vhdx,
    vmdk,
)
from triage.ingest.containers.ewf_logical import LogicalMedium, is_logical, open_logical_medium
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.handover import ContainerHandover
from triage.ingest.containers.identity import evidence_key
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo

__all__ = [
    "CONTAINERS",
    "HEAD_BYTES",
    "Container",
    "ContainerFormat",
    "ContainerHandover",
    "LogicalMedium",
    "SegmentFiles",
    "evidence_key",
    "is_logical",
    "open_container",
    "open_logical_medium",
    "open_whole_file",
]

HEAD_BYTES = 64
"""How much of the given file every format may look at to recognise itself."""


class Container(Protocol):
    """A byte-addressable medium, opened read-only, safe for one process.

    Laws: ``read_at`` never raises for damage of the evidence; what is lost reads as zeros and is
    remembered. A read is shorter than asked only at the end of the medium. The same image gives
    the same bytes and, after the same reads in any order, the same damage. No handle is shared
    between processes: each worker opens its own, by the handover of the first where it has one.
    """

    @property
    def info(self) -> EvidenceInfo:
        """What was opened; its ``damage`` is what the structure alone tells."""

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the bytes of the medium; zeros where they are lost, fewer only at the end."""

    def read_content(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the same bytes as ``read_at``, for what is read once, in order of the medium.

        What was kept of other reads stays kept.
        """

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far: of the structure, and met by reads; merged, sorted."""

    def handover(self) -> ContainerHandover | None:
        """Give what was found at opening, for other processes; ``None`` where that is nothing."""

    def gone(self) -> str:
        """Say in words that a file of the image is not there any more; ``""`` while all are.

        What a library was given since is not to be relied on.
        """

    def close(self) -> None:
        """Let go of all files; a second call does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFormat:
    """One row of the registry.

    Attributes:
        recognises: takes the path given and the first ``HEAD_BYTES`` of that file.
        open: takes the path of any segment; raises :class:`EvidenceError`.
        reopen: does the same by a handover that fits; what needs none is never asked.
        kinds: of the media that it opens.
    """

    name: str
    recognises: Callable[[Path, bytes], bool]
    open: Callable[[Path], Container]
    reopen: Callable[[Path, ContainerHandover], Container] | None = None
    kinds: tuple[ContainerKind, ...] = ()


def _again(
    opener: Callable[[Path], Container],
) -> Callable[[Path, ContainerHandover], Container]:
    """Open by the file that was the first: its tables are few, and read anew."""
    return lambda path, known: opener(path.with_name(known.info.name))


CONTAINERS: tuple[ContainerFormat, ...] = (
    ContainerFormat(
        name="ewf",
        recognises=ewf.recognises,
        open=ewf.open_ewf,
        reopen=ewf.reopen_ewf,
        kinds=(ContainerKind.EWF,),
    ),
    ContainerFormat(
        name="ewf2",
        recognises=ewf2.recognises,
        open=ewf2.open_ewf2,
        reopen=ewf.reopen_ewf,
        kinds=(ContainerKind.EWF2,),
    ),
    ContainerFormat(
        name="dmg",
        recognises=dmg.recognises,
        open=dmg.open_dmg,
        reopen=_again(dmg.open_dmg),
        kinds=(ContainerKind.DMG,),
    ),
    ContainerFormat(
        name="vdi",
        recognises=vdi.recognises,
        open=vdi.open_vdi,
        reopen=_again(vdi.open_vdi),
        kinds=(ContainerKind.VDI,),
    ),
    ContainerFormat(name="refused", recognises=refused.recognises, open=refused.refuse),
    ContainerFormat(
        name="qcow",
        recognises=qcow.recognises,
        open=qcow.open_qcow,
        reopen=_again(qcow.open_qcow),
        kinds=(ContainerKind.QCOW,),
    ),
    ContainerFormat(
        name="vmdk",
        recognises=vmdk.recognises,
        open=vmdk.open_vmdk,
        reopen=_again(vmdk.open_vmdk),
        kinds=(ContainerKind.VMDK,),
    ),
    ContainerFormat(
        name="vhdx",
        recognises=vhdx.recognises,
        open=vhdx.open_vhdx,
        reopen=_again(vhdx.open_vhdx),
        kinds=(ContainerKind.VHDX,),
    ),
    ContainerFormat(
        name="split-raw",
        recognises=split_raw.recognises,
        open=split_raw.open_split,
        reopen=raw.reopen_raw,
        kinds=(ContainerKind.SPLIT_RAW,),
    ),
    ContainerFormat(
        name="vhd",
        recognises=vhd.recognises,
        open=vhd.open_vhd,
        reopen=_again(vhd.open_vhd),
        kinds=(ContainerKind.VHD,),
    ),
    ContainerFormat(
        name="raw",
        recognises=raw.recognises,
        open=raw.open_raw,
        reopen=raw.reopen_raw,
        kinds=(ContainerKind.RAW,),
    ),
)
"""In order of trial; the last one takes everything."""


def open_whole_file(path: Path) -> Container:
    """Open a file as it lies there, whatever it holds.

    Raises:
        EvidenceError: it cannot be opened, or is empty.
    """
    return raw.open_raw(path)


def open_container(path: Path, known: ContainerHandover | None = None) -> Container:
    """Open an image file by what it holds, not by what it is called.

    Args:
        path: any segment of the image, or a device.
        known: what another process found in it, which has to fit.

    Raises:
        EvidenceError: the file is absent, unreadable, empty, or of a kind that is not supported.
    """
    if known is not None:
        for container in CONTAINERS:
            if container.reopen is not None and known.info.kind in container.kinds:
                return container.reopen(path, known)
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
