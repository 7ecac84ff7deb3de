"""Enters the members of archives as entries of their own, level by level."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from triage.model.entry import FileEntry
from triage.model.problem import Problem, ProblemKind
from triage.pipeline.calls import list_archive, visit_archive
from triage.pipeline.digesting import SETTLE_INTERVAL_S, SETTLE_ITEMS, Digesting
from triage.pipeline.items import Listed, ReadItem, Visited
from triage.pipeline.plan import TimeLimits, portions
from triage.pipeline.visit import VISIT_BYTES
from triage.scheduler import Batch, Finished, Pool
from triage.store.database import Store
from triage.store.work import Waiting

BATCH_ARCHIVES = 16
BATCH_BYTES = 1024 * 1024
"""An archive of this size has a batch to itself: what it unpacks to may be a hundred times more."""


_IOS_BACKUP = "application/x-ios-backup"
_UNOPENED = "an archive of a kind that is not opened"
_LOCKED_BACKUP = (
    "an encrypted iOS backup lies in this folder, and its files were read as they are, encrypted: "
    "copy the folder out and run on the copy with its password (--secrets FILE)"
)


@dataclass(slots=True, kw_only=True)
class Unpacking:
    """The archives of one evidence item that have been digested and not opened yet.

    An archive is listed and its members are digested in one visit, so that it is inflated once.
    What a visit does not cover stays waiting, to be digested as any other entry is. A visit that
    costs its worker is made again as a listing alone: the member that does it is then met, and
    named, when it is read by itself.

    Attributes:
        digesting: settles what became of members, in the group in which they are entered.
    """

    pool: Pool
    store: Store
    evidence_id: int
    evidence_key: str
    location: str
    opened_types: frozenset[str]
    unopened_types: frozenset[str]
    limits: TimeLimits
    on_listed: Callable[[int], None]
    digesting: Digesting
    _group: list[tuple[Waiting, Visited]] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _members: int = 0
    _settled_at: float = 0.0

    def run(self) -> bool:
        """Visit all archives known so far; tell whether there were any."""
        self._name_unopened()
        found = False
        while page := self.store.waiting_archives(
            self.evidence_id, self.location, self.opened_types
        ):
            found = True
            self._visit(page)
        return found

    def _visit(self, page: list[Waiting]) -> None:
        self._settled_at = time.monotonic()
        waiting = {one.entry_id: one for one in page}
        lost: list[Waiting] = []
        for result in self.pool.run(self._batches(page, visit_archive, VISIT_BYTES)):
            archive = waiting[result.item.entry_id]
            if isinstance(result, Finished):
                self._take(archive, result.value)
            else:
                lost.append(archive)
        for result in self.pool.run(self._batches(lost, list_archive)):
            archive = waiting[result.item.entry_id]
            if isinstance(result, Finished):
                listed: Listed = result.value
                self._take(
                    archive, Visited(listing=listed.listing, outcomes=(), damage=listed.damage)
                )
            else:
                words = f"its members could not be listed: {result.detail}"
                self._problem(archive.entry, words)
        self._settle()
        self.store.mark_opened(list(waiting))
        self.store.commit()

    def _batches(
        self,
        archives: Iterable[Waiting],
        function: Callable[[ReadItem], object],
        visit_bytes: int = 0,
    ) -> Iterator[Batch]:
        for part in portions(
            archives,
            size_bytes=lambda one: one.entry.size_bytes,
            most=BATCH_ARCHIVES,
            most_bytes=BATCH_BYTES,
        ):
            yield Batch(
                function=function,
                items=tuple(
                    ReadItem(entry_id=one.entry_id, location=self.location, entry=one.entry)
                    for one in part
                ),
                time_limits_s=tuple(
                    self.limits.folder_s + self.limits.reading_s(one.entry.size_bytes + visit_bytes)
                    for one in part
                ),
                reads=True,
            )

    def _take(self, archive: Waiting, visited: Visited) -> None:
        members = len(visited.listing.entries)
        self.on_listed(members)
        self._group.append((archive, visited))
        self._members += members
        late = time.monotonic() - self._settled_at > SETTLE_INTERVAL_S
        if late or self._members >= SETTLE_ITEMS or len(self._group) >= SETTLE_ITEMS:
            self._settle()

    def _settle(self) -> None:
        """Enter the members of some archives, and what became of them, as one group.

        Nothing is written before: others may write to the database while workers are waited for.
        """
        self.store.add_problems(self.evidence_id, self._problems)
        self._problems.clear()
        before = self.store.last_entry_id()
        for archive, visited in self._group:
            members = visited.listing.entries
            self.store.add_entries(self.evidence_id, archive.volume_id, members, archive.entry_id)
            self.store.add_problems(self.evidence_id, visited.listing.problems)
            self.store.add_damage(self.evidence_id, visited.damage)
        added = self.store.members_after(self.evidence_id, before)
        for archive, visited in self._group:
            for member, outcome in zip(
                visited.listing.entries, visited.outcomes, strict=False
            ):  # fewer outcomes where the visit ended before the archive did
                entry_id = added.get((archive.entry_id, member.ref.address))
                if entry_id is None or outcome is None:
                    continue
                self.digesting.add(entry_id, member.ref.path, member.size_bytes, outcome)
        self.store.mark_opened([archive.entry_id for archive, _ in self._group])
        self.digesting.settle()
        self._group.clear()
        self._members = 0
        self._settled_at = time.monotonic()

    def _name_unopened(self) -> None:
        """Say of each archive of a kind that is not opened that it was not."""
        self._name_each(self.unopened_types - {_IOS_BACKUP}, _UNOPENED)
        self._name_each(self.unopened_types & {_IOS_BACKUP}, _LOCKED_BACKUP)

    def _name_each(self, types: frozenset[str], words: str) -> None:
        while page := self.store.waiting_archives(self.evidence_id, self.location, types):
            for one in page:
                self._problem(one.entry, words)
            self.store.add_problems(self.evidence_id, self._problems)
            self._problems.clear()
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
        self._problems.append(problem)
