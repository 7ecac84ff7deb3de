"""A made-up database of many exhibits, most of whose contents occur in every one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from triage.model.digest import Algorithm, Digests, Pdq, PdqRecipe, PictureHashes
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry, Times
from triage.model.evidence import ContainerKind, EvidenceInfo
from triage.model.grade import Category, Proposal, Standing
from triage.model.hashset import Polarity
from triage.model.match import Match, MatchKind
from triage.model.outcome import Done, Failed, FailReason, FileType, Outcome, SkipReason
from triage.model.volume import VolumeInfo, VolumeState
from triage.store.database import Store
from triage.store.tables import contents, entries, exhibits, matches

CASE = "OP-MANY"
PAGE = 5_000
SHARED_OF_256 = 205
"""Contents whose SHA-256 ends below it, 80 of 100, are the same in all exhibits."""
_TYPES = {
    "picture": FileType(mime="image/jpeg", family="picture"),
    "archive": FileType(mime="application/zip", family="archive"),
    "other": FileType(mime="text/plain", family="document"),
}
_TIME_NS = 1_700_000_000_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One exhibit as it lies in the database."""

    exhibit_id: int
    evidence_id: int
    volume_id: int
    reference: str
    case: str
    first_id: int
    last_id: int


def digest_of(number: int, salt: int) -> bytes:
    """Give the SHA-256 of a content: most are the same for every salt."""
    shared = hashlib.sha256(b"%d" % number).digest()
    return shared if shared[-1] < SHARED_OF_256 else derived(shared, b"%d" % salt)


def derived(raw: bytes, salt: bytes) -> bytes:
    """Give another digest of the same length, one that is of one exhibit alone."""
    return hashlib.sha256(raw + salt).digest()[: len(raw) - 1] + b"\xff"


def add_exhibit(store: Store, case: str, reference: str) -> Exhibit:
    """Add an exhibit with nothing in it."""
    exhibit = store.add_exhibit(case, reference)
    info = EvidenceInfo(
        key=hashlib.sha256(f"{case} {reference}".encode()).hexdigest()[:16],
        name=f"{reference}.E01",
        kind=ContainerKind.EWF,
        segments=(f"{reference}.E01",),
        size_bytes=1 << 36,
    )
    evidence = store.add_evidence(exhibit, info, f"/images/{reference}.E01")
    volume = VolumeInfo(
        key="p1",
        offset_bytes=1 << 20,
        length_bytes=1 << 35,
        table="gpt",
        description="",
        state=VolumeState.OPENED,
    )
    run = store.start_run(exhibit, started_at="", tool_version="", workers=2)
    store.end_run(run, ended_at="", state="complete", seconds=60.0, read_bytes=1 << 30)
    return Exhibit(
        exhibit_id=exhibit,
        evidence_id=evidence,
        volume_id=store.add_volumes(evidence, [volume])["p1"],
        reference=reference,
        case=case,
        first_id=store.last_entry_id() + 1,
        last_id=store.last_entry_id(),
    )


def filled(store: Store, made: Exhibit, count: int, salt: int, first: int = 0) -> Exhibit:
    """Add entries and what became of them by the store's own calls, as a run does."""
    key = store.evidence_of(made.exhibit_id)[0][1].key
    for start in range(first, first + count, PAGE):
        numbers = range(start, min(start + PAGE, first + count))
        before = store.last_entry_id()
        store.add_entries(made.evidence_id, made.volume_id, [entry(key, one) for one in numbers])
        _finish(store, made, numbers, before, salt)
    store.mark_listed(made.volume_id)
    store.commit()
    return replace(made, last_id=store.last_entry_id())


def _finish(store: Store, made: Exhibit, numbers: range, before: int, salt: int) -> None:
    store.finish(
        made.exhibit_id,
        (
            (before + 1 + nth, outcome(number, salt))
            for nth, number in enumerate(numbers)
            if number % 10 and number % 20 != 7
        ),
    )
    read = [one for one in numbers if one % 10 and one % 20 != 7 and one % 50 != 3]
    store.set_matches(
        made.exhibit_id, [found for one in read if (found := _judged(one, salt)) is not None]
    )
    pictures = [one for one in read if one % 5 == 1]
    store.set_picture_states(made.exhibit_id, {digest_of(one, salt): "pending" for one in pictures})
    store.set_pictures(
        made.exhibit_id, {digest_of(one, salt): _hashes(one) for one in pictures if one % 3}
    )


def entry(key: str, number: int) -> FileEntry:
    at = number * 8192
    size = 100 + number * 37 % 60_000
    folder = number % 10 == 0
    return FileEntry(
        ref=EntryRef(
            evidence=key,
            volume="p1",
            path=b"/Users/person/Documents/folder %03d/file %07d.dat" % (number // 100, number),
            parent_address=number // 100,
            address=number + 100,
            sequence=1,
        ),
        kind=EntryKind.DIRECTORY if folder else EntryKind.FILE,
        allocation=Allocation.DELETED if number % 17 == 0 else Allocation.LIVE,
        size_bytes=size,
        times=Times(
            modified_ns=_TIME_NS + number,
            accessed_ns=_TIME_NS + number,
            changed_ns=_TIME_NS,
            created_ns=_TIME_NS,
        ),
        first_block_offset_bytes=at,
        extents=((at, size),),
        no_content=str(SkipReason.NOT_A_FILE) if folder else "",
    )


def _family(number: int) -> str:
    return "picture" if number % 5 == 1 else "archive" if number % 200 == 2 else "other"


def outcome(number: int, salt: int) -> Outcome:
    if number % 50 == 3:
        return Failed(reason=FailReason.READ_ERROR)
    sha256 = digest_of(number, salt)
    digests = Digests(md5=sha256[:16], sha1=sha256[:20], sha256=sha256, size_bytes=number + 1)
    return Done(digests=digests, type=_TYPES[_family(number)])


def _judged(number: int, salt: int) -> tuple[bytes, tuple[Match, ...], Proposal] | None:
    if number % 10 in {4, 8}:
        polarity, standing, category = Polarity.KNOWN_GOOD, Standing.KNOWN_GOOD, None
    elif number % 100 == 11:
        polarity, standing, category = Polarity.KNOWN_BAD, Standing.KNOWN_BAD, Category.B
    else:
        return None
    sha256 = digest_of(number, salt)
    match = Match(
        pack="list",
        pack_version="1",
        kind=MatchKind.EXACT,
        algorithm=Algorithm.SHA256,
        record=sha256.hex(),
        polarity=polarity,
    )
    return sha256, (match,), Proposal(standing=standing, category=category, reason="list 1")


def _hashes(number: int) -> PictureHashes:
    raw = hashlib.sha256(b"picture %d" % number).digest()
    return PictureHashes(
        width=640,
        height=480,
        format="JPEG",
        frames=1,
        pdq=(Pdq(bits=raw, quality=100, recipe=PdqRecipe.SQUEEZED_512),),
        phash=raw[:8],
    )


def copied(store: Store, source: Exhibit, target: Exhibit, salt: int) -> None:
    """Fill an exhibit with a copy of another one's rows, by statements of the database itself."""
    connection = store.connection
    _make_function(connection)
    salted, limit = str(salt).encode(), bytes([SHARED_OF_256])
    other = sa.func.derived

    def own(column: sa.ColumnElement[bytes]) -> sa.ColumnElement[bytes]:
        shared = sa.func.substr(column, 32, 1) < sa.literal(limit, sa.LargeBinary)
        return sa.case((shared, column), else_=other(column, salted))

    last = source.last_id
    _copy(
        connection,
        entries.select().where(entries.c.id.between(source.first_id, last)).order_by("id"),
        {
            "id": entries.c.id - source.first_id + store.last_entry_id() + 1,
            "evidence_id": sa.literal(target.evidence_id),
            "volume_id": sa.literal(target.volume_id),
            "entry_key": other(entries.c.entry_key, salted),
            "sha256": own(entries.c.sha256),
        },
    )
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT setval('entries_id_seq', (SELECT max(id) FROM entries))")
    for table in (contents, matches):
        _copy(
            connection,
            table.select().where(table.c.exhibit_id == source.exhibit_id),
            {"exhibit_id": sa.literal(target.exhibit_id), "sha256": own(table.c.sha256)},
        )
    store.mark_listed(target.volume_id)
    store.commit()


def _copy(
    connection: sa.Connection,
    source: sa.Select[tuple[object, ...]],
    changed: dict[str, sa.ColumnElement[Any]],
) -> None:
    (table,) = source.get_final_froms()
    assert isinstance(table, sa.Table)
    columns = [changed.get(column.name, column).label(column.name) for column in table.c]
    connection.execute(
        table.insert().from_select([c.name for c in table.c], source.with_only_columns(*columns))
    )


def _make_function(connection: sa.Connection) -> None:
    """Let the database derive digests by itself."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.create_function(
            "derived",
            2,
            lambda raw, salt: None if raw is None else derived(raw, salt),
            deterministic=True,
        )
    else:
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION derived(raw bytea, salt bytea) RETURNS bytea"
            " LANGUAGE sql IMMUTABLE STRICT"
            r" AS $$ SELECT substr(sha256(raw || salt), 1, length(raw) - 1) || '\xff'::bytea $$"
        )


def make(store: Store, others: int, count: int, at: float = 0.6) -> Iterator[Exhibit]:
    """Write an exhibit among others; yield each as it is done, the one in question last.

    Args:
        at: where it lies among the others, from 0 to 1. Half of it is written before them all, as
            where a run was stopped and continued in another night, if this is negative.
    """
    halves = at < 0
    asked = add_exhibit(store, CASE, "A/1")
    first = 0
    if halves:
        first = count // 2
        asked = filled(store, asked, first, 0)
    source: Exhibit | None = None
    for number in range(others):
        if not halves and number == int(others * at):
            asked = filled(store, replace(asked, first_id=store.last_entry_id() + 1), count, 0)
        other = add_exhibit(store, f"{CASE} {number // 10}", f"B/{number}")
        other = replace(other, first_id=store.last_entry_id() + 1)
        if source is None:
            source = other = filled(store, other, count, number + 1)
        else:
            copied(store, source, other, number + 1)
        yield other
    if halves or not others:
        asked = filled(store, asked, count - first, 0, first)
    yield asked


def asked_for(store: Store) -> Exhibit:
    """Give the exhibit that :func:`make` yields last, as it stands."""
    (exhibit_id,) = store.exhibit_ids(CASE)
    ((evidence_id, _, _),) = store.evidence_of(exhibit_id)
    ids = sa.select(sa.func.min(entries.c.id), sa.func.max(entries.c.id), entries.c.volume_id)
    found = ids.where(entries.c.evidence_id == evidence_id).group_by(entries.c.volume_id)
    first, last, volume = store.connection.execute(found).one()
    return Exhibit(
        exhibit_id=exhibit_id,
        evidence_id=evidence_id,
        volume_id=volume,
        reference="A/1",
        case=CASE,
        first_id=first,
        last_id=last,
    )


def exhibit_total(store: Store) -> int:
    """Count the exhibits that there are."""
    query = sa.select(sa.func.count()).select_from(exhibits)
    return int(store.connection.execute(query).scalar_one())
