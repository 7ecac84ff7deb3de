"""Turns one name in a folder, as The Sleuth Kit tells of it, into entries of the model."""

from __future__ import annotations

from typing import NamedTuple

import pytsk3

from triage.ingest.filesystems.hfs_catalog import Child
from triage.ingest.filesystems.tsk_streams import Stream
from triage.ingest.reading import SPARSE_LIMIT_BYTES
from triage.model.display import printable
from triage.model.entry import Allocation, DirectoryRef, EntryKind
from triage.model.outcome import SkipReason

_META_KINDS = {
    1: EntryKind.FILE,
    2: EntryKind.DIRECTORY,
    6: EntryKind.SYMLINK,
    10: EntryKind.VIRTUAL,
    11: EntryKind.VIRTUAL,
}
_NAME_KINDS = {
    3: EntryKind.DIRECTORY,
    5: EntryKind.FILE,
    6: EntryKind.SYMLINK,
    10: EntryKind.VIRTUAL,
    11: EntryKind.VIRTUAL,
}
_VIRTUAL_FOLDER = 11
_ALLOCATED, _UNALLOCATED = 1, 2
WITH_INODES = frozenset({"ext2", "ext3", "ext4", "ufs1", "ufs1b", "ufs2"})
"""File systems whose records outlive their names, without a generation in the name."""


class Name(NamedTuple):
    """One name with the record it points at, as far as it can be found; a tuple for speed.

    Attributes:
        deleted: the name itself is no longer in use.
        record_live: the record is in use.
        same: name and record agree on the generation, as far as the file system counts them.
    """

    raw: bytes
    address: int
    sequence: int
    kind: EntryKind
    virtual_folder: bool
    deleted: bool
    record_live: bool
    same: bool
    meta: pytsk3.TSK_FS_META | None


def resolve(
    fs: pytsk3.FS_Info, file: pytsk3.File, filesystem: str
) -> tuple[Name, pytsk3.File] | None:
    """Join a name and its record; give ``None`` for ``.``, ``..`` and names without a byte.

    The Sleuth Kit leaves out the record where the generations of name and record differ, which
    is so for every deleted name of NTFS: the record is then fetched by its address.
    """
    info = file.info
    name = info.name
    raw = name.name if name is not None else None
    if name is None or not raw or raw in (b".", b".."):
        return None
    address, meta = name.meta_addr, info.meta
    if meta is None and (address or filesystem == "ntfs"):
        try:
            file = fs.open_meta(address)
            meta = file.info.meta
        except OSError:
            meta = None
    return _name(name, raw, address, meta, filesystem), file


def _name(
    name: pytsk3.TSK_FS_NAME,
    raw: bytes,
    address: int,
    meta: pytsk3.TSK_FS_META | None,
    filesystem: str,
) -> Name:
    """Fetch each field of the binding once: a field costs more than the rest of the line."""
    deleted = name.flags & _UNALLOCATED > 0
    said = name.type
    if meta is None:
        kind = _NAME_KINDS.get(said) or (EntryKind.SPECIAL if said else EntryKind.UNKNOWN)
        return Name(raw, address, 0, kind, said == _VIRTUAL_FOLDER, deleted, False, True, None)
    recorded = meta.type
    if recorded:
        kind = _META_KINDS.get(recorded, EntryKind.SPECIAL)
    else:
        kind = _NAME_KINDS.get(said) or (EntryKind.SPECIAL if said else EntryKind.UNKNOWN)
    sequence, same = 0, True
    if filesystem == "ntfs":
        sequence = meta.seq
        same = sequence == name.meta_seq
    return Name(
        raw,
        address,
        sequence,
        kind,
        _VIRTUAL_FOLDER in (said, recorded),
        deleted,
        meta.flags & _ALLOCATED > 0,
        same,
        meta,
    )


def from_catalog(child: Child, meta: pytsk3.TSK_FS_META | None) -> Name:
    """Make a name from a record of the HFS+ catalog and what its number leads to."""
    kind = EntryKind.DIRECTORY if child.folder else EntryKind.FILE
    if meta is not None and int(meta.type):
        kind = _META_KINDS.get(int(meta.type), EntryKind.SPECIAL)
    return Name(
        raw=child.raw,
        address=child.identifier if meta is None else int(meta.addr),
        sequence=0,
        kind=kind,
        virtual_folder=False,
        deleted=False,
        record_live=True,
        same=True,
        meta=meta,
    )


def from_record(meta: pytsk3.TSK_FS_META) -> Name:
    """Make the name of a record that no folder names, as The Sleuth Kit calls such."""
    address = int(meta.addr)
    return Name(
        raw=b"OrphanFile-%d" % address,
        address=address,
        sequence=0,
        kind=_META_KINDS.get(int(meta.type), EntryKind.SPECIAL)
        if int(meta.type)
        else EntryKind.UNKNOWN,
        virtual_folder=False,
        deleted=True,
        record_live=False,
        same=True,
        meta=meta,
    )


def allocation(name: Name, folder: DirectoryRef) -> Allocation:
    """Tell whether a name is live; what lies in a deleted or orphan folder is so too."""
    if folder.orphan:
        return Allocation.ORPHAN
    if name.deleted or not folder.live:
        return Allocation.DELETED
    return Allocation.LIVE


def reused(name: Name, filesystem: str) -> bool:
    """Tell whether the record of a deleted name now belongs to another file.

    Where generations are counted and agree it is still the same file, renamed or moved; where
    none are counted (ext, UFS) a record in use cannot be told from another file's.
    """
    if not (name.deleted and name.record_live):
        return False
    return not name.same if filesystem == "ntfs" else filesystem in WITH_INODES


def why_no_content(  # noqa: PLR0911 (one return a rule, in order)
    name: Name, stream: Stream | None, size_bytes: int, *, filesystem: str, medium_bytes: int
) -> tuple[str, str]:
    """Give reason and words where the listing already knows that nothing is to be read."""
    default = stream is None or not stream.name
    if name.kind is EntryKind.DIRECTORY and default:
        return SkipReason.DIRECTORY, ""
    if name.virtual_folder:
        return SkipReason.VIRTUAL, "folder made up to hold orphan files"
    if name.kind in (EntryKind.SYMLINK, EntryKind.SPECIAL) and default:
        return SkipReason.NOT_A_FILE, _target(name)
    if name.meta is None:
        return SkipReason.NOT_RECOVERABLE, "the name survives, its record does not"
    if reused(name, filesystem):
        return SkipReason.REALLOCATED, "the record is in use by another file"
    if name.kind is EntryKind.UNKNOWN and not size_bytes:
        return SkipReason.NOT_RECOVERABLE, "the record no longer says what it was"
    return _by_size(name, stream, size_bytes, filesystem, medium_bytes)


def _by_size(  # noqa: PLR0911 (one return a rule, in order)
    name: Name, stream: Stream | None, size_bytes: int, filesystem: str, medium_bytes: int
) -> tuple[str, str]:
    if stream is not None and stream.name == b"$Bad" and name.raw == b"$BadClus":
        return SkipReason.BAD_CLUSTER_LIST, ""
    if not size_bytes:
        if filesystem in WITH_INODES and not name.record_live:
            return SkipReason.NOT_RECOVERABLE, "the record was wiped when the file was deleted"
        return SkipReason.EMPTY, ""
    if size_bytes < 0:
        return SkipReason.IMPLAUSIBLE_SIZE, f"claims {size_bytes} bytes"
    if stream is not None and stream.encrypted:
        return SkipReason.ENCRYPTED, "encrypted by the file system (EFS)"
    if filesystem in WITH_INODES and not name.record_live and _placeless(stream):
        return SkipReason.NOT_RECOVERABLE, "the record no longer says where the content was"
    packed = stream is not None and (stream.sparse or stream.compressed)
    if size_bytes > medium_bytes and not packed and not name.record_live:
        return SkipReason.IMPLAUSIBLE_SIZE, f"claims {size_bytes} bytes"
    bound = max(medium_bytes, SPARSE_LIMIT_BYTES)
    if size_bytes > bound and packed:
        return SkipReason.TOO_LARGE, f"sparse, {size_bytes} bytes with its holes"
    return "", ""


def _placeless(stream: Stream | None) -> bool:
    return stream is None or not (stream.runs or stream.resident)


def _target(name: Name) -> str:
    if name.meta is not None and name.kind is EntryKind.SYMLINK and name.meta.link:
        return f"link to {printable(name.meta.link)}"
    return ""
