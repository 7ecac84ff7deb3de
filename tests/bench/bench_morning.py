"""What the manager's first page costs over a unit of many exhibits and a week of grading.

python tests/bench/bench_morning.py --exhibits 10000
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path

from make_ledger import Unit, write

from suitehere import CHEAP, Client, client_of, people
from triage.model.account import AuditAction, AuditLine
from triage.store.audit import Audit
from triage.store.database import open_store
from triage.web.app import make_app
from triage.web.morning import Morning
from triage.web.suite import Suite

NOW_S = 1_795_330_000
GRADERS = ("examiner", "examiner2", "examiner3")
DAY_MS = 86_400_000


def grading(pictures: int) -> list[AuditLine]:
    """Make up a week of pictures shown to three graders."""
    dice = random.Random(1)  # noqa: S311  (made-up moments, no secret)
    first_ms = (NOW_S // 86_400 - 6) * DAY_MS
    return [
        AuditLine(
            at_ms=first_ms + day * DAY_MS + 9 * 3_600_000 + nth * 6_000,
            action=AuditAction.PICTURE_SHOWN,
            by=grader,
            case=f"OP-{dice.randrange(20):06d}",
            sha256=dice.randbytes(32),
        )
        for day in range(7)
        for grader in GRADERS
        for nth in range(pictures)
    ]


def timed(what: str, ask: Callable[[], object], times: int) -> None:
    """Print the median and the longest of several requests, in wall clock and processor time."""
    walls, works = [], []
    for _ in range(times):
        wall, work = time.perf_counter(), time.process_time()
        ask()
        walls.append(1_000 * (time.perf_counter() - wall))
        works.append(1_000 * (time.process_time() - work))
    middle = statistics.median(walls)
    print(
        f"{what:<44} {middle:8.0f} ms median, {max(walls):6.0f} longest, "
        f"{statistics.median(works):6.0f} ms of processor"
    )


def look(client: Client, path: str) -> str:
    """Ask for a page and be sure that it is one."""
    answer = client.get(path)
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}")
    return str(answer.text)


def main() -> None:
    """Measure as the command line says."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--exhibits", type=int, default=10_000)
    words.add_argument("--years", type=float, default=5.0)
    words.add_argument("--pictures", type=int, default=1_500, help="of a grader a day")
    told = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["TRIAGE_HOME"] = folder
        url = f"sqlite:///{home / 'unit.sqlite'}"
        with open_store(url, create=True) as store:
            write(store.connection, Unit(exhibits=told.exhibits, years=told.years, now_s=NOW_S))
            Audit(store.connection).append(grading(told.pictures))
            store.commit()
        suite = Suite(url=url, home=home, cost=CHEAP)
        suite.now_s = lambda: NOW_S
        people(suite)
        measure(suite)
        suite.close()


def measure(suite: Suite) -> None:
    """Print what each page takes."""
    client = client_of(make_app(suite), "manager")
    morning = suite.part(Morning, Morning)
    page = ""

    def first() -> None:
        nonlocal page
        page = look(client, "/manager")

    timed("first page, the first time", first, 1)
    timed("first page, within the minute", first, 30)

    def anew() -> None:
        morning.forget()
        first()

    timed("first page, read anew", anew, 5)
    for path in map(unescape, re.findall(r'<img src="([^"]+)"', page)):
        name = path.split("/")[-1].split(".")[0]
        timed(f"chart {name}, the first time", lambda path=path: look(client, path), 1)  # type: ignore[misc]
    for path in ("/manager/queue", "/manager/tonight", "/manager/night", "/manager/loads?days=7"):
        timed(path, lambda path=path: look(client, path), 7)  # type: ignore[misc]


if __name__ == "__main__":
    main()
