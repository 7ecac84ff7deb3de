"""Every route as every role: the literal table says who may, the application is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from routes_table import ANYONE, ROUTES

from suitehere import ROLES, Client
from triage.store.accounts import Accounts
from triage.web.app import check_gated, rules_of
from triage.web.headers import HEADERS
from triage.web.suite import Suite

Clients = Callable[[str | None], Client]
NOBODYS = "999999999"
"""Of nothing that there is, so that what is allowed changes nothing either."""

NO_ROLE = "does not have the role"


def place(path: str) -> str:
    return re.sub(r"\{[^}]*\}", NOBODYS, path)


def asked(client: Client, method: str, path: str, *, token: bool = True) -> Any:
    """Ask as the pages do: forms bring their token as a field, scripts in a header."""
    csrf = (client.csrf or client.token_on("/sign-in")) if token else "x" * 43
    more: dict[str, Any] = {"headers": {"X-CSRF-Token": csrf}}
    if method == "POST" and not path.startswith("/api/"):
        more["data"] = {"csrf": csrf}
    return client.request(method, place(path), follow_redirects=False, **more)


def test_the_table_names_every_route_and_no_other(app: FastAPI) -> None:
    found = {(rule.method, rule.path) for rule in rules_of(app)}
    assert found - set(ROUTES) == set(), "routes that the table does not name"
    assert set(ROUTES) - found == set(), "routes that are not there"


@pytest.mark.parametrize("role", ROLES)
def test_every_route_as(role: str, client: Clients, app: FastAPI, suite: Suite) -> None:
    api = {(rule.method, rule.path) for rule in rules_of(app) if rule.api}
    wrong = []
    for (method, path), allowed in ROUTES.items():
        browser = client(role or None)
        answer = asked(browser, method, path)
        told = (answer.status_code, answer.headers.get("location", ""))
        if role in allowed:
            fine = answer.status_code != 401 and NO_ROLE not in answer.text
            if role or path != "/sign-out":
                fine = fine and not told[1].startswith("/sign-in?")
            fine = fine and answer.status_code < 500
        elif role:
            fine = answer.status_code == 403 and NO_ROLE in answer.text
        else:
            fine = told[0] == 401 if (method, path) in api else told[1].startswith("/sign-in")
        if not fine:
            wrong.append((method, path, told, answer.text[-600:]))
    assert wrong == []
    assert suite.stores._engine.pool.status().endswith("out connections: 0")


@pytest.mark.parametrize("role", [one for one in ROLES if one])
def test_nothing_changes_without_the_token_of_the_session(role: str, client: Clients) -> None:
    browser = client(role)
    wrong = []
    for (method, path), allowed in ROUTES.items():
        if method != "GET" and role in allowed:
            answer = asked(browser, method, path, token=False)
            if answer.status_code != 403 or "out of date" not in answer.text:
                wrong.append((method, path, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", ["", "officer", "examiner", "manager", "administrator"])
def test_every_answer_has_the_heads_that_browsers_need(role: str, client: Clients) -> None:
    browser = client(role or None)
    wrong = []
    for method, path in ROUTES:
        if path == "/sign-out":
            continue
        answer = asked(browser, method, path)
        for name in HEADERS:
            value = answer.headers.get(name, "")
            if not value:
                wrong.append((method, path, name))
        if "no-store" not in answer.headers["cache-control"] and "/assets/" not in path:
            wrong.append((method, path, "is kept by browsers"))
        if "unsafe" in answer.headers["content-security-policy"]:
            wrong.append((method, path, "unsafe"))
        for cookie in answer.headers.get_list("set-cookie"):
            parts = {part.strip().casefold() for part in cookie.split(";")[1:]}
            if not parts >= {"secure", "httponly", "samesite=lax", "path=/"}:
                wrong.append((method, path, cookie))
    assert wrong == []


def test_who_has_a_password_of_somebody_else_may_only_change_it(
    client: Clients, suite: Suite
) -> None:
    with suite.stores.open() as store:
        accounts = Accounts(store.connection)
        account = accounts.by_name("manager")
        assert account is not None
        encoded = accounts.password_of(account.user_id)
        accounts.set_password(account.user_id, encoded, must_change=True)
        store.connection.commit()
    browser = client("manager")
    open_to_all = {key for key, allowed in ROUTES.items() if allowed == ANYONE}
    still = {("GET", "/account/password"), ("POST", "/account/password")}
    for (method, path), allowed in ROUTES.items():
        if "manager" not in allowed or (method, path) in open_to_all | still:
            continue
        answer = asked(browser, method, path)
        led = answer.headers.get("location") == "/account/password"
        assert led or answer.status_code == 403, (method, path, answer.status_code)
    assert browser.get("/account/password").status_code == 200


def test_a_route_around_the_gate_keeps_the_application_from_starting(app: FastAPI) -> None:
    app.add_api_route("/around", lambda: "anything")
    with pytest.raises(RuntimeError, match="without a rule"):
        check_gated(app.routes)
