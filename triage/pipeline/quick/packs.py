"""What runs in a worker on the packs of a quick pass: the check of every byte, and their sizes."""

from __future__ import annotations

from pathlib import Path

from triage.errors import HashSetError
from triage.matching.checking import check_file
from triage.matching.pack import OpenPack
from triage.matching.sizes import SizeTable, size_table
from triage.pipeline.quick.values import PackItem


def check_pack_file(item: PackItem) -> tuple[str, str]:
    """Check every byte of one file of a pack; message and hint of what is wrong, or nothing."""
    try:
        if item.file is not None:
            check_file(Path(item.folder), item.file)
    except HashSetError as error:
        return error.message, error.hint
    return "", ""


def gather_sizes(item: PackItem) -> SizeTable | tuple[str, str]:
    """Give the sizes of a pack, or message and hint of why it does not open."""
    try:
        pack = OpenPack(Path(item.folder))
    except HashSetError as error:
        return error.message, error.hint
    try:
        return size_table(pack)
    finally:
        pack.close()
