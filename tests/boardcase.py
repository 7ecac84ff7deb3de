"""A small case for the grading bench, its rows written as a run leaves them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from triage.bench.boards import Boards
from triage.bench.sitting import Grader, Sitting
from triage.model.account import Role
from triage.model.grade import Category
from triage.model.vote import Ballot
from triage.store import tables
from triage.store.accounts import Accounts
from triage.store.benchtables import picture_facts
from triage.store.database import Store

CASE = "OP-BENCH"
NOW_S = 1_790_000_000
"""All is done in one second: nothing may rest on the time telling actions apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A content of the case.

    Attributes:
        alike: contents of the same number look alike; of none, -1.
        paths: of the files that hold it; one that begins with ``!`` is of a deleted file.
        facts: columns of ``picture_facts``.
    """

    name: str
    alike: int = -1
    exhibit: str = "AB/1"
    medium: str = "picture"
    size_bytes: int = 1000
    width: int = 640
    height: int = 480
    standing: str = "unknown"
    category: str = ""
    reason: str = ""
    conflict: str = ""
    sets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    modified_ns: int | None = None
    facts: tuple[tuple[str, Any], ...] = ()

    @property
    def sha256(self) -> bytes:
        return sha256(self.name)


def sha256(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def make_case(store: Store, contents: Sequence[Made], case: str = CASE) -> int:
    """Write a case, and give its id."""
    case_id = _insert(store, tables.cases, reference=case)
    exhibits: dict[str, tuple[int, int, int]] = {}
    for number, one in enumerate(contents):
        place = exhibits.get(one.exhibit)
        if place is None:
            place = exhibits[one.exhibit] = _exhibit(store, case_id, one.exhibit)
        _content(store, place[0], one)
        for nth, path in enumerate(one.paths or (f"/pictures/{one.name}.jpg",)):
            _entry(store, place, one, path, (number, nth))
    store.commit()
    return case_id


def _insert(store: Store, table: sa.Table, **values: Any) -> int:
    made = sa.insert(table).values(**values).returning(table.c.id)
    return int(store.connection.execute(made).scalar_one())


def _exhibit(store: Store, case_id: int, reference: str) -> tuple[int, int, int]:
    exhibit = _insert(store, tables.exhibits, case_id=case_id, reference=reference)
    evidence = _insert(
        store,
        tables.evidence,
        exhibit_id=exhibit,
        key=reference,
        name=f"{reference}.E01",
        location="there",
        info="{}",
    )
    volume = _insert(store, tables.volumes, evidence_id=evidence, key="p1", info="{}", listed=True)
    return exhibit, evidence, volume


def _content(store: Store, exhibit: int, one: Made) -> None:
    picture = one.medium == "picture" and one.standing != "known-good"
    look = one.name if one.alike < 0 else f"alike {one.alike}"
    pdq = bytearray(sha256(look))
    if one.alike >= 0:
        pdq[0] ^= 1 << sha256(one.name)[0] % 8
    values = {
        "exhibit_id": exhibit,
        "sha256": one.sha256,
        "md5": hashlib.md5(one.name.encode(), usedforsecurity=False).digest(),
        "sha1": hashlib.sha1(one.name.encode(), usedforsecurity=False).digest(),
        "size_bytes": one.size_bytes,
        "mime": "video/mp4" if one.medium == "video" else "image/jpeg",
        "family": one.medium,
        "picture_state": "done" if picture else "none",
        "width": one.width if picture else None,
        "height": one.height if picture else None,
        "format": "JPEG" if picture else None,
        "frames": 1 if picture else None,
        "pdq": f"squeezed-512:100:{pdq.hex()}" if picture else None,
        "phash": bytes.fromhex("0f0f33335555aa0f") if picture else None,
        "standing": one.standing,
        "category": one.category,
        "grade_reason": one.reason,
        "conflict": one.conflict,
    }
    store.connection.execute(sa.insert(tables.contents), [values])
    for nth, name in enumerate(one.sets):
        match = {"pack": name, "pack_version": "1", "kind": "exact", "algorithm": "sha256",
                 "polarity": "by-category"}  # fmt: skip
        row = {"exhibit_id": exhibit, "sha256": one.sha256, "nth": nth, "match": json.dumps(match)}
        store.connection.execute(sa.insert(tables.matches), [row])
    if one.facts:
        row = {"exhibit_id": exhibit, "sha256": one.sha256, **dict(one.facts)}
        store.connection.execute(sa.insert(picture_facts), [row])


def _entry(
    store: Store,
    place: tuple[int, int, int],
    one: Made,
    path: str,
    number: tuple[int, int],
) -> None:
    values = {
        "evidence_id": place[1],
        "volume_id": place[2],
        "opened": False,
        "entry_key": hashlib.sha256(repr((number, path)).encode()).digest()[:16],
        "path": path.removeprefix("!").encode("utf-8", "surrogateescape"),
        "stream": b"",
        "parent_address": 0,
        "address": number[0],
        "sequence": number[1],
        "nth": 0,
        "kind": "file",
        "allocation": "deleted" if path.startswith("!") else "live",
        "size_bytes": one.size_bytes,
        "modified_ns": one.modified_ns,
        "naive_local": False,
        "first_block_offset_bytes": -1,
        "extents": b"",
        "flags": 0,
        "no_content": "",
        "state": "done",
        "sha256": one.sha256,
        "mime": "image/jpeg",
        "family": one.medium,
    }
    store.connection.execute(sa.insert(tables.entries), [values])


def add_graders(store: Store, *names: str) -> None:
    """Give people accounts."""
    for name in names:
        Accounts(store.connection).add(name, name, {Role.EXAMINER}, now_s=NOW_S)
    store.commit()


def sit(
    boards: Boards, store: Store, case_id: int, name: str, *, wanted: int = 3, now_s: int = NOW_S
) -> Sitting:
    """Seat a grader who has an account."""
    account = Accounts(store.connection).by_name(name)
    assert account is not None, name
    grader = Grader(user_id=account.user_id, name=account.shown, wanted=wanted)
    return Sitting(boards, store, case_id, grader, now_s=now_s)


def ballot(category: Category, by: str, why: str = "") -> Ballot:
    """Make what is said of contents, which are not named in it yet."""
    return Ballot(
        sha256=b"",
        category=category,
        scheme="uk-names",
        scheme_version="1",
        code=category.value,
        by=by,
        why=why,
    )
