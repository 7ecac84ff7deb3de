"""The chain in a real database: whoever changes it with its own tools is found, row by row."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.access.chain import Verdict, verify
from triage.errors import StoreError
from triage.model.account import AuditAction, AuditLine
from triage.model.auditchain import Anchor
from triage.store.accounttables import audit
from triage.store.anchors import NAME, add_anchor, anchor_of, read_anchors
from triage.store.audit import WORDS_MAX, Audit
from triage.store.copying import copy_database
from triage.store.database import Stores, connected


def line(nth: int, **values: object) -> AuditLine:
    facts: dict[str, object] = {
        "at_ms": 1_795_000_000_000 + nth,
        "action": AuditAction.GRADED,
        "by": "Eve Examiner",
        "role": "examiner",
        "case": "OP-X",
        "exhibit": "ABC/1",
        "sha256": hashlib.sha256(bytes([nth % 256])).digest(),
        "detail": (("code", f"{nth}"), ("why", "\u00e9 \x1b[31m")),
        "address": "127.0.0.1",
    }
    return AuditLine(**(facts | values))  # type: ignore[arg-type]  # (facts by name)


@pytest.fixture
def stores(store_url: str) -> Iterator[Stores]:
    opened = Stores(store_url, create=True)
    yield opened
    opened.close()


def fill(stores: Stores, rows: int = 10) -> None:
    with stores.open() as store:
        Audit(store.connection).append([line(nth) for nth in range(1, rows + 1)])
        store.commit()


def tamper(stores: Stores, url: str, *statements: str) -> Verdict:
    """Change rows as an administrator of the database could, and verify."""
    with connected(url) as (connection, _):
        if connection.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_no_{verb}")
        else:
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_kept ON audit")
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
    return verdict(stores)


def verdict(stores: Stores, *anchors: Anchor) -> Verdict:
    with stores.open() as store:
        return verify(Audit(store.connection).iterate(), anchors)


def told(found: Verdict) -> list[tuple[str, int, int]]:
    return [(one.kind.value, one.number, one.last) for one in found.faults]


def test_what_was_appended_is_whole_and_read_back_as_it_was(stores: Stores) -> None:
    fill(stores)
    with stores.open() as store:
        log = Audit(store.connection)
        last = log.append([line(11, sha256=b"", detail=(), by="a\0\udcff")])
        store.commit()
        assert last.line.by == "a\\x00\\udcff"
        assert log.head() == last
        rows = log.rows(limit=100)
    assert [one.number for one in rows] == list(range(1, 12))
    assert [one.line for one in rows[:10]] == [line(nth) for nth in range(1, 11)]
    found = verdict(stores)
    assert (found.rows, found.head, found.faults) == (11, (11, last.link), ())


def test_a_link_is_what_the_page_on_formats_says() -> None:
    from triage.model.auditchain import link_of  # noqa: PLC0415  (beside its peer)

    one = line(1)
    made = b"triage audit 1\n" + bytes(32) + struct.pack(">Qq", 1, one.at_ms)
    words: tuple[str, ...] = ("graded", one.by, one.role, "OP-X", "ABC/1", one.address)
    words += ("code", "1", "why", "\u00e9 \x1b[31m")
    for octets in (one.sha256, *(word.encode() for word in words)):
        made += struct.pack(">Q", len(octets)) + octets
    assert link_of(bytes(32), 1, one) == hashlib.sha256(made).digest()


def test_every_column_of_a_row_that_is_changed_names_that_row(
    stores: Stores, store_url: str
) -> None:
    fill(stores)
    on_file = store_url.startswith("sqlite")
    blob = "x'00'" if on_file else "'\\x00'::bytea"
    changes = {
        "at_ms": "at_ms + 1",
        "action": "'signed-in'",
        "by": "'Eve  Examiner'",
        "role": "''",
        "case_reference": "'OP-Y'",
        "exhibit": "'ABC/2'",
        "sha256": blob,
        "detail": "'[]'",
        "address": "'127.0.0.2'",
        "link": blob,
    }
    assert set(changes) == set(audit.columns.keys()) - {"number"}
    for nth, (name, value) in enumerate(changes.items(), 1):
        kept = f"SELECT {name} FROM audit WHERE number = {nth}"  # noqa: S608  (our own names)
        found = tamper(stores, store_url, f"UPDATE audit SET {name} = {value} WHERE number = {nth}")  # noqa: S608  (likewise)
        assert told(found)[-1] == ("changed", nth, nth), name
        assert len(found.faults) == nth, kept
    assert [one.number for one in found.faults] == list(range(1, 11))


def test_what_no_program_of_ours_writes_is_named_and_stops_nothing(
    stores: Stores, store_url: str
) -> None:
    fill(stores, 12)
    odd = [
        "action = 'nothing'",
        'detail = \'[["code",  "2"]]\'',
        "detail = '{'",
        "detail = '[[1, 2]]'",
        "detail = '[\"ab\"]'",
        "detail = 'null'",
        f"detail = '{'[' * 3_000}'",
    ]
    if store_url.startswith("sqlite"):
        odd += ["by = CAST(x'ff' AS TEXT)", "by = x'41'", "at_ms = 'x'", "sha256 = x''"]
    wheres = [f"UPDATE audit SET {one} WHERE number = {nth}" for nth, one in enumerate(odd, 1)]  # noqa: S608  (our own words)
    found = tamper(stores, store_url, *(one.replace("%", "%%") for one in wheres))
    assert told(found) == [("changed", nth, nth) for nth in range(1, len(odd) + 1)]
    assert found.rows == 12
    with stores.open() as store:
        with pytest.raises(StoreError, match="audit row"):
            Audit(store.connection).rows()
        assert Audit(store.connection).rows(after=len(odd))


@pytest.mark.parametrize(
    ("statement", "faults", "anchored"),
    [
        ("DELETE FROM audit WHERE number = 4", [("missing", 4, 4)], 10),
        ("DELETE FROM audit WHERE number < 4", [("missing", 1, 3)], 10),
        ("DELETE FROM audit WHERE number IN (4, 5, 8)", [("missing", 4, 5), ("missing", 8, 8)], 10),
        ("DELETE FROM audit WHERE number > 7", [("cut-off", 8, 10)], 0),
        ("DELETE FROM audit", [("cut-off", 1, 10)], 0),
        ("UPDATE audit SET number = 11 WHERE number = 10", [("missing", 10, 10)], 0),
    ],
)
def test_rows_that_are_gone_are_named(
    stores: Stores,
    store_url: str,
    statement: str,
    faults: list[tuple[str, int, int]],
    anchored: int,
) -> None:
    fill(stores)
    with stores.open() as store:
        head = Audit(store.connection).head()
    assert head is not None
    tamper(stores, store_url, statement)
    found = verdict(stores, Anchor(number=10, link=head.link))
    assert told(found) == faults
    assert found.anchored == anchored


def test_rows_that_changed_places_or_were_put_in_are_named(stores: Stores, store_url: str) -> None:
    fill(stores)
    swap = "UPDATE audit SET number = {} WHERE number = {}"
    steps = [swap.format(*pair) for pair in ((99, 5), (5, 6), (6, 99))]
    assert told(tamper(stores, store_url, *steps)) == [("moved", 5, 6)]
    back = [swap.format(*pair) for pair in ((99, 6), (6, 5), (5, 99))]
    assert told(tamper(stores, store_url, *back)) == []
    names = ", ".join(f'"{one}"' for one in audit.columns.keys()[1:])
    put_in = (
        "UPDATE audit SET number = -number - 1 WHERE number > 7",
        "UPDATE audit SET number = -number WHERE number < 0",
        f"INSERT INTO audit (number, {names}) SELECT 8, {names} FROM audit WHERE number = 3",  # noqa: S608  (our own names)
    )
    found = tamper(stores, store_url, *put_in)
    assert told(found) == [("moved", 8, 11)] or told(found)[0] == ("changed", 8, 8)
    assert found.faults[-1].last == 11


def test_the_database_itself_refuses_to_change_it(stores: Stores) -> None:
    fill(stores)
    for statement in ("UPDATE audit SET by = ''", "DELETE FROM audit"):
        with pytest.raises(StoreError, match="audit is appended to only"), stores.open() as store:
            store.connection.exec_driver_sql(statement)
    assert verdict(stores).whole


def test_what_was_not_committed_leaves_no_gap(stores: Stores) -> None:
    fill(stores, 3)
    with stores.open() as store:
        assert Audit(store.connection).append([line(4)]).number == 4
    with stores.open() as store:
        assert Audit(store.connection).append([line(5), line(6)]).number == 5
        store.commit()
    found = verdict(stores)
    assert (found.rows, found.whole) == (5, True)


def test_what_others_choose_is_cut_and_says_so(stores: Stores) -> None:
    with stores.open() as store:
        row = Audit(store.connection).append(
            [line(1, by="x" * 1_000_000, detail=(("a", "y" * 9_999),))]
        )
        store.commit()
    assert len(row.line.by) < WORDS_MAX + 40
    assert row.line.by.endswith("[cut; 1,000,000 characters]")
    assert verdict(stores).whole
    with stores.open() as store, pytest.raises(ValueError, match="nothing"):
        Audit(store.connection).append([])


def test_rows_are_chosen_and_paged_both_ways(stores: Stores) -> None:
    with stores.open() as store:
        log = Audit(store.connection)
        log.append(
            [
                line(
                    nth,
                    by="ann" if nth % 2 else "bob",
                    action=(AuditAction.NOTED, AuditAction.GRADED)[nth % 3 == 0],
                )
                for nth in range(1, 31)
            ]
        )
        store.commit()
        assert [one.number for one in log.rows(limit=3)] == [1, 2, 3]
        assert [one.number for one in log.rows(28)] == [29, 30]
        assert [one.number for one in log.rows(newest=True, limit=2)] == [30, 29]
        assert [one.number for one in log.rows(29, newest=True, limit=2)] == [28, 27]
        chosen = log.rows(by="ann", action="graded", since_ms=1_795_000_000_010)
        assert [one.number for one in chosen] == [15, 21, 27]
        assert log.rows(case="OP-Y") == ()
        times = log.times("bob", {AuditAction.GRADED}, 1_795_000_000_012)
        assert times == [(1_795_000_000_000 + nth, "graded") for nth in (12, 18, 24, 30)]


APPEND = """
import sys
from triage.model.account import AuditAction, AuditLine
from triage.store.accounttables import audit
from triage.store.anchors import NAME, add_anchor, anchor_of, read_anchors
from triage.store.audit import WORDS_MAX, Audit
from triage.store.database import Stores
stores = Stores(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for nth in range(40):
    with stores.open() as store:
        lines = [AuditLine(at_ms=nth, action=AuditAction.NOTED, by=sys.argv[2])] * (1 + nth % 3)
        Audit(store.connection).append(lines)
        if nth % 7:
            store.commit()
"""


def test_processes_that_append_at_once_make_one_chain(stores: Stores, store_url: str) -> None:
    names = ("ann", "bob")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, store_url, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in names
    ]
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline() == b"ready\n"
    for one in started:
        assert one.stdin is not None
        one.stdin.write(b"go\n")
        one.stdin.flush()
    for one in started:
        one.communicate(timeout=120)
        assert one.returncode == 0
    each = sum(1 + nth % 3 for nth in range(40) if nth % 7)
    found = verdict(stores)
    assert told(found) == []
    assert found.rows == found.head[0] == each * len(names)
    with stores.open() as store:
        for name in names:
            assert len(Audit(store.connection).rows(by=name, limit=1_000)) == each


def test_a_reader_that_goes_first_does_not_keep_a_writer_from_the_head(stores: Stores) -> None:
    """What was read earlier in a transaction must not be what the chain goes on from."""
    fill(stores, 2)
    with stores.open() as early, stores.open() as late:
        early.case_names()
        assert Audit(early.connection).head() is not None
        Audit(late.connection).append([line(3)])
        late.commit()
        assert Audit(early.connection).append([line(4)]).number == 4
        early.commit()
    assert verdict(stores).whole


def test_anchors_are_kept_for_their_owner_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / NAME
    assert read_anchors(path) == ()
    noted = [Anchor(number=nth, link=bytes([nth]) * 32, at_s=1_795_000_000 + nth) for nth in (1, 9)]
    for one in noted:
        add_anchor(path, one)
    assert read_anchors(path) == tuple(noted)
    first = path.read_text("ascii").splitlines()[0]
    assert first == f"1 {'01' * 32} 2026-11-18T11:06:41Z"
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert anchor_of(f"1200:{'ab' * 32}") == Anchor(number=1200, link=b"\xab" * 32)
    for wrong in ("", "1", "1 " + "a" * 63, "x:" + "a" * 64, f"1 {'a' * 64} yesterday", "\udcff"):
        assert anchor_of(wrong) is None
    path.write_bytes(b"1 \xff\n")
    with pytest.raises(StoreError, match="line 1"):
        read_anchors(path)


def test_a_copy_on_a_server_is_the_same_chain_and_goes_on(
    tmp_path: Path, postgresql_url: str
) -> None:
    source = f"sqlite:///{tmp_path / 'cases.sqlite'}"
    here = Stores(source, create=True)
    fill(here, 5)
    with here.open() as store:
        head = Audit(store.connection).head()
    here.close()
    assert head is not None
    copy_database(source, postgresql_url, lambda _: None)
    there = Stores(postgresql_url)
    found = verdict(there, Anchor(number=5, link=head.link))
    assert (found.whole, found.anchored) == (True, 5)
    with there.open() as store:
        assert Audit(store.connection).append([line(6)]).number == 6
        store.commit()
    assert verdict(there).whole
    there.close()
