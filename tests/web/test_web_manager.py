"""The manager's door: the answers of the morning, the queue and its orders, figures of people."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from suitehere import Client
from triage.model.account import AuditAction, AuditLine
from triage.model.ledger import ExhibitFacts, OrderKind, Stage
from triage.model.queue import AttemptEnd, Holder, LeaseState
from triage.store.audit import Audit
from triage.store.counts import Counts
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.store.orders import Orders
from triage.web.suite import Suite

Clients = Callable[[str | None], Client]
HOSTILE = '<b>"&=1+1'


@pytest.fixture
def unit(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Give a queue of three, one with a hostile name, and their ids by reference."""
    monkeypatch.setenv("TRIAGE_HOME", str(suite.home))
    now_s = suite.now_s()
    with suite.stores.open() as store:
        found = {
            exhibit: Ledger(store.connection).add(
                ExhibitFacts(
                    case="OP-X",
                    exhibit=exhibit,
                    received_s=now_s - days * 86_400,
                    risk_band="High",
                    image_path=f"/images/{days}.E01",
                    image_bytes=10**9,
                ),
                stage=Stage.QUEUED,
                by="made up",
                now_s=now_s,
            )
            for exhibit, days in (("A/1", 30), ("A/2", 20), (HOSTILE, 10))
        }
        store.commit()
    return found


def text_of(page: str) -> str:
    """Give the words of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def audited(suite: Suite, action: AuditAction) -> list[dict[str, str]]:
    with suite.stores.open() as store:
        rows = Audit(store.connection).rows(action=action.value)
    return [
        dict(one.line.detail) | {"by": one.line.by, "exhibit": one.line.exhibit} for one in rows
    ]


def test_the_first_page_answers_the_six_questions(client: Clients, unit: dict[str, int]) -> None:
    assert len(unit) == 3
    page = client("manager").get("/manager")
    words = text_of(page.text)
    for question, answer in (
        ("How many wait?", "3 exhibits"),
        ("How old are they?", "Half over 3 weeks"),
        ("Is it getting better?", ""),
        ("When is it done?", ""),
        ("What happened last night?", "Nothing ran"),
        ("Who needs me?", "1 thing"),
    ):
        assert f"{question} {answer}" in words
    assert "No batch process was ever started, and 3 exhibits could be worked." in words
    assert "<b>" not in page.text


def test_charts_are_those_of_the_reading_that_the_page_names(
    client: Clients, unit: dict[str, int]
) -> None:
    assert unit
    browser = client("manager")
    page = browser.get("/manager").text
    paths = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page)
    assert {path.split("?")[0].rsplit("/", 1)[1] for path, _ in paths} >= {"flow.svg", "ages.svg"}
    for path, alt in paths:
        answer = browser.get(html.unescape(path))
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.content.startswith(b"<?xml")
        assert len(alt) > 20
    assert browser.get("/manager/charts/nothing.svg?of=1").status_code == 404


def test_the_queue_is_in_the_order_of_its_reasons_and_can_be_filtered(
    client: Clients, unit: dict[str, int]
) -> None:
    browser = client("manager")
    everything = browser.get("/manager/queue").text
    order = re.findall(r"/manager/queue/(\d+)", everything)
    assert order == [str(unit[name]) for name in ("A/1", "A/2", HOSTILE)]
    assert "Age: arrived 30 days ago" in text_of(everything)
    assert "/images/" not in everything
    one = browser.get("/manager/queue?words=a%2F2").text
    assert re.findall(r"/manager/queue/(\d+)", one) == [str(unit["A/2"])]
    assert "1 exhibit of 3" in text_of(one)
    assert "No exhibit agrees" in browser.get("/manager/queue?standing=held&words=none").text
    assert browser.get("/manager/queue?nth=99999999").status_code == 200


def test_holding_back_needs_a_reason_and_is_kept_with_the_name(
    client: Clients, unit: dict[str, int], suite: Suite
) -> None:
    browser, ledger_id = client("manager"), unit["A/1"]
    refused = browser.send(f"/manager/queue/{ledger_id}/hold", why="  ")
    assert refused.status_code == 400
    assert 'href="#why-hold"' in refused.text
    assert 'id="why-hold"' in refused.text
    done = browser.send(f"/manager/queue/{ledger_id}/hold", why="privilege is being clarified")
    assert "A/1 of OP-X is held back" in text_of(done.text)
    with suite.stores.open() as store:
        (order,) = Orders(store.connection).orders_of(ledger_id)
    assert (order.kind, order.by) == (OrderKind.HOLD, "Mo Manager")
    assert audited(suite, AuditAction.QUEUE_ORDERED) == [
        {
            "order": "hold",
            "why": "privilege is being clarified",
            "by": "manager",
            "exhibit": "A/1",
        }
    ]
    again = browser.send(f"/manager/queue/{ledger_id}/hold", why="once more")
    assert again.status_code == 400
    assert "is held already, by Mo Manager" in text_of(again.text)
    assert len(audited(suite, AuditAction.QUEUE_ORDERED)) == 1
    assert "Held by" not in text_of(browser.get("/manager").text)


def test_putting_first_and_back_moves_an_exhibit(client: Clients, unit: dict[str, int]) -> None:
    browser, ledger_id = client("manager"), unit["A/2"]
    browser.send(f"/manager/queue/{ledger_id}/bump", why="charging decision tomorrow")
    first = re.findall(r"/manager/queue/(\d+)", browser.get("/manager/queue").text)[0]
    assert first == str(ledger_id)
    assert "it was bumped" in text_of(browser.get(f"/manager/queue/{unit['A/1']}").text).lower()
    browser.send(f"/manager/queue/{ledger_id}/unbump", why="bail was extended")
    first = re.findall(r"/manager/queue/(\d+)", browser.get("/manager/queue").text)[0]
    assert first == str(unit["A/1"])


def test_what_was_set_aside_is_tried_again_by_a_person(
    client: Clients, unit: dict[str, int], suite: Suite
) -> None:
    ledger_id = unit["A/1"]
    with suite.stores.open() as store:
        leases = Leases(store.connection)
        holder = Holder(name="worker", host="host", pid=1)
        lease = leases.take([ledger_id], holder, suite.now_s())
        assert lease is not None
        leases.stop(
            lease,
            seconds=1.0,
            read_bytes=0,
            now_s=suite.now_s(),
            end=AttemptEnd.FAILED,
            reason="the image ends too early",
            limit_failures=1,
        )
    browser = client("manager")
    page = browser.get("/manager").text
    assert "1 exhibit failed too often and is set aside" in text_of(page)
    assert f'<a href="/manager/queue/{ledger_id}">A/1' in page
    answer = browser.send(f"/manager/queue/{ledger_id}/retry", why="imaged anew")
    assert "waits again" in text_of(answer.text)
    with suite.stores.open() as store:
        view = Leases(store.connection).view(ledger_id)
    assert view is not None
    assert view.state is LeaseState.FREE
    (line,) = audited(suite, AuditAction.STAGE_MOVED)
    assert (line["why"], line["exhibit"]) == ("imaged anew", "A/1")
    assert browser.send(f"/manager/queue/{ledger_id}/retry", why="again").status_code == 400


def test_there_is_no_other_order_and_no_other_exhibit(
    client: Clients, unit: dict[str, int]
) -> None:
    browser = client("manager")
    assert browser.send(f"/manager/queue/{unit['A/1']}/delete", why="x").status_code == 404
    assert browser.send("/manager/queue/999/hold", why="x").status_code == 404
    assert browser.get("/manager/queue/999").status_code == 404


def test_tonight_is_planned_for_the_hours_and_machines_asked_for(
    client: Clients, unit: dict[str, int]
) -> None:
    assert unit
    browser = client("manager")
    page = text_of(browser.get("/manager/tonight?starts=20:00&ends=05:30&machines=2").text)
    assert "3 exhibits would be begun" in page
    for query, field in (
        ("starts=25:00", "starts"),
        ("ends=soon", "ends"),
        ("machines=0", "machines"),
        ("machines=" + "9" * 40, "machines"),
    ):
        wrong = browser.get(f"/manager/tonight?{query}")
        assert wrong.status_code == 400
        assert f'href="#{field}"' in wrong.text


def test_last_night_and_the_forecast_say_what_they_cannot_read(
    client: Clients, unit: dict[str, int]
) -> None:
    assert unit
    browser = client("manager")
    assert browser.get("/manager/night").status_code == 200
    assert browser.get("/manager/night?since=2026-11-01T10:00").status_code == 200
    assert browser.get("/manager/night?since=yesterday").status_code == 400
    assert browser.get("/manager/night?since=0001-01-01T00:00%2B14:00").status_code < 500
    for query, field in (("arrivals=lots", "arrivals"), ("capacity=%2B1", "examiners")):
        wrong = browser.get(f"/manager/forecast?{query}")
        assert wrong.status_code == 400
        assert f'href="#{field}"' in wrong.text
    assert browser.get("/manager/forecast").status_code == 200


def test_a_count_is_entered_for_a_day_and_stands_on_the_first_page(
    client: Clients, suite: Suite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    browser = client("manager")
    fields = {"on-day": "20", "on-month": "11", "on-year": "2025", "subject": "G. Rader"}
    for wrong, field in (
        ({"kind": "caid-graded", "value": "12.5"}, "value"),
        ({"kind": "caid-graded", "value": "many"}, "value"),
        ({"kind": "nothing", "value": "1"}, "kind"),
        ({"kind": "caid-graded", "value": "1", "on-day": "31"}, "on"),
        ({"kind": "caid-graded", "value": "1", "on-year": "2999"}, "on"),
    ):
        answer = browser.send("/manager/counts", **(fields | wrong))
        assert answer.status_code == 400, wrong
        assert f'href="#{field}"' in answer.text, wrong
    done = browser.send("/manager/counts", **fields, kind="caid-graded", value="1,310")
    assert "It is entered." in text_of(done.text)
    with suite.stores.open() as store:
        (count,) = Counts(store.connection).standing("2025-11-20", "2025-11-20")
    assert (count.value, count.subject, count.by) == (1310.0, "G. Rader", "Mo Manager")
    (line,) = audited(suite, AuditAction.SETTING_CHANGED)
    assert line["count"] == "caid-graded on 2025-11-20"


def test_loads_count_pictures_and_minutes_and_show_none(client: Clients, suite: Suite) -> None:
    now_ms = suite.now_s() * 1000
    day_ms = now_ms - now_ms % 86_400_000
    with suite.stores.open() as store:
        lines = [
            AuditLine(
                at_ms=day_ms + at_ms,
                action=AuditAction.PICTURE_SHOWN,
                by="examiner",
                case="OP-X",
                sha256=bytes([nth]) * 32,
            )
            for nth, at_ms in ((1, 0), (2, 60_000), (1, 120_000), (3, 1_000_000))
        ]
        Audit(store.connection).append(lines)
        store.commit()
    for name in ("manager", "supervisor"):
        page = client(name).get("/manager/loads?days=1")
        words = text_of(page.text)
        assert "Esa Examiner 4 3 2.0" in words, name
        assert "Not graded Esa Examiner 3" in words, name
        assert "<img" not in page.text
