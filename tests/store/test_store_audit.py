"""The chain in a real database: whoever changes it with its own tools is found, row by row."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

import pytest

from triage.access.chain import Verdict, verify
from triage.model.account import AuditAction, AuditLine
from triage.model.auditchain import Anchor
from triage.store.audit import Audit
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
        audit = Audit(store.connection)
        last = audit.append([line(11, sha256=b"", detail=(), by="a\0\udcff")])
        store.commit()
        assert last.line.by == "a\\x00\\udcff"
        assert audit.head() == last
        rows = audit.rows(limit=100)
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
