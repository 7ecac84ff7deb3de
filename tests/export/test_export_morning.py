"""The answers of the morning, and the audit as people read it."""

from __future__ import annotations

import csv
import io

import pytest

from triage.export import morning
from triage.export.audittable import audit_csv, audit_words
from triage.metrics.kpis import kpis
from triage.model.account import AuditAction, AuditLine, AuditRow
from triage.model.forecast import Clearing, Outlook
from triage.model.history import COLUMNS, History
from triage.model.kpi import Kpis

NOW_S = 1_795_330_000
DAY_S = 86_400


def figures(*spans: tuple[int, int]) -> Kpis:
    """Work out the last 13 weeks of exhibits that came and went so many days ago (-1: not yet)."""
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for number, (came, went) in enumerate(spans):
        values = {
            "case": "OP-X",
            "exhibit": f"A/{number}",
            "received_s": NOW_S - came * DAY_S,
            "stage": "queued" if went < 0 else "released",
            "queued_s": NOW_S - came * DAY_S,
            "released_s": NOW_S - went * DAY_S if went >= 0 else -1,
        }
        for name, column in columns.items():
            words = name in {
                *("case", "exhibit", "device_type", "owner_role", "offence", "risk_band"),
                *("statutory_on", "seized_on", "stage", "colour"),
            }
            usual: object = "" if words else 0 if name == "outsourced" else -1
            column.append(values.get(name, usual))
    return kpis(History(columns), (), "2026-08-24", "2026-11-22", NOW_S)


@pytest.mark.parametrize(
    ("spans", "answer"),
    [
        (((200, -1), (200, 20)), "Yes"),
        (((200, -1), (20, -1)), "No, it grows"),
        (((200, -1), (20, 10)), "About the same"),
        ((), "About the same"),
        (((20, -1),), "No, it grows"),
    ],
)
def test_better_is_fewer_than_at_the_start(spans: tuple[tuple[int, int], ...], answer: str) -> None:
    assert morning.is_it_better(figures(*spans)).answer == answer


def test_ages_are_told_by_half_and_longest() -> None:
    told = morning.how_old(figures((400, -1), (40, -1), (10, -1)))
    assert told.answer == "Half over 6 weeks"
    assert "the longest 13 months. 33% are over 90 days old." in told.detail
    assert morning.how_old(figures()).answer == "Nothing waits"


@pytest.mark.parametrize(
    ("outlook", "p50_on", "answer"),
    [
        (Outlook.CLEAR_NOW, "", "It is done"),
        (Outlook.NEVER, "", "Not at this rate"),
        (Outlook.CLEARS, "2027-05-15", "About May 2027"),
        (Outlook.CLEARS, "", "Not in sight"),
    ],
)
def test_the_end_is_told_as_sure_as_it_is(outlook: Outlook, p50_on: str, answer: str) -> None:
    clearing = Clearing(
        outlook=outlook,
        chance=0.5,
        p10_on="",
        p50_on=p50_on,
        p90_on="",
        growth_a_week=0.0,
        weeks_at_mean=-1.0,
    )
    assert morning._by(clearing) == answer
    assert morning.when_done(None, "too little history").detail == "too little history"


def test_who_is_needed_counts_things_and_names_the_first() -> None:
    assert morning.who_needs_me(()).answer == "Nobody"
    told = morning.who_needs_me(("One is set aside.", "Another waits.", "A third."))
    assert (told.answer, told.detail) == ("3 things", "One is set aside. And 2 more below.")


def test_no_cell_of_an_audit_file_is_a_formula_or_breaks_a_line() -> None:
    line = AuditLine(
        at_ms=1_795_330_000_123,
        action=AuditAction.SIGN_IN_REFUSED,
        by="=cmd|' /C calc'!A0",
        case="@SUM(A1)\r\nnext",
        exhibit="-1",
        detail=(("why", "\x1b[31m"),),
    )
    row = AuditRow(number=7, line=line, link=b"\x01" * 32)
    told = audit_csv([row])
    head, only = csv.reader(io.StringIO(told.decode("utf-8-sig"), newline=""))
    cells = dict(zip(head, only, strict=True))
    assert cells["by"].startswith("'=")
    assert cells["exhibit"] == "'-1"
    assert not any(one.startswith(("=", "+", "-", "@", "\t", "\r")) for one in only)
    assert not any("\x1b" in one or "\n" in one for one in only)
    assert audit_words(row).action == "Sign-in refused"
    assert audit_words(row).at == "2026-11-22 06:46:40.123 UTC"
