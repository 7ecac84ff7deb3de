"""The quick pass: known files only, by equal digests, for somebody standing at a door."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from triage.errors import EvidenceError, Interrupted, UsageFault
from triage.model.event import Event, HitFound, Notice, Progress, Stage
from triage.model.secret import Secrets
from triage.model.volume import VolumeState
from triage.pipeline.calls import survey, take_handover, take_secrets
from triage.pipeline.items import Surveyed, SurveyItem, Unopened
from triage.pipeline.plan import TimeLimits
from triage.pipeline.quick.calls import warm_up
from triage.pipeline.quick.closing import Evidence, Pass, concluded
from triage.pipeline.quick.reading import Reading
from triage.pipeline.quick.result import Ending, QuickHit, QuickResult
from triage.pipeline.quick.sets import Sought
from triage.pipeline.quick.values import PackItem, Place
from triage.pipeline.quick.walking import Catalogue, VolumeWalk, walk_volumes
from triage.scheduler import Batch, Finished, Pool, Result, terminate_as_interrupt

if TYPE_CHECKING:
    from triage.grading.scheme import SchemeBook
    from triage.matching.sealed.key import SealKey


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickRequest:
    """What a person asked for.

    Attributes:
        sets: reference packs by name, ``None`` for all that there are.
        first_hit: stop at the first known-bad file.
        keys: of sealed sets.
        secrets: what may open locked volumes and backups; never written down.
        live: the folders among the images are in use.
    """

    images: tuple[Path, ...]
    sets: tuple[str, ...] | None = None
    first_hit: bool = False
    workers: int = 1
    limits: TimeLimits = field(default_factory=TimeLimits)
    keys: tuple[SealKey, ...] = ()
    secrets: Secrets = field(default_factory=Secrets, repr=False)
    live: bool = False


@dataclass(slots=True, kw_only=True)
class QuickPass:
    """One quick pass over some images.

    Law: the known-bad files that it names are those that a whole run with the same sets names,
    but for records that state a wrong size, and for hits that it marks as beyond a whole run.
    Nothing is written but what the workers' own system needs.

    Args:
        home: folder of the installation.
    """

    request: QuickRequest
    pool: Pool
    home: Path
    book: SchemeBook
    tell: Callable[[Event], None]
    _catalogue: Catalogue = field(default_factory=Catalogue)
    _evidence: list[Evidence] = field(default_factory=list)
    _hits: list[QuickHit] = field(default_factory=list)
    _reading: Reading | None = None
    _listed_all: bool = False
    _told_at: float = 0.0
    _hit_told: bool = False

    def run(self) -> QuickResult:
        """Look for what the sets list.

        Raises:
            UsageFault: no set is left that can be looked for, or an image is named twice.
            HashSetError: a set is missing or damaged; nothing has been told then.
            EvidenceError: none of the images could be opened.
            Interrupted: stopped before anything was looked at.
        """
        started, started_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
        sought = Sought(self.home, self.request.sets, self.book, self.request.keys)
        ending = Ending.COMPLETE
        try:
            try:
                with terminate_as_interrupt():
                    self._work(sought)
                if self._reading is not None and self._reading.stopped:
                    ending = Ending.FIRST_HIT
            except KeyboardInterrupt:
                ending = Ending.INTERRUPTED
                if self._reading is not None:
                    self._reading.settle()
                if not self._evidence:
                    words = "stopped before anything was looked at"
                    raise Interrupted(words, hint="Nothing is known of the evidence.") from None
            return concluded(
                Pass(
                    started_at=started_at,
                    ending=ending,
                    evidence=tuple(self._evidence),
                    catalogue=self._catalogue,
                    reading=self._reading,
                    listed_all=self._listed_all,
                    hits=tuple(self._hits),
                    workers=self.request.workers,
                ),
                sought,
                lambda: time.monotonic() - started,
            )
        finally:
            sought.close()

    def _work(self, sought: Sought) -> None:
        self._open(sought)
        self._list()
        self._reading = Reading(
            pool=self.pool,
            sought=sought,
            catalogue=self._catalogue,
            limits=self.request.limits,
            tell=self.tell,
            on_hit=self._hit,
            first_hit=self.request.first_hit,
        )
        self._reading.run()

    def _open(self, sought: Sought) -> None:
        """Open every image while the sets are checked; both must be done before anything else."""
        locations = list(dict.fromkeys(str(path.absolute()) for path in self.request.images))
        self.tell(Progress(stage=Stage.OPENING, done=0, total=len(locations)))
        self.pool.prepare(take_secrets, self.request.secrets)
        results: dict[str, Result] = {}
        for result in self.pool.run(self._opening(sought, locations)):
            if isinstance(result.item, PackItem):
                sought.take(result)
            elif result.item.location:
                results[result.item.location] = result
        for location, result in results.items():
            if isinstance(result, Finished) and isinstance(result.value, Surveyed):
                self.pool.prepare(take_handover, (location, result.value.handover))
        opened = [Evidence.of(location, _surveyed(results[location])) for location in locations]
        closed = [one for one in opened if one.unopened is not None]
        for one in closed:
            self.tell(Notice(text=one.unopened.message if one.unopened else ""))
        if closed and len(closed) == len(opened):
            why = closed[0].unopened
            raise EvidenceError(why.message if why else "", hint=why.hint if why else "")
        _check_distinct(opened)
        self._evidence.extend(opened)

    def _opening(self, sought: Sought, locations: Sequence[str]) -> Iterator[Batch]:
        for location in locations:
            yield Batch(
                function=survey,
                items=(SurveyItem(location=location, live=self.request.live),),
                time_limits_s=(self.request.limits.opening_s,),
                reads=True,
            )
        yield from sought.batches(self.request.limits)
        limit = self.request.limits.opening_s
        for _ in range(self.request.workers):
            yield Batch(function=warm_up, items=(Place(location=""),), time_limits_s=(limit,))

    def _list(self) -> None:
        walks = []
        for one in self._evidence:
            self._catalogue.problems.extend(one.problems)
            self._catalogue.note_damage(one.place.location, one.damage)
            walks += [
                VolumeWalk(
                    place=one.place,
                    volume=volume,
                    evidence_key=one.info.key,
                    catalogue=self._catalogue,
                )
                for volume in one.volumes
                if volume.state is VolumeState.OPENED
            ]
        walk_volumes(self.pool, walks, self.request.limits, self._tell_listed)
        self._listed_all = True

    def _tell_listed(self) -> None:
        self.tell(Progress(stage=Stage.LISTING, done=self._catalogue.listed))

    def _hit(self, hit: QuickHit) -> None:
        self._hits.append(hit)
        if hit.bad and not self._hit_told:
            self._hit_told = True
            proposal = hit.proposal
            category = "" if proposal.category is None else str(proposal.category)
            self.tell(HitFound(path=hit.entry.ref.path, category=category, reason=proposal.reason))


def _surveyed(result: Result) -> Surveyed | Unopened:
    if isinstance(result, Finished):
        value: Surveyed | Unopened = result.value
        return value
    name = Path(result.item.location).name
    return Unopened(message=f"{name}: could not be opened: {result.detail}", hint="")


def _check_distinct(opened: Sequence[Evidence]) -> None:
    """One image under two paths would be told twice."""
    seen: dict[str, str] = {}
    for one in opened:
        before = seen.setdefault(one.info.key, one.place.location)
        if before != one.place.location:
            raise UsageFault(
                f"{one.place.location} and {before} are the same evidence by name and content",
                hint="Name each image once.",
            )
