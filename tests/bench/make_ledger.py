"""A made-up unit's history, from a seed, written straight into a case database.

    python tests/bench/make_ledger.py --db unit.sqlite --exhibits 100000 --years 10

No name, reference or figure in it is anybody's.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from triage.config import database_url
from triage.model.history import CountKind
from triage.model.ledger import OwnerRole, Stage
from triage.model.verdict import Colour
from triage.store.database import open_store
from triage.store.ledgertables import counts, ledger, results, stage_changes

DAY_S = 86_400
STAGES = tuple(Stage)
DEVICES = ("phone", "phone", "phone", "laptop", "tablet", "desktop", "usb stick", "console", "")
ROLES = (*[OwnerRole.SUSPECT] * 6, *[OwnerRole.VICTIM] * 2, OwnerRole.WITNESS, OwnerRole.NOT_STATED)
OFFENCES = ("indecent images", "grooming", "fraud", "drugs supply", "stalking", "robbery", "")
BANDS = ("very high", "high", "high", "medium", "medium", "medium", "low", "low", "")
GRADERS = ("grader a", "grader b", "grader c")
CAMPAIGN = "week of action"
_SHARES = (0.0, 0.12, 0.03, 0.35, 0.06, 0.30, 0.14)
"""Of the time that an exhibit is open, what it spends in each stage but the last, in the mean."""
_BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is made up.

    Attributes:
        days_open: mean of the days between receipt and release; a steady unit has as many open
            exhibits as come in during that time (Little's law).
        growth: what is added to the mean in a year, as a part of it: a backlog that grows.
        goes_back: part of the exhibits that go back to an earlier stage, or come back released.
    """

    exhibits: int
    years: float
    now_s: int
    seed: int = 1
    days_open: float = 120.0
    growth: float = 0.0
    goes_back: float = 0.03


@dataclass(slots=True)
class Made:
    """Rows of a few exhibits, as the tables take them."""

    ledger: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)


def write(connection: sa.Connection, unit: Unit) -> None:
    """Write a unit's ledger and its counts; an empty ledger is expected. Commits."""
    dice = random.Random(unit.seed)  # noqa: S311  (made-up figures, no secret)
    made = Made()
    for number, arrived_s in enumerate(arrivals(unit, dice), 1):
        _exhibit(made, unit, dice, number, arrived_s)
        if len(made.ledger) == _BATCH:
            _flush(connection, made)
    _flush(connection, made)
    connection.execute(counts.insert(), list(_counts(unit, dice)))
    connection.commit()


def arrivals(unit: Unit, dice: random.Random) -> Iterator[int]:
    """Yield when exhibits come in: a Poisson stream, its last years ending now."""
    start_s = unit.now_s - int(unit.years * 365.25 * DAY_S)
    moments = sorted(dice.randrange(start_s, unit.now_s) for _ in range(unit.exhibits))
    yield from moments


def _flush(connection: sa.Connection, made: Made) -> None:
    for table, rows in (
        (ledger, made.ledger),
        (stage_changes, made.changes),
        (results, made.results),
    ):
        if rows:
            connection.execute(table.insert(), rows)
            rows.clear()


def _exhibit(made: Made, unit: Unit, dice: random.Random, number: int, arrived_s: int) -> None:
    steps = _steps(unit, dice, arrived_s)
    happened = [(stage, at_s) for stage, at_s in steps if at_s <= unit.now_s]
    entered = dict(happened)
    row = {f"{stage.replace('-', '_')}_s": entered.get(stage, -1) for stage in STAGES}
    stage = happened[-1][0]
    seized = datetime.fromtimestamp(arrived_s, UTC).date() - timedelta(days=dice.randrange(30))
    gigabytes = round(dice.lognormvariate(4.0, 0.9))
    held = stage is not Stage.RELEASED and dice.random() < 0.02
    made.ledger.append(
        row
        | {
            "id": number,
            "case_reference": f"OP-{(number + dice.randrange(5)) // 3:06d}",
            "reference": f"ABC/{number}",
            "device_type": dice.choice(DEVICES),
            "owner_role": dice.choice(ROLES).value,
            "offence": dice.choice(OFFENCES),
            "risk_band": dice.choice(BANDS),
            "seized_on": seized.isoformat() if dice.random() < 0.97 else "",
            "image_path": f"/images/{number}.E01" if Stage.QUEUED in entered else "",
            "image_bytes": gigabytes * 10**9 if Stage.QUEUED in entered else -1,
            "outsourced": dice.random() < 0.08,
            "officer": f"officer {dice.randrange(90)}",
            "stage": stage.value,
            "arrived_s": arrived_s,
            "held_s": happened[-1][1] if held else -1,
            "bumped_s": -1,
            "legal_power": "",
            "dpn_reference": "",
            "scope_limits": "",
            "statutory_kind": "",
            "statutory_on": "",
        }
    )
    made.changes += [
        {
            "ledger_id": number,
            "stage": one.value,
            "at_s": at_s,
            "recorded_s": at_s,
            "by": "made up",
            "why": "",
        }
        for one, at_s in happened
    ]
    if Stage.REVIEW in entered:
        made.results.append(_result(dice, number, entered[Stage.REVIEW], gigabytes))


def _steps(unit: Unit, dice: random.Random, arrived_s: int) -> list[tuple[Stage, int]]:
    """Give the stages of an exhibit as they would come, also those that have not come yet."""
    age_years = (unit.now_s - arrived_s) / DAY_S / 365.25
    mean = unit.days_open * (1 + unit.growth * (unit.years - age_years))
    at_s, steps = float(arrived_s), []
    for stage, share in zip(STAGES, _SHARES, strict=False):
        steps.append((stage, int(at_s)))
        # Two drawn halves: less spread than one draw, still a long tail.
        if share:
            at_s += dice.gammavariate(2.0, share * mean * DAY_S / 2.0)
    steps.append((Stage.RELEASED, int(at_s)))
    if dice.random() < unit.goes_back:
        back_s = int(at_s) + dice.randrange(DAY_S, 90 * DAY_S)
        steps += [(Stage.REVIEW, back_s), (Stage.RELEASED, back_s + dice.randrange(30 * DAY_S))]
    return steps


def _result(dice: random.Random, number: int, done_s: int, gigabytes: int) -> dict[str, Any]:
    files = round(dice.lognormvariate(11.5, 0.8))
    media = round(files * dice.uniform(0.05, 0.3))
    pre = round(media * dice.betavariate(6, 2))
    read_bytes = round(gigabytes * 1e9 * dice.uniform(0.2, 0.7))
    return {
        "ledger_id": number,
        "colour": dice.choices(list(Colour), (0.2, 0.25, 0.55))[0].value,
        "hits": "[]",
        "gaps": dice.randrange(4),
        "files": files,
        "known_good": round(files * dice.uniform(0.3, 0.8)),
        "media": media,
        "pre_categorised": pre,
        "left": media - pre,
        "seconds": read_bytes / dice.uniform(60e6, 160e6),
        "read_bytes": read_bytes,
        "done_s": done_s,
    }


def _counts(unit: Unit, dice: random.Random) -> Iterator[dict[str, Any]]:
    """Yield two years of counts: graders' days, and one week of action in each year."""
    today = datetime.fromtimestamp(unit.now_s, UTC).date()
    for back in range(730, -1, -1):
        day = today - timedelta(days=back)
        if day.weekday() >= 5:
            continue
        for grader in GRADERS:
            viewed = dice.randrange(2_000, 9_000)
            yield _count(day, CountKind.VIEWED, grader, viewed)
            yield _count(day, CountKind.GRADING_HOURS, grader, dice.choice((3.0, 4.5, 6.0)))
            yield _count(day, CountKind.CAID_GRADED, grader, viewed // 3)
            yield _count(day, CountKind.CAID_NEW, grader, viewed // 9)
            yield _count(day, CountKind.CAID_AWAITING_SECOND_VOTE, grader, dice.randrange(900))
        yield _count(day, CountKind.CAID_UPLOADED, "", dice.randrange(4_000))
        if back in range(20, 27) or back in range(385, 392):
            for kind in (
                CountKind.REFERRALS,
                CountKind.WARRANTS,
                CountKind.ARRESTS,
                CountKind.SAFEGUARDED,
                CountKind.DEVICES,
            ):
                yield _count(day, kind, CAMPAIGN, dice.randrange(1, 14))


def _count(day: date, kind: CountKind, subject: str, value: float) -> dict[str, Any]:
    at_s = int(datetime(day.year, day.month, day.day, 17, tzinfo=UTC).timestamp())
    return {
        "on": day.isoformat(),
        "kind": kind.value,
        "subject": subject,
        "value": float(value),
        "by": "made up",
        "recorded_s": at_s,
    }


def main() -> None:
    """Make a database as the command line says."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--db", required=True)
    words.add_argument("--exhibits", type=int, default=2_000)
    words.add_argument("--years", type=float, default=3.0)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--days-open", type=float, default=120.0)
    words.add_argument("--growth", type=float, default=0.0)
    words.add_argument("--now", default="2026-11-22T09:00:00+00:00")
    told = words.parse_args()
    unit = Unit(
        exhibits=told.exhibits,
        years=told.years,
        now_s=int(datetime.fromisoformat(told.now).timestamp()),
        seed=told.seed,
        days_open=told.days_open,
        growth=told.growth,
    )
    with open_store(database_url(told.db), create=True) as store:
        write(store.connection, unit)


if __name__ == "__main__":
    main()
