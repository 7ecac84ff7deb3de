"""The whole road on PostgreSQL: every byte that it tells is the one that SQLite gives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from postgresql import PostgresServer
from road import CASE, IMAGES, SAMPLES, Road, code
from triage.errors import Interrupted
from triage.model.hashset import Polarity
from triage.scheduler import Batch, InlinePool, Result
from triage.store.database import open_store

ENDINGS = ("files --json", "hits --json", "stacks --json", "files", "hits")


class Stopped(InlinePool):
    """A pool that a person stops after a number of results."""

    def __init__(self, results: int) -> None:
        super().__init__()
        self._left = results

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Give results until it is stopped."""
        for result in super().run(batches):
            if self._left <= 0:
                raise KeyboardInterrupt
            self._left -= 1
            yield result


def prepared(folder: Path, url: str = "") -> Road:
    road = Road(folder, url=url)
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.take(SAMPLES / "sample-known-good.md5", "good", Polarity.KNOWN_GOOD)
    road.confirm("uk")
    return road


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Give an image, and a folder whose names sort otherwise by their bytes than by language."""
    folder = tmp_path_factory.mktemp("seized") / "folder"
    folder.mkdir()
    names = (b"a", b"B", b"b", "\u00e9".encode(), b"e", b"_", b"line\nbreak", b"\xff\xfe", b"[red]")
    for name in names:
        Path(str(folder), name.decode("utf-8", "surrogateescape")).write_bytes(
            b"content of " + name
        )
    return IMAGES / "sample.E01", folder


@pytest.fixture(scope="module")
def quiet(images: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Road:
    """Give a case in SQLite, worked in one go."""
    road = prepared(tmp_path_factory.mktemp("sqlite"))
    road.run(*images)
    return road


@pytest.fixture(scope="module")
def served(
    images: tuple[Path, ...],
    tmp_path_factory: pytest.TempPathFactory,
    postgresql_server: PostgresServer,
) -> Road:
    """Give the same case in PostgreSQL, stopped now and then."""
    road = prepared(tmp_path_factory.mktemp("postgresql"), postgresql_server.fresh())
    for results in (1, 9, 60):
        with pytest.raises(Interrupted):
            road.run(*images, pool=Stopped(results))
    road.run(*images)
    return road


def result(road: Road) -> dict[str, Any]:
    """Give the result page, without what clocks and repeated work say."""
    shown: dict[str, Any] = json.loads(road.on_case("report --json").stdout)
    del shown["effort"]
    for one in shown["reference_sets"]:
        del one["imported_at"]
    return shown


def test_exports_are_the_same_bytes(quiet: Road, served: Road) -> None:
    assert served.exports() == quiet.exports()


def test_results_and_listings_are_the_same(quiet: Road, served: Road) -> None:
    assert result(served) == result(quiet)
    assert served.summary().tally.holds()
    for command in ENDINGS:
        told = served.on_case(command)
        assert code(told) == 0, told.output
        assert told.stdout
        assert told.stdout == quiet.on_case(command).stdout


def test_one_content_is_shown_with_all_its_places(quiet: Road, served: Road) -> None:
    digest = next(row["sha256"] for row in quiet.files() if row["sha256"])
    for words in ((digest,), (digest, "--json")):
        shown = served.on_case("show", *words)
        assert code(shown) == 0
        assert shown.stdout == quiet.on_case("show", *words).stdout


def test_another_set_is_applied_the_same_way(quiet: Road, served: Road) -> None:
    for road in (quiet, served):
        road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
        assert code(road.on_case("rematch --json")) in {0, 3}
    assert result(served) == result(quiet)
    assert served.exports() == quiet.exports()


def test_the_whole_command_works_and_names_no_password(
    images: tuple[Path, ...], tmp_path: Path, postgresql_url: str
) -> None:
    road = Road(tmp_path, url=postgresql_url.replace("+psycopg", ""))
    done = road.on_case("run", *images[1:], "--exhibit", "ABC/1", "--workers", "1", "--json")
    assert code(done) == 3, done.output  # no reference set was there: a gap
    assert json.loads(done.stdout)["case"] == CASE
    shown = road.call("database", "show", "--db", road.url, "--json")
    facts = json.loads(shown.stdout)
    assert facts["rows"]["entries"] == len(road.files())
    assert "s3cret" not in done.output + shown.output
    with open_store(road.url) as store:
        assert store.case_names() == (CASE,)
