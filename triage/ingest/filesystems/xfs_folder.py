"""Turns the names of one XFS folder into entries of the model."""

from __future__ import annotations

import stat
from typing import NamedTuple

from triage.ingest.container import Container
from triage.ingest.filesystems.xfs_content import places
from triage.ingest.filesystems.xfs_inodes import (
    Form,
    Inode,
    InodeError,
    Run,
    read_inode,
    runs_of,
)
from triage.ingest.filesystems.xfs_layout import Layout
from triage.ingest.filesystems.xfs_names import Name, Unread
from triage.ingest.reading import SPARSE_LIMIT_BYTES
from triage.model.display import printable
from triage.model.entry import DirectoryRef, EntryKind, made_directory
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.outcome import SkipReason
from triage.model.packing import SPARSE, Packer
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo

_KINDS = {1: EntryKind.FILE, 2: EntryKind.DIRECTORY, 7: EntryKind.SYMLINK} | dict.fromkeys(
    (3, 4, 5, 6), EntryKind.SPECIAL
)
_NO_TIMES = (None, None, None, None, False)
_LIVE = "live"
_LONG_LINK_HEAD = 56
_LONGEST_LINK = 1024


class _Content(NamedTuple):
    """What a name leads to, and why that is not read where it is not."""

    size: int = 0
    runs: tuple[Run, ...] = ()
    flags: int = 0
    reason: str = ""
    detail: str = ""


class Folder:
    """One pass over the names of one folder."""

    def __init__(
        self, container: Container, layout: Layout, volume: VolumeInfo, folder: DirectoryRef
    ) -> None:
        self._container = container
        self._layout = layout
        self._volume = volume
        self._folder = folder
        self._prefix = folder.path if folder.path.endswith(b"/") else folder.path + b"/"
        self._packer = Packer(container.info.key, volume.key, folder.address)
        self._directories: list[DirectoryRef] = []
        self._problems: list[Problem] = []

    def take(self, name: Name | Unread) -> None:
        """Enter a name; one whose inode does not read is entered without a content."""
        if isinstance(name, Unread):
            self.note(name.detail)
            return
        try:
            inode = read_inode(self._container, self._layout, name.inode)
        except InodeError as error:
            self._without_inode(name, str(error))
            return
        kind = _kind(inode.mode)
        if kind is EntryKind.FILE:
            self._file(name, inode)
            return
        reason, detail = SkipReason.NOT_A_FILE, ""
        if kind is EntryKind.DIRECTORY:
            reason = SkipReason.DIRECTORY
            self._descend(name, inode)
        elif kind is EntryKind.SYMLINK:
            detail = self._link(inode)
        self._add(name, inode, kind, _Content(reason=reason, detail=detail))

    def note(self, detail: str, hurt: DamagedRange | None = None) -> None:
        """Report what of the folder does not read."""
        self._report(ProblemKind.DIRECTORY_UNREADABLE, self._folder.path, detail, hurt)

    def listing(self) -> Listing:
        """Give all that was taken."""
        return Listing(
            entries=self._packer.done(),
            directories=tuple(self._directories),
            problems=tuple(self._problems),
        )

    def _file(self, name: Name, inode: Inode) -> None:
        runs: tuple[Run, ...] = ()
        reason, detail = "", ""
        try:
            runs = runs_of(self._container, self._layout, inode)
        except InodeError as error:
            detail = printable(str(error))  # reading it fails for the same reason
        size = inode.size_bytes
        written = sum(run.count for run in runs if run.written) * self._layout.block_bytes
        bound = max(self._container.info.size_bytes, SPARSE_LIMIT_BYTES)
        if not size:
            reason = SkipReason.EMPTY
        elif size > bound:
            reason = SkipReason.TOO_LARGE
            detail = detail or f"sparse, {size} bytes with its holes"
        flags = SPARSE if not detail and written < size else 0
        held = _Content(size=size, runs=runs, flags=flags, reason=reason, detail=detail)
        self._add(name, inode, EntryKind.FILE, held)

    def _add(self, name: Name, inode: Inode, kind: EntryKind, held: _Content) -> None:
        first = next((run.place_bytes for run in held.runs if run.written), -1)
        block_bytes = self._layout.block_bytes
        self._packer.add(
            self._prefix + name.raw,
            b"",
            name.inode,
            inode.generation,
            kind.value,
            _LIVE,
            held.size,
            (*inode.times, False),
            first if held.size else -1,
            () if held.reason else places(held.runs, block_bytes, held.size),
            held.flags,
            str(held.reason),
            held.detail,
        )

    def _without_inode(self, name: Name, detail: str) -> None:
        path = self._prefix + name.raw
        self._report(ProblemKind.ENTRY_UNREADABLE, path, detail, None)
        kind = _KINDS.get(name.type, EntryKind.UNKNOWN)
        reason = "the name survives, its record does not"
        self._packer.add(
            path, b"", name.inode, 0, kind.value, _LIVE, 0, _NO_TIMES, -1, (), 0,
            SkipReason.NOT_RECOVERABLE.value, reason,
        )  # fmt: skip

    def _descend(self, name: Name, inode: Inode) -> None:
        folder = self._folder
        self._directories.append(
            made_directory(
                folder.volume,
                self._prefix + name.raw,
                name.inode,
                inode.generation,
                folder.live,
                folder.orphan,
                folder.depth + 1,
            )
        )

    def _link(self, inode: Inode) -> str:
        """Say where a link leads; a long one lies in blocks, behind a head in version 5."""
        raw = inode.fork[: inode.size_bytes]
        if inode.form != Form.LOCAL:
            try:
                runs = runs_of(self._container, self._layout, inode)
            except InodeError:
                return ""
            head = _LONG_LINK_HEAD if self._layout.version == 5 else 0
            wanted = min(inode.size_bytes, _LONGEST_LINK) + head
            raw = self._container.read_at(runs[0].place_bytes, wanted)[head:] if runs else b""
        return f"link to {printable(raw)}"

    def _report(
        self, kind: ProblemKind, path: bytes, detail: str, hurt: DamagedRange | None
    ) -> None:
        self._problems.append(
            Problem(
                kind=kind,
                evidence=self._container.info.key,
                volume=self._volume.key,
                path=path,
                detail=printable(detail),
                offset_bytes=None if hurt is None else hurt.offset_bytes,
                length_bytes=None if hurt is None else hurt.length_bytes,
            )
        )


def _kind(mode: int) -> EntryKind:
    if stat.S_ISREG(mode):
        return EntryKind.FILE
    if stat.S_ISDIR(mode):
        return EntryKind.DIRECTORY
    return EntryKind.SYMLINK if stat.S_ISLNK(mode) else EntryKind.SPECIAL
