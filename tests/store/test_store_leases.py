from __future__ import annotations

import contextlib
import functools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from postgresql import PostgresServer
from triage.errors import LeaseLost, UsageFault
from triage.model.ledger import ExhibitFacts, Stage
from triage.model.queue import AttemptEnd, ExhibitResult, Holder, Lease, LeaseState, LeaseView
from triage.store import tables
from triage.store.database import Store, open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.store.ledgertables import leases, ledger

NOW = 1_700_000_000
LIMIT = 3
ANN, BOB, EVE = (Holder(name=f"{name} 1", host=name, pid=7) for name in ("ann", "bob", "eve"))
RESULT = ExhibitResult(
    colour="red",
    hits=(("Category A", 3), ("catégorie \u2603", 1)),
    gaps=2,
    files=900_000_000_000,
    known_good=5,
    media=7,
    pre_categorised=6,
    left=1,
    seconds=12.25,
    read_bytes=1 << 41,
    done_s=NOW + 9,
)


@dataclass(frozen=True)
class Desk:
    """A process of its own at one database."""

    store: Store
    leases: Leases

    def add(self, exhibit: str, stage: Stage = Stage.QUEUED, image: str = "/images/x.E01") -> int:
        facts = ExhibitFacts(case="OP-1", exhibit=exhibit, received_s=NOW, image_path=image)
        ledger_id = Ledger(self.store.connection).add(facts, stage=stage, by="clerk", now_s=NOW)
        self.store.commit()
        return ledger_id

    def hold(self, ledger_id: int, held_s: int = NOW) -> None:
        of_exhibit = ledger.c.id == ledger_id
        self.store.connection.execute(sa.update(ledger).where(of_exhibit).values(held_s=held_s))
        self.store.commit()

    def stage(self, ledger_id: int) -> str:
        asked = sa.select(ledger.c.stage).where(ledger.c.id == ledger_id)
        found = str(self.store.connection.execute(asked).scalar_one())
        self.store.rollback()
        return found

    def seen(self, ledger_id: int) -> LeaseView:
        view = self.leases.view(ledger_id)
        assert view is not None
        return view

    def take(self, *ledger_ids: int, holder: Holder = ANN) -> Lease:
        lease = self.leases.take(ledger_ids, holder, NOW)
        assert lease is not None
        return lease

    def over(self, ledger_id: int, holder: Holder = BOB, limit: int = LIMIT) -> Lease | None:
        view = self.seen(ledger_id)
        return self.leases.take_over(view, holder, NOW + 60, limit_failures=limit)

    def stop(self, lease: Lease, end: AttemptEnd, reason: str = "why") -> LeaseState:
        return self.leases.stop(
            lease, seconds=2, read_bytes=3, now_s=NOW, end=end, reason=reason, limit_failures=LIMIT
        )

    def finish(self, lease: Lease, result: ExhibitResult = RESULT) -> None:
        self.leases.finish(lease, result, seconds=4.5, read_bytes=11, now_s=NOW + 20)

    def guarded(self, lease: Lease) -> Store:
        """Write under a lease from now on."""
        self.store.guard = lambda: self.leases.guard(lease)
        return self.store

    def ends(self, ledger_id: int) -> list[str]:
        return [one.end.value for one in self.leases.attempts(ledger_id=ledger_id)]

    def run(self) -> int:
        """Begin a run of an exhibit, as the pipeline does; nothing is committed yet."""
        exhibit_id = self.store.add_exhibit("OP-1", "A/1")
        return self.store.start_run(exhibit_id, started_at="now", tool_version="1", workers=1)

    def runs(self) -> list[str]:
        states = list(self.store.connection.execute(sa.select(tables.runs.c.state)).scalars())
        self.store.rollback()
        return states

    def get_on(self, exhibit: str, number: int) -> None:
        """Have one more content of an exhibit decoded."""
        exhibit_id = self.store.add_exhibit("OP-1", exhibit)
        self.store.connection.execute(
            tables.contents.insert().values(
                exhibit_id=exhibit_id,
                sha256=number.to_bytes(32),
                md5=bytes(16),
                sha1=bytes(20),
                size_bytes=1,
                mime="",
                family="",
                picture_state="done",
            )
        )
        self.store.commit()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Desk, Desk, Callable[[], object]]]:
    """Open two desks at one database of each server, with what empties it: opening takes longer."""
    empty: Callable[[], object]
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("leases") / "cases.sqlite"
        url, empty = f"sqlite:///{path}", functools.partial(refilled, path)
    else:
        found: PostgresServer = request.getfixturevalue("postgresql_server")
        url = found.fresh()
        empty = functools.partial(found.ask, EMPTIED, url.rpartition("/")[2])
    with open_store(url, create=True):
        pass
    if request.param == "sqlite":
        shutil.copy(path, f"{path}.empty")
    with open_store(url) as first, open_store(url) as second:
        one, two = (Desk(store, Leases(store.connection)) for store in (first, second))
        yield one, two, empty


EMPTIED = (
    "SET session_replication_role = replica;"  # else some tables refuse to be emptied
    "TRUNCATE ledger, cases RESTART IDENTITY CASCADE"
)


def refilled(path: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(f"{path}.empty")) as source,
        contextlib.closing(sqlite3.connect(path)) as target,
    ):
        source.backup(target)


@pytest.fixture
def desks(server: tuple[Desk, Desk, Callable[[], object]]) -> tuple[Desk, Desk]:
    *both, empty = server
    for desk in both:
        desk.store.guard = None
        desk.store.rollback()
        patience(desk, 20_000)
    empty()
    return both[0], both[1]


@pytest.fixture
def desk(desks: tuple[Desk, Desk]) -> Desk:
    return desks[0]


@pytest.fixture
def other(desks: tuple[Desk, Desk]) -> Desk:
    return desks[1]


def only_on(name: str, desk: Desk) -> None:
    if desk.store.connection.dialect.name != name:
        pytest.skip(f"what {name} does; the other server has a test of its own")


def patience(desk: Desk, wait_ms: int) -> None:
    """Say how long a desk waits for a lock: what would wait for ever shall fail."""
    sqlite = desk.store.connection.dialect.name == "sqlite"
    words = f"PRAGMA busy_timeout = {wait_ms}" if sqlite else f"SET lock_timeout = {wait_ms}"
    desk.store.connection.execute(sa.text(words))
    desk.store.commit()


def test_the_first_that_nobody_has_is_taken_in_order_of_preference(desk: Desk, other: Desk) -> None:
    first, second, third = (desk.add(f"A/{number}") for number in range(3))
    assert desk.take(third, first).ledger_id == third
    assert other.take(third, first, second, holder=BOB).ledger_id == first
    assert desk.take(third, first, second).ledger_id == second
    assert other.leases.take([third, first, second], BOB, NOW) is None
    assert [(one.ledger_id, one.holder, one.host) for one in desk.leases.leased()] == [
        (first, "bob 1", "bob"),
        (second, "ann 1", "ann"),
        (third, "ann 1", "ann"),
    ]


def test_what_another_process_is_just_taking_is_passed_over_without_waiting(
    desk: Desk, other: Desk
) -> None:
    only_on("postgresql", desk)
    first, second = desk.add("A/1"), desk.add("A/2")
    asked = sa.select(ledger.c.id).where(ledger.c.id == first).with_for_update()
    desk.store.connection.execute(asked)
    assert other.take(first, second).ledger_id == second
    assert other.leases.take([first], BOB, NOW) is None
    desk.store.rollback()
    assert other.take(first, second).ledger_id == first


def test_taking_says_that_triage_began_once(desk: Desk) -> None:
    ledger_id = desk.add("A/1")
    for _ in range(2):
        desk.stop(desk.take(ledger_id), AttemptEnd.STOPPED)
    changes = Ledger(desk.store.connection).changes(ledger_id)
    assert [(one.stage, one.by) for one in changes] == [
        (Stage.QUEUED, "clerk"),
        (Stage.TRIAGE, "ann 1"),
    ]


def test_only_what_waits_with_an_image_and_is_not_held_back_is_offered(desk: Desk) -> None:
    for stage in Stage:
        desk.add(f"S/{stage}", stage)
    desk.add("S/none", image="")
    held, leased, away, done, again, poison = (desk.add(f"A/{number}") for number in range(6))
    desk.hold(held)
    assert desk.stop(desk.take(away), AttemptEnd.AWAY) is LeaseState.AWAY
    for one in (done, again):
        desk.finish(desk.take(one))
    Ledger(desk.store.connection).move(
        again, Stage.QUEUED, at_s=NOW, by="clerk", why="a new image", now_s=NOW
    )
    desk.store.commit()
    for _ in range(LIMIT):
        state = desk.stop(desk.take(poison), AttemptEnd.FAILED)
    assert state is LeaseState.SET_ASIDE
    desk.take(leased)
    offered = desk.leases.candidates()
    assert [one.facts.exhibit for one in offered] == ["S/queued", "S/triage", "A/2", "A/4"]
    assert {one.devices_in_case for one in offered} == {len(Stage) - 1 + 1 + 6}
    everything = range(1, 40)
    taken = [desk.take(*everything).exhibit for _ in offered]
    assert taken == ["S/queued", "S/triage", "A/2", "A/4"]
    assert desk.leases.take(everything, ANN, NOW) is None


def test_a_lease_stands_as_long_as_its_beat_grows_whatever_the_clocks_say(
    desk: Desk, other: Desk
) -> None:
    lease = desk.take(desk.add("A/1"))
    for moment in (NOW + 5, NOW - 10**9, 0, NOW + 10**9):
        view = other.seen(lease.ledger_id)
        assert desk.leases.beat(lease, moment)
        assert other.leases.take_over(view, BOB, NOW + 99, limit_failures=LIMIT) is None
    view = other.seen(lease.ledger_id)
    after = other.leases.take_over(view, BOB, 0, limit_failures=LIMIT)
    assert after is not None
    assert after.token == lease.token + 1
    assert not desk.leases.beat(lease, NOW)
    assert other.leases.beat(after, NOW)


def test_of_two_that_saw_the_same_death_one_goes_on(desk: Desk, other: Desk) -> None:
    lease = desk.take(desk.add("A/1"))
    view, same = desk.seen(lease.ledger_id), other.seen(lease.ledger_id)
    assert other.leases.take_over(same, BOB, NOW, limit_failures=LIMIT)
    assert desk.leases.take_over(view, EVE, NOW, limit_failures=LIMIT) is None
    assert desk.seen(lease.ledger_id).holder == "bob 1"
    assert desk.ends(lease.ledger_id) == ["lost", "running"]


def test_what_an_old_holder_wrote_before_the_take_over_is_dropped_by_its_commit(
    desk: Desk, other: Desk
) -> None:
    only_on("postgresql", desk)
    lease = desk.take(desk.add("A/1"))
    old = desk.guarded(lease)
    desk.run()
    assert other.over(lease.ledger_id)
    with pytest.raises(LeaseLost, match="OP-1 A/1"):
        old.commit()
    assert other.runs() == []


def test_on_sqlite_nobody_takes_over_in_the_middle_of_a_transaction(
    desk: Desk, other: Desk
) -> None:
    only_on("sqlite", desk)
    lease = desk.take(desk.add("A/1"))
    old = desk.guarded(lease)
    patience(other, 50)
    desk.run()
    with pytest.raises(sa.exc.OperationalError, match="locked"):
        other.over(lease.ledger_id)
    old.commit()
    assert other.runs() == ["running"]
    assert other.over(lease.ledger_id)


def test_after_a_take_over_nothing_is_written_not_even_how_the_run_ended(
    desk: Desk, other: Desk
) -> None:
    lease = desk.take(desk.add("A/1"))
    old = desk.guarded(lease)
    run_id = desk.run()
    old.commit()
    assert other.over(lease.ledger_id)
    for _ in range(2):
        old.end_run(run_id, ended_at="", state="failed", seconds=1, read_bytes=1)
        with pytest.raises(LeaseLost):
            old.commit()
    with pytest.raises(LeaseLost):
        old.commit()  # with nothing written
    assert other.runs() == ["running"]
    with pytest.raises(LeaseLost):
        desk.finish(lease)
    for end in (AttemptEnd.FAILED, AttemptEnd.STOPPED, AttemptEnd.LOST):
        with pytest.raises((LeaseLost, KeyError)):
            desk.stop(lease, end)
    assert other.leases.result_of(lease.ledger_id) is None
    assert other.seen(lease.ledger_id).holder == "bob 1"
    assert other.ends(lease.ledger_id) == ["lost", "running"]


def test_a_take_over_waits_for_a_commit_that_is_past_its_guard(desk: Desk, other: Desk) -> None:
    lease = desk.take(desk.add("A/1"))
    view = other.seen(lease.ledger_id)
    patience(other, 50)
    desk.run()
    desk.leases.guard(lease)
    with pytest.raises(sa.exc.OperationalError, match="lock"):
        other.leases.take_over(view, BOB, NOW, limit_failures=LIMIT)
    desk.store.commit()
    assert other.leases.take_over(view, BOB, NOW, limit_failures=LIMIT)
    assert other.runs() == ["running"]


@pytest.mark.parametrize("end", [AttemptEnd.STOPPED, AttemptEnd.AWAY, AttemptEnd.FAILED])
def test_who_gave_its_lease_back_writes_nothing_more(desk: Desk, end: AttemptEnd) -> None:
    lease = desk.take(desk.add("A/1"))
    desk.stop(lease, end)
    desk.run()
    with pytest.raises(LeaseLost):
        desk.guarded(lease).commit()
    assert desk.runs() == []
    assert not desk.leases.beat(lease, NOW)


def test_a_guard_that_holds_lets_everything_pass(desk: Desk, other: Desk) -> None:
    lease = desk.take(desk.add("A/1"))
    desk.guarded(lease).commit()
    desk.run()
    desk.store.commit()
    assert other.runs() == ["running"]


def test_deaths_without_progress_set_an_exhibit_aside(desk: Desk) -> None:
    ledger_id = desk.take(desk.add("A/1")).ledger_id
    lease: Lease | None = None
    for failures in (1, 2):
        lease = desk.over(ledger_id, Holder(name=f"b{failures}", host="h", pid=1))
        assert lease is not None
        assert (lease.failures, lease.goes_on) == (failures, False)
    assert desk.over(ledger_id) is None
    view = desk.seen(ledger_id)
    assert view.state is LeaseState.SET_ASIDE
    assert view.reason == "died 3 times without getting any further; last holder b2"
    assert desk.ends(ledger_id) == ["lost"] * 3
    assert desk.leases.candidates() == ()
    assert lease is not None
    desk.run()
    with pytest.raises(LeaseLost):
        desk.guarded(lease).commit()


def test_deaths_that_got_further_do_not_count(desk: Desk) -> None:
    lease: Lease | None = desk.take(desk.add("A/1"))
    assert lease is not None
    assert not lease.goes_on
    for number in range(5):
        desk.get_on("A/1", number)
        lease = desk.over(lease.ledger_id)
        assert lease is not None
        assert lease.failures == 0
        assert lease.goes_on
    desk.get_on("A/2", 1)  # progress of another exhibit is none of this one
    after = desk.over(lease.ledger_id)
    assert after is not None
    assert after.failures == 1


@pytest.mark.parametrize("end", [AttemptEnd.STOPPED, AttemptEnd.AWAY, AttemptEnd.STORE])
def test_what_is_no_fault_of_the_exhibit_does_not_count(desk: Desk, end: AttemptEnd) -> None:
    ledger_id = desk.add("A/1")
    for _ in range(LIMIT + 2):
        desk.stop(desk.take(ledger_id), end)
    view = desk.seen(ledger_id)
    expected = LeaseState.AWAY if end is AttemptEnd.AWAY else LeaseState.FREE
    assert (view.failures, view.state, view.reason) == (0, expected, "why")


def test_failures_count_until_a_success(desk: Desk) -> None:
    ledger_id = desk.add("A/1")
    assert desk.stop(desk.take(ledger_id), AttemptEnd.FAILED) is LeaseState.FREE
    assert desk.stop(desk.take(ledger_id), AttemptEnd.FAILED) is LeaseState.FREE
    assert desk.seen(ledger_id).failures == 2
    desk.finish(desk.take(ledger_id))
    assert desk.seen(ledger_id).failures == 0
    desk.leases.retry(ledger_id, by="clerk", why="once more", now_s=NOW)
    for _ in range(LIMIT):
        state = desk.stop(desk.take(ledger_id), AttemptEnd.FAILED, "no such table")
    assert state is LeaseState.SET_ASIDE
    assert desk.seen(ledger_id).reason == "failed 3 times, last: no such table"


def test_a_finished_exhibit_goes_on_to_its_review_with_its_result(desk: Desk) -> None:
    lease = desk.take(desk.add("A/1"))
    desk.finish(lease)
    desk.finish(lease)  # the answer to the first time was lost
    assert desk.leases.result_of(lease.ledger_id) == RESULT
    assert desk.leases.results_since(RESULT.done_s) == (("OP-1", "A/1", RESULT),)
    assert desk.leases.results_since(RESULT.done_s + 1) == ()
    (attempt,) = desk.leases.attempts()
    assert (attempt.end, attempt.seconds, attempt.read_bytes) == (AttemptEnd.DONE, 4.5, 11)
    assert (attempt.started_s, attempt.ended_s, attempt.token) == (NOW, NOW + 20, 1)
    stages = [one.stage for one in Ledger(desk.store.connection).changes(lease.ledger_id)]
    assert stages == [Stage.QUEUED, Stage.TRIAGE, Stage.REVIEW]
    assert desk.stage(lease.ledger_id) == "review"
    with pytest.raises(LeaseLost):
        desk.stop(lease, AttemptEnd.STOPPED)


def test_a_stop_that_is_repeated_counts_once(desk: Desk) -> None:
    lease = desk.take(desk.add("A/1"))
    assert desk.stop(lease, AttemptEnd.FAILED) is LeaseState.FREE
    assert desk.stop(lease, AttemptEnd.FAILED) is LeaseState.FREE
    assert desk.seen(lease.ledger_id).failures == 1
    with pytest.raises(LeaseLost):
        desk.stop(lease, AttemptEnd.STOPPED)
    with pytest.raises(LeaseLost):
        desk.finish(lease)


def test_a_person_who_moved_the_exhibit_on_has_the_last_word(desk: Desk) -> None:
    lease = desk.take(desk.add("A/1"))
    Ledger(desk.store.connection).move(
        lease.ledger_id, Stage.RELEASED, at_s=NOW, by="clerk", why="returned", now_s=NOW
    )
    desk.store.commit()
    desk.finish(lease)
    assert desk.stage(lease.ledger_id) == "released"
    assert desk.leases.result_of(lease.ledger_id) == RESULT


def test_what_is_held_while_it_is_worked_at_goes_on_until_it_ends(desk: Desk) -> None:
    lease = desk.take(desk.add("A/1"))
    desk.hold(lease.ledger_id)
    assert desk.leases.beat(lease, NOW)
    desk.guarded(lease).commit()
    desk.store.guard = None
    assert desk.stop(lease, AttemptEnd.STOPPED) is LeaseState.FREE
    assert desk.leases.candidates() == ()
    assert desk.leases.take([lease.ledger_id], BOB, NOW) is None
    desk.hold(lease.ledger_id, -1)
    lease = desk.take(lease.ledger_id)
    desk.hold(lease.ledger_id)
    assert desk.over(lease.ledger_id) is None  # its worker died: nobody goes on now
    assert desk.seen(lease.ledger_id).state is LeaseState.FREE
    assert desk.ends(lease.ledger_id) == ["stopped", "lost"]


def test_a_retry_is_recorded_and_asked_only_where_it_is_needed(desk: Desk) -> None:
    ledger_id = desk.add("A/1")
    with pytest.raises(UsageFault, match="needs no retry"):
        desk.leases.retry(ledger_id, by="clerk", why="", now_s=NOW)
    with pytest.raises(UsageFault, match="line 99"):
        desk.leases.retry(99, by="clerk", why="", now_s=NOW)
    lease = desk.take(ledger_id)
    with pytest.raises(UsageFault, match="worked at by ann 1"):
        desk.leases.retry(ledger_id, by="clerk", why="", now_s=NOW)
    desk.finish(lease)
    desk.leases.retry(ledger_id, by="clerk", why="a new hash set", now_s=NOW + 30)
    last = Ledger(desk.store.connection).changes(ledger_id)[-1]
    assert (last.stage, last.by, last.why) == (Stage.QUEUED, "clerk", "a new hash set")
    with pytest.raises(UsageFault, match="needs no retry"):
        desk.leases.retry(ledger_id, by="clerk", why="", now_s=NOW)
    again = desk.take(ledger_id)
    assert again.token == lease.token + 1
    desk.finish(again)
    assert desk.ends(ledger_id) == ["done", "done"]


def test_the_work_of_a_holder_that_died_counts_as_far_as_it_was_told(desk: Desk) -> None:
    lease = desk.take(desk.add("A/1"))
    assert desk.leases.beat(lease, NOW + 10, 9.5)
    assert desk.leases.beat(lease, NOW - 10**6)
    assert desk.over(lease.ledger_id)
    lost, running = desk.leases.attempts(since_s=NOW + 60)
    assert (lost.end, lost.seconds, lost.ended_s) == (AttemptEnd.LOST, 9.5, NOW + 60)
    assert (running.end, running.holder, running.ended_s) == (AttemptEnd.RUNNING, "bob 1", -1)
    assert [one.token for one in desk.leases.attempts(since_s=NOW + 61)] == [2]


def test_reading_leaves_no_transaction_open_and_keeps_one_that_was(desk: Desk) -> None:
    ledger_id = desk.add("A/1")
    connection = desk.store.connection
    for ask in (desk.leases.candidates, desk.leases.leased, desk.leases.attempts):
        ask()
        assert not connection.in_transaction()
    connection.execute(sa.update(ledger).values(officer="DC Loft"))
    assert desk.leases.view(ledger_id) is None
    desk.store.commit()
    assert desk.leases.candidates()[0].facts.officer == "DC Loft"


def test_a_failure_in_the_middle_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger_id = desk.add("A/1")
    with monkeypatch.context() as patch:
        patch.setattr("triage.store.leasing.Leasing.move", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            desk.take(ledger_id)
    assert desk.leases.view(ledger_id) is None
    assert desk.leases.attempts() == ()
    lease = desk.take(ledger_id)
    with monkeypatch.context() as patch:
        patch.setattr("triage.store.leasing.Leasing.move", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            desk.finish(lease)
    assert desk.leases.result_of(ledger_id) is None
    assert desk.seen(ledger_id).state is LeaseState.LEASED
    desk.finish(lease)


def test_paths_that_are_no_text_come_back_as_they_were(desk: Desk) -> None:
    path = "/images/caf\udce9.E01"
    assert desk.take(desk.add("A/1", image=path)).image_path == path


def test_many_that_are_taken_do_not_hide_the_one_that_is_not(desk: Desk) -> None:
    last = [desk.add(f"A/{number}") for number in range(3)][-1]
    missing = range(1_000, 1_450)
    assert desk.take(*missing, last).ledger_id == last
    assert desk.store.connection.execute(sa.select(sa.func.count(leases.c.token))).scalar() == 1
