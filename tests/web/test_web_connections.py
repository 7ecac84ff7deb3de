"""Connections that are held for nothing: nobody else is kept out by them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from suitehere import Client, served
from triage.web import bodies
from triage.web.connections import Connection
from triage.web.suite import Suite

HEAD = b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\ncsrf="


@pytest.fixture
def impatient(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve with a patience that a test can wait for."""
    for name, seconds in (("head_s", 0.5), ("silence_s", 0.5), ("look_s", 0.1)):
        monkeypatch.setattr(Connection, name, seconds)
    with served(suite) as address:
        yield address


@pytest.fixture
def opened(impatient: str) -> Iterator[Callable[[bytes], socket.socket]]:
    """Give what opens a connection and says something."""
    with contextlib.ExitStack() as stack:

        def say(words: bytes) -> socket.socket:
            port = int(impatient.rpartition(":")[2])
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            one.settimeout(10)
            one.sendall(words)
            return one

        yield say


def ends(one: socket.socket) -> bool:
    """Tell whether the other side ends a connection, whatever it says before."""
    with contextlib.suppress(ConnectionResetError):
        while one.recv(65_536):
            pass
    return True


@pytest.mark.parametrize(
    "words",
    [
        b"",
        HEAD,
        HEAD + b"X-Long: ",
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n" + FORM,
        b"POST /sign-in HTTP/1.1\r\nHost: elsewhere\r\n" + FORM,
        HEAD + b"\r\n" + HEAD,
    ],
    ids=["nothing", "half a head", "half a line", "half a body", "refused", "half a second head"],
)
def test_who_says_half_of_something_is_cut_off(
    opened: Callable[[bytes], socket.socket], words: bytes
) -> None:
    assert ends(opened(words))


def test_a_byte_now_and_then_makes_no_head(opened: Callable[[bytes], socket.socket]) -> None:
    one = opened(HEAD + b"X-Long: ")
    until = time.monotonic() + 10
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while time.monotonic() < until:
            one.sendall(b"a")
            time.sleep(0.1)
    assert time.monotonic() < until


def test_a_byte_now_and_then_makes_no_body(
    opened: Callable[[bytes], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.5)
    one = opened(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n" + FORM)
    one.settimeout(0.1)
    said = b""
    for _ in range(100):
        with contextlib.suppress(OSError):
            one.sendall(b"a")
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            said += one.recv(65_536)
        if b"408" in said:
            break
    assert said.startswith(b"HTTP/1.1 408 ")


def test_one_address_does_not_take_all_places(
    opened: Callable[[bytes], socket.socket],
    impatient: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Connection, "each_most", 3)
    held = [opened(HEAD) for _ in range(3)]
    with pytest.raises(httpx2.TransportError):
        httpx2.get(impatient + "/sign-in")
    assert all(map(ends, held))
    assert httpx2.get(impatient + "/sign-in").status_code == 200


def test_who_takes_a_moment_between_two_requests_is_not_cut_off(impatient: str) -> None:
    with httpx2.Client(base_url=impatient) as browser:
        for _ in range(4):
            assert browser.get("/sign-in").status_code == 200
            time.sleep(0.2)


def test_only_one_name_and_one_port_are_a_host(client: Callable[[str | None], Client]) -> None:
    browser = client(None)
    good = ("127.0.0.1", "127.0.0.1:8000", "LOCALHOST.:1", "[::1]", "[::1]:8000")
    bad = ("127.0.0.1:80@evil", "[::1]x", "127.0.0.1:", "a@127.0.0.1", "127.0.0.1/x", "")
    for host in good:
        assert browser.get("/sign-in", headers={"Host": host}).status_code == 200, host
    for host in bad:
        assert browser.get("/sign-in", headers={"Host": host}).status_code == 421, host


def test_the_server_leaves_no_dump_of_its_memory(tmp_path: Path) -> None:
    limits = Path("/proc/self/limits")
    if not limits.exists():
        pytest.skip("only Linux tells limits there")
    home = {**os.environ, "TRIAGE_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-m", "triage", "serve", "--port", "0"]
    with subprocess.Popen(words, env=home, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            assert any("the pages are at" in line for line in server.stderr)
            told = Path(f"/proc/{server.pid}/limits").read_text("ascii")
        finally:
            server.terminate()
    (line,) = [one for one in told.splitlines() if "core file size" in one]
    assert line.split()[4:6] == ["0", "0"]
