"""A unit's ledger, invented, with hostile names in it, and what metrics make of it."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from functools import cache

from triage.metrics.forecast import forecast
from triage.metrics.kpis import kpis
from triage.model.forecast import Change, ChangeKind, Forecast, Terms
from triage.model.history import COLUMNS, Count, CountKind, History
from triage.model.kpi import Kpis
from triage.model.night import Backlog, DoneExhibit, Happening, NightSummary, OpenExhibit

DAY_S = 86_400
NOW_S = 1_790_812_800
"""1 October 2026, midnight UTC."""
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% for %}",
    "A\nB\x1b[31m\u202egpj.exe",
    "&amp;<!-- --> ]]> $x^2$",
    "a very long name of an exhibit that goes on and on " * 3,
)


def _day(moment_s: int) -> str:
    return dt.datetime.fromtimestamp(moment_s, tz=dt.UTC).date().isoformat()


@cache
def unit_history(*, hostile: bool = False, weeks: int = 116, seed: int = 7) -> History:
    """Some 20 exhibits a week come; 15 a week go, 27 a week in the last half year; some stay."""
    rng = random.Random(seed)  # noqa: S311  (an invented unit, no secret)
    start_s = NOW_S - weeks * 7 * DAY_S
    came = sorted(start_s + rng.randrange(weeks * 7 * DAY_S) for _ in range(20 * weeks))
    bands = HOSTILE if hostile else ("Very High", "High", "Medium", "Low", "")
    rows = [_row(rng, moment, number, bands) for number, moment in enumerate(came)]
    _release(rng, rows, start_s)
    return History({name: [row[name] for row in rows] for name in COLUMNS})


def _row(rng: random.Random, moment: int, number: int, bands: Sequence[str]) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(COLUMNS, -1)
    row.update(
        case=f"OP-{number // 3}" if len(bands) == 5 else f"OP-{number // 3} {bands[number % 6]}",
        exhibit=f"ABC/{number}",
        device_type=rng.choice(("phone", "phone", "phone", "laptop", "desktop", "storage")),
        owner_role=rng.choice(("suspect", "suspect", "suspect", "victim", "witness")),
        offence=rng.choice(("IIOC", "IIOC", "drugs", "fraud", bands[0])),
        risk_band=rng.choice(bands),
        statutory_on="",
        seized_on=_day(moment - rng.randrange(1, 30) * DAY_S),
        outsourced=rng.random() < 0.06,
        image_bytes=rng.randrange(10, 900) * 10**9,
        stage="queued",
        received_s=moment,
        queued_s=moment + 2 * DAY_S,
        colour="",
    )
    return row


def _release(rng: random.Random, rows: list[dict[str, object]], start_s: int) -> None:
    at_s = float(start_s + 14 * DAY_S)
    for row in rows:
        if rng.random() < 0.03:
            continue
        rate = 27 if at_s > NOW_S - 26 * 7 * DAY_S else 15
        at_s = max(at_s, _int(row["received_s"]) + 3 * DAY_S)
        at_s += rng.expovariate(rate) * 7 * DAY_S
        if at_s >= NOW_S:
            continue
        files = rng.randrange(10_000, 400_000)
        media = files // 5
        row.update(
            stage="released",
            triage_s=int(at_s) - DAY_S,
            review_s=int(at_s) - DAY_S // 2,
            released_s=int(at_s),
            colour=rng.choice(("red", "amber", "green", "green")),
            files=files,
            known_good=files * 6 // 10,
            media=media,
            pre_categorised=media * 7 // 10,
            left=media * 3 // 10,
            seconds=float(rng.randrange(300, 7_000)),
            read_bytes=rng.randrange(5, 300) * 10**9,
            done_s=int(at_s) - DAY_S // 2,
        )


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def unit_counts(*, hostile: bool = False) -> tuple[Count, ...]:
    names = HOSTILE[:2] if hostile else ("A. Grader", "B. Grader")
    made = [
        Count(on=on, kind=kind, subject=name, value=value, by="clerk", recorded_s=NOW_S)
        for on, times in (("2026-08-10", 1.2), ("2025-08-10", 1.0))
        for name in names
        for kind, value in (
            (CountKind.CAID_GRADED, 4000 * times),
            (CountKind.CAID_NEW, 300 * times),
            (CountKind.VIEWED, 9000 * times),
            (CountKind.GRADING_HOURS, 35.0),
        )
    ]
    made += [
        Count(on=on, kind=kind, subject="", value=value, by="clerk", recorded_s=NOW_S)
        for on, times in (("2026-09-10", 2), ("2025-09-10", 1))
        for kind, value in (
            (CountKind.WARRANTS, 11.0 * times),
            (CountKind.ARRESTS, 9.0),
            (CountKind.SAFEGUARDED, 14.0 * times),
            (CountKind.DEVICES, 60.0 * times),
        )
    ]
    return tuple(made)


@cache
def unit_kpis(
    from_day: str = "2026-07-01", to_day: str = "2026-09-30", *, hostile: bool = False
) -> Kpis:
    counts = unit_counts(hostile=hostile)
    history = unit_history(hostile=hostile)
    return kpis(history, counts, from_day, to_day, NOW_S, zone=dt.UTC)


@cache
def unit_forecast(*, runs: int = 400, capacity: float = 3.0) -> Forecast:
    more = Change(kind=ChangeKind.MORE, value=capacity)
    return forecast(unit_history(), Terms(runs=runs, capacity=more), cut_s=NOW_S)


def night(*, hostile: bool = False) -> NightSummary:
    names = HOSTILE if hostile else ("ABC/1", "ABC/2", "XYZ/9", "XYZ/10", "JKL/3", "JKL/4")
    at = "2026-11-23 03:12 +00:00"

    def left(which: int, reason: str, failures: int = 0) -> tuple[OpenExhibit, ...]:
        one = OpenExhibit(
            case="OP-A" if not hostile else names[which],
            exhibit=names[which],
            at=at,
            holder="night@host1",
            reason=reason,
            failures=failures,
        )
        return (one,)

    done = tuple(
        DoneExhibit(
            case="OP-A",
            exhibit=name,
            colour=colour,
            done=at,
            hits=((names[0] if hostile else "uk A", 3),) if colour == "red" else (),
            gaps=gaps,
            files=123_456,
            seconds=3_725.0,
            read_bytes=42 * 10**9,
            image_bytes=128 * 10**9,
        )
        for name, colour, gaps in (
            (names[0], "red", 0),
            (names[1], "amber", 2),
            (names[2], "green", 0),
        )
    )
    return NightSummary(
        since="2026-11-22 18:00 +00:00",
        until="2026-11-23 06:00 +00:00",
        holders=("night@host1", names[3]),
        done=done,
        colours=(("red", 1), ("amber", 1), ("green", 1)),
        hits=((names[0] if hostile else "uk A", 3),),
        stopped=left(3, "the deadline came; 40 % of its files are done"),
        working=(),
        failed=left(4, "the partition table could not be read", 1),
        set_aside=left(5, names[0] if hostile else "failed three times: worker killed", 3),
        not_started=left(4, "needs about 5 h 10 min, 2 h 05 min were left"),
        away=left(3, "the image was not there: //nas/images/OP-A/JKL3.E01"),
        taken_over=(),
        happenings=(
            Happening(
                at=at,
                holder="night@host1",
                event="clock-jump",
                exhibit="",
                detail="the clock jumped forward by 3600 s",
            ),
        ),
        seconds=40_000.0,
        read_bytes=126 * 10**9,
        minutes_an_exhibit=62.1,
        gigabytes_an_exhibit=42.0,
        backlog=Backlog(
            waiting=41,
            waiting_bytes=9 * 10**12,
            unsized=2,
            working=0,
            held=3,
            exhibits_an_hour=0.25,
            hours_left=164.0,
            forecast="41 exhibits at 0.25 an hour are about 14 nights of 12 hours.",
        ),
    )
