"""Looks for files without a name in what no file holds, once all that have one are read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from triage.hashing.limits import PictureLimits
from triage.model.carving import UNPARTITIONED, CarvedSpace, CarveMode, FreeStretches, Space
from triage.model.evidence import DamagedRange
from triage.model.extents import Extents
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState
from triage.pipeline.calls import find_space, search_part, take_space
from triage.pipeline.carveitems import Found, GivenSpace, PartItem, SearchedPart, SpaceItem
from triage.pipeline.counter import Counter
from triage.pipeline.digesting import SETTLE_INTERVAL_S, SETTLE_ITEMS, Digesting
from triage.pipeline.freespace import place_of, slack, without
from triage.pipeline.items import Surveyed
from triage.pipeline.plan import TimeLimits
from triage.scheduler import Batch, Finished, Lost, Pool
from triage.store import carvings
from triage.store.database import Store

PART_BYTES = 32 << 20
"""Looked through at once: half a second without finds, and what others wait for at the end."""

SLOWNESS = 4
"""How much longer than reading it a part may take: what is found is decoded."""

_LOOKED_INTO = frozenset({VolumeState.OPENED, VolumeState.UNSUPPORTED, VolumeState.DAMAGED})
_OF_BEFORE = "vss:"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A space that is to be looked through."""

    volume: str
    space: Space
    stretches: Extents
    placed: bool
    total_bytes: int
    stored: CarvedSpace


@dataclass(slots=True, kw_only=True)
class Carving:
    """The space of one evidence item that no file holds.

    Parts of a space are looked through side by side and taken in order; the store ends up as if
    it had been gone through once from its beginning to its end.

    Attributes:
        counter: told the number of files that were found, and of bytes that were looked through.
    """

    pool: Pool
    store: Store
    evidence_id: int
    evidence: Surveyed
    location: str
    mode: CarveMode
    limits: TimeLimits
    picture_limits: PictureLimits
    digesting: Digesting
    counter: Counter
    _group: list[Found] = field(default_factory=list)
    _damage: list[DamagedRange] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _settled_at: float = 0.0

    def run(self) -> int:
        """Look through what was not yet; give the number of files that were found."""
        jobs = [job for job in self._jobs() if not job.stored.complete]
        self.counter.total_bytes = sum(job.total_bytes - job.stored.done_bytes for job in jobs)
        return sum(self._search(job) for job in jobs)

    def _jobs(self) -> Iterator[_Job]:
        """Yield the spaces to be looked through, in order; what is empty is recorded as such."""
        known = carvings.carved_spaces(self.store.connection, self.evidence_id)
        spaces = self._spaces(known)
        kinds = [Space.UNALLOCATED, *([Space.SLACK] if self.mode is CarveMode.SLACK else [])]
        for kind in kinds:
            for volume, space in spaces.items():
                if kind is Space.SLACK and volume == UNPARTITIONED:
                    continue
                told = Space.UNPARTITIONED if volume == UNPARTITIONED else kind
                stored = known.get((_recorded(volume), told))
                if stored is not None and stored.complete:
                    continue
                yield self._job(volume, told, space, stored)
        self.store.commit()

    def _job(
        self, volume: str, kind: Space, space: FreeStretches, stored: CarvedSpace | None
    ) -> _Job:
        stretches = self._stretches(volume, kind, space)
        total = sum(length for _, length in stretches)
        if stored is None or stored.total_bytes != total:
            stored = CarvedSpace(
                volume=_recorded(volume),
                space=kind,
                total_bytes=total,
                done_bytes=0,
                found=0,
                rejected=0,
            )
            carvings.set_carved(self.store, self.evidence_id, stored)
        placed = volume == UNPARTITIONED or not self._volume(volume).layer
        return _Job(
            volume=volume,
            space=kind,
            stretches=stretches,
            placed=placed,
            total_bytes=total,
            stored=stored,
        )

    def _volume(self, key: str) -> VolumeInfo:
        return next(one for one in self.evidence.volumes if one.key == key)

    def _stretches(self, volume: str, kind: Space, space: FreeStretches) -> Extents:
        connection = self.store.connection
        if volume == UNPARTITIONED:
            return without(space.stretches, ())
        keys = self._beside(volume)
        if kind is Space.SLACK:
            ends = carvings.last_places(connection, self.evidence_id, keys)
            return slack(ends, space.heap_bytes, space.block_bytes)
        live = None if space.by_files else False
        held = carvings.held_places(connection, self.evidence_id, keys, live=live)
        return without(space.stretches, held)

    def _beside(self, key: str) -> list[str]:
        """Give the volumes that share a place on the medium, as those of a pool do."""
        own = self._volume(key)
        return [one.key for one in self.evidence.volumes if _place(one) == _place(own)]

    def _spaces(self, known: dict[tuple[str, Space], CarvedSpace]) -> dict[str, FreeStretches]:
        """Ask workers for the space of each volume that is not looked through yet."""
        first = {
            _place(one): one.key for one in reversed(self.evidence.volumes) if _looked_into(one)
        }
        wanted = [one.key for one in self.evidence.volumes if one.key in first.values()]
        items = [
            SpaceItem(location=self.location, volume=key)
            for key in (*wanted, UNPARTITIONED)
            if not self._is_done(known, key)
        ]
        found: dict[str, FreeStretches] = {}
        limits = (self.limits.opening_s,)
        batches = (
            Batch(function=find_space, items=(item,), time_limits_s=limits) for item in items
        )
        for result in self.pool.run(batches):
            key = result.item.volume
            if isinstance(result, Lost):
                self._problem(key, f"what no file holds could not be told: {result.detail}", 0, 0)
            elif result.value is not None:
                found[key] = result.value
        self.store.add_problems(self.evidence_id, self._problems)
        self._problems.clear()
        return {item.volume: found[item.volume] for item in items if item.volume in found}

    def _is_done(self, known: dict[tuple[str, Space], CarvedSpace], key: str) -> bool:
        kind = Space.UNPARTITIONED if key == UNPARTITIONED else Space.UNALLOCATED
        kinds = [kind]
        if self.mode is CarveMode.SLACK and key != UNPARTITIONED:
            kinds.append(Space.SLACK)
        stored = [known.get((_recorded(key), one)) for one in kinds]
        return all(one is not None and one.complete for one in stored)

    def _search(self, job: _Job) -> int:
        """Look through a space from where an earlier run left it."""
        self.pool.prepare(
            take_space,
            GivenSpace(
                location=self.location,
                volume=job.volume,
                space=job.space,
                stretches=job.stretches,
                placed=job.placed,
            ),
        )
        self._settled_at = time.monotonic()
        stored, due = job.stored, job.stored.done_bytes
        arrived: dict[int, Finished | Lost] = {}
        parts = _parts(due, job.total_bytes)
        while parts:
            again: list[tuple[int, int]] = []
            for result in self.pool.run(self._batch(job, *part) for part in parts):
                arrived[result.item.first] = result
                while not again and (turn := arrived.pop(due, None)) is not None:
                    item: PartItem = turn.item
                    if stored.done_bytes > item.first and _overlap(turn, stored.done_bytes):
                        due = stored.done_bytes
                        again.append((due, item.last))
                        break
                    stored = self._take(job, turn, stored)
                    due = item.last
            parts = again
        self._settle(stored)
        return stored.found - job.stored.found

    def _batch(self, job: _Job, first: int, last: int) -> Batch:
        item = PartItem(
            location=self.location,
            volume=job.volume,
            space=job.space,
            first=first,
            last=last,
            limits=self.picture_limits,
        )
        limit = SLOWNESS * self.limits.reading_s(last - first)
        return Batch(function=search_part, items=(item,), time_limits_s=(limit,), reads=True)

    def _take(self, job: _Job, result: Finished | Lost, stored: CarvedSpace) -> CarvedSpace:
        """Take what was found in a part; give how far the space is looked through with it."""
        item: PartItem = result.item
        found: list[Found] = []
        rejected = 0
        free_at = stored.done_bytes
        if isinstance(result, Lost):
            self._lost(job, item, result)
        else:
            part: SearchedPart = result.value
            found = [one for one in part.found if one.at >= free_at]
            rejected = sum(at >= free_at for at in part.rejected)
            self._damage += part.damage
        self._group += found
        ends = [min(item.last, job.total_bytes), free_at, *(one.end for one in found)]
        stored = replace(
            stored,
            done_bytes=min(max(ends), job.total_bytes),
            found=stored.found + len(found),
            rejected=stored.rejected + rejected,
        )
        self.counter.add(len(found), item.last - item.first)
        late = time.monotonic() - self._settled_at > SETTLE_INTERVAL_S
        if late or len(self._group) >= SETTLE_ITEMS:
            self._settle(stored)
        return stored

    def _settle(self, stored: CarvedSpace) -> None:
        """Enter what was found, what became of it, and how far it went, as one group."""
        self.store.add_problems(self.evidence_id, self._problems)
        self.store.add_damage(self.evidence_id, self._damage)
        if self._group:
            self._enter()
        carvings.set_carved(self.store, self.evidence_id, stored)
        self.digesting.settle()
        self._group.clear()
        self._damage.clear()
        self._problems.clear()
        self._settled_at = time.monotonic()

    def _enter(self) -> None:
        entries = [one.entry for one in self._group]
        key = entries[0].ref.volume
        volumes = (_unpartitioned(self.evidence.info.size_bytes),) if key == UNPARTITIONED else ()
        volume_id = self.store.add_volumes(self.evidence_id, volumes)[key]
        self.store.add_entries(self.evidence_id, volume_id, entries)
        keys = [entry.ref.key() for entry in entries]
        ids = carvings.ids_of(self.store.connection, self.evidence_id, keys)
        for entry_key, one in zip(keys, self._group, strict=True):
            if one.outcome is not None and entry_key in ids:
                entry = one.entry
                self.digesting.add(ids[entry_key], entry.ref.path, entry.size_bytes, one.outcome)

    def _lost(self, job: _Job, item: PartItem, result: Lost) -> None:
        words = (
            f"{item.last - item.first:,} bytes that no file holds, {item.first:,} bytes into "
            f"that space, could not be looked through: {result.detail}"
        )
        start = place_of(job.stretches, item.first) if job.placed else 0
        self._problem(job.volume, words, start, item.last - item.first)

    def _problem(self, volume: str, words: str, offset_bytes: int, length_bytes: int) -> None:
        self._problems.append(
            Problem(
                kind=ProblemKind.WORKER_CRASH,
                evidence=self.evidence.info.key,
                volume=volume,
                detail=words,
                offset_bytes=offset_bytes,
                length_bytes=length_bytes,
            )
        )


def _parts(first: int, total: int) -> list[tuple[int, int]]:
    return [(at, min(at + PART_BYTES, total)) for at in range(first, total, PART_BYTES)]


def _overlap(result: Finished | Lost, free_at: int) -> bool:
    """Tell whether a file begins inside of one that was found in an earlier part.

    What follows such a one in the part may lie inside of it only because it was believed. Where
    all of the part is inside, nothing of it counts, and nothing has to be looked through again.
    """
    if isinstance(result, Lost) or result.item.last <= free_at:
        return False
    part: SearchedPart = result.value
    return any(one.at < free_at for one in part.found)


def _looked_into(volume: VolumeInfo) -> bool:
    """Tell whether a volume is looked through: not if it is locked, blank, or a state of before."""
    return volume.state in _LOOKED_INTO and _OF_BEFORE not in volume.layer


def _place(volume: VolumeInfo) -> tuple[int, int, str]:
    return volume.offset_bytes, volume.length_bytes, volume.layer


def _recorded(volume: str) -> str:
    return "" if volume == UNPARTITIONED else volume


def _unpartitioned(size_bytes: int) -> VolumeInfo:
    """Give what stands in the list of volumes for all that no volume covers."""
    return VolumeInfo(
        key=UNPARTITIONED,
        offset_bytes=0,
        length_bytes=size_bytes,
        table="none",
        description="what no volume covers",
        state=VolumeState.NO_FILES,
        reason="it was looked through for files",
    )
