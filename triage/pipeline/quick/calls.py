"""The names under which the quick pass calls its workers, light to import for who only calls.

The parent never parses evidence: what does is imported by the worker, when it is first called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from triage.matching.sizes import SizeTable
    from triage.pipeline.quick.values import (
        ArchiveItem,
        Digested,
        EntryItem,
        FoldersItem,
        Found,
        ListedFolders,
        Looked,
        PackItem,
        Place,
        Unread,
        Visited,
    )


def check_pack_file(item: PackItem) -> tuple[str, str]:
    """Check every byte of one file of a pack; message and hint of what is wrong, or nothing."""
    from triage.pipeline.quick import packs  # noqa: PLC0415  (in the worker only)

    return packs.check_pack_file(item)


def gather_sizes(item: PackItem) -> SizeTable | tuple[str, str]:
    """Give the sizes of a pack, or message and hint of why it does not open."""
    from triage.pipeline.quick import packs  # noqa: PLC0415  (in the worker only)

    return packs.gather_sizes(item)


def warm_up(item: Place) -> None:
    """Import what all that follows needs, while another worker opens the evidence."""
    del item
    from triage.pipeline.quick import tasks  # noqa: F401, PLC0415  (in the worker only)


def list_folders(item: FoldersItem) -> ListedFolders:
    """List folders until there is enough for one answer."""
    from triage.pipeline.quick import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.list_folders(item)


def list_archive(item: EntryItem) -> Found:
    """List the members of an archive."""
    from triage.pipeline.quick import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.list_archive(item)


def take_sizes(table: SizeTable) -> None:
    """Remember the sizes that are looked for."""
    from triage.pipeline.quick import tasks  # noqa: PLC0415  (in the worker only)

    tasks.take_sizes(table)


def visit_archive(item: ArchiveItem) -> Visited:
    """List the members of an archive, and look at them while it is open."""
    from triage.pipeline.quick import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.visit_archive(item)


def look(item: EntryItem) -> tuple[bytes, ...] | Looked | Unread:
    """Read an entry as far as is asked for, and tell whether it is an archive."""
    from triage.pipeline.quick import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.look(item)


def confirm(item: EntryItem) -> Digested | Unread:
    """Read an entry whole for all three digests, and the archives that it lies in."""
    from triage.pipeline.quick import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.confirm(item)
