"""``triage batch`` from the command line, and ``triage run`` on what stands in the queue."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nightly import HOLDER, START, Nights, work_in_this_process
from road import CASE, IMAGES, Road, code
from triage.batch import byhand
from triage.batch.holder import own_holder
from triage.model.ledger import ExhibitFacts, Stage
from triage.model.queue import AttemptEnd, Holder, LeaseState
from triage.store.database import open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger

SMALL = IMAGES / "iso9660.raw"
HOSTILE = "AB[red]C/=2"


@pytest.fixture
def nights(road: Road, monkeypatch: pytest.MonkeyPatch) -> Nights:
    work_in_this_process(monkeypatch)
    return Nights(road)


def test_a_night_prints_its_events_and_writes_its_summary(nights: Nights, tmp_path: Path) -> None:
    nights.queue([SMALL, tmp_path / "away.E01"])
    with open_store(nights.url) as store:
        hostile = ExhibitFacts(
            case=CASE,
            exhibit=HOSTILE,
            received_s=START,
            image_path=str(tmp_path / "\x1b[31m[red]no.E01"),
        )
        Ledger(store.connection).add(hostile, stage=Stage.QUEUED, by="A", now_s=START)
        store.commit()
    out = tmp_path / "summary"
    words = ("--once", "--workers", "1", "--db", nights.road.db, "--summary", out)
    done = nights.road.call("batch", "run", *words)
    assert code(done) == 3, done.output
    lines = done.stderr.splitlines()
    assert [line[25:] for line in lines if "begins" in line] == [
        "begins OP-X ABC/1 (1 of 3): forecast 5 s, up to 5 s (no history of 5 yet, 20 s a GB taken)"
    ]
    assert "image-away: OP-X ABC/2" in done.stderr
    assert "\x1b" not in done.output
    assert sorted(one.name for one in out.iterdir()) == [
        "summary.html",
        "summary.json",
        "summary.txt",
    ]
    text = (out / "summary.txt").read_text("utf-8")
    assert max(map(len, text.splitlines())) <= 80
    assert "Done: 1 (" in text
    assert "Image away: 2" in text
    assert "\x1b" not in text + (out / "summary.html").read_text("utf-8")
    told = json.loads((out / "summary.json").read_text("utf-8"))
    assert [one["exhibit"] for one in told["done"]] == ["ABC/1"]
    assert {one["exhibit"] for one in told["away"]} == {"ABC/2", HOSTILE}
    again = nights.road.call("batch", "summary", "--db", nights.road.db, "--json")
    assert json.loads(again.stdout)["done"] == told["done"]
    page = tmp_path / "night.html"
    assert code(nights.road.call("batch", "summary", "--db", nights.road.db, "--html", page)) == 0
    assert "ABC/1" in page.read_text("utf-8")
    shown = nights.road.call("batch", "summary", "--db", nights.road.db, "--since", "2026-01-01")
    assert "Done: 1" in shown.stdout


def test_a_night_works_as_its_options_say(nights: Nights, tmp_path: Path) -> None:
    nights.queue([SMALL])
    call = ("batch", "run", "--once", "--workers", "1", "--db", nights.road.db)
    told = ("--summary", tmp_path / "night")
    assert code(nights.road.call(*call, "--skip-pictures", "--dihedral", *told)) == 2
    assert code(nights.road.call(*call, "--skip-pictures", *told)) == 0
    waiting = nights.road.summary("ABC/1").pictures_pending
    assert waiting > 0
    assert (
        code(nights.road.call("queue", "retry", "ABC/1", "--why", "pictures too", *call[-2:])) == 0
    )
    assert code(nights.road.call(*call, "--dihedral", *told)) == 0
    after = nights.road.summary("ABC/1")
    assert (after.pictures_pending, after.pictures_turned) == (0, after.pictures_hashed)
    assert after.pictures_hashed > 0


def test_calls_that_cannot_be_meant(nights: Nights, tmp_path: Path) -> None:
    none = ("--db", tmp_path / "none.sqlite")
    assert code(nights.road.call("batch", "run", "--once", *none)) == 6
    assert code(nights.road.call("batch", "run", "--until", "25:00", *none)) == 2
    assert code(nights.road.call("batch", "summary", *none)) == 6
    assert not (tmp_path / "none.sqlite").exists()


def run(nights: Nights, exhibit: str = "ABC/1", image: Path = SMALL) -> tuple[int, str]:
    done = nights.road.on_case("run", image, "--exhibit", exhibit, "--workers", "1")
    message = getattr(done.exception, "message", "")
    return code(done), f"{message} {getattr(done.exception, 'hint', '')}"


def test_a_run_by_hand_takes_the_exhibit_from_the_queue(nights: Nights) -> None:
    nights.queue([SMALL])
    assert run(nights)[0] == 3
    assert nights.stages() == {"ABC/1": Stage.REVIEW}
    assert nights.lease("ABC/1").state is LeaseState.DONE
    with open_store(nights.url) as store:
        [(_, _, result)] = Leases(store.connection).results_since(0)
    assert result.files == nights.road.summary("ABC/1").tally.listed
    assert run(nights)[0] == 3, "shown again, as ever"
    nights.run()
    assert nights.heard.begun == []


def test_a_run_by_hand_is_refused_while_somebody_works_at_it(nights: Nights) -> None:
    nights.queue([SMALL])
    with open_store(nights.url) as store:
        leases = Leases(store.connection)
        [entry] = leases.candidates()
        assert leases.take([entry.ledger_id], HOLDER, START)
    status, words = run(nights)
    assert status == 2
    assert "here on here works at it since 2026-11-22" in words
    assert nights.lease("ABC/1").holder == "here"
    assert run(nights, exhibit="ABC/9")[0] == 3, "of others the ledger knows nothing"


def test_a_run_by_hand_goes_on_after_a_dead_process_of_this_machine(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights.queue([SMALL])
    dead = Holder(name="dead", host="here", pid=1)
    with open_store(nights.url) as store:
        leases = Leases(store.connection)
        leases.take([leases.candidates()[0].ledger_id], dead, START)
    monkeypatch.setattr(byhand, "is_surely_dead", lambda name: name == "dead")
    assert run(nights)[0] == 3
    with open_store(nights.url) as store:
        ends = [one.end for one in Leases(store.connection).attempts()]
    assert ends == [AttemptEnd.LOST, AttemptEnd.DONE]


def test_what_a_run_by_hand_cannot_do_is_given_back(nights: Nights, tmp_path: Path) -> None:
    nights.queue([SMALL])
    assert run(nights, image=tmp_path / "none.E01")[0] == 4
    view = nights.lease("ABC/1")
    assert (view.state, view.failures) == (LeaseState.FREE, 0)
    assert "by hand" in view.reason
    assert own_holder().pid == os.getpid() == view.pid


def test_what_is_not_in_the_queue_yet_is_run_without_a_lease(nights: Nights) -> None:
    with open_store(nights.url, create=True) as store:
        facts = ExhibitFacts(case=CASE, exhibit="ABC/1", received_s=START, image_path=str(SMALL))
        Ledger(store.connection).add(facts, stage=Stage.RECEIVED, by="A Person", now_s=START)
        store.commit()
    assert run(nights)[0] == 3
    assert nights.stages() == {"ABC/1": Stage.RECEIVED}
