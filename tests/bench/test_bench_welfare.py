"""Measures that are on until they are lifted, limits of a day, and who may allow more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.bench import welfare
from triage.bench.gradekeys import grade_keys
from triage.bench.welfare import DAY_MS, Watch
from triage.errors import UsageFault
from triage.grading.scheme import SchemeBook
from triage.model.account import Account, AuditAction, AuditLine, Role
from triage.model.rendition import Measures
from triage.model.settings import UnitSettings
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.store.database import Store, Stores

NOON = 20_000 * DAY_MS + DAY_MS // 2
ONE, OTHER = bytes(32), bytes([1]) * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    stores = Stores(f"sqlite:///{tmp_path / 'cases.sqlite'}", create=True)
    with stores.open() as opened:
        opened.connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        yield opened
    stores.close()


def person(store: Store, name: str, role: Role) -> Account:
    accounts = Accounts(store.connection)
    found = accounts.by_id(accounts.add(name, name.title(), {role}, now_s=0))
    assert found is not None
    return found


def shown(
    store: Store, by: str, *at_ms: int, action: AuditAction = AuditAction.PICTURE_SHOWN
) -> None:
    Audit(store.connection).append([AuditLine(at_ms=one, action=action, by=by) for one in at_ms])


def test_everything_is_on_until_it_is_lifted_for_one_content_in_one_session(store: Store) -> None:
    connection = store.connection
    assert welfare.measures(connection, 1, ONE) == Measures(grey=True, blur=True, small=True)
    welfare.lift(connection, 1, 1, [ONE], ["grey", "size"], now_s=5)
    assert welfare.measures(connection, 1, ONE) == Measures(grey=False, blur=True, small=False)
    assert welfare.measures(connection, 1, OTHER) == Measures()
    assert welfare.measures(connection, 2, ONE) == Measures()
    welfare.lift(connection, 1, 1, [ONE], ["grey"], now_s=6, back=True)
    assert welfare.measures(connection, 1, ONE) == Measures(small=False)
    with pytest.raises(UsageFault):
        welfare.lift(connection, 1, 1, [ONE], ["sound"], now_s=7)


def test_the_watch_counts_as_one_who_reads_the_whole_day_each_time(store: Store) -> None:
    grader, watch = person(store, "esa", Role.EXAMINER), Watch()
    settings = UnitSettings(pictures_hard=100)
    moments = [NOON + 700 * one for one in range(200)]
    shown(store, "esa", NOON - DAY_MS)
    for at in range(0, 200, 7):
        shown(store, "esa", *moments[at : at + 7])
        shown(store, "eva", *moments[at : at + 3])
        now_ms = moments[min(at + 6, 199)]
        new = Watch().exposure(store.connection, grader, settings, now_ms=now_ms)
        assert watch.exposure(store.connection, grader, settings, now_ms=now_ms) == new
        assert new.pictures == min(at + 7, 200)
    tomorrow = watch.exposure(store.connection, grader, settings, now_ms=NOON + DAY_MS)
    assert tomorrow.pictures == 0


def test_what_is_allowed_counts_for_that_day_and_that_grader_only(store: Store) -> None:
    grader, boss = person(store, "esa", Role.EXAMINER), person(store, "sam", Role.SUPERVISOR)
    settings, watch = UnitSettings(pictures_hard=3, minutes_hard=0), Watch()
    shown(store, "esa", NOON, NOON + 1, NOON + 2)
    now = watch.exposure(store.connection, grader, settings, now_ms=NOON + 3)
    assert now.is_over_hard
    assert watch.is_news(store.connection, grader, now, now_ms=NOON + 3)
    assert not watch.is_news(store.connection, grader, now, now_ms=NOON + 4)
    give = {"pictures": 2, "minutes": 0, "now_ms": NOON + 5}
    welfare.allow(store.connection, grader, boss, why="asked", **give)
    more = watch.exposure(store.connection, grader, settings, now_ms=NOON + 6)
    assert (more.is_over_hard, more.limits.hard_pictures, more.limits.hard_minutes) == (False, 5, 0)
    assert watch.exposure(
        store.connection, grader, settings, now_ms=NOON + DAY_MS
    ).limits.hard_pictures == 3  # fmt: skip
    for who, why, pictures in (
        (grader, "me", 5),
        (boss, " ", 5),
        (boss, "why", 0),
        (boss, "w", -1),
    ):
        with pytest.raises(UsageFault):
            welfare.allow(
                store.connection, grader, who, pictures=pictures, minutes=0, why=why, now_ms=NOON
            )


def test_every_grade_of_a_scheme_has_a_key_of_its_own(tmp_path: Path) -> None:
    taken = set("USNTGL+?")
    for scheme in SchemeBook(tmp_path).all():
        keys = [one.key for one in grade_keys(scheme) if one.key]
        assert len(set(keys)) == len(keys)
        assert taken.isdisjoint(keys)
    named = {one.category: one.key for one in grade_keys(SchemeBook(tmp_path).get("uk"))}
    assert named == {"A": "A", "B": "B", "C": "C"}
