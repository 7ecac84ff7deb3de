"""The bench's pages and what spares graders, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suitehere import Client
from triage.grading.scheme import SchemeBook
from triage.store.accounts import Accounts
from triage.store.settings import set_settings
from triage.web.suite import Suite

Clients = Callable[[str | None], Client]


def user_id(suite: Suite, name: str) -> int:
    with suite.stores.open() as store:
        found = Accounts(store.connection).by_name(name)
        assert found is not None
        return found.user_id


def first_stack(client: Client) -> dict[str, Any]:
    found = client.get("/api/cases/1/next").json()["next"]
    assert isinstance(found, dict)
    return found


def test_the_bench_names_the_case_and_offers_every_grade_of_the_scheme(
    examined_client: Clients,
) -> None:
    client = examined_client("examiner")
    assert "OP-X" in client.get("/bench").text
    page = client.get("/bench/1").text
    assert [one for one in ("A", "B", "C") if f'data-key="{one}" data-where="stack"' in page] == [
        *("A", "B", "C")
    ]
    for path in ("/bench/999", "/bench/0", "/bench/" + "9" * 40, "/bench/x"):
        assert client.get(path).status_code == 404


def test_without_a_confirmed_scheme_the_bench_says_that_nothing_can_be_graded(
    examined: Suite, examined_client: Clients, tmp_path: Path
) -> None:
    client = examined_client("examiner")
    own = tmp_path / "own.json"
    SchemeBook(examined.home).copy("uk-names", own)
    own.write_text(own.read_text().replace("uk-names", "own").replace('"A": "A"', '"A": "B"'))
    assert not SchemeBook(examined.home).load(own).is_confirmed
    with examined.stores.open() as store:
        changes = {"grading_scheme": "own"}
        set_settings(store.connection, changes, by="Ada", now_s=examined.now_s())
        store.connection.commit()
    examined.forget_settings()
    page = client.get("/bench/1").text
    assert "Nothing can be graded yet" in page
    assert "data-code" not in page


def test_lifts_count_for_the_contents_named_and_for_this_session_only(
    examined_client: Clients,
) -> None:
    client = examined_client("examiner")
    told = first_stack(client)
    key, shas = told["stack"]["key"], [one["sha256"] for one in told["members"]]
    body = {"stacks": [key], "what": ["grey", "blur"]}
    done = client.call("POST", "/api/cases/1/lifts", json=body)
    assert (done.status_code, done.json()) == (200, {"contents": len(shas)})
    shown = client.get(f"/bench/1/picture/{shas[0]}?size=large")
    assert shown.headers["x-measures"] == "small"
    again = examined_client("examiner").get(f"/bench/1/picture/{shas[0]}?size=large")
    assert again.headers["x-measures"] == "grey blur small"
    for wrong in (
        {"what": ["grey"]},
        {"stacks": [key], "what": []},
        {"stacks": [key], "what": ["x"]},
    ):
        assert client.call("POST", "/api/cases/1/lifts", json=wrong).status_code in {400, 422}
    assert client.post("/api/cases/1/lifts", json=body).status_code == 403


def test_during_a_break_no_picture_and_no_next_stack_is_given_and_afterwards_both_are(
    examined: Suite, examined_client: Clients
) -> None:
    client = examined_client("examiner")
    sha256 = first_stack(client)["stack"]["leader"]
    now_ms = examined.now_ms()
    examined.now_ms = lambda: now_ms
    assert client.call("POST", "/api/break").json()["break_left_s"] == 600
    assert client.call("POST", "/api/break").json()["state"] == "break"
    for path in ("/api/cases/1/next", f"/bench/1/picture/{sha256}"):
        answer = client.get(path)
        assert answer.status_code == 409
        assert "break" in answer.json()["error"]["message"]
    examined.now_ms = lambda: now_ms + 600_000
    assert client.get("/api/exposure").json()["state"] == "fine"
    assert client.get(f"/bench/1/picture/{sha256}").status_code == 200
    assert client.get("/api/exposure").json()["pictures"] == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"pictures": "", "minutes": "", "why": "asked"}, "Enter how many more pictures"),
        ({"pictures": "-5", "minutes": "", "why": "asked"}, "Enter a whole number"),
        ({"pictures": "99999", "minutes": "", "why": "asked"}, "Enter a number from 0 to 10,000"),
        ({"pictures": "10", "minutes": "", "why": ""}, "Say why you allow more"),
    ],
)
def test_a_supervisor_is_told_at_the_field_what_is_missing(
    suite: Suite, client: Clients, form: dict[str, str], words: str
) -> None:
    boss = client("supervisor")
    answer = boss.send(f"/supervisor/{user_id(suite, 'examiner')}", **form)
    assert answer.status_code == 400
    assert "There is a problem" in answer.text
    assert words in answer.text


def test_a_supervisor_allows_more_to_graders_and_never_to_themselves(
    suite: Suite, client: Clients
) -> None:
    boss, grader = client("supervisor"), client("examiner")
    path = f"/supervisor/{user_id(suite, 'examiner')}"
    form = {"pictures": "10", "minutes": "5", "why": "<b>court</b> tomorrow"}
    assert "Esa Examiner may look at more today" in boss.send(path, **form).text
    told = grader.get("/api/exposure").json()
    assert (told["hard_pictures"], told["hard_minutes"]) == (4_010, 245)
    shown = boss.get(path).text
    assert "&lt;b&gt;court&lt;/b&gt; tomorrow" in shown
    assert client("examiner2").get("/api/exposure").json()["hard_pictures"] == 4_000
    for wrong in (user_id(suite, "officer"), 0, 999):
        assert boss.get(f"/supervisor/{wrong}").status_code == 404
    with suite.stores.open() as store:
        accounts = Accounts(store.connection)
        me = accounts.by_name("supervisor")
        assert me is not None
        roles = me.roles | grader_roles(accounts)
        accounts.change(me.user_id, shown=me.shown, roles=roles, team_id=-1, active=True)
        store.connection.commit()
    own = f"/supervisor/{me.user_id}"
    assert "You cannot allow more to yourself" in boss.get(own).text
    refused = boss.send(own, **form)
    assert refused.status_code == 400
    assert "obody allows more to themselves" in refused.text


def grader_roles(accounts: Accounts) -> frozenset[Any]:
    found = accounts.by_name("examiner")
    assert found is not None
    return found.roles
