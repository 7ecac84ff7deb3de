"""Finds orphans of volumes with inodes where The Sleuth Kit cannot open its folder of them.

It gives up on the whole area at the first orphan folder whose blocks are gone, which is the usual
state of a folder that was deleted. The rules here are its own, so that both ways list the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytsk3

from triage.ingest.filesystems.tsk_folder import ORPHAN_LIMIT

_ALLOCATED, _USED = 1, 4
_UNALLOCATED_NAME = 2
_DIRECTORY = 2

CANDIDATE_LIMIT = 2 * ORPHAN_LIMIT
"""Freed records beyond this number are not looked at; the area then has too many orphans."""


def orphans(opened: pytsk3.FS_Info, numbers: Iterable[int]) -> tuple[tuple[int, ...], bool]:
    """Give the freed records that nothing names, in rising order, and whether these are all.

    A file below an orphan folder is left to the listing of that folder; a folder there is given
    as well, so that of folders that hold each other none is lost.

    Args:
        numbers: records to look at, in rising order.
    """
    folders: dict[int, None] = {}
    left: dict[int, None] = {}
    complete = True
    for number in numbers:
        meta = _freed(opened, number)
        if meta is None:
            continue
        if len(left) >= CANDIDATE_LIMIT:
            complete = False
            break
        left[number] = None
        if int(meta.type) == _DIRECTORY:
            folders[number] = None
    if left:
        _drop(left, _below(opened, int(opened.info.root_inum), set()))
        visited: set[int] = set()
        for folder in [number for number in folders if number in left]:
            below = _below(opened, folder, visited)
            _drop(left, (number for number in below if number not in folders))
    return tuple(left), complete


def _freed(opened: pytsk3.FS_Info, number: int) -> pytsk3.TSK_FS_META | None:
    """Give a record that is free and was used: it has a time of change, a type or a size."""
    try:
        meta = opened.open_meta(number).info.meta
    except OSError:
        return None
    if meta is None or int(meta.flags) & _ALLOCATED:
        return None
    used = int(meta.flags) & _USED or int(meta.type) or int(meta.size)
    return meta if used else None


def _drop(left: dict[int, None], named: Iterable[int]) -> None:
    for number in named:
        left.pop(number, None)


def _below(opened: pytsk3.FS_Info, start: int, visited: set[int]) -> Iterator[int]:
    """Give the records that the names below a folder point at, live and deleted names alike."""
    todo = [start]
    while todo:
        address = todo.pop()
        if address in visited:
            continue
        visited.add(address)
        for file in _files(opened, address):
            name, meta = file.info.name, file.info.meta
            if name is None or name.name in (b".", b".."):
                continue
            yield int(name.meta_addr)
            if meta is not None and int(meta.type) == _DIRECTORY and not _stale(name, meta):
                todo.append(int(name.meta_addr))


def _stale(name: pytsk3.TSK_FS_NAME, meta: pytsk3.TSK_FS_META) -> bool:
    """Tell whether a deleted name points at a folder in use, which is another one by now."""
    return bool(int(name.flags) & _UNALLOCATED_NAME and int(meta.flags) & _ALLOCATED)


def _files(opened: pytsk3.FS_Info, address: int) -> Iterator[pytsk3.File]:
    try:
        folder = opened.open_dir(inode=address)
    except OSError:
        return
    names = iter(folder)
    for _ in range(int(folder.size)):
        try:
            yield next(names)
        except StopIteration:
            return
        except OSError:
            continue
