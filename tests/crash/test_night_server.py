"""A database server that dies in the middle of a night, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightly import Nights, work_in_this_process
from postgresql import PostgresServer
from road import IMAGES, Road
from triage.batch.summary import summarise
from triage.model.event import Event, Progress
from triage.model.event import Stage as Step
from triage.model.ledger import Stage
from triage.model.queue import AttemptEnd, NightEvent
from triage.store.database import open_store
from triage.store.figures import recent_efforts
from triage.store.leases import Leases

NAMES = ("fat16.raw", "ext4.raw")


def test_a_server_that_dies_and_returns_costs_nothing(
    tmp_path: Path, stoppable_postgresql: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quiet").mkdir()
    quiet = Road(tmp_path / "quiet")
    for number, name in enumerate(NAMES, start=1):
        quiet.run(IMAGES / name, exhibit=f"ABC/{number}")
    work_in_this_process(monkeypatch)
    (tmp_path / "night").mkdir()
    nights = Nights(Road(tmp_path / "night"), server=stoppable_postgresql.fresh())
    nights.queue([IMAGES / name for name in NAMES])
    deaths = [Step.PICTURES, Step.DIGESTING]

    def die(event: Event) -> None:
        if deaths and isinstance(event, Progress) and event.stage is deaths[-1]:
            deaths.pop()
            stoppable_postgresql.stop("immediate")
            nights.clock.on_sleep = back

    def back() -> None:
        nights.clock.on_sleep = lambda: None
        stoppable_postgresql.start()

    nights.heard.on_event = die
    found = nights.run(poll_s=1.0)
    assert not deaths
    assert found.ends == {AttemptEnd.DONE: 2}
    assert len(nights.heard.said(NightEvent.STORE_AWAY)) == 2
    assert len(nights.heard.said(NightEvent.STORE_BACK)) == 2
    assert set(nights.stages().values()) == {Stage.REVIEW}
    with open_store(nights.url) as store:
        leases = Leases(store.connection)
        assert leases.leased() == ()
        assert [one.end for one in leases.attempts()] == [AttemptEnd.DONE] * 2
    exported = [
        road.call("export", "jsonl", "--case", "OP-X", "--db", url, "--out", road.folder / "out")
        for road, url in ((quiet, quiet.db), (nights.road, nights.url))
    ]
    assert [one.exit_code for one in exported] == [0, 0]
    one, other = (road.folder / "out" for road in (quiet, nights.road))
    assert one.read_bytes() == other.read_bytes()


def test_figures_and_forecasts_are_the_same_on_both_servers(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_in_this_process(monkeypatch)
    road = Road(tmp_path, url=store_url)
    nights = Nights(road, server=store_url)
    nights.queue([IMAGES / "album.raw", IMAGES / "ext4.raw"])

    def stop(event: Event) -> None:
        if isinstance(event, Progress) and event.stage is Step.PICTURES:
            nights.asked = "SIGTERM"

    nights.heard.on_event = stop
    nights.run()
    nights.heard.on_event, nights.asked = lambda _: None, ""
    nights.run()
    with open_store(nights.url) as store:
        results = Leases(store.connection).results_since(0)
        efforts = recent_efforts(store.connection)
        summary = summarise(store, 0, nights.clock.now_s())
    for _, exhibit, result in results:
        rows = road.files("--exhibit", exhibit)
        shown = [road.files("--exhibit", exhibit, "--type", one) for one in ("picture", "video")]
        assert (result.files, result.media) == (len(rows), len(shown[0]) + len(shown[1]))
        assert result.media > 0
    sizes = [(IMAGES / name).stat().st_size for name in ("ext4.raw", "album.raw")]
    assert [one.image_bytes for one in efforts] == sizes
    assert len(summary.done) == 2
