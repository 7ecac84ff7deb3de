"""Signing in and out: what a browser is told, and what it cannot do."""

from __future__ import annotations

from collections.abc import Callable

from suitehere import PASSWORD, Client

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
