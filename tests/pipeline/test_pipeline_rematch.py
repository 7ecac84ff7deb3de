"""Rematching writes what comes out otherwise, as a whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from road import CASE, EXHIBIT, Road, code
from triage.grading.scheme import SchemeBook
from triage.matching.library import PackLibrary
from triage.model.hashset import Polarity
from triage.pipeline import rematch
from triage.pipeline.judging import Judge
from triage.store import judged
from triage.store.database import Store, open_store

FILES = {f"file {number:02d}.txt": b"content %d" % number for number in range(40)}


@pytest.fixture
def seized(road: Road, tmp_path: Path) -> Road:
    folder = tmp_path / "seized"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    road.run(folder)
    return road


def listing(road: Road, name: str, numbers: range, polarity: Polarity) -> None:
    path = road.folder / f"{name}.txt"
    digests = [hashlib.sha256(b"content %d" % number).hexdigest() for number in numbers]
    path.write_text("".join(f"{digest}\n" for digest in digests))
    PackLibrary(road.home).import_set(path, name=name, polarity=polarity, despite_nist=True)


def apply(store: Store, road: Road, pages: list[int], stop_after: int | None = None) -> None:
    exhibit_id = store.exhibit_ids(CASE, EXHIBIT)[0]
    loaded = PackLibrary(road.home).load(None)
    try:
        schemes = rematch.schemes_for(SchemeBook(road.home), loaded)

        def done(count: int) -> None:
            pages.append(count)
            if len(pages) == stop_after:
                raise KeyboardInterrupt

        rematch.rematch_exhibit(store, exhibit_id, Judge(loaded, schemes), done)
        rematch.record_references(store, exhibit_id, loaded, schemes)
        store.commit()
    finally:
        loaded.close()


def exports(road: Road) -> tuple[bytes, bytes]:
    return road.export("csv", road.folder), road.export("jsonl", road.folder)


def changes(store: Store) -> int:
    return int(store.connection.execute(sa.text("SELECT total_changes()")).scalar_one())


def test_contents_that_stay_unmatched_are_not_written(seized: Road) -> None:
    listing(seized, "bad", range(3), Polarity.KNOWN_BAD)
    with open_store(f"sqlite:///{seized.db}") as store:
        before = changes(store)
        apply(store, seized, [])
        first = changes(store) - before
        apply(store, seized, [])
        second = changes(store) - before - first
    assert first >= 3 * 2  # a match and a proposal each, and the references
    assert first < len(FILES)
    assert second < 3 * 2  # the references alone


def test_what_is_written_does_not_depend_on_the_pages(
    seized: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing(seized, "bad", range(0, 30, 2), Polarity.KNOWN_BAD)
    listing(seized, "good", range(0, 30, 3), Polarity.KNOWN_GOOD)
    assert code(seized.on_case("rematch")) in {0, 3}
    whole = exports(seized)
    assert code(seized.on_case("rematch", "--only", "--set", "good")) in {0, 3}
    assert exports(seized) != whole
    monkeypatch.setattr(judged, "PAGE", 7)
    pages: list[int] = []
    with open_store(f"sqlite:///{seized.db}") as store:
        apply(store, seized, pages)
    assert pages == [7, 7, 7, 7, 7, 5]
    assert exports(seized) == whole


def test_stopped_in_the_middle_it_leaves_the_old_state(
    seized: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = exports(seized)
    listing(seized, "bad", range(40), Polarity.KNOWN_BAD)
    monkeypatch.setattr(judged, "PAGE", 10)
    with open_store(f"sqlite:///{seized.db}") as store, pytest.raises(KeyboardInterrupt):
        apply(store, seized, [], stop_after=3)
    assert exports(seized) == before
    assert seized.summary().packs == ()


def test_a_pack_taken_away_takes_its_matches_with_it(seized: Road) -> None:
    before = exports(seized)
    listing(seized, "bad", range(0, 40, 3), Polarity.KNOWN_BAD)
    listing(seized, "none", range(50, 60), Polarity.KNOWN_BAD)
    seized.on_case("rematch")
    assert len(seized.files("--state", "digested")) == len(FILES)
    assert exports(seized) != before
    seized.on_case("rematch", "--only", "--set", "none")
    assert exports(seized) == before
