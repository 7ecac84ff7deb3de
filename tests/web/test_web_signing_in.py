"""Signing in and out: what a browser is told, and what it cannot do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from suitehere import PASSWORD, Client, client_of, open_suite, people
from triage.store.database import Stores
from triage.web.app import make_app

Clients = Callable[[str | None], Client]


def test_nobody_is_let_in_without_signing_in_and_is_led_back_afterwards(client: Clients) -> None:
    browser = client(None)
    answer = browser.get("/account", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Faccount")
    csrf = browser.token_on("/sign-in?next=%2Faccount")
    form = {"csrf": csrf, "name": "OFFICER", "password": PASSWORD, "next": "/account"}
    answer = browser.post("/sign-in", data=form)
    assert answer.url.path == "/account"
    assert "Olu Officer" in answer.text


def test_a_client_that_is_signed_in_posts_forms(client: Clients) -> None:
    browser = client("manager")
    assert browser.get("/").status_code == 200
    assert browser.send("/sign-out").url.path == "/sign-in"
    assert browser.get("/account", follow_redirects=False).status_code == 303


def test_a_server_as_database_keeps_sessions_locks_and_the_audit_alike(
    postgresql_url: str, tmp_path: Path
) -> None:
    Stores(postgresql_url, create=True).close()
    with open_suite(postgresql_url, tmp_path) as suite:
        people(suite)
        app = make_app(suite)
        browser = client_of(app, None)
        tried = (("officer", PASSWORD[:-1]), ("a\x00b", "\x00"), ("officer", PASSWORD))
        for (name, password), status in zip(tried, (400, 400, 303), strict=True):
            form = {"csrf": browser.token_on("/sign-in"), "name": name, "password": password}
            answer = browser.post("/sign-in", data=form, follow_redirects=False)
            assert answer.status_code == status, name
        assert "Olu Officer" in browser.get("/nothing-here").text
        browser = client_of(app, "examiner")
        assert browser.get("/administrator", follow_redirects=False).status_code in {403, 404}
        browser.post("/account/sessions/end", data={"csrf": "another"})
        assert browser.send("/account/sessions/end").status_code == 200
