"""What differs between servers does not show: sorting, odd text, absence and refusal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_store_laws import EVIDENCE, place

from postgresql import PASSWORD, PostgresServer
from triage.errors import StoreError
from triage.model.problem import Problem, ProblemKind
from triage.store import connecting
from triage.store.database import Store, open_store
from triage.store.tables import storable

WORDS = ("a", "B", "b", "_", "A", "\u00e9", "e", "Z", "\u00df", "ss", "1", "10", "9", " x", "-x")


def refused(url: str) -> StoreError:
    with pytest.raises(StoreError) as caught, open_store(url) as store:
        store.case_names()
    assert caught.value.exit_code == 6
    assert "\n" not in caught.value.message
    return caught.value


def test_names_are_sorted_by_their_bytes(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        for word in WORDS:
            store.add_exhibit(word, "E/1")
            store.add_exhibit("all", word)
        store.commit()
        assert list(store.case_names()) == sorted([*WORDS, "all"], key=str.encode)
        assert list(store.exhibits("all")) == sorted(WORDS, key=str.encode)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path_factory.mktemp('odd') / 'cases.sqlite'}"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgresql_server")
        url = server.fresh()
    with open_store(url, create=True) as opened:
        yield opened


@given(st.text(st.characters(codec=None) | st.sampled_from("\0\ud800\udcff\U0001f600\\x")))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_kept_as_what_can_be_kept_of_it(store: Store, words: str) -> None:
    exhibit, evidence, _ = place(store)
    problem = Problem(
        kind=ProblemKind.ENTRY_UNREADABLE, evidence=EVIDENCE.key, path=b"/\0\xff", detail=words
    )
    store.add_problems(evidence, [problem])
    store.add_evidence(exhibit, EVIDENCE, "/some\udcffwhere")
    (told,) = store.summary("C", "E").problems
    assert told.detail == storable(words)
    assert told.path == problem.path
    assert store.evidence_of(exhibit)[0][2] == "/some\udcffwhere"
    store.rollback()


def test_what_is_written_out_can_be_stored_and_is_plain_where_it_was() -> None:
    assert storable("a\0b\udcff\u00e9") == "a\\x00b\\udcff\u00e9"
    assert storable("plain") == "plain"


def test_case_names_of_bytes_that_are_no_text_do_not_stop_it(store: Store) -> None:
    assert store.add_exhibit("OP-\udcff", "A\0B") == store.add_exhibit("OP-\udcff", "A\0B")
    assert "OP-\\udcff" in store.case_names()
    store.rollback()


def test_many_digests_are_looked_up_at_once(store: Store) -> None:
    exhibit, _, _ = place(store)
    kind = (bytearray(16), bytearray(20), 1, "text/plain", "document", "none")
    known = [number.to_bytes(32, "big") for number in range(5_000)]
    store.add_contents([(exhibit, bytearray(one), *kind) for one in known[::2]])
    assert store.known_contents(exhibit, known) == frozenset(known[::2])
    assert sum(len(page) for page in store.contents(exhibit)) == 2_500
    store.rollback()


@pytest.mark.parametrize(
    ("change", "words", "way_out"),
    [
        ((PASSWORD, "wrong"), "password authentication failed", "user and password"),
        (("/fresh", "/nowhere"), "does not exist", "createdb"),
        (("@127.0.0.1:", "@127.0.0.1:1"), "", ""),
    ],
)
def test_why_there_is_no_connection_is_said_without_the_password(
    postgresql_url: str, change: tuple[str, str], words: str, way_out: str
) -> None:
    error = refused(postgresql_url.replace(*change))
    assert words in error.message
    assert way_out in error.hint
    assert PASSWORD not in error.message + error.hint


def test_a_server_that_is_not_there(postgresql_server: PostgresServer) -> None:
    url = postgresql_server.url().replace(f":{postgresql_server.port}", ":1")
    error = refused(url)
    assert "is it running" in error.hint
    assert PASSWORD not in error.message + error.hint


def test_a_server_that_goes_away_in_the_middle(stoppable_postgresql: PostgresServer) -> None:
    url = stoppable_postgresql.fresh()

    def work() -> None:
        with open_store(url, create=True) as opened:
            opened.add_exhibit("C", "E")
            stoppable_postgresql.stop()
            opened.add_exhibit("C", "F")

    with pytest.raises(StoreError) as caught:
        work()
    assert "goes on when" in caught.value.hint, caught.value.message
    stoppable_postgresql.start()
    with open_store(url) as opened:
        assert opened.case_names() == ()


def test_a_database_that_may_only_be_read(postgresql_server: PostgresServer) -> None:
    url = postgresql_server.fresh()
    with open_store(url, create=True):
        pass
    name = url.rpartition("/")[2]
    postgresql_server.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(StoreError) as caught, open_store(url) as opened:
        opened.add_exhibit("C", "E")
    assert "only be read" in caught.value.hint


def test_a_server_with_too_many_connections(stoppable_postgresql: PostgresServer) -> None:
    url = stoppable_postgresql.fresh()
    stoppable_postgresql.ask(f"ALTER DATABASE {url.rpartition('/')[2]} CONNECTION LIMIT 0")
    stoppable_postgresql.ask("CREATE ROLE other LOGIN PASSWORD 'x'")
    error = refused(url.replace(f"triage:{PASSWORD}", "other:x"))
    assert "takes no more connections" in error.hint, error.message


WITHOUT = """
import sys
sys.modules["psycopg"] = None
from triage.errors import StoreError
from triage.store.database import open_store
try:
    with open_store("postgresql://u:hush@localhost/x"):
        pass
except StoreError as error:
    print(error.message, error.hint)
"""


def test_what_is_not_installed_is_named_with_the_way_to_install_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True
    )
    assert "pip install 'triage-dfu[postgresql]'" in done.stdout
    assert "hush" not in done.stdout


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("postgresql://u:hush@h/x", "postgresql+psycopg://u:***@h/x"),
        ("postgres://u:hush@h/x", "postgresql+psycopg://u:***@h/x"),
        ("postgresql://h/x?user=u&password=hush", "postgresql+psycopg://h/x?"),
        ("sqlite:////a/b.sqlite", "sqlite:////a/b.sqlite"),
    ],
)
def test_a_url_is_printed_without_its_password(url: str, printed: str) -> None:
    shown = connecting.shown(connecting.parsed(url))
    assert shown.startswith(printed)
    assert "hush" not in shown


def test_another_kind_of_database_is_refused_with_those_that_there_are() -> None:
    error = refused("mysql://u:hush@h/x")
    assert "SQLite or PostgreSQL" in error.message
    assert "hush" not in error.message + error.hint


OPEN = """
import sys
from triage.store.database import open_store
with open_store(sys.argv[1]) as store:
    store.case_names()
print(sorted({name.partition(".")[0] for name in sys.modules} & {"alembic", "psycopg", "mako"}))
"""


def test_opening_a_database_of_this_version_imports_nothing_for_upgrades(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'cases.sqlite'}"
    with open_store(url, create=True):
        pass
    done = subprocess.run(
        [sys.executable, "-c", OPEN, url], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
