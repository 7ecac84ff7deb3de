"""Lists a volume folder by folder, in an order that does not depend on the workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.packing import Packed
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo
from triage.pipeline.calls import find_roots, list_folders
from triage.pipeline.items import FoldersItem, ListedFolders, RootsItem
from triage.pipeline.plan import TimeLimits
from triage.scheduler import Batch, Finished, Lost, Pool
from triage.store.database import Store

FOLDERS_A_BATCH = 16
FOLDERS_A_LARGE_BATCH = 64
"""In levels of so many folders that all workers are busy anyhow."""

ITEMS_A_BATCH = 2
"""Folders of a batch are listed and given back in so many parts."""

GROUP_ENTRIES = 50_000
"""Entries of several folders go to the store together, at most so many and some. Listing is begun
anew where it was cut off, so that this only bounds what is held, and how long others who write to
the same database wait.
"""

GROUP_S = 0.5
"""For so long the entries of a group come together, where there are not that many."""

HELD_ENTRIES = 50_000
"""Entries of folders that arrived before their turn are squeezed beyond this number."""


@dataclass(slots=True, kw_only=True)
class Walk:
    """The listing of one volume.

    Live folders are listed before deleted ones and the orphan area comes last: a folder that is
    reached twice then belongs to the path that the file system itself still holds.
    """

    pool: Pool
    store: Store
    evidence_id: int
    evidence_key: str
    volume_id: int
    volume: VolumeInfo
    location: str
    limits: TimeLimits
    on_listed: Callable[[int], None]
    _seen: set[int | bytes] = field(default_factory=set)
    _waiting: dict[int, list[DirectoryRef]] = field(default_factory=dict)
    _group: list[Sequence[FileEntry]] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _damage: list[DamagedRange] = field(default_factory=list)
    _grouped: int = 0
    _grouped_since: float = 0.0

    def run(self) -> None:
        """List everything and mark the volume as listed."""
        self._queue(self._roots())
        while self._waiting:
            self._level(self._waiting.pop(min(self._waiting)))
        self._write(listed=True)

    def _roots(self) -> tuple[DirectoryRef, ...]:
        item = RootsItem(location=self.location, volume=self.volume.key)
        batch = Batch(function=find_roots, items=(item,), time_limits_s=(self.limits.opening_s,))
        for result in self.pool.run([batch]):
            if isinstance(result, Lost):
                self._problem(ProblemKind.VOLUME_DAMAGED, b"", result.detail)
            elif isinstance(result.value, Problem):
                self._problems.append(result.value)
            else:
                roots: tuple[DirectoryRef, ...] = result.value
                return roots
        return ()

    def _queue(self, folders: Iterable[DirectoryRef]) -> None:
        for folder in folders:
            rank = 2 if folder.orphan else 0 if folder.live else 1
            self._waiting.setdefault(rank, []).append(folder)

    def _level(self, folders: list[DirectoryRef]) -> None:
        """List folders that are known now; what lies below them is queued."""
        fresh = [folder for folder in folders if self._claim(folder)]
        for result in self._in_order(fresh):
            if isinstance(result, Lost):
                words = f"the folder could not be listed: {result.detail}"
                path = result.item.folders[0].path
                self._problem(ProblemKind.DIRECTORY_UNREADABLE, path, words)
                continue
            listed: ListedFolders = result.value
            self._problems += listed.listing.problems
            self._damage += listed.damage
            self._queue(listed.listing.directories)
            self._add(listed.listing.entries)
        self._write()

    def _add(self, entries: Sequence[FileEntry]) -> None:
        now = time.monotonic()
        if not self._group:
            self._grouped_since = now
        self._group.append(entries)
        self._grouped += len(entries)
        self.on_listed(len(entries))
        if self._grouped >= GROUP_ENTRIES or now - self._grouped_since > GROUP_S:
            self._write()

    def _write(self, *, listed: bool = False) -> None:
        """Write the entries of folders that are complete, in their order.

        All of it is written at once and committed: between groups, while workers are waited for,
        others may write to the database.
        """
        self.store.add_problems(self.evidence_id, self._problems)
        self.store.add_damage(self.evidence_id, self._damage)
        self.store.add_listings(self.evidence_id, self.volume_id, self._group)
        if listed:
            self.store.mark_listed(self.volume_id)
        self.store.commit()
        self._problems.clear()
        self._damage.clear()
        self._group.clear()
        self._grouped = 0

    def _claim(self, folder: DirectoryRef) -> bool:
        """Tell whether a folder is met for the first time; a loop among live ones is noted."""
        key = self._key(folder)
        if key not in self._seen:
            self._seen.add(key)
            return True
        if folder.live:
            words = f"the folder at address {folder.address} is reached by more than one path"
            self._problem(ProblemKind.DIRECTORY_LOOP, folder.path, words)
        return False

    def _key(self, folder: DirectoryRef) -> int | bytes:
        return folder.path if self.volume.table == "folder" else folder.address

    def _in_order(self, folders: list[DirectoryRef]) -> Iterator[Finished | Lost]:
        """Run the listings on the pool and give them in the order of the folders.

        Folders that were lost together are listed again one by one, so that each is lost, or not,
        for what it is itself.
        """
        arrived: dict[int, Finished | Lost] = {}
        due = held = 0
        batches = self._batches(folders)
        while due < len(folders):
            again: list[FoldersItem] = []
            for result in self.pool.run(batches):
                rest = _rest(result)
                again += rest
                if rest and isinstance(result, Lost):
                    continue
                arrived[result.item.first] = _squeezed(result) if held > HELD_ENTRIES else result
                held += _entries(result)
                while (turn := arrived.pop(due, None)) is not None:
                    held -= _entries(turn)
                    due += _count(turn)
                    yield turn
            batches = self._each(again)

    def _batches(self, folders: list[DirectoryRef]) -> Iterator[Batch]:
        many = len(folders) > 16 * FOLDERS_A_LARGE_BATCH
        size = FOLDERS_A_LARGE_BATCH if many else FOLDERS_A_BATCH
        each = size // ITEMS_A_BATCH
        for start in range(0, len(folders), size):
            ends = range(start, min(start + size, len(folders)), each)
            yield self._batch(
                [
                    FoldersItem(self.location, first, tuple(folders[first : first + each]))
                    for first in ends
                ]
            )

    def _each(self, items: list[FoldersItem]) -> Iterator[Batch]:
        return (self._batch([item]) for item in items)

    def _batch(self, items: list[FoldersItem]) -> Batch:
        return Batch(
            function=list_folders,
            items=tuple(items),
            time_limits_s=(self.limits.folder_s,) * len(items),
        )

    def _problem(self, kind: ProblemKind, path: bytes, detail: str) -> None:
        problem = Problem(
            kind=kind,
            evidence=self.evidence_key,
            volume=self.volume.key,
            path=path,
            detail=detail,
        )
        self._problems.append(problem)


def _rest(result: Finished | Lost) -> list[FoldersItem]:
    """Give what is still to be listed of the folders that were asked for together."""
    item: FoldersItem = result.item
    if isinstance(result, Lost):
        found = [
            FoldersItem(item.location, item.first + at, (folder,))
            for at, folder in enumerate(item.folders)
        ]
        return found if len(found) > 1 else []
    count: int = result.value.folders
    left = item.folders[count:]
    return [FoldersItem(item.location, item.first + count, left)] if left else []


def _count(result: Finished | Lost) -> int:
    listed: ListedFolders | None = result.value if isinstance(result, Finished) else None
    return 1 if listed is None else listed.folders


def _entries(result: Finished | Lost) -> int:
    return len(result.value.listing.entries) if isinstance(result, Finished) else 0


def _squeezed(result: Finished | Lost) -> Finished | Lost:
    """Let listings that wait for their turn take a third of the memory."""
    if isinstance(result, Lost):
        return result
    listed: ListedFolders = result.value
    if not isinstance(listed.listing.entries, Packed):
        return result
    listing = replace(listed.listing, entries=listed.listing.entries.squeezed())
    return replace(result, value=listed._replace(listing=listing))
