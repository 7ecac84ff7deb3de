"""No vote is lost: two graders at one stack at once, and a server that is killed at random."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from boardcase import CASE, Made, make_case
from suitehere import client_of, grading_by, open_suite, people, signed_token
from triage.model.vote import standing
from triage.store.database import Stores
from triage.store.votes import Votes
from triage.web import cookies
from triage.web.app import make_app
from triage.web.suite import Suite

API = "/api/cases/1"
STACKED = tuple(Made(name=f"copy {n}", alike=0) for n in range(5))
ALONE = tuple(Made(name=f"alone {n}") for n in range(60))
SERVER = Path(__file__).with_name("bench_server.py")
STARTED_S = 60


@pytest.fixture
def made(store_url: str, tmp_path: Path) -> Iterator[Suite]:
    """Give an installation on SQLite, and one on PostgreSQL."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    Stores(store_url, create=True).close()
    with open_suite(store_url, home) as suite:
        people(suite)
        grading_by(suite, "uk")
        with suite.stores.open() as store:
            make_case(store, (*STACKED, *ALONE))
        yield suite


def at_once(*actions: Callable[[], None]) -> None:
    """Run actions side by side, and raise what one of them raised."""
    wrong: list[BaseException] = []

    def guarded(action: Callable[[], None]) -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  (handed to the test)
            wrong.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in actions]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if wrong:
        raise wrong[0]


def test_two_graders_at_one_stack_lose_no_vote(made: Suite) -> None:
    app = make_app(made)
    key = client_of(app, "examiner").get(f"{API}/stacks").json()["stacks"][0]["key"]
    rounds = 6
    added: dict[str, int] = {}

    def grader(name: str, codes: str) -> Callable[[], None]:
        client = client_of(app, name)

        def act() -> None:
            for turn in range(rounds):
                body = {"stacks": [key], "code": codes[turn % 2], "why": f"turn {turn}"}
                answer = client.call("POST", f"{API}/votes?queue=first", json=body)
                assert answer.status_code == 200, answer.text
                added[name] = added.get(name, 0) + answer.json()["added"]

        return act

    at_once(grader("examiner", "12"), grader("examiner2", "21"))
    assert added == {"examiner": rounds * len(STACKED), "examiner2": rounds * len(STACKED)}
    with made.stores.open() as store:
        found = Votes(store.connection).of(CASE, [one.sha256 for one in STACKED])
    for one in found:
        assert len(one.votes) == 2 * rounds
        assert sorted((vote.by, vote.code) for vote in standing(one.votes)) == [
            ("Esa Examiner", "2"),
            ("Eva Examiner", "1"),
        ]
    told = client_of(app, "examiner").get(f"{API}/stacks?queue=disputes").json()
    assert told["left"] == {"stacks": 1, "contents": len(STACKED)}


def serving(suite: Suite) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server of its own process, and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, SERVER, suite.url, suite.home, str(port)])
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + STARTED_S
    while time.monotonic() < until:
        try:
            httpx2.get(f"{address}/robots.txt", timeout=5)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return server, address
    server.kill()
    pytest.fail("the server does not answer")


def test_what_was_acknowledged_outlives_a_server_that_is_killed(made: Suite) -> None:
    token, csrf = signed_token(made, "examiner")
    headers = {"Cookie": f"{cookies.SESSION}={token}", "X-CSRF-Token": csrf}
    acknowledged: list[str] = []
    first = threading.Event()
    server, address = serving(made)
    killer = threading.Thread(target=kill_soon, args=(server, first))
    killer.start()
    try:
        with httpx2.Client(base_url=address, headers=headers, timeout=30) as client:
            for one in ALONE:
                body = {"contents": [one.sha256.hex()], "code": "1"}
                answer = client.post(f"{API}/votes", json=body)
                assert answer.status_code == 200, answer.text
                acknowledged += answer.json()["contents"]
                first.set()
    except httpx2.TransportError:
        pass
    finally:
        first.set()
        killer.join()
        server.wait()
    assert acknowledged
    with made.stores.open() as store:
        found = Votes(store.connection).of(CASE, [bytes.fromhex(one) for one in acknowledged])
    assert [len(one.votes) for one in found] == [1] * len(acknowledged)


def kill_soon(server: subprocess.Popen[bytes], first: threading.Event) -> None:
    """Kill a server at any moment after its first answer."""
    first.wait(STARTED_S)
    time.sleep(random.uniform(0.0, 0.5))  # noqa: S311  (any moment will do)
    server.kill()
