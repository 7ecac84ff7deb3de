"""Lists a volume folder by folder, in an order that does not depend on the workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from triage.model.entry import DirectoryRef
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo
from triage.pipeline.plan import TimeLimits
from triage.pipeline.tasks import FolderItem, Listed, RootsItem, find_roots, list_folder
from triage.scheduler import Batch, Finished, Lost, Pool
from triage.store.database import Store

FOLDERS_A_BATCH = 16


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

    def run(self) -> None:
        """List everything and mark the volume as listed."""
        self._queue(self._roots())
        while self._waiting:
            self._level(self._waiting.pop(min(self._waiting)))
        self.store.mark_listed(self.volume_id)
        self.store.commit()

    def _roots(self) -> tuple[DirectoryRef, ...]:
        item = RootsItem(location=self.location, volume=self.volume.key)
        batch = Batch(function=find_roots, items=(item,), time_limits_s=(self.limits.opening_s,))
        for result in self.pool.run([batch]):
            if isinstance(result, Lost):
                self._problem(ProblemKind.VOLUME_DAMAGED, b"", result.detail)
            elif isinstance(result.value, Problem):
                self.store.add_problems(self.evidence_id, [result.value])
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
        for folder, result in self._in_order(fresh):
            if isinstance(result, Lost):
                words = f"the folder could not be listed: {result.detail}"
                self._problem(ProblemKind.DIRECTORY_UNREADABLE, folder.path, words)
                continue
            listed: Listed = result.value
            self.store.add_entries(self.evidence_id, self.volume_id, listed.listing.entries)
            self.store.add_problems(self.evidence_id, listed.listing.problems)
            self.store.add_damage(self.evidence_id, listed.damage)
            self._queue(listed.listing.directories)
            self.on_listed(len(listed.listing.entries))
        self.store.commit()

    def _claim(self, folder: DirectoryRef) -> bool:
        """Tell whether a folder is met for the first time; a loop among live ones is noted."""
        by_path = self.volume.table == "folder"
        key = folder.path if by_path else folder.address
        if key not in self._seen:
            self._seen.add(key)
            return True
        if folder.live:
            words = f"the folder at address {folder.address} is reached by more than one path"
            self._problem(ProblemKind.DIRECTORY_LOOP, folder.path, words)
        return False

    def _in_order(
        self, folders: list[DirectoryRef]
    ) -> Iterator[tuple[DirectoryRef, Finished | Lost]]:
        """Run the listings on the pool and give them in the order of the folders."""
        arrived: dict[DirectoryRef, Finished | Lost] = {}
        due = 0
        for result in self.pool.run(self._batches(folders)):
            arrived[result.item.folder] = result
            while due < len(folders) and folders[due] in arrived:
                yield folders[due], arrived.pop(folders[due])
                due += 1

    def _batches(self, folders: list[DirectoryRef]) -> Iterator[Batch]:
        for start in range(0, len(folders), FOLDERS_A_BATCH):
            part = folders[start : start + FOLDERS_A_BATCH]
            yield Batch(
                function=list_folder,
                items=tuple(FolderItem(location=self.location, folder=one) for one in part),
                time_limits_s=(self.limits.folder_s,) * len(part),
            )

    def _problem(self, kind: ProblemKind, path: bytes, detail: str) -> None:
        problem = Problem(
            kind=kind,
            evidence=self.evidence_key,
            volume=self.volume.key,
            path=path,
            detail=detail,
        )
        self.store.add_problems(self.evidence_id, [problem])
