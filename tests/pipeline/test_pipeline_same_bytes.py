"""The same evidence and the same sets give the same bytes, whoever did the work and when."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from road import CASE, EXHIBIT, IMAGES, SAMPLES, Road
from triage import export
from triage.model.hashset import Polarity
from triage.scheduler import Batch, InlinePool, Pool, ProcessPool, Result

Listing = dict[str, Any]


class Backwards(InlinePool):
    """Works a window of batches in reverse: an order that no run of workers is unlike."""

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Give the results of sixteen batches at a time, last first."""
        held = list(batches)[::-1]
        yield from reversed(list(super().run(held)))


def prepared(folder: Path) -> Road:
    road = Road(folder)
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.take(SAMPLES / "sample-known-good.md5", "good", Polarity.KNOWN_GOOD)
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
    road.confirm("uk")
    return road


def evidence(folder: Path) -> tuple[Path, ...]:
    """Put the same two images of one exhibit at another place."""
    names = ("sample.E01", "ntfs.E01")
    folder.mkdir(parents=True)
    return tuple(Path(shutil.copy(IMAGES / name, folder / name)) for name in names)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Road:
    folder = tmp_path_factory.mktemp("quiet")
    road = prepared(folder)
    road.run(*evidence(folder / "evidence"))
    return road


@pytest.fixture(scope="module")
def wanted(quiet: Road) -> dict[str, bytes]:
    return quiet.exports()


def result(road: Road) -> Listing:
    """Give the result as JSON, without what the clock says of the effort and of the imports."""
    told = road.on_case("report --json")
    shown: Listing = json.loads(told.stdout)
    del shown["effort"]
    for one in shown["reference_sets"]:
        del one["imported_at"]
    return shown


@pytest.mark.parametrize("pool", ["one worker", "two workers", "backwards"])
def test_workers_places_and_order_change_no_byte(
    quiet: Road, wanted: dict[str, bytes], tmp_path: Path, pool: str
) -> None:
    road = prepared(tmp_path / "other-place")
    pools: dict[str, Pool] = {"backwards": Backwards()}
    chosen = pools.get(pool) or ProcessPool(workers=1 if pool == "one worker" else 2)
    try:
        images = evidence(tmp_path / "elsewhere")
        road.run(*(images[::-1] if pool == "two workers" else images), pool=chosen)
    finally:
        chosen.close()
    assert road.exports() == wanted
    assert road.files() == quiet.files()
    assert result(road) == result(quiet)


def test_running_and_exporting_again_change_no_byte(quiet: Road, wanted: dict[str, bytes]) -> None:
    quiet.run(*(quiet.folder / "evidence" / name for name in ("ntfs.E01", "sample.E01")))
    assert quiet.exports() == wanted


def test_no_export_knows_our_clock_or_the_machine(quiet: Road, wanted: dict[str, bytes]) -> None:
    with closing(sqlite3.connect(quiet.db)) as store:
        clock = {row[0][:19] for row in store.execute("SELECT started_at FROM runs")}
    clock |= {one.imported_at[:19] for one in quiet.summary().packs}
    assert clock
    for kind, content in wanted.items():
        assert len(content) > 1000, kind
        for never in (str(quiet.folder), "/tmp", str(Path.home()) + "/", *clock):  # noqa: S108  (looked for)
            assert never.encode() not in content, (kind, never)
    assert CASE.encode() in wanted["jsonl"]
    assert EXHIBIT.encode() in wanted["jsonl"]


def test_the_exporters_have_no_clock_at_all() -> None:
    modules = sorted(Path(export.__path__[0]).rglob("*.py"))
    assert len(modules) > 5
    for path in modules:
        source = path.read_text()
        assert not re.search(r"^\s*(import|from) time\b", source, re.MULTILINE), path.name
        # moments that are handed in may be worded; none may be asked for, nor the zone of a machine
        asked = re.search(r"\.(now|today|utcnow|localtime|astimezone)\(\s*\)?", source)
        assert not asked, (path.name, asked)
        assert not re.search(r"fromtimestamp\([^)=]*\)", source), path.name


def test_each_line_stands_in_path_order_and_once(wanted: dict[str, bytes]) -> None:
    rows = [json.loads(line) for line in wanted["jsonl"].splitlines()]
    keys = [
        (
            row["evidence"],
            row["volume"],
            bytes.fromhex(row["path_hex"]) if row["path_hex"] else row["path"].encode(),
            bytes.fromhex(row["stream_hex"]) if row["stream_hex"] else row["stream"].encode(),
            row["inode"],
            row["sequence"],
        )
        for row in rows
    ]
    assert keys == sorted(keys)
    whole = [(*key, row["nth"], row["kind"]) for key, row in zip(keys, rows, strict=True)]
    assert len(set(whole)) == len(whole)
