"""VMDK: the disks of VMware, in one file or many, sparse, flat, packed, or differences."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, replace
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers.beside import named_beside, parent_beside
from triage.ingest.containers.blocks import DiskContainer
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.pieces import COPY_HINT, Piece, lost, plain, zeros
from triage.ingest.containers.vmdk_grains import MAGIC, OLD_MAGIC, SECTOR, Grains, sparse_head
from triage.ingest.containers.vmdk_text import MOST_BYTES, Description, Extent, described
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind

_TEXT = b"# disk descriptorfile"
_FLAT = frozenset({"FLAT", "VMFS"})
_SPARSE = frozenset({"SPARSE", "VMFSSPARSE"})
_PART = re.compile(r"-s\d{3}\.vmdk$", re.IGNORECASE)
_QEMU = "convert it first: qemu-img convert -O raw IMAGE image.raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """One extent on the medium.

    Attributes:
        file: of the flat data; -1 for zeros and for what is missing.
        grains: of a sparse extent.
        missing: why it cannot be read, in words.
    """

    start_bytes: int
    length_bytes: int
    file: int = -1
    offset_bytes: int = 0
    grains: Grains | None = None
    missing: str = ""


def recognises(path: Path, head: bytes) -> bool:
    """Take a descriptor, and what begins with the mark of a sparse extent."""
    text = head.lstrip(b"\xef\xbb\xbf \r\n").lower()
    return path.name != "" and (head[:4] in {MAGIC, OLD_MAGIC} or text.startswith(_TEXT))


def open_vmdk(path: Path, below: tuple[Path, ...] = ()) -> DiskContainer:
    """Open a disk by its descriptor, or by any of its sparse extents.

    An extent that is missing, or that is not what the descriptor says, reads as zeros and is
    named as damage.

    Args:
        below: the disks that name this one as their parent.

    Raises:
        EvidenceError: no extent or no descriptor is there, the kind of an extent is not
            supported, or the parent is missing.
    """
    shown = printable(path.name)
    path, told, alone = _description(path)
    if not any(one.sectors for one in told.extents):
        raise EvidenceError(
            f"{shown}: the descriptor of the VMDK disk names no extent", hint=COPY_HINT
        )
    names = [None if alone else named_beside(path, one.name) for one in told.extents]
    paths = (path, *dict.fromkeys(one for one in names if one not in {None, path}))
    files = SegmentFiles([one for one in paths if one is not None])
    places = {one: at for at, one in enumerate(files.paths)}
    found = [0 if alone else places.get(name) if name else None for name in names]
    stretches, damage = _laid_out(files, told.extents, found, shown)
    blocks = VmdkMap(tuple(stretches))
    parent = _parent(path, told, below) if told.has_parent else None
    return DiskContainer(
        files,
        blocks,
        kind=ContainerKind.VMDK,
        header=(("format", f"VMDK {printable(told.kind)}".strip()),),
        structural=damage,
        parent=parent,
    )


class VmdkMap:
    """The extents of a disk, one behind the other."""

    def __init__(self, stretches: tuple[_Stretch, ...]) -> None:
        self._stretches = stretches
        self._starts = [one.start_bytes for one in stretches]
        self.size_bytes = stretches[-1].start_bytes + stretches[-1].length_bytes

    def locate(self, offset_bytes: int) -> Piece:
        """Tell in which extent a position is, and where in it."""
        stretch = self._stretches[bisect.bisect_right(self._starts, offset_bytes) - 1]
        skip = offset_bytes - stretch.start_bytes
        left = stretch.length_bytes - skip
        if stretch.missing:
            return lost(left, stretch.missing, DamageKind.MISSING_SEGMENT)
        if stretch.grains is not None:
            piece = stretch.grains.locate(skip)
            return replace(piece, length_bytes=min(left, piece.length_bytes))
        if stretch.file < 0:
            return zeros(left)
        return plain(left, stretch.offset_bytes + skip, stretch.file)


def _description(path: Path) -> tuple[Path, Description, bool]:
    """Give the file with the descriptor, what it says, and whether that file is the one extent.

    Raises:
        EvidenceError: it is one extent of several, and what describes them is missing.
    """
    shown = printable(path.name)
    files = SegmentFiles((path,))
    try:
        head = sparse_head(files, 0)
        if head is None and files.pread(0, 0, 4) not in {MAGIC, OLD_MAGIC}:
            return path, described(files.pread(0, 0, MOST_BYTES)), False
        if head is None:
            raise EvidenceError(
                f"{shown}: the head of the VMDK disk cannot be read", hint=COPY_HINT
            )
        own = Extent(sectors=head.sectors, kind="SPARSE", name=path.name)
        at, length = head.description
        if length:
            told = described(files.pread(0, at, min(length, MOST_BYTES)))
            if len(told.extents) == 1:
                return path, replace(told, extents=(own,)), True
            if told.extents:
                return path, told, False
    except (OSError, OverflowError) as error:
        raise EvidenceError(f"{shown}: cannot be read: {error}", hint=COPY_HINT) from error
    finally:
        files.close()
    beside = _naming(path)
    if beside is not None:
        return beside[0], beside[1], False
    if _PART.search(path.name):
        raise EvidenceError(
            f"{shown}: is one part of a VMDK disk, and the descriptor of the disk is missing",
            hint="put the small .vmdk file that names the parts into the same folder",
        )
    alone = Description(kind="", content="", parent_content="", parent_name="", extents=(own,))
    return path, alone, True


def _naming(path: Path) -> tuple[Path, Description] | None:
    """Find the descriptor beside an extent that names it."""
    try:
        siblings = sorted(path.parent.glob("*.[vV][mM][dD][kK]"))
    except OSError:
        return None
    for sibling in siblings:
        try:
            with sibling.open("rb") as file:
                head = file.read(64)
                if head[:4] in {MAGIC, OLD_MAGIC} or not recognises(sibling, head):
                    continue
                told = described(head + file.read(MOST_BYTES))
        except OSError:
            continue
        if any(named_beside(sibling, one.name) == path for one in told.extents):
            return sibling, told
    return None


def _laid_out(
    files: SegmentFiles, extents: tuple[Extent, ...], found: list[int | None], shown: str
) -> tuple[list[_Stretch], tuple[DamagedRange, ...]]:
    stretches: list[_Stretch] = []
    damage: list[DamagedRange] = []
    position = 0
    for extent, file in zip(extents, found, strict=True):
        stretch = _stretch(files, extent, file, position, shown)
        if stretch.missing:
            lost_range = DamagedRange(
                offset_bytes=position,
                length_bytes=stretch.length_bytes,
                kind=DamageKind.MISSING_SEGMENT,
                detail=f"{shown}: {stretch.missing}",
            )
            damage.append(lost_range)
        stretches.append(stretch)
        position += stretch.length_bytes
    if all(one.missing for one in stretches):
        raise EvidenceError(
            f"{shown}: {stretches[0].missing}",
            hint="put all files of the disk into one folder, under the names that they had",
        )
    return [one for one in stretches if one.length_bytes], tuple(damage)


def _stretch(
    files: SegmentFiles, extent: Extent, file: int | None, position: int, shown: str
) -> _Stretch:
    stretch = _Stretch(start_bytes=position, length_bytes=extent.sectors * SECTOR)
    if extent.kind == "ZERO":
        return stretch
    if extent.kind not in _FLAT | _SPARSE:
        raise EvidenceError(
            f"{shown}: has an extent of the kind {printable(extent.kind)}, which is not supported",
            hint=_QEMU,
        )
    if file is None:
        return replace(stretch, missing=f"{printable(extent.name)} is missing")
    if extent.kind in _FLAT:
        return replace(stretch, file=file, offset_bytes=extent.first_sector * SECTOR)
    head = sparse_head(files, file)
    if head is None:
        words = f"{printable(extent.name)} has no head that can be read"
        return replace(stretch, missing=words)
    return replace(stretch, file=file, grains=Grains(files, file, head))


def _parent(path: Path, told: Description, below: tuple[Path, ...]) -> DiskContainer:
    found = parent_beside(path, (told.parent_name,), below)
    with found.open("rb") as file:
        head = file.read(64)
    if not recognises(found, head):
        raise EvidenceError(
            f"{printable(path.name)}: its parent {printable(found.name)} is no VMDK disk",
            hint=COPY_HINT,
        )
    if _description(found)[1].content != told.parent_content:
        raise EvidenceError(
            f"{printable(path.name)}: {printable(found.name)} beside it is not the parent that it"
            " was made from, or was written to since",
            hint="find the parent of the same name, as it was when the disk was made",
        )
    return open_vmdk(found, (*below, path))
