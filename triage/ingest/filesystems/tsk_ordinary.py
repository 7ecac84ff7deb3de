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
from triage.ingest.filesystems.tsk_times import times
from triage.model.entry import DirectoryRef, made_directory
from triage.model.outcome import SkipReason
from triage.model.packing import RESIDENT as RESIDENT_FLAG
from triage.model.volume import VolumeInfo

_FILE, _DIRECTORY, _VIRTUAL_FOLDER = 1, 2, 11
_ALLOCATED, _UNALLOCATED = 1, 2
_KINDS = {_FILE: "file", _DIRECTORY: "directory"}
_NO_CONTENT = str(SkipReason.DIRECTORY)
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
        sequence = 0
        if self._ntfs:
            sequence = meta.seq
            if sequence != name.meta_seq:
                return False
        address = name.meta_addr
        if recorded == _FILE:
            stream = self._only_stream(file)
            if stream is None:
                return False
            size, flags, runs, plain = stream
            reason = ""
        elif self._bare_folders or not self._has_streams(file):
            size, flags, runs, plain = max(0, meta.size), 0, (), 0
            reason = _NO_CONTENT
            directories.append(self._below(folder, prefix + raw, address, sequence))
        else:
            return False
        add(
            prefix + raw,
            b"",
            address,
            sequence,
            _KINDS[recorded],
            "live" if folder.live else "deleted",
            size,
            times(meta, naive=self._naive),
            runs[0][0] if runs else -1,
            self._places.of_only(address, runs, plain, size) if plain else (),
            flags,
            reason,
            "",
        )
        return True

    def _only_stream(  # noqa: PLR0911 (one return a rule, in order)
        self, file: pytsk3.File
    ) -> tuple[int, int, Extents, int] | None:
        """Give size, flags and runs of the stream of a file, nothing where it is not ordinary."""
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
        if flags & RESIDENT:
            return size, RESIDENT_FLAG, runs, 0
        return size, 0, runs, plain

    def _has_streams(self, file: pytsk3.File) -> bool:
        """Tell whether a folder may have streams that are to be listed."""
        return not self._ntfs or any(attribute.info.type == NTFS_DATA for attribute in file)

    def _below(
        self, folder: DirectoryRef, path: bytes, address: int, sequence: int
    ) -> DirectoryRef:
        return made_directory(
            self._key, path, address, sequence, folder.live, False, folder.depth + 1
        )
