"""The images in a unit's intake folders, as officers pick them: by ids of ours, never by a path.

Listed is what :mod:`triage.ingest` takes for the first file of an image by its name. Links, devices
and everything else that is no plain file are left out, so nothing outside the folders is reached.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from triage.batch.fits import same_set
from triage.errors import UsageFault

SEEN_MOST = 20_000
"""Names that are looked at in one folder of the settings, its subfolders included."""
SHOWN_MOST = 2_000
"""Images of all folders that are offered."""
DEPTH_MOST = 3
"""Folders below the one of the settings."""

_EWF = re.compile(r"\.(?:e|s|ex|l|lx)01", re.IGNORECASE)
_FIRST_PART = re.compile(r"\.0{1,4}[01]")
_NUMBERED = re.compile(r"\.[a-z]{0,2}[0-9]{2,}", re.IGNORECASE)
_WHOLE = frozenset(
    {
        *(".dd", ".raw", ".img", ".bin", ".ima", ".iso", ".dmg"),
        *(".qcow", ".qcow2", ".vdi", ".vhd", ".vhdx", ".vmdk"),
        *(".ab", ".tar", ".tgz", ".ufd", ".ufdr", ".ufdx", ".zip"),
    }
)
_PACKED_TARS = (".tar.gz", ".tar.bz2", ".tar.xz")
_VMDK_PART = re.compile(r"-(?:flat|delta|[sf][0-9]{3})\.vmdk", re.IGNORECASE)
"""What VMware calls the files that the descriptor of a disk names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeImage:
    """An image that may be picked.

    Attributes:
        image_id: 32 hex digits of folder, place, size and time of change: another file, or one
            that is still being copied, has another.
        folder: number of the folder among those of the settings, from 1.
        name: of its first file; ``within``: the subfolders that it lies in, from the outside.
        size_bytes: of all its files, as many as ``parts``; ``changed_s``: when the first one
            changed last.
    """

    image_id: str
    folder: int
    name: str
    within: tuple[str, ...]
    path: Path
    size_bytes: int
    changed_s: int
    parts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeListing:
    """What lies in the folders.

    Attributes:
        images: newest first.
        cut: there is more than is listed.
        away: numbers of folders that cannot be read now.
    """

    images: tuple[IntakeImage, ...]
    cut: bool = False
    away: tuple[int, ...] = ()


def is_first_file(name: str) -> bool:
    """Tell whether a name is that of the first file of an image, like .E01, .L01, .001 or .dd."""
    stem, dot, end = name.rpartition(".")
    if not stem or name.startswith("."):
        return False
    suffix = dot + end
    if _VMDK_PART.search(name):
        return False
    if name.lower().endswith(_PACKED_TARS):
        return True
    return bool(_EWF.fullmatch(suffix) or _FIRST_PART.fullmatch(suffix) or suffix.lower() in _WHOLE)


def list_images(folders: Sequence[str]) -> IntakeListing:
    """List the images in the folders of the settings.

    Args:
        folders: absolute paths; one that cannot be read is named by its number in ``away``.
    """
    found: list[IntakeImage] = []
    away: list[int] = []
    cut = False
    for number, folder in enumerate(folders, start=1):
        root = _root(folder)
        if root is None:
            away.append(number)
            continue
        looking = _Looking(number, root)
        found += looking.images()
        cut = cut or looking.cut
    found.sort(key=lambda one: (-one.changed_s, one.folder, one.within, one.name))
    return IntakeListing(
        images=tuple(found[:SHOWN_MOST]), cut=cut or len(found) > SHOWN_MOST, away=tuple(away)
    )


def resolve(folders: Sequence[str], image_id: str) -> IntakeImage:
    """Find the image of an id again, as it lies there now.

    Raises:
        UsageFault: it is not there any more, or has changed since it was listed.
    """
    for number, folder in enumerate(folders, start=1):
        root = _root(folder)
        images = _Looking(number, root).images() if root is not None else ()
        for one in images:
            if one.image_id == image_id and _is_plain(one.path, root):
                return one
    raise UsageFault(
        "The image that was chosen has changed or is not there any more.",
        hint="Choose it again. If it is still being copied, wait until that is done.",
    )


def _root(folder: str) -> Path | None:
    """Give a folder with all links on the way to it followed; those in it are not."""
    path = Path(folder)
    try:
        return path.resolve(strict=True) if path.is_absolute() and path.is_dir() else None
    except (OSError, RuntimeError, ValueError):
        return None


class _Looking:
    """One look through one folder, bounded."""

    def __init__(self, number: int, root: Path) -> None:
        self.number = number
        self.root = root
        self.cut = False
        self._left = SEEN_MOST

    def images(self) -> tuple[IntakeImage, ...]:
        """Give its images in the order of their names."""
        return tuple(self._in(self.root, ()))

    def _in(self, folder: Path, within: tuple[str, ...]) -> Iterator[IntakeImage]:
        folders: list[str] = []
        beside: dict[str, list[Path]] = {}
        entries = self._entries(folder)
        for entry in entries:
            beside.setdefault(Path(entry.name).stem, []).append(folder / entry.name)
        for entry in entries:
            if _is_folder(entry):
                folders.append(entry.name)
            elif is_first_file(entry.name):
                parts = _parts(folder / entry.name, beside[Path(entry.name).stem])
                if parts and (image := self._image(parts, within)) is not None:
                    yield image
        for name in folders:
            if name.startswith("."):
                continue
            if len(within) < DEPTH_MOST:
                yield from self._in(folder / name, (*within, name))
            else:
                self.cut = True

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        found: list[os.DirEntry[str]] = []
        try:
            # A link that took the folder's place since it was listed leads elsewhere.
            if not _is_within(folder, self.root):
                return []
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self._left <= 0:
                        self.cut = True
                        break
                    self._left -= 1
                    found.append(entry)
        except OSError:
            self.cut = True
        return sorted(found, key=lambda one: one.name)

    def _image(self, parts: Sequence[Path], within: tuple[str, ...]) -> IntakeImage | None:
        """Give an image whose parts are all plain files."""
        path = parts[0]
        try:
            told = [one.lstat() for one in parts]
        except OSError:
            return None
        plain = all(stat.S_ISREG(one.st_mode) for one in told) and told[0].st_size > 0
        if not plain or not _is_shown((*within, path.name)):
            return None
        size_bytes = sum(one.st_size for one in told)
        place = "\0".join((str(self.root), *within, path.name))
        marks = [f"{one.st_size} {one.st_mtime_ns}" for one in told]
        return IntakeImage(
            image_id=hashlib.sha256("\0".join((place, *marks)).encode()).hexdigest()[:32],
            folder=self.number,
            name=path.name,
            within=within,
            path=path,
            size_bytes=size_bytes,
            changed_s=int(told[0].st_mtime),
            parts=len(told),
        )


def _parts(first: Path, beside: Sequence[Path]) -> tuple[Path, ...]:
    """Give the files of an image, the first one first; none where it is not the first."""
    if not _NUMBERED.fullmatch(first.suffix):
        return (first,)
    found = [one for one in beside if one != first and same_set(one, first)]
    zeroth = first.with_suffix(first.suffix[:-1] + "0")
    return () if first.suffix.endswith("1") and zeroth in found else (first, *found)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_within(path: Path, root: Path) -> bool:
    """Tell whether a path leads below a folder, whatever links there are by now."""
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def _is_plain(path: Path, root: Path | None) -> bool:
    """Tell whether what is opened under a path is a plain file below a folder, not a link."""
    if root is None or not _is_within(path, root):
        return False
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        before = path.lstat()
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError:
        return False
    try:
        opened = os.fstat(handle)
    finally:
        os.close(handle)
    same = (before.st_dev, before.st_ino) == (opened.st_dev, opened.st_ino)
    return same and stat.S_ISREG(before.st_mode) and stat.S_ISREG(opened.st_mode)


def _is_shown(names: Sequence[str]) -> bool:
    """Leave out names that no page can show and no ledger keep."""
    return all(one.isprintable() for one in names)
