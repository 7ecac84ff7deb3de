"""Reads a plain folder of this machine as evidence; nothing in it is followed or changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.filesystems.mounts import is_made_up, is_mount_point, mounted_kind
from triage.ingest.reading import CHUNK_BYTES, DEPTH_LIMIT, ContentError, VolumeError
from triage.model.display import printable
from triage.model.entry import Allocation, DirectoryRef, EntryKind, EntryRef, FileEntry, Times
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo
from triage.model.listing import Listing
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState

_READ_ONLY = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
_NO_ATIME = getattr(os, "O_NOATIME", 0)


def folder_info(path: Path, *, live: bool = False) -> EvidenceInfo:
    """Describe a folder; its key comes from its name alone, for its content may grow.

    Args:
        live: it is known to be in use; a mount point is taken for that anyhow.
    """
    name = path.resolve().name or "root"
    try:
        with os.scandir(path):
            pass
    except OSError as error:
        raise EvidenceError(f"{printable(name)}: {error.strerror}") from error
    return EvidenceInfo(
        key=hashlib.blake2b(b"folder\0" + os.fsencode(name), digest_size=8).hexdigest(),
        name=name,
        kind=ContainerKind.LIVE if live or is_mount_point(path) else ContainerKind.FOLDER,
        segments=(name,),
        size_bytes=0,
    )


def live_problems(info: EvidenceInfo) -> tuple[Problem, ...]:
    """Say what reading a folder in use does to it."""
    if info.kind is not ContainerKind.LIVE:
        return ()
    detail = (
        "a folder or device in use: access times may have changed by looking, and each file is as "
        "it was when it was read"
    )
    return (Problem(kind=ProblemKind.LIVE_SOURCE, evidence=info.key, volume="p0", detail=detail),)


def folder_volume() -> VolumeInfo:
    """Give the one volume of a folder."""
    return VolumeInfo(
        key="p0",
        offset_bytes=0,
        length_bytes=0,
        table="folder",
        description="folder",
        state=VolumeState.OPENED,
        filesystem="folder",
    )


class FolderFileSystem:
    """The files below a folder, as the operating system shows them."""

    def __init__(self, path: Path, evidence: str) -> None:
        self._top = os.fsencode(path).rstrip(b"/")
        self._evidence = evidence
        self.volume = folder_volume()
        self.inode = self._identity()
        self._failed = False

    def gone(self) -> str:
        """Say in words that the folder is not there any more; ``""`` while it is.

        A share that was unmounted leaves an empty folder, another one, in its place.
        """
        if self._failed and self._identity() != self.inode:
            return "the folder is not there any more"
        return ""

    def _identity(self) -> int:
        try:
            return Path(os.fsdecode(self._top)).stat().st_ino
        except OSError:
            return -1

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the folder itself."""
        try:
            address = Path(os.fsdecode(self._top)).stat().st_ino
        except OSError as error:
            self._failed = True
            raise VolumeError(f"folder cannot be read: {error.strerror}") from error
        return (DirectoryRef(volume="p0", path=b"/", address=address),)

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give all names of one folder, sorted, for the order of the disk is not told."""
        if folder.depth > DEPTH_LIMIT:
            return self._unlisted(folder, f"nested more than {DEPTH_LIMIT} deep: not listed")
        try:
            with os.scandir(self._real(folder.path)) as found:
                names = sorted(os.fsencode(each.name) for each in found)
        except OSError as error:
            self._failed = True
            return self._unlisted(folder, error.strerror or type(error).__name__)
        entries, folders, problems = [], [], []
        device = self._device(folder.path)
        for name in names:
            path = (folder.path if folder.path.endswith(b"/") else folder.path + b"/") + name
            try:
                facts = os.lstat(self._real(path))
            except OSError as error:
                self._failed = True
                problems.append(
                    self._problem(ProblemKind.ENTRY_UNREADABLE, path, error.strerror or "")
                )
                continue
            entries.append(self._entry(path, folder, facts))
            if stat.S_ISDIR(facts.st_mode):
                if device not in {None, facts.st_dev}:
                    kind = mounted_kind(self._real(path))
                    problems.append(self._mounted(path, kind))
                    if is_made_up(kind):
                        continue
                folders.append(
                    DirectoryRef(
                        volume="p0", path=path, address=facts.st_ino, depth=folder.depth + 1
                    )
                )
        return Listing(entries=tuple(entries), directories=tuple(folders), problems=tuple(problems))

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content; a file that is gone or changed meanwhile is an error."""
        return self._chunks(entry, 0, entry.size_bytes)

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content; a file that is gone or changed meanwhile is an error."""
        end = min(offset_bytes + length_bytes, entry.size_bytes)
        return b"".join(self._chunks(entry, offset_bytes, end))

    def _chunks(self, entry: FileEntry, offset: int, end: int) -> Iterator[bytes]:
        descriptor = self._opened(entry)
        try:
            facts = os.fstat(descriptor)
            if facts.st_size != entry.size_bytes or not stat.S_ISREG(facts.st_mode):
                raise ContentError(FailReason.NAME_VANISHED, "changed since it was listed")
            if offset:
                os.lseek(descriptor, offset, os.SEEK_SET)
            while offset < end:
                chunk = os.read(descriptor, min(CHUNK_BYTES, end - offset))
                if not chunk:
                    raise ContentError(FailReason.NAME_VANISHED, f"shortened to {offset} bytes")
                offset += len(chunk)
                yield chunk
            self._unchanged(facts, os.fstat(descriptor))
        except OSError as error:
            self._failed = True
            detail = f"at byte {offset}: {error.strerror}"
            raise ContentError(FailReason.READ_ERROR, detail) from error
        finally:
            os.close(descriptor)

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give nothing: the operating system tells of no damaged ranges."""
        del entry
        return ()

    def _unchanged(self, before: os.stat_result, after: os.stat_result) -> None:
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ContentError(FailReason.NAME_VANISHED, "changed while it was read")

    def _opened(self, entry: FileEntry) -> int:
        path = self._real(entry.ref.path)
        try:
            try:
                return os.open(path, _READ_ONLY | _NO_ATIME)
            except PermissionError:  # only the owner of a file may leave its access time alone
                return os.open(path, _READ_ONLY)
        except FileNotFoundError as error:
            self._failed = True
            raise ContentError(FailReason.NAME_VANISHED, "gone since it was listed") from error
        except OSError as error:
            self._failed = True
            raise ContentError(FailReason.READ_ERROR, error.strerror or "") from error

    def _device(self, path: bytes) -> int | None:
        try:
            return os.stat(self._real(path)).st_dev  # noqa: PTH116  (bytes that no Path holds)
        except OSError:
            return None

    def _mounted(self, path: bytes, kind: str) -> Problem:
        what = f"another file system ({kind})" if kind else "another file system"
        words = "is mounted here: its files are listed with those of the folder"
        if is_made_up(kind):
            words = "is mounted here: the system makes it up, it was not looked into"
        return self._problem(ProblemKind.SEVERAL_FILESYSTEMS, path, f"{what} {words}")

    def _real(self, path: bytes) -> str | bytes:
        """Give the path on this machine; text on Windows, where bytes cannot hold every name."""
        whole = self._top + path if path != b"/" else self._top
        return os.fsdecode(whole) if os.name == "nt" else whole

    def _entry(self, path: bytes, folder: DirectoryRef, facts: os.stat_result) -> FileEntry:
        kind = _kind(facts.st_mode)
        size = facts.st_size if kind is EntryKind.FILE else 0
        return FileEntry(
            ref=EntryRef(
                evidence=self._evidence,
                volume="p0",
                path=path,
                parent_address=folder.address,
                address=facts.st_ino,
            ),
            kind=kind,
            allocation=Allocation.LIVE,
            size_bytes=size,
            times=Times(
                modified_ns=facts.st_mtime_ns or None,
                accessed_ns=facts.st_atime_ns or None,
                changed_ns=facts.st_ctime_ns or None,
            ),
            no_content=_reason(kind, size),
            detail=_target(self._real(path)) if kind is EntryKind.SYMLINK else "",
        )

    def _unlisted(self, folder: DirectoryRef, detail: str) -> Listing:
        problem = self._problem(ProblemKind.DIRECTORY_UNREADABLE, folder.path, detail)
        return Listing(entries=(), directories=(), problems=(problem,))

    def _problem(self, kind: ProblemKind, path: bytes, detail: str) -> Problem:
        return Problem(
            kind=kind, evidence=self._evidence, volume="p0", path=path, detail=printable(detail)
        )


def _kind(mode: int) -> EntryKind:
    if stat.S_ISREG(mode):
        return EntryKind.FILE
    if stat.S_ISDIR(mode):
        return EntryKind.DIRECTORY
    return EntryKind.SYMLINK if stat.S_ISLNK(mode) else EntryKind.SPECIAL


def _reason(kind: EntryKind, size: int) -> str:
    if kind is EntryKind.FILE:
        return "" if size else SkipReason.EMPTY.value
    return SkipReason.DIRECTORY.value if kind is EntryKind.DIRECTORY else SkipReason.NOT_A_FILE


def _target(path: str | bytes) -> str:
    try:
        return f"link to {printable(os.fsencode(Path(os.fsdecode(path)).readlink()))}"
    except OSError:
        return ""
