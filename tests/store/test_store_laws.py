"""Laws of the case database: repeating changes nothing, order and account hold, errors speak."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postgresql import PostgresServer
from triage.errors import StoreError
from triage.model.digest import Digests
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry, Times
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo
from triage.model.outcome import (
    Done,
    Failed,
    FailReason,
    FileType,
    Outcome,
    Skipped,
    SkipReason,
)
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState
from triage.store.database import Store, open_store
from triage.store.tables import metadata

EVIDENCE = EvidenceInfo(
    key="0123456789abcdef",
    name="a.E01",
    kind=ContainerKind.EWF,
    segments=("a.E01",),
    size_bytes=1 << 20,
)
VOLUME = VolumeInfo(
    key="p1",
    offset_bytes=0,
    length_bytes=1 << 20,
    table="dos",
    description="",
    state=VolumeState.OPENED,
)
NAMES = st.binary(min_size=1, max_size=6)
NUMBERS = st.integers(0, 3) | st.integers(-(1 << 63), (1 << 63) - 1)
REFS = st.builds(
    EntryRef,
    evidence=st.just(EVIDENCE.key),
    volume=st.just("p1"),
    path=NAMES.map(lambda name: b"/" + name),
    stream=st.sampled_from([b"", b"s", b"\xff"]),
    parent_address=NUMBERS,
    address=NUMBERS,
    sequence=st.integers(0, 2),
    nth=st.integers(0, 1),
)


def pieces(number: int) -> tuple[tuple[int, int], ...]:
    """Place content whole, or in two pieces of which the second lies before the first."""
    if number % 2:
        return ((number * 512, number),)
    return ((number * 512, number // 2), (0, number // 2))


def entry(ref: EntryRef) -> FileEntry:
    """Make an entry whose fields follow from its identity."""
    number = hashlib.sha256(ref.key()).digest()[0]
    return FileEntry(
        ref=ref,
        kind=EntryKind.FILE,
        allocation=list(Allocation)[number % 3],
        size_bytes=number,
        times=Times(modified_ns=number or None, naive_local=bool(number % 2)),
        first_block_offset_bytes=None if number % 3 else number * 512,
        extents=() if number % 3 or not number else pieces(number),
        no_content=str(SkipReason.EMPTY) if number % 5 == 0 else "",
        sparse=bool(number % 2),
    )


def outcome(ref: EntryRef) -> Outcome:
    """Make an outcome that follows from the identity."""
    digest = hashlib.sha256(ref.key()).digest()
    if digest[1] % 4 == 0:
        return Failed(reason=list(FailReason)[digest[2] % len(FailReason)], detail="why")
    if digest[1] % 4 == 1:
        return Skipped(reason=SkipReason.TOO_LARGE)
    content = bytes([digest[1] % 7]) * 32
    digests = Digests(md5=content[:16], sha1=content[:20], sha256=content, size_bytes=content[0])
    return Done(digests=digests, type=FileType(mime="text/plain", family="document"))


Opening = Callable[[], AbstractContextManager[Store]]
"""Opens a store with nothing in it; what is not committed is gone afterwards."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def empty(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opening]:
    url = f"sqlite:///{tmp_path_factory.mktemp('laws') / 'cases.sqlite'}"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgresql_server")
        url = server.fresh()
    with open_store(url, create=True) as store:

        @contextlib.contextmanager
        def opened() -> Iterator[Store]:
            yield store
            store.rollback()

        yield opened


def place(store: Store) -> tuple[int, int, int]:
    exhibit = store.add_exhibit("C", "E")
    evidence = store.add_evidence(exhibit, EVIDENCE, "somewhere")
    return exhibit, evidence, store.add_volumes(evidence, [VOLUME])["p1"]


def finish_all(store: Store, exhibit: int, evidence: int, order: int = 1) -> None:
    pages = list(store.waiting(evidence))
    waiting = [one for page in pages for one in page][::order]
    store.finish(exhibit, [(one.entry_id, outcome(one.entry.ref)) for one in waiting])


def dump(store: Store) -> list[str]:
    return sorted(
        f"{table.name} {row}"
        for table in metadata.sorted_tables
        for row in store.connection.execute(table.select())
    )


@given(st.lists(REFS, max_size=30, unique=True))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_writing_twice_is_writing_once(empty: Opening, refs: list[EntryRef]) -> None:
    problem = Problem(kind=ProblemKind.ENTRY_UNREADABLE, evidence=EVIDENCE.key, path=b"/\xff")
    damage = DamagedRange(offset_bytes=5, length_bytes=7, kind=DamageKind.READ_ERROR)
    dumps: list[list[str]] = []
    with empty() as store:
        for _ in range(2):
            exhibit, evidence, volume = place(store)
            store.add_entries(evidence, volume, [entry(ref) for ref in refs])
            store.add_problems(evidence, [problem, problem])
            store.add_damage(evidence, [damage, damage])
            if not dumps:
                pages = list(store.waiting(evidence))
                known = [(one.entry_id, outcome(one.entry.ref)) for page in pages for one in page]
            store.finish(exhibit, known)
            store.mark_listed(volume)
            dumps.append(dump(store))
        assert dumps[0] == dumps[1]
        assert store.summary("C", "E").tally.listed == len(refs)


@given(st.lists(REFS, max_size=30, unique=True), st.randoms(use_true_random=False))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_records_come_in_one_order_whatever_the_order_of_arrival(
    empty: Opening, refs: list[EntryRef], source: object
) -> None:
    told = []
    for order in (1, -1):
        with empty() as store:
            exhibit, evidence, volume = place(store)
            shuffled = list(refs)
            source.shuffle(shuffled)  # type: ignore[attr-defined]  # (hypothesis's own Random)
            for ref in shuffled:
                store.add_entries(evidence, volume, [entry(ref)])
            finish_all(store, exhibit, evidence, order)
            told.append(list(store.records("C")))
            assert sorted(store.records("C", order="content"), key=lambda one: one.entry.ref) == (
                sorted(told[-1], key=lambda one: one.entry.ref)
            )
    assert told[0] == told[1]
    keys = [
        (r.path, r.stream, r.address, r.sequence, r.parent_address, r.nth)
        for r in (one.entry.ref for one in told[0])
    ]
    assert keys == sorted(keys)
    assert {one.entry for one in told[0]} == {entry(ref) for ref in refs}


@given(st.lists(REFS, max_size=40, unique=True), st.lists(st.integers(1, 9), max_size=20))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_tally_holds_after_every_step(
    empty: Opening, refs: list[EntryRef], steps: list[int]
) -> None:
    with empty() as store:
        exhibit, evidence, volume = place(store)
        store.add_entries(evidence, volume, [entry(ref) for ref in refs])
        pages = list(store.waiting(evidence))
        waiting = [one for page in pages for one in page]
        worked = [outcome(one.ref) for one in map(entry, refs) if not one.no_content]
        for step in [*steps, len(waiting)]:
            group, waiting = waiting[:step], waiting[step:]
            store.finish(exhibit, [(one.entry_id, outcome(one.entry.ref)) for one in group])
            tally = store.summary("C", "E").tally
            assert tally.holds()
            assert (tally.listed, tally.pending) == (len(refs), len(waiting))
        failed = Counter(str(one.reason) for one in worked if isinstance(one, Failed))
        assert dict(tally.failed) == failed
        assert tally.digested == sum(isinstance(one, Done) for one in worked)


@given(st.lists(REFS, min_size=2, max_size=60, unique=True))
def test_no_two_identities_share_a_key(refs: list[EntryRef]) -> None:
    assert len({ref.key() for ref in refs}) == len(refs)


@given(NAMES, NAMES)
def test_parts_of_an_identity_do_not_run_into_each_other(path: bytes, stream: bytes) -> None:
    one = EntryRef(evidence="e", volume="v", path=path + stream, stream=b"")
    other = EntryRef(evidence="e", volume="v", path=path, stream=stream)
    moved = EntryRef(evidence="ev", volume="", path=path, stream=stream)
    assert len({one.key(), other.key(), moved.key()}) == 3


def make(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute(statement)
        store.commit()


def use(path: Path, *, create: bool) -> None:
    with open_store(f"sqlite:///{path}", create=create) as store:
        place(store)
        store.commit()


def refused(path: Path, *, create: bool) -> StoreError:
    with pytest.raises(StoreError) as caught:
        use(path, create=create)
    assert caught.value.exit_code == 6
    assert path.name in caught.value.message or path.parent.name in caught.value.message
    return caught.value


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("content", [b"garbage " * 200, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes, *, create: bool) -> None:
    path = tmp_path / "cases.sqlite"
    path.write_bytes(content)
    assert refused(path, create=create).hint
    assert path.read_bytes() == content


@pytest.mark.parametrize("create", [False, True])
def test_somebody_elses_database(tmp_path: Path, *, create: bool) -> None:
    path = tmp_path / "history.sqlite"
    make(path, "CREATE TABLE moz_places (id INTEGER PRIMARY KEY)")
    assert "not a case database" in refused(path, create=create).message


def test_a_database_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite"
    with open_store(f"sqlite:///{path}", create=True) as store:
        store.commit()
    make(path, "UPDATE alembic_version SET version_num = '0099'")
    message = refused(path, create=True).message
    assert "0099" in message
    assert "0008" in message


def test_no_database(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "cases.sqlite"
    assert "triage run" in refused(path, create=False).hint
    assert not path.parent.exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    refused(tmp_path / "file" / "cases.sqlite", create=True)
    (tmp_path / "cases.sqlite").mkdir()
    refused(tmp_path / "cases.sqlite", create=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    refused(folder / "cases.sqlite", create=True)


@pytest.mark.parametrize(
    "url", ["nosuch://somewhere/x", "://", "sqlite:///a:b@c:d://", "postgresql://h:port/x"]
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(StoreError), open_store(url):
        pytest.fail("it opened")
