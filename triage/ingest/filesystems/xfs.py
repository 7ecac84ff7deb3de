"""Reads XFS by its published layout: live entries of versions 4 and 5."""

from __future__ import annotations

from collections.abc import Iterator

from triage.ingest.container import Container
from triage.ingest.filesystems.xfs_content import content, held
from triage.ingest.filesystems.xfs_folder import Folder
from triage.ingest.filesystems.xfs_inodes import Form, InodeError, Run, read_inode, runs_of
from triage.ingest.filesystems.xfs_layout import (
    HEAD_BYTES,
    ForeignLayoutError,
    Layout,
    LayoutError,
    is_xfs,
    read_layout,
)
from triage.ingest.filesystems.xfs_log import doubts
from triage.ingest.filesystems.xfs_names import names_of
from triage.ingest.placed import is_placed, placed_content, placed_part
from triage.ingest.reading import DEPTH_LIMIT, ContentError, Found, VolumeError, overlapping
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.outcome import FailReason
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState

OPENS = frozenset({"xfs"})


def find(container: Container, offset_bytes: int, length_bytes: int) -> tuple[Found, ...]:
    """Give the XFS that starts at an offset, and why it does not open where it does not."""
    if length_bytes < HEAD_BYTES or not is_xfs(container.read_at(offset_bytes, 4)):
        return ()
    try:
        layout = read_layout(container, offset_bytes)
        read_inode(container, layout, layout.root)
    except ForeignLayoutError as error:
        return (Found(state=VolumeState.UNSUPPORTED, reason=f"not supported: {error}"),)
    except (LayoutError, InodeError) as error:
        reason = f"looks like XFS, but does not open: {error}"
        return (Found(state=VolumeState.DAMAGED, reason=reason),)
    found = Found(
        state=VolumeState.OPENED,
        filesystem="xfs",
        label=layout.label,
        block_size_bytes=layout.block_bytes,
        extent_bytes=layout.blocks * layout.block_bytes,
        doubts=doubts(container, layout),
    )
    return (found,)


class XfsFileSystem:
    """One XFS volume; it holds no handle but that of the container."""

    def __init__(self, container: Container, volume: VolumeInfo, layout: Layout) -> None:
        self._container = container
        self._layout = layout
        self._last: tuple[int, tuple[Run, ...]] = (-1, ())
        self.volume = volume

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the root folder; XFS keeps no area of orphans that could be listed."""
        return (DirectoryRef(volume=self.volume.key, path=b"/", address=self._layout.root),)

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give all names of one folder in the order of the disk."""
        if folder.depth > DEPTH_LIMIT:
            return self._unlisted(folder, f"nested more than {DEPTH_LIMIT} deep: not listed")
        try:
            inode = read_inode(self._container, self._layout, folder.address)
            local = inode.form == Form.LOCAL
            runs = () if local else runs_of(self._container, self._layout, inode)
        except InodeError as error:
            return self._unlisted(folder, str(error))
        taken = Folder(self._container, self._layout, self.volume, folder)
        for name in names_of(self._container, self._layout, inode, runs):
            taken.take(name)
        hurt = overlapping(self._container.damage(), held(runs, self._layout.block_bytes))
        if hurt:
            taken.note(
                f"folder lies on {len(hurt)} damaged range(s) of the image: names may be missing",
                hurt[0],
            )
        return taken.listing()

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a stream in order, see the protocol."""
        if is_placed(entry):
            return placed_content(self._container, entry.extents)
        return self._content(entry, 0, entry.size_bytes)

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content of a stream, see the protocol."""
        if is_placed(entry):
            return placed_part(self._container, entry, offset_bytes, length_bytes)
        end = min(offset_bytes + length_bytes, entry.size_bytes)
        return b"".join(self._content(entry, offset_bytes, end))

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges known so far that the content lies on."""
        damage = self._container.damage()
        if not any(hurt.length_bytes for hurt in damage):
            return ()
        if is_placed(entry):
            return overlapping(damage, entry.extents)
        try:
            return overlapping(damage, held(self._runs(entry.ref.address), self._block_bytes))
        except InodeError:
            return ()

    @property
    def _block_bytes(self) -> int:
        return self._layout.block_bytes

    def _content(self, entry: FileEntry, offset: int, end: int) -> Iterator[bytes]:
        try:
            runs = self._runs(entry.ref.address)
        except InodeError as error:
            raise ContentError(FailReason.READ_ERROR, str(error)) from error
        yield from content(self._container, runs, self._block_bytes, offset, end)

    def _runs(self, number: int) -> tuple[Run, ...]:
        """Give the runs of an inode; those of the last one asked for are kept."""
        if self._last[0] != number:
            inode = read_inode(self._container, self._layout, number)
            self._last = (number, runs_of(self._container, self._layout, inode))
        return self._last[1]

    def _unlisted(self, folder: DirectoryRef, detail: str) -> Listing:
        problem = Problem(
            kind=ProblemKind.DIRECTORY_UNREADABLE,
            evidence=self._container.info.key,
            volume=self.volume.key,
            path=folder.path,
            detail=detail,
        )
        return Listing(entries=(), directories=(), problems=(problem,))


def open_volume(container: Container, volume: VolumeInfo) -> XfsFileSystem:
    """Open an XFS volume.

    Raises:
        VolumeError: its superblock does not read.
    """
    try:
        return XfsFileSystem(container, volume, read_layout(container, volume.offset_bytes))
    except LayoutError as error:
        raise VolumeError(f"volume {volume.key}: {error}") from error
