"""Requests that no browser of ours sends: to every route, nothing breaks and nothing comes back."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from crawling import LINES, MARK, MARKUP, WORDS, wrong_with
from fastapi import FastAPI
from fastapi.routing import APIRoute
from routes_table import ROUTES

from suitehere import PASSWORD, Client
from triage.web import cookies
from triage.web.app import rules_of

Clients = Callable[[str | None], Client]

PARTS = (
    "../../../../etc/passwd",
    "..\\..\\..\\etc\\passwd",
    "/etc/passwd",
    "\0",
    "é\u202e",
    "'; DROP TABLE users; --",
    "-1",
    "9" * 40,
    "1e400",
    "x" * 1_500,
    MARKUP,
    LINES,
)
"""In the place of a part of a path, or of a parameter."""

QUERIES = ("next", "page", "after", "by", "q", "since", "until", "action", "case", "step", "month")
"""Names that pages may read beside those that they declare."""


def as_who_may(client: Clients) -> Callable[[str, str], Client]:
    """Give what gives a client that may use a route."""
    made: dict[str, Client] = {}

    def of(method: str, path: str) -> Client:
        role = min(ROUTES[method, path])
        if role not in made:
            made[role] = client(role or None)
        return made[role]

    return of


def some(values: Sequence[Any], nth: int, most: int) -> list[Any]:
    """Give a few, others for each route, so that all are tried over all routes."""
    return [values[(nth * most + one) % len(values)] for one in range(most)]


def ask(browser: Client, method: str, path: str, **more: Any) -> Any:
    headers = {"X-CSRF-Token": browser.csrf, **more.pop("headers", {})}
    if method == "POST" and not path.startswith("/api/") and not more.keys() & {"content", "data"}:
        more["data"] = {"csrf": browser.csrf}
    return browser.request(method, path, headers=headers, follow_redirects=False, **more)


def at(path: str, part: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda _: quote(part, safe=""), path)


def test_parts_of_paths_are_words_and_lead_nowhere(client: Clients) -> None:
    of, wrong = as_who_may(client), []
    for nth, (method, path) in enumerate(one for one in ROUTES if "{" in one[1]):
        for part in ("9" * 40, *some(PARTS, nth, 4)):
            answer = ask(of(method, path), method, at(path, part))
            wrong += wrong_with(answer)
            if answer.status_code < 300 and not path.startswith("/assets"):
                wrong.append(f"{method} {path} takes {part[:30]!r}")
    assert wrong == [], "\n".join(wrong)


def test_dots_in_paths_are_not_followed(client: Clients) -> None:
    officer, wrong = client("officer"), []
    for place in ("/assets/", "/api/uploads/", "/officer/", "/"):
        for way in ("%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fetc%2fpasswd", "....//etc/passwd"):
            answer = officer.get(place + way)
            wrong += wrong_with(answer)
            wrong += [] if answer.status_code in {400, 404} else [f"{place}{way}"]
    assert wrong == [], "\n".join(wrong)


def test_parameters_are_checked_or_shown_as_words(client: Clients, app: FastAPI) -> None:
    of, wrong = as_who_may(client), []
    for nth, route in enumerate(app.routes):
        assert isinstance(route, APIRoute)
        method = next(iter(route.methods or ()))
        if method != "GET":
            continue
        declared = [one.alias for one in route.dependant.query_params]
        for part in ("9" * 40, *some(PARTS, nth, 3)):
            asked = dict.fromkeys((*declared, *QUERIES), part)
            wrong += wrong_with(
                ask(of(method, route.path), method, at(route.path, "1"), params=asked)
            )
    assert wrong == [], "\n".join(wrong)


def test_methods_that_a_route_does_not_have_are_refused(client: Clients, app: FastAPI) -> None:
    wrong = []
    declared: dict[str, set[str]] = {}
    for rule in rules_of(app):
        declared.setdefault(at(rule.path, "1"), set()).add(rule.method)
    administrator = client("administrator")
    for path, methods in declared.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
            answer = ask(administrator, method, path)
            wrong += wrong_with(answer)
            # A path of one route may also be a place in another's, which then refuses.
            if answer.status_code not in {403, 404, 405}:
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)


BODIES: tuple[tuple[str, bytes], ...] = (
    ("", b""),
    ("text/plain", b"csrf=1"),
    ("application/json", b"{"),
    ("application/json", b"[" * 50_000),
    ("application/json", b'{"files":' + b"9" * 5_000 + b"}"),
    ("application/json", b'"\\ud800"'),
    ("application/json", b"\xff\xfe\x00"),
    ("application/json; charset=utf-16", b"\xff\xfe{\x00}\x00"),
    ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("multipart/form-data", b"--x"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data"),
    ("application/x-www-form-urlencoded", b"a=" + b"%ff%00" * 100),
    ("application/x-www-form-urlencoded", b"a&" * 3_000),
    ("application/x-www-form-urlencoded", b"a=" + b"b" * 1_100_000),
    (LINES.replace("\r\n", " "), b"x"),
)


def test_bodies_that_are_no_forms_and_no_json_are_refused(client: Clients, app: FastAPI) -> None:
    of, wrong = as_who_may(client), []
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    unread = {route.path for route in routes if route.body_field is None}
    for nth, (method, path) in enumerate(ROUTES):
        if method == "GET" or path == "/sign-out":
            continue
        for kind, body in some(BODIES, nth, 5):
            headers = {"Content-Type": kind} if kind else {}
            answer = ask(of(method, path), method, at(path, "1"), content=body, headers=headers)
            wrong += wrong_with(answer)
            # What the API takes without a body does not look at one.
            unlooked = path.startswith("/api/") and path in unread
            if answer.status_code < 400 and not unlooked:
                wrong.append(f"{method} {path} takes {kind} {body[:30]!r}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)


HEADERS: tuple[dict[str, str], ...] = (
    {"Host": "elsewhere.test"},
    {"Host": f"127.0.0.1:80/{MARK}"},
    {"X-Forwarded-Host": MARKUP, "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "gopher"},
    {"Referer": "javascript:" + MARK, "User-Agent": MARKUP * 500, "Accept-Language": "x" * 9_000},
    {"Cookie": f"{cookies.SESSION}={MARKUP}; {cookies.SAID}={MARKUP}; {cookies.BEFORE}=%C3"},
    {"Cookie": "; ".join(f"a{n}=b" for n in range(2_000))},
    {"Range": "bytes=0-18446744073709551616,-1", "If-None-Match": '"' * 2_000},
    {"Accept": "application/" + MARKUP, "Accept-Encoding": "br;q=1e999", "Content-Length": "-5"},
    {"Sec-Fetch-Site": "same-origin", "X-HTTP-Method-Override": "DELETE", "Upgrade": "websocket"},
)


def test_headers_change_nothing_that_they_should_not(client: Clients) -> None:
    wrong = []
    paths = ("/", "/sign-in", "/account", "/assets/suite.css", "/api/openapi.json", "/nothing")
    for headers in HEADERS:
        for name in (None, "officer"):
            browser = client(name)
            for path in paths:
                answer = browser.get(path, headers=headers, follow_redirects=False)
                wrong += wrong_with(answer)
                where = answer.headers.get("location", "/")
                wrong += [] if where.startswith("/") and not where.startswith("//") else [where]
                if "elsewhere.test" in headers.get("Host", "") and answer.status_code != 421:
                    wrong.append(f"{path} answers to another host: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)


def test_nobody_is_sent_elsewhere_after_signing_in(client: Clients) -> None:
    for way in ("https://elsewhere.test/", "//elsewhere.test", "/\\elsewhere.test", "javascript:1"):
        browser = client(None)
        browser.csrf = browser.token_on("/sign-in")
        fields = {"name": "officer", "password": PASSWORD, "next": way, "csrf": browser.csrf}
        answer = browser.post("/sign-in", data=fields, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/", way


_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: evil\r\n\r\n"
RAW_REQUESTS: tuple[bytes, ...] = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y\r\n z\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n" + _CHUNKED,
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +5\r\n\r\nabcde",
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\na",
    b"GET http://evil/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


def test_requests_that_are_no_http_do_not_stop_the_server(live: str) -> None:
    parts = urlsplit(live)
    assert parts.hostname
    assert parts.port
    for request in RAW_REQUESTS:
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            told = b""
            try:
                while part := connection.recv(65_536):
                    told += part
            except ConnectionResetError:
                pass
        assert b" 500 " not in told.partition(b"\r\n")[0], request[:60]
        assert b" 200 " not in told.partition(b"\r\n")[0] or request is RAW_REQUESTS[0]
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def test_every_hostile_word_is_shown_as_words_where_a_name_is_shown(client: Clients) -> None:
    wrong = []
    for words in WORDS:
        browser = client(None)
        browser.csrf = browser.token_on("/sign-in")
        answer = browser.send("/sign-in", name_=words, password=words)
        wrong += wrong_with(answer)
    wrong += wrong_with(client("administrator").get("/administrator/audit"))
    assert wrong == [], "\n".join(wrong)
