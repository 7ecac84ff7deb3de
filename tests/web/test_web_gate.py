"""The gate: hosts, bodies, faults of every kind, and what is never told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

from suitehere import BASE, Client, client_of
from triage.errors import HashSetError, StoreError, UsageFault
from triage.model.account import AuditAction, Role
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.web.app import DOORS, make_app
from triage.web.faults import Conflict, NotFound, Refused
from triage.web.gate import Door, SeatIn
from triage.web.pages import page
from triage.web.suite import Suite

Clients = Callable[[str | None], Client]
SECRET = "row 17 of table secrets"  # noqa: S105  (what an error says, and no page)

FAULTS: dict[str, tuple[Exception, int, str]] = {
    "usage": (
        UsageFault("there is no case OP-Y", hint="Look again."),
        400,
        "there is no case OP-Y",
    ),
    "refused": (Refused("You may not."), 403, "You may not."),
    "missing": (NotFound("There is no such receipt."), 404, "There is no such receipt."),
    "conflict": (Conflict("It is graded by now."), 409, "It is graded by now."),
    "defect": (RuntimeError(SECRET), 500, "a fault of the program"),
    "store": (StoreError(SECRET), 503, "The database does not answer."),
    "pack": (HashSetError(SECRET), 503, "missing or damaged"),
}


def trial_door(*, api: bool) -> Door:
    door = Door("/api/trial" if api else "/trial", roles=frozenset({Role.MANAGER}), api=api)
    declare = door.get if api else door.page

    @declare("/fault/{kind}")
    def fault(seat: SeatIn, kind: str) -> Response:
        seat.audit(AuditAction.NOTED, what="not kept")
        Accounts(seat.store.connection).add_team("left behind")
        raise FAULTS[kind][0]

    @declare("/number/{number}")
    def number(seat: SeatIn, number: int) -> Response:
        del seat
        return HTMLResponse(str(number))

    if api:

        @door.post("/body", body_bytes=1_000)
        async def body(seat: SeatIn) -> dict[str, int]:
            return {"bytes": len(await seat.request.body())}

    else:

        @door.form("/form", body_bytes=1_000)
        def form(seat: SeatIn) -> HTMLResponse:
            seat.form.text("name", missing="Enter a name", most=5)
            return page(seat, "account/signin.html", fields=seat.form, provider_name="")

    return door


@pytest.fixture
def trial(suite: Suite) -> FastAPI:
    return make_app(suite, (*DOORS, trial_door(api=True), trial_door(api=False)))


@pytest.mark.parametrize("kind", FAULTS)
def test_faults_are_told_in_plain_words_and_leave_nothing_behind(
    kind: str, trial: FastAPI, suite: Suite, caplog: pytest.LogCaptureFixture
) -> None:
    _, status, words = FAULTS[kind]
    browser = client_of(trial, "manager")
    with caplog.at_level(logging.CRITICAL):
        shown = browser.get(f"/trial/fault/{kind}")
        told = browser.get(f"/api/trial/fault/{kind}")
    assert (shown.status_code, told.status_code) == (status, status)
    assert words in shown.text
    assert words in told.json()["error"]["message"]
    assert SECRET not in shown.text + told.text
    assert "<h1" in shown.text
    with suite.stores.open() as store:
        assert len(Accounts(store.connection).teams()) == 2
        lines = [row.line.action for row in Audit(store.connection).rows(limit=9)]
    assert lines == ([AuditAction.REFUSED] * 2 if kind == "refused" else [])


def test_a_defect_is_logged_with_its_place(
    trial: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    client_of(trial, "manager").get("/trial/fault/defect")
    assert SECRET in caplog.text
    assert "Traceback" in caplog.text


def test_addresses_that_fit_no_route_say_so(trial: FastAPI) -> None:
    browser = client_of(trial, "manager")
    assert browser.get("/trial/number/7").text == "7"
    for path in ("/trial/number/seven", "/nothing", "/account/", "/assets/../suite.py"):
        answer = browser.get(path)
        assert (answer.status_code, "not found" in answer.text) == (404, True), path
    assert browser.get("/api/trial/number/seven").status_code == 422
    assert browser.get("/api/nothing").json()["error"]["message"]
    assert browser.request("DELETE", "/account").status_code == 405
    for path in ("/assets/..%2fsuite.py", "/assets/%2e%2e/app.py", "/assets/none.css"):
        assert browser.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "", "localhost@elsewhere.example"]
)
def test_other_names_than_ours_are_not_answered(client: Clients, host: str) -> None:
    answer = client("officer").get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "Olu" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "LOCALHOST", "localhost:1", "[::1]:8000"])
def test_names_of_this_machine_are_answered(client: Clients, host: str) -> None:
    assert client(None).get("/sign-in", headers={"Host": host}).status_code == 200


def test_bodies_are_bounded_whatever_they_say_of_their_length(trial: FastAPI) -> None:
    browser = client_of(trial, "manager")

    def pieces(number: int) -> Iterator[bytes]:
        for _ in range(number):
            yield b"x" * 100

    assert browser.call("POST", "/api/trial/body", content=b"x" * 1_000).json() == {"bytes": 1_000}
    assert browser.call("POST", "/api/trial/body", content=pieces(10)).json() == {"bytes": 1_000}
    for body in (b"x" * 1_001, pieces(11), pieces(10_000)):
        answer = browser.call("POST", "/api/trial/body", content=body)
        assert answer.status_code == 413
        assert answer.json()["error"]["message"]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"name=" + b"x" * 2_000, pieces(50)):
        assert browser.post("/trial/form", content=body, headers=kind).status_code == 413
    odd = {**kind, "Content-Length": "many"}
    assert browser.post("/trial/form", content=b"a=b", headers=odd).status_code == 400


def test_odd_forms_are_refused_and_not_a_defect(trial: FastAPI) -> None:
    browser = client_of(trial, "manager")
    bodies = {
        "application/json": b"{}",
        "multipart/form-data": b"no boundary",
        "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="f"; '
        b'filename="f"\r\n\r\nx\r\n--x--\r\n',
        "text/plain": b"csrf=" + browser.csrf.encode(),
        "application/x-www-form-urlencoded": b"&a=" * 240,
        "application/x-www-form-urlencoded ": b"&a" * 400 + b"&%ff%fe%00=%80",
    }
    for kind, body in bodies.items():
        answer = browser.post("/trial/form", content=body, headers={"Content-Type": kind})
        assert answer.status_code in {400, 403}, kind


def test_what_is_typed_comes_back_as_typed_and_never_as_markup(trial: FastAPI) -> None:
    browser = client_of(trial, "manager")
    hostile = 'a\\b"><script>alert(1)</script>{{7*7}}\u202e'
    answer = browser.send("/trial/form", name=hostile)
    assert "<script>" not in answer.text
    assert "a\\b&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}\u202e" in answer.text
    assert "Use 5 characters or fewer" in answer.text


def test_a_sentence_for_the_next_page_is_text(client: Clients) -> None:
    browser = client("officer")
    words = "%3Cscript%3Ealert(1)%3C/script%3E%0d%0aX:%20y"
    browser.cookies.set("__Host-triage-said", words, domain="127.0.0.1", path="/")
    answer = browser.get("/account")
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text
    assert "alert(1)" not in browser.get("/account").text


def test_the_description_of_the_api_is_for_who_is_signed_in(client: Clients) -> None:
    assert client(None).get("/api/openapi.json").status_code == 401
    described = client("examiner").get("/api/openapi.json").json()
    assert described["info"]["title"] == "triage"
    assert all(path.startswith(("/api/", "/bench/")) for path in described["paths"])
    for operations in described["paths"].values():
        for operation in operations.values():
            assert {"401", "403", "404"} <= set(operation["responses"])


def test_a_head_of_hsts_only_where_it_is_true(suite: Suite) -> None:
    assert (
        "strict-transport-security" not in client_of(make_app(suite), None).get("/sign-in").headers
    )
    assert BASE.startswith("https")


def test_a_database_that_went_away_is_said_plainly_on_every_page(
    client: Clients, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, stranger = client("manager"), client(None)
    browser.get("/account")

    def away() -> None:
        raise StoreError(SECRET)

    monkeypatch.setattr(suite.stores, "open", away)
    for one, path in ((browser, "/account"), (browser, "/nothing"), (stranger, "/nothing")):
        answer = one.get(path)
        assert answer.status_code == (503 if path == "/account" else 404), path
        assert SECRET not in answer.text
    assert browser.get("/api/openapi.json").json()["error"]["hint"]
    assert stranger.get("/assets/suite.css").status_code == 200
