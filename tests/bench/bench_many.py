"""What work at one exhibit costs alone in a database, and among many others.

    python tests/bench/bench_many.py FOLDER [--others N] [--entries N] [--postgresql] [--analysed]

The exhibit is the same in both databases, and four in five of its contents are those of all others.
Made databases stay in FOLDER and are used again; those on a PostgreSQL server of its own do not.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import make_many
from make_many import Exhibit

sys.path.insert(0, str(Path(__file__).parents[1]))

from postgresql import own_server
from road import CASE, IMAGES, Road
from triage.model.entry import FileEntry
from triage.model.grade import Proposal, Standing
from triage.pipeline.tasks import close_evidence
from triage.store.database import Store, open_store
from triage.store.figures import figures_of, read_bytes_of, remaining_of
from triage.store.judged import contents_total, judged_pages
from triage.store.settled import settled
from triage.store.stacks import places_of, stored_pictures

GROUP = 2_048
"""What a run settles at once, at most."""
PICTURES = 256
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of processor, here and in the server, and of clock."""

    cpu_s: float
    wall_s: float


def operations(store: Store, one: Exhibit) -> dict[str, Callable[[], object]]:
    """Give what is done at an exhibit, by name; all of it may be repeated after a rollback."""
    page = [entry for found in islice(store.waiting(one.evidence_id), 2) for entry in found]
    ids = [entry.entry_id for entry in page[:GROUP]]
    digests = [make_many.digest_of(number, 0) for number in range(1, GROUP)]
    pictures = [make_many.digest_of(number, 0) for number in range(1, 5 * PICTURES, 5)]
    unknown = Proposal(standing=Standing.UNKNOWN)
    numbers = range(1 << 20, (1 << 20) + GROUP)
    key = store.evidence_of(one.exhibit_id)[0][1].key
    fresh = [make_many.entry(key, number) for number in numbers]
    types, case, name = ("application/zip",), one.case, one.reference
    return {
        **_writes(store, one, fresh),
        "finish": lambda: store.finish(
            one.exhibit_id,
            [(at, make_many.outcome(1 + nth, 0)) for nth, at in enumerate(ids)],
        ),
        "known_contents": lambda: store.known_contents(one.exhibit_id, digests),
        "set_matches": lambda: store.set_matches(
            one.exhibit_id, [(digest, (), unknown) for digest in digests]
        ),
        "waiting_totals": lambda: store.waiting_totals(one.exhibit_id),
        "waiting": lambda: list(store.waiting(one.evidence_id)),
        "waiting_archives": lambda: store.waiting_archives(one.evidence_id, "", types),
        "no waiting_archives": lambda: store.waiting_archives(one.evidence_id, "", ("x",)),
        "waiting_picture_totals": lambda: store.waiting_picture_totals(one.exhibit_id),
        "waiting_pictures": lambda: list(store.waiting_pictures(one.exhibit_id)),
        "redecode_unturned": lambda: store.redecode_unturned(one.exhibit_id),
        "contents": lambda: list(store.contents(one.exhibit_id)),
        "contents_named": lambda: store.contents_named(one.exhibit_id, pictures),
        "rematch: contents_total": lambda: contents_total(store, one.exhibit_id),
        "rematch: judged_pages": lambda: list(judged_pages(store, one.exhibit_id)),
        "lease: settled": lambda: settled(store.connection, case, name),
        "summary, report": lambda: store.summary(case, name),
        "night: figures_of": lambda: figures_of(store.connection, one.exhibit_id),
        "night: remaining_of": lambda: remaining_of(store.connection, case, name),
        "night: read_bytes_of": lambda: read_bytes_of(store.connection, case, name),
        "records by path": lambda: sum(1 for _ in store.records(case, name)),
        "records by content": lambda: sum(1 for _ in store.records(case, name, "content")),
        "stacks: pictures": lambda: list(stored_pictures(store, one.exhibit_id)),
        "stacks: places": lambda: places_of(store, [one.exhibit_id], pictures),
    }


def _writes(store: Store, one: Exhibit, fresh: list[FileEntry]) -> dict[str, Callable[[], object]]:
    def added() -> None:
        store.add_entries(one.evidence_id, one.volume_id, fresh)

    def members() -> None:
        before = store.last_entry_id()
        store.add_entries(one.evidence_id, one.volume_id, fresh[:100], one.last_id)
        store.members_after(one.evidence_id, before)

    def run() -> None:
        number = store.start_run(one.exhibit_id, started_at="", tool_version="", workers=1)
        store.end_run(number, ended_at="", state="complete", seconds=1.0, read_bytes=1)

    return {"add_entries": added, "members_after": members, "start_run, end_run": run}


def measured(store: Store, one: Exhibit, rounds: int, only: str) -> dict[str, Spent]:
    """Do each operation some times, and give what the cheapest time took."""
    backend = _backend(store)
    found = {}
    for name, operation in operations(store, one).items():
        store.rollback()
        if only not in name:
            continue
        spent = []
        for _ in range(rounds):
            before, started = _cpu_s(backend), time.perf_counter()
            operation()
            wall_s = time.perf_counter() - started
            spent.append(Spent(_cpu_s(backend) - before, wall_s))
            store.rollback()
        found[name] = Spent(min(x.cpu_s for x in spent), min(x.wall_s for x in spent))
    return found


def _backend(store: Store) -> int | None:
    if store.connection.dialect.name == "sqlite":
        return None
    return int(store.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def _cpu_s(backend: int | None) -> float:
    """Give the processor time of this process and of the server's that works for it."""
    own = time.process_time()
    if backend is None:
        return own
    words = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return own + (int(words[11]) + int(words[12])) / _TICKS


def whole_run(folder: Path, url: str) -> Spent:
    """Run one more exhibit, of a small image, in this process."""
    road = Road(folder, url=url)
    number = 0
    with open_store(url) as store, contextlib.suppress(Exception):
        number = len(store.exhibits(CASE))
    before, started = time.process_time(), time.perf_counter()
    road.run(IMAGES / "sample.E01", exhibit=f"MORE/{number}")
    close_evidence()
    return Spent(time.process_time() - before, time.perf_counter() - started)


def made(url: str, others: int, entries: int, at: float) -> Exhibit:
    """Make a database where it is not there yet, and give the exhibit in question."""
    with open_store(url, create=True) as store:
        if not make_many.exhibit_total(store):
            for _ in make_many.make(store, others, entries, at):
                pass
        return make_many.asked_for(store)


def table(alone: dict[str, Spent], among: dict[str, Spent]) -> Iterator[str]:
    """Give the lines of a table."""
    yield "| operation | alone: CPU ms | among: CPU ms | ratio | alone: ms | among: ms | ratio |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, one in alone.items():
        other = among[name]
        yield (
            f"| {name} | {one.cpu_s * 1e3:.1f} | {other.cpu_s * 1e3:.1f} "
            f"| {other.cpu_s / max(one.cpu_s, 1e-6):.1f} | {one.wall_s * 1e3:.1f} "
            f"| {other.wall_s * 1e3:.1f} | {other.wall_s / max(one.wall_s, 1e-6):.1f} |"
        )


def compared(urls: tuple[str, str], asked: argparse.Namespace) -> None:
    """Measure all operations in both databases and print the table."""
    found: list[dict[str, Spent]] = []
    for url, others in zip(urls, (0, asked.others), strict=True):
        one = made(url, others, asked.entries, asked.at)
        with open_store(url) as store:
            _statistics(store, there=asked.analysed)
        with open_store(url) as store:
            found.append(measured(store, one, asked.rounds, asked.only))
        if asked.run:
            found[-1]["a run of one more"] = min(
                (whole_run(asked.folder / "road", url) for _ in range(asked.rounds)),
                key=lambda spent: spent.cpu_s,
            )
    print("\n".join(table(*found)))


def _statistics(store: Store, *, there: bool) -> None:
    """See to it that the planner knows how many rows there are, or that it does not."""
    connection = store.connection
    if there:
        connection.exec_driver_sql("ANALYZE")
    elif connection.dialect.name == "sqlite":
        if connection.exec_driver_sql(
            "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"
        ).scalar_one():
            connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    else:
        connection.exec_driver_sql("DELETE FROM pg_statistic WHERE starelid > 16384")
    store.commit()


def main() -> None:
    """Make what is missing, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--others", type=int, default=120)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--at", type=float, default=0.6, help="place of the exhibit; -1: in halves")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="operations whose name has this in it")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own")
    parser.add_argument("--analysed", action="store_true", help="with statistics of the tables")
    parser.add_argument("--run", action="store_true", help="run a small image, too")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    print(f"{asked.others} others of {asked.entries} entries, analysed: {asked.analysed}")
    if asked.postgresql:
        with own_server() as server:
            compared((server.fresh(), server.fresh()), asked)
        return
    name = f"among-{asked.others}-{asked.entries}-{asked.at}.sqlite"
    alone = f"alone-{asked.entries}.sqlite"
    compared(
        (f"sqlite:///{asked.folder / alone}", f"sqlite:///{asked.folder / name}"),
        asked,
    )


if __name__ == "__main__":
    main()
