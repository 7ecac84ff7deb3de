"""A night takes exhibits in their order and gives the results of runs by hand, whatever happens."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightly import START, Heard, Nights, work_in_this_process
from road import CASE, IMAGES, SAMPLES, Road, truth
from triage.batch import exhibitwork, looking, night, working
from triage.errors import EvidenceError, HashSetError, StoreError
from triage.model.event import Event, Progress
from triage.model.event import Stage as Step
from triage.model.hashset import Polarity
from triage.model.ledger import OwnerRole, Stage
from triage.model.queue import AttemptEnd, Holder, LeaseState, NightEvent
from triage.pipeline.run import ExhibitRun
from triage.store.database import open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.store.nights import Nights as Record

SMALL = ("fat16.raw", "iso9660.raw", "swap.raw")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """Give an installation, and in its database the exhibits as run by hand."""
    road = Road(tmp_path_factory.mktemp("quiet"))
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.confirm("uk")
    for number, name in enumerate(SMALL, start=1):
        road.run(IMAGES / name, exhibit=f"ABC/{number}")
    return road


@pytest.fixture(scope="module")
def expected(installed: Road) -> bytes:
    return installed.export("jsonl", installed.folder)


@pytest.fixture
def nights(road: Road, installed: Road, monkeypatch: pytest.MonkeyPatch) -> Nights:
    work_in_this_process(monkeypatch)
    monkeypatch.setenv("TRIAGE_HOME", str(road.home))
    shutil.copytree(installed.home, road.home)
    return Nights(road)


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    (tmp_path / "images").mkdir()
    return [Path(shutil.copy(IMAGES / name, tmp_path / "images" / name)) for name in SMALL]


def all_done(nights: Nights, exhibits: int) -> None:
    assert nights.stages() == {f"ABC/{number + 1}": Stage.REVIEW for number in range(exhibits)}
    with open_store(nights.url) as store:
        assert Leases(store.connection).leased() == ()
        ends = [one.end for one in Leases(store.connection).attempts()]
    assert ends.count(AttemptEnd.DONE) == exhibits
    assert AttemptEnd.RUNNING not in ends


def test_the_queue_is_worked_in_its_order_with_the_results_of_runs_by_hand(
    nights: Nights, images: list[Path], installed: Road
) -> None:
    nights.queue(images)
    with open_store(nights.url) as store:
        ledger = Ledger(store.connection)
        last = ledger.entry(CASE, "ABC/3")
        facts = last.facts
        changed = type(facts)(
            **{name: getattr(facts, name) for name in facts.__dataclass_fields__}
            | {"owner_role": OwnerRole.VICTIM}
        )
        ledger.change(last.ledger_id, changed, by="A Person", now_s=START)
        store.commit()
    found = nights.run()
    assert nights.heard.begun[0] == "ABC/3", "a victim's device goes first"
    assert sorted(nights.heard.begun) == ["ABC/1", "ABC/2", "ABC/3"]
    assert not found.went_wrong
    all_done(nights, 3)
    assert nights.road.exports() == installed.exports()
    with open_store(nights.url) as store:
        results = {one: result for _, one, result in Leases(store.connection).results_since(0)}
        lines = Record(store.connection).lines(0)
    assert [one.event for one in lines] == [NightEvent.STARTED, NightEvent.ENDED]
    for number, name in enumerate(SMALL, start=1):
        result, summary = results[f"ABC/{number}"], nights.road.summary(f"ABC/{number}")
        assert result.files == summary.tally.listed
        named = ("--exhibit", f"ABC/{number}", "--type")
        media = [one for kind in ("picture", "video") for one in nights.road.files(*named, kind)]
        assert result.media == len(media), name
        assert result.media == result.pre_categorised + result.left
        assert result.read_bytes == summary.read_bytes
        assert result.files >= (len(truth(name.partition(".")[0])) if number < 3 else 0)


def test_an_image_that_is_away_is_left_and_taken_when_it_is_back(
    nights: Nights, images: list[Path]
) -> None:
    away = images[0].rename(images[0].with_suffix(".away"))
    nights.queue(images)
    assert nights.run().went_wrong
    assert nights.heard.begun == ["ABC/2", "ABC/3"]
    assert nights.lease("ABC/1").state is LeaseState.AWAY
    assert len(nights.heard.said(NightEvent.IMAGE_AWAY)) == 1
    nights.run()
    assert nights.heard.begun == ["ABC/2", "ABC/3"], "another night finds it away as well"
    away.rename(images[0])
    nights.run()
    assert nights.heard.said(NightEvent.IMAGE_BACK) == [("OP-X ABC/1", "")]
    all_done(nights, 3)


def test_an_image_that_goes_in_the_middle_is_gone_on_with(
    nights: Nights, images: list[Path], expected: bytes
) -> None:
    away = images[1].with_suffix(".away")
    nights.queue(images)

    def rename(event: Event) -> None:
        going = nights.heard.begun[-1] == "ABC/2" and not away.exists()
        if going and isinstance(event, Progress) and event.stage is Step.DIGESTING:
            images[1].rename(away)
            images[1].touch()  # another file lies there for a moment
            images[1].unlink()
            working_files_closed()

    nights.heard.on_event = rename
    nights.run()
    nights.heard.on_event = lambda _: None
    assert nights.lease("ABC/2").state is LeaseState.AWAY
    assert nights.lease("ABC/2").failures == 0
    away.rename(images[1])
    nights.run()
    all_done(nights, 3)
    assert nights.road.export("jsonl", nights.road.folder) == expected


def working_files_closed() -> None:
    from triage.pipeline import opened  # noqa: PLC0415  (a private part of one test)

    for evidence in opened._opened.values():
        evidence.close()


def test_a_full_disk_holds_everything_up_until_there_is_room(
    nights: Nights, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    nights.queue(images, image_bytes=10**9)
    usage = shutil.disk_usage(nights.road.folder)
    free = [10**8]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free[0]))

    def tidy() -> None:
        if sum(nights.clock.slept) > 150:
            free[0] = 10**12

    nights.clock.on_sleep = tidy
    nights.run()
    [(_, words)] = nights.heard.said(NightEvent.DISK_FULL)
    assert words.startswith("0.5 GB needed at the database, 0.1 GB free")
    assert len(nights.heard.said(NightEvent.DISK_FREE)) == 1
    assert sum(nights.clock.slept) == pytest.approx(180, abs=1), "looked at each minute"
    all_done(nights, 3)


def test_what_does_not_fit_before_the_deadline_is_left_with_the_figures(
    nights: Nights, images: list[Path]
) -> None:
    nights.queue(images, image_bytes=10**9)
    nights.run(until=START + 40)  # 60 s a GB without history, and less than is begun for
    assert nights.heard.begun == []
    left = nights.heard.said(NightEvent.NOT_STARTED)
    assert [name for name, _ in left] == ["OP-X ABC/1", "OP-X ABC/2", "OP-X ABC/3"]
    assert "up to 1 min" in left[0][1]
    assert "40 s left" in left[0][1]
    nights.heard.lines.clear()
    nights.run(until=START + 140)
    assert nights.heard.said(NightEvent.NOT_STARTED) == []
    all_done(nights, 3)


def test_a_deadline_cuts_a_run_cleanly_and_the_next_night_goes_on(
    nights: Nights, images: list[Path], expected: bytes
) -> None:
    nights.queue(images)

    def late(event: Event) -> None:
        if isinstance(event, Progress) and event.stage is Step.DIGESTING:
            nights.clock.wall = START + 1000.0
            nights.clock.steady += 1000

    nights.heard.on_event = late
    found = nights.run(until=START + 900)
    assert found.ends == {AttemptEnd.STOPPED: 1}
    assert not found.went_wrong
    assert not found.stopped_by
    assert nights.heard.events()[-2:] == [NightEvent.DEADLINE, NightEvent.ENDED]
    assert nights.lease("ABC/1").state is LeaseState.FREE
    assert nights.lease("ABC/1").reason == "the deadline came"
    nights.heard.on_event = lambda _: None
    nights.run()
    all_done(nights, 3)
    assert nights.road.export("jsonl", nights.road.folder) == expected


def test_a_request_to_stop_is_no_failure(nights: Nights, images: list[Path]) -> None:
    nights.queue(images)

    def ask(event: Event) -> None:
        if isinstance(event, Progress) and event.stage is Step.DIGESTING:
            nights.asked = "SIGTERM"

    nights.heard.on_event = ask
    found = nights.run(once=False)
    assert found.stopped_by == "SIGTERM"
    assert nights.lease("ABC/1").failures == 0
    assert nights.heard.said(NightEvent.STOPPED) == [("", "asked to by SIGTERM")]


@pytest.mark.parametrize("error", [EvidenceError("no such format"), LookupError("[red]x\x1b")])
def test_what_fails_too_often_is_set_aside_and_the_night_goes_on(
    nights: Nights, images: list[Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    nights.queue(images)
    real = ExhibitRun.run

    def poison(run: ExhibitRun) -> None:
        if run.request.exhibit == "ABC/1":
            raise error
        real(run)

    monkeypatch.setattr(ExhibitRun, "run", poison)
    found = nights.run()
    assert found.ends == {AttemptEnd.FAILED: 3, AttemptEnd.DONE: 2}
    assert nights.heard.begun == ["ABC/1", "ABC/2", "ABC/3", "ABC/1", "ABC/1"]
    view = nights.lease("ABC/1")
    assert (view.state, view.failures) == (LeaseState.SET_ASIDE, 3)
    [(name, reason)] = nights.heard.said(NightEvent.SET_ASIDE)
    assert name == "OP-X ABC/1"
    if isinstance(error, LookupError):
        assert "LookupError at test_batch_night.py:" in reason
        assert "\x1b" not in view.reason + reason
    else:
        assert reason == "evidence: no such format"
    assert found.went_wrong
    nights.heard.begun.clear()
    nights.run()
    assert nights.heard.begun == [], "only a person takes it out"


def test_without_its_reference_sets_nothing_is_worked_at(
    nights: Nights, images: list[Path]
) -> None:
    nights.queue(images)
    [pack] = [one for one in nights.road.home.rglob("*") if one.name.endswith("sha1.bin")] or [
        max((p for p in nights.road.home.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    ]
    pack.write_bytes(b"\0" * pack.stat().st_size)
    with pytest.raises(HashSetError):
        nights.run()
    assert nights.heard.begun == ["ABC/1"]
    assert nights.lease("ABC/1").state is LeaseState.FREE
    assert nights.lease("ABC/1").failures == 0
    assert nights.heard.events() == [NightEvent.STARTED, NightEvent.STOPPED]


@contextlib.contextmanager
def refused(url: str, *, create: bool = False) -> Iterator[object]:
    raise StoreError(f"{url} {create}: the server is away")
    yield


def test_a_database_that_goes_is_waited_for_longer_and_longer(
    nights: Nights, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    nights.queue(images)
    monkeypatch.setattr(night, "open_store", refused)

    def back() -> None:
        if sum(nights.clock.slept) > 100:
            monkeypatch.setattr(night, "open_store", open_store)

    nights.clock.on_sleep = back
    nights.run()
    assert sum(nights.clock.slept) == pytest.approx(1 + 2 + 4 + 8 + 16 + 32 + 60, abs=1)
    assert len(nights.heard.said(NightEvent.STORE_AWAY)) == 1
    assert len(nights.heard.said(NightEvent.STORE_BACK)) == 1
    all_done(nights, 3)
    with open_store(nights.url) as store:
        events = [one.event for one in Record(store.connection).lines(0)]
    assert NightEvent.STORE_AWAY in events, "written down once it is back"


@pytest.mark.parametrize("cause", ["database is locked", "no server"])
def test_a_database_that_goes_in_the_middle_ends_no_attempt(
    nights: Nights, images: list[Path], expected: bytes, cause: str
) -> None:
    nights.queue(images)
    fails = [2]

    def fail(event: Event) -> None:
        if isinstance(event, Progress) and event.stage is Step.DIGESTING and fails[0]:
            fails[0] -= 1
            raise StoreError(f"sqlite: {cause}")

    nights.heard.on_event = fail
    found = nights.run()
    assert found.ends == {AttemptEnd.DONE: 3}
    assert cause in nights.heard.said(NightEvent.STORE_AWAY)[0][1]
    all_done(nights, 3)
    assert nights.road.export("jsonl", nights.road.folder) == expected


def test_what_a_database_refuses_again_and_again_is_the_exhibits_fault(
    nights: Nights, images: list[Path]
) -> None:
    nights.queue(images)

    def fail(event: Event) -> None:
        first = nights.heard.begun[-1] == "ABC/1"
        if first and isinstance(event, Progress) and event.stage is Step.DIGESTING:
            raise StoreError("sqlite: constraint failed")

    nights.heard.on_event = fail
    found = nights.run(limit_failures=1)
    assert found.ends == {AttemptEnd.FAILED: 1, AttemptEnd.DONE: 2}
    assert nights.lease("ABC/1").state is LeaseState.SET_ASIDE


def test_a_full_disk_in_this_process_is_no_fault_of_the_exhibit(
    nights: Nights, images: list[Path]
) -> None:
    nights.queue(images)
    fails = [1]

    def fail(event: Event) -> None:
        if isinstance(event, Progress) and event.stage is Step.DIGESTING and fails[0]:
            fails[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")

    nights.heard.on_event = fail
    found = nights.run()
    assert found.ends == {AttemptEnd.STORE: 1, AttemptEnd.DONE: 3}
    assert nights.lease("ABC/1").failures == 0


def test_a_clock_that_jumps_is_said_and_the_deadline_stays_where_it_is(
    nights: Nights, images: list[Path]
) -> None:
    nights.queue(images)
    jumps = [-7200.0]

    def jump(event: Event) -> None:
        if isinstance(event, Progress) and event.stage is Step.DIGESTING and jumps:
            nights.clock.wall += jumps.pop()

    nights.heard.on_event = jump
    nights.run(until=START + 3600)
    [(_, words)] = nights.heard.said(NightEvent.CLOCK_JUMP)
    assert words == "the wall clock jumped by -7200 s; 3 h 00 min left now"
    all_done(nights, 3)


def test_a_lease_that_is_lost_in_the_middle_lets_nothing_be_written(
    nights: Nights, images: list[Path], expected: bytes
) -> None:
    nights.queue(images)
    thief = Holder(name="thief", host="there", pid=2)
    settled: list[int] = []

    def steal(event: Event) -> None:
        first = nights.heard.begun == ["ABC/1"] and not settled
        if first and isinstance(event, Progress) and event.stage is Step.DIGESTING:
            with open_store(nights.url) as store:
                leases = Leases(store.connection)
                [view] = leases.leased()
                assert leases.take_over(view, thief, START, limit_failures=3)
            settled.append(rows(nights.road.db))

    nights.heard.on_event = steal
    nights.run(max_exhibits=1)
    assert nights.heard.said(NightEvent.LEASE_LOST) == [
        ("OP-X ABC/1", "another process works at it by now")
    ]
    assert rows(nights.road.db) == settled[0]
    assert nights.lease("ABC/1").holder == "thief"
    nights.heard.on_event = lambda _: None
    nights.run(dead_after_s=60.0)  # the thief never beats, and is found dead in its turn
    assert nights.heard.said(NightEvent.TAKEN_OVER) == [("OP-X ABC/1", "from thief")]
    assert sum(nights.clock.slept) == pytest.approx(60, abs=1)
    all_done(nights, 3)
    assert nights.road.export("jsonl", nights.road.folder) == expected


def rows(db: Path) -> int:
    with contextlib.closing(sqlite3.connect(db)) as store:
        found = store.execute("SELECT count(*) FROM entries WHERE state != 'pending'")
        return int(found.fetchone()[0])


def test_it_goes_on_looking_until_the_deadline(nights: Nights, images: list[Path]) -> None:
    nights.queue([])

    def arrive() -> None:
        if nights.clock.wall == pytest.approx(START + 100, abs=0.1):
            nights.queue(images[:1])

    nights.clock.on_sleep = arrive
    nights.run(once=False, until=START + 200)
    assert nights.heard.begun == ["ABC/1"]
    assert nights.clock.wall == pytest.approx(START + 200, abs=1)


def test_max_exhibits(nights: Nights, images: list[Path]) -> None:
    nights.queue(images)
    nights.run(max_exhibits=2)
    assert nights.heard.begun == ["ABC/1", "ABC/2"]
    nights.heard = Heard()
    nights.run()
    assert nights.heard.begun == ["ABC/3"]


def test_modules_ask_for_the_database_by_one_name() -> None:
    for module in (night, exhibitwork, working):
        assert module.open_store is open_store
    assert looking.is_there(Path("\0")) is False
