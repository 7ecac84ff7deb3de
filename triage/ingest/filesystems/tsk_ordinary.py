"""Takes names that are as nearly all are, in few steps; leaves all others to the long way."""

from __future__ import annotations

from collections.abc import Callable

import pytsk3

from triage.ingest.filesystems.tsk_extents import Extents, Places
from triage.ingest.filesystems.tsk_streams import (
    DEFAULT_KINDS,
    NTFS_DATA,
    PACKED,
    RESIDENT,
    runs_of,
)
from triage.ingest.filesystems.tsk_times import Moments, times
from triage.model.entry import DirectoryRef, made_directory
from triage.model.outcome import SkipReason
from triage.model.packing import RESIDENT as RESIDENT_FLAG
from triage.model.volume import VolumeInfo

_FILE, _DIRECTORY, _VIRTUAL_FOLDER = 1, 2, 11
_ALLOCATED, _UNALLOCATED = 1, 2
_KINDS = {_FILE: "file", _DIRECTORY: "directory"}
_NO_CONTENT = str(SkipReason.DIRECTORY)
_Content = tuple[int, int, int, Extents, Moments | None]
"""Size, flags and first place of a stream, where it lies, and times where they are known by now."""

_DOTS = (None, b"", b".", b"..")


class OrdinaryNames:
    """Takes live names of live records: folders, and files with one stream that is to be read.

    It enters them just as :class:`triage.ingest.filesystems.tsk_folder.Folder` would, which holds
    the rules. Each field of the binding is a call into it, so it is asked for once.
    """

    def __init__(
        self, volume: VolumeInfo, block_bytes: int, places: Places, *, naive: bool
    ) -> None:
        self._key = volume.key
        self._ntfs = volume.filesystem == "ntfs"
        self._kinds = frozenset((NTFS_DATA,)) if self._ntfs else DEFAULT_KINDS
        self._bare_folders = volume.filesystem not in ("ntfs", "hfs+")
        self._base = volume.offset_bytes
        self._block = block_bytes
        self._places = places
        self._inside_bytes = places.record_bytes
        self._naive = naive

    def take(  # noqa: PLR0911 (one return a rule, in order)
        self,
        file: pytsk3.File,
        folder: DirectoryRef,
        prefix: bytes,
        add: Callable[..., None],
        directories: list[DirectoryRef],
    ) -> bool:
        """Enter a name; give whether nothing is left to do for it.

        Args:
            folder: where it was met; no orphan area.
            prefix: path of the folder, with a slash behind it.
            add: of a :class:`triage.model.packing.Packer`.

        Raises:
            OSError: the attributes cannot be loaded; nothing was entered then.
        """
        info = file.info
        name, meta = info.name, info.meta
        if name is None or meta is None:
            return False
        raw = name.name
        if raw in _DOTS:
            return True
        recorded = meta.type
        if recorded not in _KINDS or name.type == _VIRTUAL_FOLDER:
            return False
        if name.flags & _UNALLOCATED or not meta.flags & _ALLOCATED:
            return False
        sequence = meta.seq if self._ntfs else 0
        if self._ntfs and sequence != name.meta_seq:
            return False
        address = name.meta_addr
        found = self._content(file, meta, recorded, address, sequence)
        if found is None:
            return False
        reason, path = "", prefix + raw
        if recorded == _DIRECTORY:
            reason = _NO_CONTENT
            directories.append(self._below(folder, path, address, sequence))
        size, flags, first, extents, moments = found
        named = path, b"", address, sequence, _KINDS[recorded], "live" if folder.live else "deleted"
        moments = moments or times(meta, naive=self._naive)
        add(*named, size, moments, first, extents, flags, reason, "")
        return True

    def _content(
        self,
        file: pytsk3.File,
        meta: pytsk3.TSK_FS_META,
        recorded: int,
        address: int,
        sequence: int,
    ) -> _Content | None:
        """Give the only stream of a file or none of a folder, nothing where that is not so."""
        if recorded == _DIRECTORY:
            bare = self._bare_folders or not self._has_streams(file)
            return (max(0, meta.size), 0, -1, (), None) if bare else None
        found = None
        if self._ntfs and meta.size > self._inside_bytes:
            found = self._by_record(address, sequence)
        return found or self._only_stream(file, address)

    def _by_record(self, address: int, sequence: int) -> _Content | None:
        """Give a plain content of NTFS by what its record says, nothing where it is not plain."""
        plain = self._places.plain_stream(address, sequence)
        if plain is None:
            return None
        base, block = self._base, self._block
        runs = [(base + start * block, count * block) for start, count in plain.runs]
        extents = self._places.cut(tuple(runs), plain.size_bytes)
        return (plain.size_bytes, 0, runs[0][0], extents, plain.moments) if extents else None

    def _only_stream(  # noqa: PLR0911 (one return a rule, in order)
        self, file: pytsk3.File, address: int
    ) -> _Content | None:
        """Give the only stream of a file, nothing where it is not ordinary."""
        found = None
        for attribute in file:
            info = attribute.info
            if info.type in self._kinds:
                if found is not None:
                    return None
                found = attribute, info
            elif not self._ntfs:
                return None
        if found is None:
            return None
        attribute, info = found
        flags, size = info.flags, info.size
        if flags & PACKED or size <= 0 or (self._ntfs and info.name):
            return None
        runs, holes, plain = runs_of(attribute, self._base, self._block)
        if holes:
            return None
        first = runs[0][0] if runs else -1
        if flags & RESIDENT or not plain:
            return size, RESIDENT_FLAG if flags & RESIDENT else 0, first, (), None
        return size, 0, first, self._places.of_only(address, runs, plain, size), None

    def _has_streams(self, file: pytsk3.File) -> bool:
        """Tell whether a folder may have streams that are to be listed."""
        return not self._ntfs or any(attribute.info.type == NTFS_DATA for attribute in file)

    def _below(
        self, folder: DirectoryRef, path: bytes, address: int, sequence: int
    ) -> DirectoryRef:
        return made_directory(
            self._key, path, address, sequence, folder.live, False, folder.depth + 1
        )
