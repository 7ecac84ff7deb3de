"""An installation of the pages with an account of each role, in process, live and in Chromium."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from road import IMAGES, SAMPLES, Road
from triage.access import passwords, tokens
from triage.access.passwords import Cost
from triage.grading.scheme import SchemeBook
from triage.model.account import Role
from triage.model.hashset import Polarity
from triage.store.accounts import Accounts
from triage.store.database import Stores
from triage.store.sessions import Sessions
from triage.store.settings import set_settings
from triage.web import cookies
from triage.web.app import make_app
from triage.web.serving import Place, Serving, configured
from triage.web.suite import Suite

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType, Page

PASSWORD = "wombat-carbon-lantern-9"  # noqa: S105  (of accounts that live as long as a test)
CHEAP = Cost(passes=1, memory_kib=64, lanes=1)
"""Nobody guesses in a test."""

PEOPLE: dict[str, tuple[str, Role, str]] = {
    "officer": ("Olu Officer", Role.OFFICER, "Response"),
    "officer2": ("Ola Officer", Role.OFFICER, "Response"),
    "officer3": ("Ove Officer", Role.OFFICER, "Burglary"),
    "examiner": ("Esa Examiner", Role.EXAMINER, ""),
    "examiner2": ("Eva Examiner", Role.EXAMINER, ""),
    "examiner3": ("Eno Examiner", Role.EXAMINER, ""),
    "supervisor": ("Sam Supervisor", Role.SUPERVISOR, ""),
    "manager": ("Mo Manager", Role.MANAGER, ""),
    "administrator": ("Ada Administrator", Role.ADMINISTRATOR, ""),
}
"""Name to sign in with: name as shown, role, team."""

ROLES = ("", *(role.value for role in Role))
"""Everybody that a route is tried as; ``""`` is not signed in."""

BASE = "https://127.0.0.1"
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Client(TestClient):
    """A browser without scripts; ``csrf`` is the token of its session."""

    csrf: str = ""

    def send(self, path: Any, /, **form: Any) -> Any:  # type: ignore[override]
        """Post a form with its token and follow where it leads; a field ``name_`` is ``name``.

        What is no path is a request that the class above sends.
        """
        if not isinstance(path, str):
            return super().send(path, **form)
        fields = {name.removesuffix("_"): value for name, value in form.items()}
        return self.post(path, data={"csrf": self.csrf, **fields})

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Ask the JSON API with the session's token."""
        headers = {"X-CSRF-Token": self.csrf, **more.pop("headers", {})}
        return self.request(method, path, headers=headers, **more)

    def token_on(self, path: str) -> str:
        """Give the token that stands in the forms of a page."""
        found = _TOKEN.search(self.get(path).text)
        assert found is not None, path
        return found[1]


def people(suite: Suite) -> None:
    """Add the accounts."""
    encoded = passwords.encode(PASSWORD, cost=suite.cost)
    with suite.stores.open() as store:
        accounts = Accounts(store.connection)
        teams = {name: accounts.add_team(name) for name in ("Burglary", "Response")}
        for name, (shown, role, team) in PEOPLE.items():
            accounts.add(
                name,
                shown,
                {role},
                team_id=teams.get(team, -1),
                password=encoded,
                now_s=suite.now_s(),
            )
        store.connection.commit()


def grading_by(suite: Suite, scheme: str) -> None:
    """Let the bench of an installation grade by the codes of a scheme that somebody confirmed."""
    SchemeBook(suite.home).confirm(scheme, by="T", source="made up", at="2026-01-01T00:00:00Z")
    with suite.stores.open() as store:
        changes = {"grading_scheme": scheme}
        set_settings(store.connection, changes, by="T", now_s=suite.now_s())
        store.commit()
    suite.forget_settings()


def signed_token(suite: Suite, name: str) -> tuple[str, str]:
    """Begin a session for an account, without the page, and give its token and its csrf."""
    token, csrf = tokens.new_token(), tokens.new_token()
    now_s = suite.now_s()
    with suite.stores.open() as store:
        account = Accounts(store.connection).by_name(name)
        assert account is not None, name
        Sessions(store.connection).begin(
            account.user_id,
            token_sha256=tokens.token_sha256(token),
            csrf=csrf,
            how="password",
            now_s=now_s,
            expires_s=now_s + 36_000,
            address="127.0.0.1",
            agent="test",
        )
        store.connection.commit()
    return token, csrf


def client_of(app: FastAPI, name: str | None) -> Client:
    """Give a client, signed in as an account of :data:`PEOPLE` where one is named."""
    made = Client(app, base_url=BASE, client=("127.0.0.1", 50_000))
    if name:
        token, made.csrf = signed_token(app.state.suite, name)
        made.cookies.set(cookies.SESSION, token, domain="127.0.0.1", path="/")
    return made


@contextlib.contextmanager
def open_suite(url: str, home: Path) -> Iterator[Suite]:
    """Open an installation with cheap passwords."""
    made = Suite(url=url, home=home, cost=CHEAP)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    """Give an installation with accounts and an empty database."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    url = f"sqlite:///{tmp_path / 'cases.sqlite'}"
    Stores(url, create=True).close()
    with open_suite(url, home) as made:
        people(made)
        yield made


@pytest.fixture
def app(suite: Suite) -> FastAPI:
    """Give the application over ``suite``."""
    return make_app(suite)


@pytest.fixture
def client(app: FastAPI) -> Callable[[str | None], Client]:
    """Give what makes clients of ``suite``: ``client("officer")``, ``client(None)``."""
    return lambda name: client_of(app, name)


@pytest.fixture(scope="session")
def examined_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the sample image with sample sets once a session, and add the accounts."""
    folder = tmp_path_factory.mktemp("examined")
    road = Road(folder)
    road.home.mkdir(mode=0o700)
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk", "1")
    road.take(SAMPLES / "sample-known-good.md5", "good", Polarity.KNOWN_GOOD, "", "1")
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD, "", "1")
    road.confirm("uk")
    road.run(IMAGES / "sample.E01")
    with open_suite(road.database, road.home) as made:
        people(made)
    return folder


@pytest.fixture
def examined(examined_once: Path, tmp_path: Path) -> Iterator[Suite]:
    """Give an installation whose case OP-X, exhibit ABC/1, holds the sample image."""
    folder = tmp_path / "examined"
    shutil.copytree(examined_once, folder)
    road = Road(folder)
    with open_suite(road.database, road.home) as made:
        yield made


@pytest.fixture
def examined_client(examined: Suite) -> Callable[[str | None], Client]:
    """Give what makes clients of ``examined``."""
    app = make_app(examined)
    return lambda name: client_of(app, name)


@contextlib.contextmanager
def served(suite: Suite, place: Place | None = None) -> Iterator[str]:
    """Serve an installation on a free loopback port in a thread, and give its address."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
        place = place or Place(port=port)
        config = configured(make_app(suite), place)
        asked = threading.Event()
        server = Serving(config, stop=asked.is_set)
        one.listen(64)
        thread = threading.Thread(target=_serve, args=(server, one))
        thread.start()
        try:
            until = time.monotonic() + 20
            while not server.started and time.monotonic() < until:
                time.sleep(0.02)
            assert server.started
            yield f"http://127.0.0.1:{port}"
        finally:
            asked.set()
            thread.join(30)


def _serve(server: uvicorn.Server, listening: socket.socket) -> None:
    server.run(sockets=[listening])


@pytest.fixture
def live(suite: Suite) -> Iterator[str]:
    """Serve ``suite`` and give its address, like ``http://127.0.0.1:1234``."""
    with served(suite) as address:
        yield address


@pytest.fixture
def live_examined(examined: Suite) -> Iterator[str]:
    """Serve ``examined`` and give its address."""
    with served(examined) as address:
        yield address


def chromium() -> str | None:
    """Give the path of a Chromium: the environment variable, or what is installed."""
    named = os.environ.get("CHROMIUM", "")
    names = (named, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browsers() -> Iterator[BrowserType]:
    """Give what starts a Chromium; where none is installed, the test is skipped.

    There is one a process: its event loop counts as running in the main thread until it ends, so
    nothing else in the tests may run a loop of its own there.
    """
    if chromium() is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed, and nothing is skipped in CI")
        pytest.skip("Chromium (Debian: chromium) is not installed; CHROMIUM may name one")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (slow to import, rarely used)

    with sync_playwright() as playwright:
        yield playwright.chromium


def launch_options() -> dict[str, Any]:
    """Say which Chromium is started, and how: for root it has no sandbox."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {"executable_path": chromium(), "args": ["--no-sandbox"] if root else []}


@pytest.fixture(scope="session")
def browser(browsers: BrowserType) -> Iterator[Browser]:
    """Give a Chromium without a window."""
    started = browsers.launch(**launch_options())
    yield started
    started.close()


@pytest.fixture
def page_as(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give what opens a page: ``page_as(suite, address, "officer", width=1280)``.

    Any error that the page writes on its console, and any request that leaves the machine, fails
    the test.
    """
    with contextlib.ExitStack() as stack:
        wrong: list[str] = []

        def opened(
            suite: Suite, address: str, name: str | None, *, width: int = 1280, height: int = 900
        ) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": height}, locale="en-GB", timezone_id="UTC"
            )
            stack.callback(context.close)
            context.set_default_timeout(15_000)
            if name:
                token, _ = signed_token(suite, name)
                context.add_cookies(
                    [
                        {
                            "name": cookies.SESSION,
                            "value": token,
                            "url": address.replace("http:", "https:", 1),
                            "secure": True,
                            "httpOnly": True,
                            "sameSite": "Lax",
                        }
                    ]
                )
            page = context.new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on(
                "console",
                lambda told: (
                    wrong.append(told.text)
                    if told.type == "error" and "Failed to load resource" not in told.text
                    else None
                ),
            )
            page.on("request", lambda asked: _local(asked.url, wrong))
            page.goto(address + "/")
            return page

        yield opened
    assert wrong == []


def _local(url: str, wrong: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme in {"http", "https", "ws"} and parts.hostname != "127.0.0.1":
        wrong.append(f"leaves the machine: {url}")


def accessible(page: Page) -> None:
    """Assert that axe finds nothing serious on a page."""
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # noqa: PLC0415  (with its script)

    found = Axe().run(page)
    serious = [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'] for node in one['nodes']]}"
        for one in found.response["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == [], page.url
