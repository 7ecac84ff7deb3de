"""Lists all volumes of a quick pass at once, in the order in which a whole run lists each."""

from __future__ import annotations

import marshal
from array import array
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.packing import entry_of
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo
from triage.pipeline.calls import find_roots
from triage.pipeline.items import RootsItem
from triage.pipeline.plan import TimeLimits
from triage.pipeline.quick.calls import list_folders
from triage.pipeline.quick.values import (
    EntryItem,
    FoldersItem,
    Found,
    ListedFolders,
    Place,
    Sheet,
)
from triage.scheduler import Batch, Lost, Pool, Result

FOLDERS_AN_ITEM = 8
ITEMS_A_BATCH = 2


@dataclass(slots=True)
class Catalogue:
    """All entries that have content, each known by its number; what is not asked for stays packed.

    Attributes:
        listed: entries of all kinds; ``skipped``: those without content, by reason.
        sizes, offsets: of the entries with content, by number; offset -1 where there is none.
        damage: met so far, by evidence.
    """

    listed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    sizes: array[int] = field(default_factory=lambda: array("Q"))
    offsets: array[int] = field(default_factory=lambda: array("q"))
    problems: list[Problem] = field(default_factory=list)
    damage: dict[str, set[DamagedRange]] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    _sheets: list[tuple[Sheet, bytes, array[int]]] = field(default_factory=list)

    def add(self, sheet: Sheet, found: Found) -> range:
        """Take in what a folder or archive lists; give the numbers of the entries with content."""
        first = len(self.sizes)
        self.listed += found.listed
        for reason, count in found.skipped:
            self.skipped[reason] += count
        self.problems.extend(found.problems)
        self.note_damage(sheet.location, found.damage)
        self.sizes.frombytes(found.sizes)
        self.offsets.frombytes(found.offsets)
        if len(self.sizes) > first:
            ends = array("Q")
            ends.frombytes(found.ends)
            self._starts.append(first)
            self._sheets.append((sheet, found.rows, ends))
        return range(first, len(self.sizes))

    def note_damage(self, location: str, damage: Iterable[DamagedRange]) -> None:
        """Keep damage that was met."""
        self.damage.setdefault(location, set()).update(damage)

    def note_unopened(self, number: int, detail: str) -> None:
        """Keep why an archive was not opened."""
        ref = self.entry(number).ref
        self.problems.append(
            Problem(
                kind=ProblemKind.ARCHIVE_UNREADABLE,
                evidence=ref.evidence,
                volume=ref.volume,
                path=ref.path,
                detail=detail,
            )
        )

    def item(self, number: int, bits: int = 0) -> EntryItem:
        """Give an entry as it is sent to a worker."""
        place = bisect_right(self._starts, number) - 1
        sheet, rows, ends = self._sheets[place]
        at = number - self._starts[place]
        return EntryItem(number, sheet, rows[ends[at - 1] if at else 0 : ends[at]], bits)

    def entry(self, number: int) -> FileEntry:
        """Give an entry."""
        _, sheet, row, _ = self.item(number)
        columns = marshal.loads(row)  # noqa: S302  (our own worker wrote it)
        return entry_of(columns, sheet.evidence, sheet.volume, sheet.container)


@dataclass(slots=True, kw_only=True)
class VolumeWalk:
    """How far one volume is listed.

    Live folders are listed before deleted ones and the orphan area comes last, as in a whole run:
    a folder that is reached twice then has the same path in both.
    """

    place: Place
    volume: VolumeInfo
    evidence_key: str
    catalogue: Catalogue
    _seen: set[int | bytes] = field(default_factory=set)
    _waiting: dict[int, list[DirectoryRef]] = field(default_factory=dict)
    _due: deque[DirectoryRef] = field(default_factory=deque)
    _arrived: dict[DirectoryRef, tuple[int, Found | str]] = field(default_factory=dict)

    def start(self, result: Result) -> None:
        """Take the root folders, or note why there are none."""
        if isinstance(result, Lost):
            self._problem(ProblemKind.VOLUME_DAMAGED, b"", result.detail)
        elif isinstance(result.value, Problem):
            self.catalogue.problems.append(result.value)
        else:
            self._queue(result.value)

    def level(self, limit_s: float) -> list[Batch]:
        """Give the folders that are to be listed now, each with so many seconds."""
        if not self._waiting:
            return []
        folders = self._waiting.pop(min(self._waiting))
        self._due.extend(folder for folder in folders if self._claim(folder))
        due = tuple(self._due)
        items = [
            FoldersItem(self.place, due[at : at + FOLDERS_AN_ITEM])
            for at in range(0, len(due), FOLDERS_AN_ITEM)
        ]
        return [
            listing_batch(items[at : at + ITEMS_A_BATCH], limit_s)
            for at in range(0, len(items), ITEMS_A_BATCH)
        ]

    @property
    def done(self) -> bool:
        """Whether everything is listed."""
        return not self._waiting

    def take(self, result: Result) -> list[FoldersItem]:
        """Take one listing; what lies below is queued in the order of the folders.

        Returns:
            What is still to be listed: the rest of an item that was too much for one answer, and
            each folder of one that was lost, so that each is lost for what it is itself.
        """
        item: FoldersItem = result.item
        if isinstance(result, Lost):
            if len(item.folders) > 1:
                return [item._replace(folders=(folder,)) for folder in item.folders]
            words = f"the folder could not be listed: {result.detail}"
            self._arrived[item.folders[0]] = 1, words
            rest: tuple[DirectoryRef, ...] = ()
        else:
            listed: ListedFolders = result.value
            self._arrived[item.folders[0]] = listed
            rest = item.folders[listed.taken :]
        while self._due and self._due[0] in self._arrived:
            first = self._due[0]
            count, found = self._arrived.pop(first)
            for _ in range(count):
                self._due.popleft()
            self._settle(first, found)
        return [item._replace(folders=rest)] if rest else []

    def _settle(self, folder: DirectoryRef, found: Found | str) -> None:
        if isinstance(found, str):
            self._problem(ProblemKind.DIRECTORY_UNREADABLE, folder.path, found)
            return
        sheet = Sheet(self.place.location, self.evidence_key, self.volume.key)
        self.catalogue.add(sheet, found)
        self._queue(found.directories)

    def _queue(self, folders: Iterable[DirectoryRef]) -> None:
        for folder in folders:
            rank = 2 if folder.orphan else 0 if folder.live else 1
            self._waiting.setdefault(rank, []).append(folder)

    def _claim(self, folder: DirectoryRef) -> bool:
        """Tell whether a folder is met for the first time; a loop among live ones is noted."""
        key = folder.path if self.volume.table == "folder" else folder.address
        if key not in self._seen:
            self._seen.add(key)
            return True
        if folder.live:
            words = f"the folder at address {folder.address} is reached by more than one path"
            self._problem(ProblemKind.DIRECTORY_LOOP, folder.path, words)
        return False

    def _problem(self, kind: ProblemKind, path: bytes, detail: str) -> None:
        self.catalogue.problems.append(
            Problem(
                kind=kind,
                evidence=self.evidence_key,
                volume=self.volume.key,
                path=path,
                detail=detail,
            )
        )


def listing_batch(items: Sequence[FoldersItem], limit_s: float) -> Batch:
    """Give items as a batch, each with so many seconds."""
    return Batch(
        function=list_folders,
        items=tuple(items),
        time_limits_s=(limit_s,) * len(items),
        reads=True,
    )


def walk_volumes(
    pool: Pool, walks: Sequence[VolumeWalk], limits: TimeLimits, on_listed: Callable[[], None]
) -> None:
    """List volumes side by side, each in its own order.

    Args:
        on_listed: called after each folder.
    """
    by_volume = {(walk.place.location, walk.volume.key): walk for walk in walks}
    opening = [
        Batch(
            function=find_roots,
            items=(RootsItem(location=walk.place.location, volume=walk.volume.key),),
            time_limits_s=(limits.opening_s,),
            reads=True,
        )
        for walk in walks
    ]
    for result in pool.run(opening):
        by_volume[result.item.location, result.item.volume].start(result)
    while not all(walk.done for walk in walks):
        batches = [batch for walk in walks for batch in walk.level(limits.folder_s)]
        while batches:
            again: list[FoldersItem] = []
            for result in pool.run(batches):
                item: FoldersItem = result.item
                again += by_volume[item.place.location, item.folders[0].volume].take(result)
                on_listed()
            batches = [listing_batch([one], limits.folder_s) for one in again]
