"""What is counted of graders from the audit: how much, and by what it is graded as."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from triage.bench.loads import loads, minutes_of
from triage.model.account import Account, AuditAction, AuditLine, Role
from triage.model.load import GraderDay
from triage.model.settings import UnitSettings
from triage.store.audit import Audit
from triage.store.database import Store, open_store
from triage.store.loads import actions_of, shown_by_category
from triage.store.tables import cases, contents, exhibits
from triage.store.votetables import votes

DAY_S = 86_400
FIRST_S = 20_000 * DAY_S
ELSEWHERE = 101
"""Content 1 in a case where nobody graded it and no set knows it."""


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def line(at_s: float, by: str, nth: int, action: AuditAction) -> AuditLine:
    case = "OP-Y" if nth == ELSEWHERE else "OP-X"
    return AuditLine(
        at_ms=int(at_s * 1000), action=action, by=by, case=case, sha256=bytes([nth % 100]) * 32
    )


def shown(at_s: float, by: str, nth: int) -> AuditLine:
    return line(at_s, by, nth, AuditAction.PICTURE_SHOWN)


def a_case(store: Store) -> None:
    """Make a case of which the sets know contents 1 and 2, and a person graded 2 and 3."""
    connection = store.connection
    for number, reference in ((2, "OP-Y"), (1, "OP-X")):
        connection.execute(sa.insert(cases).values(id=number, reference=reference))
    columns = {one.name for one in exhibits.c}
    values = {"id": 1, "case_id": 1, "reference": "A/1"}
    connection.execute(
        sa.insert(exhibits).values({name: values[name] for name in values if name in columns})
    )
    for nth, category in ((1, "A"), (2, "B"), (4, "")):
        connection.execute(
            sa.insert(contents).values(
                exhibit_id=1,
                sha256=bytes([nth]) * 32,
                md5=b"",
                sha1=b"",
                size_bytes=1,
                mime="image/jpeg",
                family="picture",
                picture_state="done",
                category=category,
            )
        )
    for nth, category, kind in (
        (2, "C", "vote"),
        (2, "NON_PERTINENT", "vote"),
        (3, "A", "vote"),
        (3, "", "withdrawal"),
    ):
        connection.execute(
            sa.insert(votes).values(
                case_id=1,
                sha256=bytes([nth]) * 32,
                kind=kind,
                category=category,
                scheme="uk",
                scheme_version="1",
                code="",
                by="somebody",
                at_s=1,
                why="",
                how="by-hand",
                tags="[]",
            )
        )


def test_contents_count_once_by_the_last_vote_else_by_the_proposal(store: Store) -> None:
    a_case(store)
    Audit(store.connection).append(
        [
            shown(FIRST_S + at_s, "esa", nth)
            for at_s, nth in ((0, 1), (1, 1), (2, 2), (3, 3), (4, 4))
        ]
        + [shown(FIRST_S + 5, "eva", nth) for nth in (9, ELSEWHERE)]
        + [shown(FIRST_S - 1, "eva", 1)]
    )
    found = shown_by_category(store.connection, FIRST_S * 1000, (FIRST_S + DAY_S) * 1000)
    assert {(one.by, one.category): one.contents for one in found} == {
        ("esa", "A"): 2,
        ("esa", "NON_PERTINENT"): 1,
        ("esa", ""): 1,
        ("eva", ""): 2,
    }


def test_only_who_was_shown_a_picture_is_counted(store: Store) -> None:
    Audit(store.connection).append(
        [
            shown(FIRST_S, "esa", 1),
            line(FIRST_S, "esa", 1, AuditAction.GRADED),
            line(FIRST_S, "esa", 1, AuditAction.SIGNED_IN),
            line(FIRST_S, "mo", 1, AuditAction.LIMIT_REACHED),
        ]
    )
    found = actions_of(store.connection, FIRST_S * 1000, (FIRST_S + DAY_S) * 1000)
    assert found == {"esa": {AuditAction.PICTURE_SHOWN: 1, AuditAction.GRADED: 1}}


def test_pauses_of_more_than_five_minutes_are_no_minutes_of_looking() -> None:
    assert minutes_of([]) == 0
    assert minutes_of([0]) == 0
    assert minutes_of([0, 60_000, 360_000, 660_001, 690_001]) == 6.5


def test_loads_are_told_by_day_the_longest_looking_first(store: Store) -> None:
    esa = Account(user_id=1, name="esa", shown="Esa Examiner", roles=frozenset({Role.EXAMINER}))
    eva = Account(user_id=2, name="eva", shown="Eva Examiner", roles=frozenset({Role.EXAMINER}))
    Audit(store.connection).append(
        [
            shown(FIRST_S + 60, "esa", 1),
            shown(FIRST_S + 120, "esa", 2),
            shown(FIRST_S + DAY_S - 1, "eva", 1),
            shown(FIRST_S + DAY_S + 1, "eva", 1),
        ]
    )
    settings = UnitSettings(pictures_soft=2, minutes_soft=0)
    first, second = loads(store, (esa, eva), settings, since_s=FIRST_S, until_s=FIRST_S + 2 * DAY_S)
    assert (first.shown, first.pictures, first.contents, first.minutes) == ("Esa Examiner", 2, 2, 1)
    assert first.over_soft == 1
    assert (second.shown, second.pictures, second.contents) == ("Eva Examiner", 2, 1)
    assert second.days == (
        GraderDay(day=FIRST_S, pictures=1, minutes=0),
        GraderDay(day=FIRST_S + DAY_S, pictures=1, minutes=0),
    )
    assert second.over_soft == 0
