"""What an officer sees of an examined device: words and counts, and no name from the device."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from routes_table import ROUTES

from road import Road
from suitehere import Client, client_of, open_suite, people
from triage.grading.gaps import find
from triage.model.hashset import Polarity
from triage.model.ledger import Stage
from triage.model.queue import Holder
from triage.store.audit import Audit
from triage.store.database import Stores
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.web.app import make_app
from triage.web.suite import Suite

CANARY = "canary"
BAD = b"listed as illegal in the sample set of this test " * 40
ANSWERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("references", {"case": "OP-X", "exhibit": "ABC/1"}),
    ("owner", {"owner_role": "suspect"}),
    ("device", {"device_type": "Laptop"}),
    ("offence", {"offence": "Other offence"}),
    ("band", {"risk_band": "High"}),
    ("power", {"legal_power": "Search warrant"}),
    ("scope", {"scope_kind": "all"}),
    (
        "dates",
        {
            "seized_on-day": "20",
            "seized_on-month": "11",
            "seized_on-year": "2025",
            "statutory_kind": "none",
        },
    ),
    ("evidence", {"evidence": "brought"}),
)


def device(folder: Path) -> Path:
    """Make a device whose every name is a canary: hits, likenesses, gaps and problems."""
    root = folder / f"{CANARY}-device"
    inside = root / f"{CANARY} holiday" / f"{CANARY}\u202e[red]"
    inside.mkdir(parents=True)
    (inside / f"{CANARY}1.jpg").write_bytes(BAD)
    (inside / f"{CANARY}2.txt").write_bytes(BAD)
    (inside / f"{CANARY}<script>.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"no picture " * 30)
    (inside / f"{CANARY}.zip").write_bytes(b"PK\x03\x04" + b"cut short " * 30)
    return root


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Submit a device as an officer, examine it, and give the installation and the receipt."""
    folder = tmp_path_factory.mktemp("submitted")
    road = Road(folder)
    road.home.mkdir(mode=0o700)
    Stores(road.database, create=True).close()
    with open_suite(road.database, road.home) as suite:
        people(suite)
        officer = client_of(make_app(suite), "officer")
        path = re.search(r"/officer/drafts/\w+", str(officer.send("/officer/drafts").url))
        assert path is not None
        for step, said in ANSWERS:
            officer.send(f"{path[0]}/{step}", **said)
        receipt = str(officer.send(f"{path[0]}/submit").url).rsplit("/", 2)[1]
    bad = folder / f"{CANARY}.md5"
    bad.write_text(hashlib.md5(BAD, usedforsecurity=False).hexdigest() + "\n")
    road.take(bad, f"{CANARY}-set", Polarity.KNOWN_BAD, "", "1")
    road.run(device(folder))
    return folder, receipt


@pytest.fixture
def submitted(made: tuple[Path, str], tmp_path: Path) -> Iterator[tuple[Suite, str]]:
    folder = tmp_path / "copy"
    shutil.copytree(made[0], folder)
    road = Road(folder)
    with open_suite(road.database, road.home) as suite:
        yield suite, made[1]


def moved(suite: Suite, stage: Stage) -> None:
    with suite.stores.open() as store:
        ledger = Ledger(store.connection)
        entry, now_s = ledger.entry(None, "ABC/1"), suite.now_s()
        ledger.move(entry.ledger_id, stage, at_s=now_s, by="night", why="", now_s=now_s)
        store.connection.commit()


def officer_of(suite: Suite, name: str = "officer") -> Client:
    return client_of(make_app(suite), name)


def audited(suite: Suite, action: str) -> list[Any]:
    with suite.stores.open() as store:
        return [row.line for row in Audit(store.connection).rows(action=action, limit=100)]


def test_no_officer_page_tells_a_name_from_the_device(submitted: tuple[Suite, str]) -> None:
    suite, receipt = submitted
    moved(suite, Stage.REVIEW)
    with suite.stores.open() as store:
        summary = store.summary("OP-X", "ABC/1")
    assert CANARY in " ".join(find(summary)), "what the unit is told names files"
    assert CANARY in summary.evidence[0].name
    assert CANARY in summary.packs[0].name
    officer = officer_of(suite)
    begun = str(officer.send("/officer/drafts").url).split("/")[5]
    seen = 0
    for method, path in ROUTES:
        if method != "GET" or not path.startswith("/officer"):
            continue
        for step in [step for step, _ in ANSWERS] if "{step}" in path else [""]:
            where = path.format(receipt=receipt, key=begun, step=step)
            page = officer.get(where)
            assert page.status_code == 200, where
            assert CANARY not in page.text.casefold(), where
            assert str(suite.home.parent) not in page.text, where
            for forbidden in ("<img", "<picture", "<video", "background-image", "data:image"):
                assert forbidden not in page.text, where
            seen += 1
    assert seen > 15


def test_a_red_result_says_what_was_found_left_out_and_is_to_do(
    submitted: tuple[Suite, str],
) -> None:
    suite, receipt = submitted
    moved(suite, Stage.REVIEW)
    officer = officer_of(suite)
    page = officer.get(f"/officer/submissions/{receipt}/result").text
    assert "Red: illegal material was recognised" in page
    assert "Seize the device, if that is not done yet, and submit it" in page
    assert "Listed as illegal, without a category" in page
    assert "1 packed file, such as a ZIP" in page
    assert "See the result" in officer.get("/officer").text
    (seen,) = audited(suite, "result-seen")
    assert (seen.by, seen.case, seen.exhibit) == ("officer", "OP-X", "ABC/1")
    assert dict(seen.detail) == {"receipt": receipt, "colour": "red"}


def test_the_sheet_is_a_file_that_needs_nothing_else(submitted: tuple[Suite, str]) -> None:
    suite, receipt = submitted
    moved(suite, Stage.REVIEW)
    answer = officer_of(suite).get(f"/officer/submissions/{receipt}/result.html")
    assert answer.headers["content-disposition"] == f'attachment; filename="result-{receipt}.html"'
    assert "no-store" in answer.headers["cache-control"]
    for word in ("src=", 'href="http', "<script", "@import", "url("):
        assert word not in answer.text
    for word in (
        receipt,
        "Red: illegal material",
        "Taken by Olu Officer",
        "OP-X",
        "Search warrant",
    ):
        assert word in answer.text
    (taken,) = audited(suite, "result-taken")
    assert dict(taken.detail) == {"receipt": receipt, "colour": "red"}


def test_a_team_takes_a_result_and_another_does_not(submitted: tuple[Suite, str]) -> None:
    suite, receipt = submitted
    moved(suite, Stage.REVIEW)
    way = f"/officer/submissions/{receipt}/result"
    assert officer_of(suite, "officer2").get(way).status_code == 200
    assert officer_of(suite, "officer3").get(way).status_code == 404
    assert officer_of(suite, "examiner").get(way).status_code == 403
    assert [one.by for one in audited(suite, "result-seen")] == ["officer2"]
    assert "officer3" in [one.by for one in audited(suite, "refused")]


STAGES: tuple[tuple[Stage, str], ...] = (
    (Stage.RECEIVED, "Nothing has been examined yet."),
    (Stage.AWAITING_IMAGING, "A copy of it has to be made first."),
    (Stage.IMAGING, "The unit is making a copy of the device."),
    (Stage.QUEUED, "The unit has to make a copy of the device first."),
)


def test_progress_is_said_in_words_until_there_is_a_result(submitted: tuple[Suite, str]) -> None:
    suite, receipt = submitted
    officer = officer_of(suite)
    for stage, words in STAGES:
        if stage is not Stage.RECEIVED:
            moved(suite, stage)
        page = officer.get(f"/officer/submissions/{receipt}")
        assert words in page.text
        assert officer.get(f"/officer/submissions/{receipt}/result").status_code == 409


def test_what_is_being_examined_says_how_much_was_read(submitted: tuple[Suite, str]) -> None:
    suite, receipt = submitted
    moved(suite, Stage.QUEUED)
    with suite.stores.open() as store:
        ledger = Ledger(store.connection)
        entry = ledger.entry(None, "ABC/1")
        facts = replace(entry.facts, image_path="/there")
        ledger.change(entry.ledger_id, facts, by="A", now_s=suite.now_s())
        store.connection.commit()
    officer, way = officer_of(suite), f"/officer/submissions/{receipt}"
    assert "It is the first in the queue." in officer.get(way).text
    with suite.stores.open() as store:
        holder = Holder(name="night", host="here", pid=1)
        ledger_id = Ledger(store.connection).entry(None, "ABC/1").ledger_id
        assert Leases(store.connection).take([ledger_id], holder, suite.now_s()) is not None
    page = officer.get(way).text
    assert "Being examined" in page
    assert "All files have been read." in page
    assert 'value="100"' in page
