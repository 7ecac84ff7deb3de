"""The archives of a quick pass: opened in turn, their members entered like any other entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from triage.pipeline.plan import TimeLimits, portions
from triage.pipeline.quick.calls import list_archive, take_sizes, visit_archive
from triage.pipeline.quick.sets import Sought
from triage.pipeline.quick.values import ArchiveItem, EntryItem, Found
from triage.pipeline.quick.walking import Catalogue
from triage.pipeline.visit import VISIT_BYTES
from triage.scheduler import Batch, Lost, Pool

BATCH_ARCHIVES = 16
ARCHIVE_BYTES = 1024 * 1024
"""An archive of this size has a batch to itself: what it unpacks to may be a hundred times more."""
TOLD_SIZES = 1 << 22
"""Of a list of more sizes workers are not told: it would cost more than reading archives twice."""


@dataclass(slots=True, kw_only=True)
class Visiting:
    """What becomes of the archives that were met.

    A visit lists the members of an archive and looks at them while it is open. One that costs its
    worker is made again as a listing alone: the member that does it is then met, and named, when
    it is looked at by itself.

    Attributes:
        waiting: numbers of the archives that are to be opened.
        opened: how many were.
    """

    pool: Pool
    sought: Sought
    catalogue: Catalogue
    limits: TimeLimits
    waiting: set[int] = field(default_factory=set)
    opened: int = 0
    _visited: list[int] = field(default_factory=list)
    _listed_alone: list[int] = field(default_factory=list)
    _sizes_told: bool = False

    def begin(self) -> None:
        """Take up the archives that wait by now."""
        archives = sorted(self.waiting)
        too_many = len(self.sought.table.sizes) > TOLD_SIZES
        self._visited, self._listed_alone = ([], archives) if too_many else (archives, [])
        if self._visited and not self._sizes_told:
            self.pool.prepare(take_sizes, self.sought.table)
            self._sizes_told = True

    def batches(self, urgent: Callable[[], Iterator[Batch]]) -> Iterator[Batch]:
        """Give the visits.

        Args:
            urgent: gives what goes before each of them.
        """
        sizes = self.catalogue.sizes
        parts = portions(
            self._visited,
            size_bytes=sizes.__getitem__,
            most=BATCH_ARCHIVES,
            most_bytes=ARCHIVE_BYTES,
        )
        for part in parts:
            yield from urgent()
            yield Batch(
                function=visit_archive,
                items=tuple(ArchiveItem(self.catalogue.item(number)) for number in part),
                time_limits_s=tuple(self._listing_s(sizes[one] + VISIT_BYTES) for one in part),
                reads=True,
            )

    def lost(self, item: EntryItem) -> None:
        """Take note that a visit cost its worker."""
        self._listed_alone.append(item.number)

    def members(self) -> list[int]:
        """List archives that are not visited; give the numbers of members with content."""
        fresh: list[int] = []
        for result in self.pool.run(map(self._listing, self._listed_alone)):
            item: EntryItem = result.item
            if isinstance(result, Lost):
                self.waiting.remove(item.number)
                detail = f"its members could not be listed: {result.detail}"
                self.catalogue.note_unopened(item.number, detail)
            else:
                fresh.extend(self.enter(item, result.value))
        return fresh

    def enter(self, item: EntryItem, found: Found) -> range:
        """Enter the members of an archive; give the numbers of those with content."""
        self.waiting.remove(item.number)
        self.opened += 1
        sheet = item.sheet._replace(container=self.catalogue.entry(item.number))
        return self.catalogue.add(sheet, found)

    def _listing(self, number: int) -> Batch:
        return Batch(
            function=list_archive,
            items=(self.catalogue.item(number),),
            time_limits_s=(self._listing_s(self.catalogue.sizes[number]),),
            reads=True,
        )

    def _listing_s(self, size_bytes: int) -> float:
        return self.limits.folder_s + self.limits.reading_s(size_bytes)
