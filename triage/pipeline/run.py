"""The main road: from images to a judged exhibit in the store, resumable at any moment."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import triage
from triage.errors import EvidenceError, EvidenceGone, Interrupted, UsageFault
from triage.grading.scheme import SchemeBook
from triage.grading.table import Scheme
from triage.matching.library import PackLibrary
from triage.matching.loading import LoadedSets
from triage.model.carving import CarveMode
from triage.model.event import Event, HitFound, Notice, Progress, Stage
from triage.model.evidence import LOGICAL_KINDS, ContainerKind, EvidenceInfo
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeState
from triage.pipeline import filming, rematch
from triage.pipeline.calls import learn_types, survey, take_handover, take_secrets, take_types
from triage.pipeline.carving import Carving
from triage.pipeline.counter import Counter
from triage.pipeline.digesting import Digesting
from triage.pipeline.items import Surveyed, SurveyItem, TypesItem, Unopened
from triage.pipeline.judging import Judge
from triage.pipeline.linking import link_thumbnails
from triage.pipeline.picturing import Picturing
from triage.pipeline.presence import Attentive
from triage.pipeline.request import RunRequest
from triage.pipeline.resurvey import settle
from triage.pipeline.unpacking import Unpacking
from triage.pipeline.walking import Walk
from triage.scheduler import Batch, Finished, Pool, Result, terminate_as_interrupt
from triage.store.database import Store

__all__ = ["ExhibitRun", "RunRequest"]


@dataclass(slots=True, kw_only=True)
class ExhibitRun:
    """One run over one exhibit.

    A run that was stopped at any moment is continued by running the same request again: what has
    been settled is not read again, and the store ends up as if nothing had happened.
    """

    request: RunRequest
    store: Store
    pool: Pool
    library: PackLibrary
    book: SchemeBook
    tell: Callable[[Event], None]
    _read_bytes: int = 0
    _hit_told: bool = False

    def run(self) -> None:
        """Do everything that is still to be done.

        Raises:
            HashSetError: a reference pack cannot be loaded; nothing has been started then.
            EvidenceError: none of the images could be opened.
            EvidenceGone: an image disappeared; what was settled before is kept.
            UsageFault: what is left lies behind a lock that an earlier run had the secret of.
            Interrupted: the user stopped the run; what was settled is kept.
        """
        started, began = time.monotonic(), datetime.now(UTC)
        self.pool = Attentive(self.pool)
        sets = self._references()
        run_id: int | None = None
        state = "failed"
        try:
            with terminate_as_interrupt():
                schemes = rematch.schemes_for(self.book, sets)
                opened = self._survey()
                exhibit_id, run_id = self._begin(began)
                self._work(exhibit_id, sets, schemes, opened)
            state = "complete"
        except KeyboardInterrupt:
            state = "interrupted"
            raise Interrupted(
                "stopped; what was done is kept", hint="The same command goes on from here."
            ) from None
        except Interrupted:
            state = "interrupted"
            raise
        except EvidenceGone:
            state = "evidence-gone"
            raise
        except EvidenceError:
            state = "nothing-opened"
            raise
        finally:
            self.store.rollback()  # half a group must not stay: its contents would go unjudged
            sets.close()
            if run_id is not None:
                self.store.end_run(
                    run_id,
                    ended_at=datetime.now(UTC).isoformat(timespec="seconds"),
                    state=state,
                    seconds=time.monotonic() - started,
                    read_bytes=self._read_bytes,
                )
                self.store.commit()

    def _references(self) -> LoadedSets:
        exhibit_id = self.store.known_exhibit(self.request.case, self.request.exhibit)
        applied = () if exhibit_id is None else self.store.packs_of(exhibit_id)
        self.store.rollback()
        return rematch.references_for(self.library, self.request.sets, applied)

    def _begin(self, began: datetime) -> tuple[int, int]:
        """Enter exhibit and run; only now, for nobody else can write until that is committed."""
        exhibit_id = self.store.add_exhibit(self.request.case, self.request.exhibit)
        run_id = self.store.start_run(
            exhibit_id,
            started_at=began.isoformat(timespec="seconds"),
            tool_version=triage.__version__,
            workers=self.request.workers,
        )
        self.store.commit()
        return exhibit_id, run_id

    def _work(
        self,
        exhibit_id: int,
        sets: LoadedSets,
        schemes: Mapping[str, Scheme],
        opened: list[tuple[str, Surveyed]],
    ) -> None:
        judge = Judge(sets, schemes, share=self.request.video_share)
        self._bring_up_to_date(exhibit_id, sets, judge)
        known = {location: self._record(exhibit_id, location, one) for location, one in opened}
        for location, one in opened:
            self._list(known[location], location, one)
        digesting = self._counter(exhibit_id)
        for location, _ in opened:
            self._digest(exhibit_id, known[location], location, judge, digesting)
        for location, one in opened:
            self._unpack(exhibit_id, known[location], location, one, judge)
        for location, one in opened:
            self._carve(exhibit_id, known[location], location, one, judge)
        if self.request.pictures:
            self._pictures(exhibit_id, judge)
        if self.request.videos:
            self._videos(exhibit_id, judge)
        link_thumbnails(self.store, exhibit_id)
        self.store.commit()

    def _survey(self) -> list[tuple[str, Surveyed]]:
        """Open every image; one that does not open is recorded, unless it is the only one."""
        self.pool.prepare(take_secrets, self.request.secrets)
        locations = [str(path.absolute()) for path in self.request.images]
        self.tell(Progress(stage=Stage.OPENING, done=0, total=len(locations)))
        found: dict[str, Result] = {}
        for result in self.pool.run(self._opening(locations)):
            if isinstance(result.item, SurveyItem):
                found[result.item.location] = result
            elif isinstance(result, Finished):  # else each worker finds out for itself
                self.pool.prepare(take_types, result.value)
        surveyed: list[tuple[str, Surveyed]] = []
        unopened: list[Unopened] = []
        for location in dict.fromkeys(locations):
            result = found[location]
            value = result.value if isinstance(result, Finished) else _lost(location, result.detail)
            if isinstance(value, Surveyed):
                surveyed.append((location, value))
                self.pool.prepare(take_handover, (location, value.handover))
            else:
                unopened.append(value)
                surveyed.append((location, _closed(location, value)))
                self.tell(Notice(text=value.message))
        if len(unopened) == len(surveyed):
            raise EvidenceError(unopened[0].message, hint=unopened[0].hint)
        _check_distinct(surveyed)
        return surveyed

    def _opening(self, locations: list[str]) -> Iterator[Batch]:
        """Give what opens the images, and what another worker can find out for all meanwhile."""
        limits = (self.request.limits.opening_s,)
        for one in locations:
            item = SurveyItem(location=one, live=self.request.live)
            yield Batch(function=survey, items=(item,), time_limits_s=limits, reads=True)
        if self.request.workers > 1:
            yield Batch(function=learn_types, items=(TypesItem(),), time_limits_s=limits)

    def _bring_up_to_date(self, exhibit_id: int, sets: LoadedSets, judge: Judge) -> None:
        """Judge what an earlier run stored anew, if the references have changed since."""
        schemes = rematch.schemes_for(self.book, sets)
        if not rematch.is_current(self.store, exhibit_id, sets, schemes):
            counter = Counter(Stage.MATCHING, self.tell)
            rematch.rematch_exhibit(self.store, exhibit_id, judge, counter.add)
            rematch.record_references(self.store, exhibit_id, sets, schemes)
        self.store.commit()

    def _record(self, exhibit_id: int, location: str, one: Surveyed) -> int:
        if one.info.size_bytes or one.volumes:
            self.store.forget_unopened(exhibit_id, _closed_key(one.info.name))
        evidence_id = self.store.add_evidence(exhibit_id, one.info, location)
        one = settle(self.store, exhibit_id, evidence_id, location, one)
        self.store.add_volumes(evidence_id, one.volumes)
        self.store.add_problems(evidence_id, one.problems)
        self.store.add_damage(evidence_id, one.damage)
        self.store.commit()
        return evidence_id

    def _list(self, evidence_id: int, location: str, one: Surveyed) -> None:
        counter = Counter(Stage.LISTING, self.tell)
        ids = self.store.add_volumes(evidence_id, ())
        listed = self.store.listed_volumes(evidence_id)
        for volume in one.volumes:
            if volume.state is not VolumeState.OPENED or volume.key in listed:
                continue
            Walk(
                pool=self.pool,
                store=self.store,
                evidence_id=evidence_id,
                evidence_key=one.info.key,
                volume_id=ids[volume.key],
                volume=volume,
                location=location,
                limits=self.request.limits,
                on_listed=counter.add,
            ).run()

    def _counter(self, exhibit_id: int) -> Counter:
        waiting, size_bytes = self.store.waiting_totals(exhibit_id)
        return Counter(Stage.DIGESTING, self.tell, waiting, size_bytes)

    def _digest(
        self, exhibit_id: int, evidence_id: int, location: str, judge: Judge, counter: Counter
    ) -> None:
        def read(done: int, size_bytes: int) -> None:
            self._note(done, size_bytes)
            counter.add(done, size_bytes)

        self._digesting(exhibit_id, evidence_id, location, judge, read).run()

    def _digesting(
        self,
        exhibit_id: int,
        evidence_id: int,
        location: str,
        judge: Judge,
        on_read: Callable[[int, int], None],
    ) -> Digesting:
        return Digesting(
            pool=self.pool,
            store=self.store,
            judge=judge,
            exhibit_id=exhibit_id,
            evidence_id=evidence_id,
            location=location,
            limits=self.request.limits,
            on_read=on_read,
            on_hit=self._hit,
        )

    def _note(self, _done: int, size_bytes: int) -> None:
        self._read_bytes += size_bytes

    def _unpack(
        self, exhibit_id: int, evidence_id: int, location: str, one: Surveyed, judge: Judge
    ) -> None:
        """Open archives and digest their members, until no new archive turns up."""
        counter = Counter(Stage.UNPACKING, self.tell)
        unpacking = Unpacking(
            pool=self.pool,
            store=self.store,
            evidence_id=evidence_id,
            evidence_key=one.info.key,
            location=location,
            opened_types=one.opened_archives,
            unopened_types=one.unopened_archives,
            limits=self.request.limits,
            on_listed=counter.add,
            digesting=self._digesting(exhibit_id, evidence_id, location, judge, self._note),
        )
        while unpacking.run():
            digesting = self._counter(exhibit_id)
            self._digest(exhibit_id, evidence_id, location, judge, digesting)

    def _carve(
        self, exhibit_id: int, evidence_id: int, location: str, one: Surveyed, judge: Judge
    ) -> None:
        """Look for files without a name in what no file holds, and open what they hold in turn."""
        mode, without_medium = self.request.carve, one.info.kind in LOGICAL_KINDS
        if mode is CarveMode.NONE or without_medium or not one.volumes:
            return
        counter = Counter(Stage.CARVING, self.tell)
        found = Carving(
            pool=self.pool,
            store=self.store,
            evidence_id=evidence_id,
            evidence=one,
            location=location,
            mode=mode,
            limits=self.request.limits,
            picture_limits=self.request.picture_limits,
            digesting=self._digesting(exhibit_id, evidence_id, location, judge, self._note),
            counter=counter,
        ).run()
        self._read_bytes += counter.done_bytes
        if found:
            self._digest(exhibit_id, evidence_id, location, judge, self._counter(exhibit_id))
            self._unpack(exhibit_id, evidence_id, location, one, judge)

    def _pictures(self, exhibit_id: int, judge: Judge) -> None:
        if self.request.turned:
            self.store.redecode_unturned(exhibit_id)
            self.store.commit()
        waiting, size_bytes = self.store.waiting_picture_totals(exhibit_id)
        counter = Counter(Stage.PICTURES, self.tell, waiting, size_bytes)
        Picturing(
            pool=self.pool,
            store=self.store,
            judge=judge,
            exhibit_id=exhibit_id,
            limits=self.request.limits,
            picture_limits=self.request.picture_limits,
            on_decoded=counter.add,
            turned=self.request.turned,
        ).run()

    def _videos(self, exhibit_id: int, judge: Judge) -> None:
        waiting = filming.waiting(self.store, exhibit_id)
        size_bytes = sum(one.size_bytes for one in waiting)
        counter = Counter(Stage.VIDEOS, self.tell, len(waiting), size_bytes)
        filming.Filming(
            pool=self.pool,
            store=self.store,
            judge=judge,
            exhibit_id=exhibit_id,
            limits=self.request.limits,
            video_limits=self.request.video_limits,
            on_looked=counter.add,
        ).run(waiting)

    def _hit(self, hit: HitFound) -> None:
        if not self._hit_told:
            self._hit_told = True
            self.tell(hit)


def _lost(location: str, detail: str) -> Unopened:
    return Unopened(message=f"{Path(location).name}: could not be opened: {detail}", hint="")


def _closed(location: str, why: Unopened) -> Surveyed:
    """Stand for an image that did not open, so that the result says so."""
    name = Path(location).name
    key = _closed_key(name)
    info = EvidenceInfo(key=key, name=name, kind=ContainerKind.RAW, segments=(name,), size_bytes=0)
    message = why.message.replace(str(Path(location).parent), "").lstrip("/\\")
    problem = Problem(kind=ProblemKind.EVIDENCE_UNREADABLE, evidence=key, detail=message)
    return Surveyed(info=info, volumes=(), problems=(problem,), damage=())


def _closed_key(name: str) -> str:
    """Give the key under which an image of this name stands while it has never opened."""
    return hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _check_distinct(surveyed: list[tuple[str, Surveyed]]) -> None:
    """Two places with one identity would be mixed up in the store."""
    seen: dict[str, str] = {}
    for location, one in surveyed:
        if one.info.key in seen:
            raise UsageFault(
                f"{location} and {seen[one.info.key]} are the same evidence by name and content",
                hint="Name each image once; give folders of the same name an exhibit of their own.",
            )
        seen[one.info.key] = location
