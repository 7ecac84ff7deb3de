from __future__ import annotations

import contextlib
import functools
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from triage.errors import LeaseLost, UsageFault
from triage.model.ledger import ExhibitFacts, Stage
from triage.model.queue import AttemptEnd, ExhibitResult, Holder, Lease, LeaseState, LeaseView
from triage.store import tables
from triage.store.database import Store, open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger

LIMIT = 3
EXHIBITS = 2
BY_CHANCE = random.Random(5)  # noqa: S311  (moments of clocks that nothing may depend on)
STOPS = (AttemptEnd.STOPPED, AttemptEnd.AWAY, AttemptEnd.STORE, AttemptEnd.FAILED)
RESULT = ExhibitResult(
    colour="green", hits=(), gaps=0, files=0, known_good=0, media=0, pre_categorised=0, left=0,
    seconds=0.0, read_bytes=0, done_s=0,
)  # fmt: skip


@dataclass
class Believed:
    """What has to stand of an exhibit."""

    state: LeaseState = LeaseState.FREE
    token: int = 0
    beat: int = 0
    failures: int = 0
    progress: bool = False
    ends: list[AttemptEnd] = field(default_factory=list)
    written: int = 0


def any_moment() -> int:
    return BY_CHANCE.randrange(4 * 10**9)


class Night(RuleBasedStateMachine):
    """Holders that take, work, die and come back as ghosts, against a model of one dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.closing = contextlib.ExitStack()
        folder = self.closing.enter_context(tempfile.TemporaryDirectory())
        (Path(folder) / "cases.sqlite").write_bytes(empty_database())
        url = f"sqlite:///{folder}/cases.sqlite"
        self.store: Store = self.closing.enter_context(open_store(url))
        self.leases = Leases(self.store.connection)
        self.believed: dict[int, Believed] = {}
        self.given: list[Lease] = []
        self.seen: list[LeaseView] = []
        self.holders = 0

    def teardown(self) -> None:
        self.store.rollback()
        self.closing.close()

    @initialize()
    def fill(self) -> None:
        for number in range(EXHIBITS):
            facts = ExhibitFacts(
                case="OP", exhibit=f"A/{number}", received_s=1, image_path="/x.E01"
            )
            ledger_id = Ledger(self.store.connection).add(
                facts, stage=Stage.QUEUED, by="clerk", now_s=2
            )
            self.believed[ledger_id] = Believed()
        self.store.commit()

    def holder(self) -> Holder:
        self.holders += 1
        return Holder(name=f"holder {self.holders}", host="h", pid=1)

    def is_valid(self, lease: Lease) -> bool:
        """Say whether it is the one lease that stands."""
        one = self.believed[lease.ledger_id]
        return one.state is LeaseState.LEASED and one.token == lease.token

    def new(self, lease: Lease) -> None:
        one = self.believed[lease.ledger_id]
        assert lease.token == one.token + 1
        one.state, one.token, one.beat, one.progress = LeaseState.LEASED, lease.token, 0, False
        one.ends.append(AttemptEnd.RUNNING)
        self.given.append(lease)

    @rule(order=st.permutations(range(1, EXHIBITS + 1)))
    def take(self, order: list[int]) -> None:
        open_ids = [
            one for one in order if self.believed[one].state in {LeaseState.FREE, LeaseState.AWAY}
        ]
        assert [one.ledger_id for one in self.leases.candidates()] == sorted(open_ids)
        lease = self.leases.take(order, self.holder(), any_moment())
        assert (None if lease is None else lease.ledger_id) == next(iter(open_ids), None)
        if lease is not None:
            self.new(lease)
            assert lease.failures == self.believed[lease.ledger_id].failures

    @precondition(lambda self: self.given)
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.given[-4:]))
        valid = self.is_valid(lease)
        assert self.leases.beat(lease, any_moment(), 1.0) == valid
        self.believed[lease.ledger_id].beat += valid

    @precondition(lambda self: self.given)
    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.given[-4:]))
        one = self.believed[lease.ledger_id]
        exhibit_id = self.store.add_exhibit(lease.case, lease.exhibit)
        self.store.connection.execute(
            tables.contents.insert().values(
                exhibit_id=exhibit_id, sha256=any_moment().to_bytes(32), md5=bytes(16),
                sha1=bytes(20), size_bytes=1, mime="", family="", picture_state="failed",
            )
        )  # fmt: skip
        self.store.guard = lambda: self.leases.guard(lease)
        if self.is_valid(lease):
            self.store.commit()
            one.progress = True
            one.written += 1
        else:
            with pytest.raises(LeaseLost):
                self.store.commit()
        self.store.guard = None

    @precondition(lambda self: self.believed)
    @rule()
    def look(self) -> None:
        self.seen = list(self.leases.leased())
        leased = {id_: one for id_, one in self.believed.items() if one.state is LeaseState.LEASED}
        assert [one.ledger_id for one in self.seen] == sorted(leased)

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def take_over(self, data: st.DataObject) -> None:
        self.judge_dead(data.draw(st.sampled_from(self.seen)))

    @precondition(lambda self: self.given and self.is_valid(self.given[-1]))
    @rule(and_then=st.booleans())
    def die(self, and_then: bool) -> None:  # noqa: FBT001  (hypothesis draws it)
        lease = self.given[-1]
        view = self.leases.view(lease.ledger_id)
        assert view is not None
        if and_then:  # its last beat comes after it was seen
            assert self.leases.beat(lease, any_moment())
            self.believed[lease.ledger_id].beat += 1
        self.judge_dead(view)

    def judge_dead(self, view: LeaseView) -> None:
        one = self.believed[view.ledger_id]
        stands = (LeaseState.LEASED, view.token, view.beat) == (one.state, one.token, one.beat)
        lease = self.leases.take_over(view, self.holder(), any_moment(), limit_failures=LIMIT)
        if not stands:
            assert lease is None
            return
        one.ends[-1] = AttemptEnd.LOST
        one.failures += not one.progress
        if not one.progress and one.failures >= LIMIT:
            assert lease is None
            one.state = LeaseState.SET_ASIDE
        else:
            assert lease is not None
            self.new(lease)

    @precondition(lambda self: self.given)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.given[-4:]))
        one = self.believed[lease.ledger_id]
        figures: dict[str, Any] = {"seconds": 1, "read_bytes": 1, "now_s": any_moment()}
        if self.is_valid(lease):
            one.state, one.failures, one.ends[-1] = LeaseState.DONE, 0, AttemptEnd.DONE
        elif one.ends[lease.token - 1] is not AttemptEnd.DONE:  # else it is only said again
            with pytest.raises(LeaseLost):
                self.leases.finish(lease, RESULT, **figures)
            return
        self.leases.finish(lease, RESULT, **figures)

    @precondition(lambda self: self.given)
    @rule(data=st.data(), end=st.sampled_from(STOPS))
    def stop(self, data: st.DataObject, end: AttemptEnd) -> None:
        lease = data.draw(st.sampled_from(self.given[-4:]))
        one = self.believed[lease.ledger_id]
        figures: dict[str, Any] = {"seconds": 1, "read_bytes": 1, "now_s": any_moment()}
        figures |= {"end": end, "reason": "why", "limit_failures": LIMIT}
        if self.is_valid(lease):
            failed = end is AttemptEnd.FAILED
            one.failures += failed
            one.ends[-1] = end
            aside = failed and one.failures >= LIMIT
            free = LeaseState.AWAY if end is AttemptEnd.AWAY else LeaseState.FREE
            one.state = LeaseState.SET_ASIDE if aside else free
        elif one.ends[lease.token - 1] is not end:
            with pytest.raises(LeaseLost):
                self.leases.stop(lease, **figures)
            return
        assert self.leases.stop(lease, **figures) is one.state

    @precondition(lambda self: self.believed)
    @rule(ledger_id=st.integers(1, EXHIBITS))
    def retry(self, ledger_id: int) -> None:
        one = self.believed[ledger_id]
        waits = one.state is LeaseState.FREE and one.failures == 0
        if waits or one.state is LeaseState.LEASED:
            with pytest.raises(UsageFault):
                self.leases.retry(ledger_id, by="clerk", why="again", now_s=any_moment())
        else:
            self.leases.retry(ledger_id, by="clerk", why="again", now_s=any_moment())
            one.state, one.failures = LeaseState.FREE, 0

    @invariant()
    def everything_stands_as_believed(self) -> None:
        ends: dict[int, dict[int, AttemptEnd]] = {one: {} for one in self.believed}
        for attempt in self.leases.attempts():
            assert attempt.token not in ends[attempt.ledger_id]
            ends[attempt.ledger_id][attempt.token] = attempt.end
        for ledger_id, one in self.believed.items():
            view = self.leases.view(ledger_id)
            told = (view.state, view.token, view.beat, view.failures) if view else None
            expected = (one.state, one.token, one.beat, one.failures)
            assert told == (expected if one.token else None)
            assert ends[ledger_id] == dict(enumerate(one.ends, 1))
            open_ones = Counter(one.ends)[AttemptEnd.RUNNING]
            assert open_ones == (one.state is LeaseState.LEASED)
            assert (self.leases.result_of(ledger_id) is None) == (AttemptEnd.DONE not in one.ends)

    @invariant()
    def nothing_stands_that_was_written_without_a_lease(self) -> None:
        counted = sa.select(sa.func.count()).select_from(tables.contents)
        stored = self.store.connection.execute(counted).scalar_one()
        self.store.rollback()
        assert stored == sum(one.written for one in self.believed.values())


@functools.cache
def empty_database() -> bytes:
    """Give the bytes of a database with tables and nothing in them; to copy is faster."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.sqlite"
        with open_store(f"sqlite:///{path}", create=True):
            pass
        return path.read_bytes()


TestLeaseLaws = Night.TestCase
TestLeaseLaws.settings = settings(
    max_examples=15,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
