"""A real PostgreSQL server that the tests start themselves, and a fresh database a test."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

USER = "triage"
PASSWORD = "s3cret-word"  # noqa: S105  (of a server that lives as long as the tests)
ICU = "LOCALE_PROVIDER icu ICU_LOCALE 'en-GB'"
"""What sorts words as people do: an order that no result may show."""

_HOST = "127.0.0.1"
_SETTINGS = (
    # what is committed outlives the server, though not the machine
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=60",
    f"listen_addresses={_HOST}",
)


@dataclass(slots=True)
class PostgresServer:
    """A server with a folder of its own; it may be stopped and started in mid-test."""

    programs: Path
    folder: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str = "postgres") -> str:
        """Give what ``--db`` takes."""
        return f"postgresql+psycopg://{USER}:{PASSWORD}@{_HOST}:{self.port}/{database}"

    def fresh(self, options: str | None = None) -> str:
        """Make an empty database and give its URL.

        Args:
            options: of CREATE DATABASE; by default a collation that is not that of bytes.
        """
        name = f"fresh{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE template0 {ICU if options is None else options}")
        return self.url(name)

    def ask(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement beside the program under test."""
        place = self.url(database).replace("+psycopg", "")
        with psycopg.connect(place, autocommit=True) as connection:
            answer = connection.execute(statement.encode())
            return answer.fetchall() if answer.description else []

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = " ".join(f"-c {one}" for one in _SETTINGS)
        options = f"-p {self.port} -k {self.folder} {words}"
        self._control("start", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it as a crash does (``immediate``) or after its transactions (``fast``)."""
        self._control("stop", "-m", mode)

    def _control(self, verb: str, *words: str) -> None:
        data = str(self.folder / "data")
        _as_owner([str(self.programs / "pg_ctl"), verb, "-w", "-t", "60", "-D", data, *words])


def _as_owner(command: list[str]) -> None:
    """Run a program of the server, which refuses to be run by root."""
    user, group = _nobody() if _is_root() else (None, None)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        cwd="/",
        user=user,
        group=group,
        extra_groups=None if user is None else (),
    )
    assert done.returncode == 0, (command, done.stderr.decode(errors="replace"))


def _nobody() -> tuple[int, int]:
    import pwd  # noqa: PLC0415  (there is none on Windows, where nobody is root)

    found = pwd.getpwnam("nobody")
    return found.pw_uid, found.pw_gid


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def programs() -> Path | None:
    """Give the folder with the programs of the newest PostgreSQL that is installed."""
    debian = Path("/usr/lib/postgresql")
    found = [one.parent for one in debian.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda one: int(one.parent.name.partition(".")[0]))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """Start a server and remove all of it in the end; about two seconds."""
    folder = Path(tempfile.mkdtemp(prefix="triage-pg-"))
    found = programs()
    assert found is not None
    server = PostgresServer(found, folder, port=0)
    try:
        words = folder / "password"
        words.write_text(PASSWORD)
        if _is_root():
            shutil.chown(words, "nobody")
            shutil.chown(folder, "nobody")
        _as_owner(
            [str(found / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "password",
             "--pwfile", str(words), "--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"]
        )  # fmt: skip
        server.port = _free_port()
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((_HOST, 0))
        return int(one.getsockname()[1])


def needed() -> None:
    """Skip a test where no server is installed; where all is to be tested, that is a failure."""
    if programs() is not None:
        return
    if os.environ.get("CI") and sys.platform == "linux":
        pytest.fail("PostgreSQL is not installed, and nothing is skipped in CI")
    pytest.skip("PostgreSQL (Debian: postgresql) is not installed")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """Give the one server of this test process; it must not be stopped by a test."""
    needed()
    with own_server() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PostgresServer) -> str:
    """Give the URL of an empty database of this test's own, sorted as people sort."""
    return postgresql_server.fresh()


@pytest.fixture
def stoppable_postgresql() -> Iterator[PostgresServer]:
    """Give a server of this test's own, which it may stop and start."""
    needed()
    with own_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database that is not there yet: a test runs once on each server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'cases.sqlite'}"
    return str(request.getfixturevalue("postgresql_url"))
