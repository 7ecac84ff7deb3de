"""Tasks that crash, loop in C or eat memory on the entries that ask for it by their names."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from triage.pipeline import tasks
from triage.pipeline.items import FoldersItem, PictureItem, ReadItem, RootsItem, RowItem, SurveyItem
from triage.scheduler import Batch, Pool, Result

GIB = 1 << 30


def act(name: bytes) -> None:
    """Do to this process what the name says."""
    if b"abort" in name:
        os.abort()
    if b"segfault" in name:
        ctypes.string_at(0)
    if b"loop" in name:
        sum(range(10**13))  # one C call that holds the GIL
    if b"memory" in name:
        bytearray(64 * GIB)
    if b"raise" in name:
        raise LookupError("[red]no[/red]\x1b[2J such thing")


def digest(item: RowItem) -> object:
    """Digest, unless the name says otherwise."""
    act(item.entry.ref.path)
    return tasks.digest_entry(item)


def list_folders(item: FoldersItem) -> object:
    """List, unless one of the names says otherwise."""
    for folder in item.folders:
        act(folder.path)
    return tasks.list_folders(item)


def decode(item: PictureItem) -> object:
    """Decode, unless the name says otherwise."""
    act(item.entry.ref.path)
    return tasks.decode_picture(item)


def list_archive(item: ReadItem) -> object:
    """List the members, unless the name says otherwise."""
    act(item.entry.ref.path)
    return tasks.list_archive(item)


def visit_archive(item: ReadItem) -> object:
    """List and digest the members, unless the name of the archive or of a member says otherwise."""
    listed = tasks.list_archive(item)
    for entry in (item.entry, *listed.listing.entries):
        act(entry.ref.path)
    return tasks.visit_archive(item)


def find_roots(item: RootsItem) -> object:
    """Find roots, unless the place says otherwise."""
    act(os.fsencode(item.location))
    return tasks.find_roots(item)


def survey(item: SurveyItem) -> object:
    """Open, unless the place says otherwise."""
    act(os.fsencode(item.location))
    return tasks.survey(item)


@dataclass(slots=True)
class Sabotaged:
    """Hands a pool other functions than it was asked to run."""

    pool: Pool
    swapped: dict[Callable[[Any], Any], Callable[[Any], Any]]

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Run what was swapped in."""
        return self.pool.run(
            replace(batch, function=self.swapped.get(batch.function, batch.function))
            for batch in batches
        )

    def prepare(self, function: Callable[[Any], None], value: Any) -> None:
        """Pass it on."""
        self.pool.prepare(function, value)

    def close(self) -> None:
        """The pool goes on to the next test."""
