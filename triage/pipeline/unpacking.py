"""Lists the members of archives as entries of their own, level by level."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from triage.model.entry import FileEntry
from triage.model.problem import Problem, ProblemKind
from triage.pipeline.calls import list_archive
from triage.pipeline.items import Listed, ReadItem
from triage.pipeline.plan import TimeLimits, portions
from triage.scheduler import Batch, Finished, Pool, Result
from triage.store.database import Store
from triage.store.work import Waiting

BATCH_ARCHIVES = 16
BATCH_BYTES = 1024 * 1024
"""An archive of this size has a batch to itself: what it unpacks to may be a hundred times more."""


@dataclass(slots=True, kw_only=True)
class Unpacking:
    """The archives of one evidence item that have been digested and not opened yet."""

    pool: Pool
    store: Store
    evidence_id: int
    evidence_key: str
    location: str
    opened_types: frozenset[str]
    unopened_types: frozenset[str]
    limits: TimeLimits
    on_listed: Callable[[int], None]

    def run(self) -> bool:
        """List the members of all archives known so far; tell whether there were any archives."""
        self._name_unopened()
        found = False
        while page := self.store.waiting_archives(
            self.evidence_id, self.location, self.opened_types
        ):
            found = True
            waiting = {one.entry_id: one for one in page}
            for result in self.pool.run(self._batches(page)):
                self._take(waiting[result.item.entry_id], result)
            self.store.mark_opened(list(waiting))
            self.store.commit()
        return found

    def _batches(self, page: list[Waiting]) -> Iterator[Batch]:
        for part in portions(
            page,
            size_bytes=lambda one: one.entry.size_bytes,
            most=BATCH_ARCHIVES,
            most_bytes=BATCH_BYTES,
        ):
            yield Batch(
                function=list_archive,
                items=tuple(
                    ReadItem(entry_id=one.entry_id, location=self.location, entry=one.entry)
                    for one in part
                ),
                time_limits_s=tuple(
                    self.limits.folder_s + self.limits.reading_s(one.entry.size_bytes)
                    for one in part
                ),
                reads=True,
            )

    def _take(self, archive: Waiting, result: Result) -> None:
        if isinstance(result, Finished):
            listed: Listed = result.value
            members = listed.listing.entries
            self.store.add_entries(self.evidence_id, archive.volume_id, members, archive.entry_id)
            self.store.add_problems(self.evidence_id, listed.listing.problems)
            self.store.add_damage(self.evidence_id, listed.damage)
            self.on_listed(len(members))
        else:
            words = f"its members could not be listed: {result.detail}"
            self._problem(archive.entry, words)

    def _name_unopened(self) -> None:
        """Say of each archive of a kind that is not opened that it was not."""
        while page := self.store.waiting_archives(
            self.evidence_id, self.location, self.unopened_types
        ):
            for one in page:
                self._problem(one.entry, "an archive of a kind that is not opened")
            self.store.mark_opened([one.entry_id for one in page])
            self.store.commit()

    def _problem(self, entry: FileEntry, detail: str) -> None:
        problem = Problem(
            kind=ProblemKind.ARCHIVE_UNREADABLE,
            evidence=self.evidence_key,
            volume=entry.ref.volume,
            path=entry.ref.path,
            detail=detail,
        )
        self.store.add_problems(self.evidence_id, [problem])
