"""A process that takes exhibits, writes their work step by step, and finishes them.

``python lease_worker.py URL NAME``: says when it is ready, begins when it is told to, and ends when
nothing is left. What was written for an exhibit before its holder died is gone on with, as a run
does; what is there already is written once more without harm.
"""

from __future__ import annotations

import os
import sys
import time

import sqlalchemy as sa

from triage.errors import LeaseLost
from triage.model.queue import ExhibitResult, Holder, Lease
from triage.store import tables
from triage.store.database import Store, open_store
from triage.store.leases import Leases

STEPS = 3
STEP_S = 0.03
PATIENCE_S = 0.6
"""How long a beat may stand still, by the clock of the one who looks on."""
LIMIT = 1_000
"""Those killed here are not to blame."""


def main(url: str, name: str) -> None:
    """Work until every exhibit is done."""
    holder = Holder(name=name, host="here", pid=os.getpid())
    seen: dict[tuple[int, int], tuple[int, float]] = {}
    with open_store(url) as store:
        leases = Leases(store.connection)
        print("ready", flush=True)  # noqa: T201  (the test waits for it)
        sys.stdin.readline()
        while True:
            lease = next_lease(leases, holder, seen)
            if lease is not None:
                try:
                    work(store, leases, lease)
                except LeaseLost:
                    store.rollback()
            elif not leases.leased() and not leases.candidates():
                return
            else:
                time.sleep(0.05)


def next_lease(
    leases: Leases, holder: Holder, seen: dict[tuple[int, int], tuple[int, float]]
) -> Lease | None:
    """Take an exhibit over whose holder is dead, or else one that nobody has."""
    now = time.monotonic()
    for view in leases.leased():
        beat, since = seen.setdefault((view.ledger_id, view.token), (view.beat, now))
        if beat != view.beat:
            seen[view.ledger_id, view.token] = (view.beat, now)
        elif now - since > PATIENCE_S:
            lease = leases.take_over(view, holder, int(time.time()), limit_failures=LIMIT)
            if lease is not None:
                return lease
    waiting = [one.ledger_id for one in leases.candidates()]
    return leases.take(waiting, holder, int(time.time()))


def work(store: Store, leases: Leases, lease: Lease) -> None:
    """Write what is still missing of an exhibit, each step in a transaction of its own."""
    store.guard = lambda: leases.guard(lease)
    started = time.monotonic()
    try:
        exhibit_id = store.add_exhibit(lease.case, lease.exhibit)
        counted = sa.select(sa.func.count()).select_from(tables.contents)
        asked = counted.where(tables.contents.c.exhibit_id == exhibit_id)
        for step in range(store.connection.execute(asked).scalar_one(), STEPS):
            write(store, exhibit_id, step)
            time.sleep(STEP_S)
            store.commit()
            leases.beat(lease, int(time.time()), time.monotonic() - started)
        store.commit()
    finally:
        store.guard = None
    result = ExhibitResult(
        colour="green", hits=((lease.exhibit, STEPS),), gaps=0, files=STEPS, known_good=0, media=0,
        pre_categorised=0, left=0, seconds=0, read_bytes=0, done_s=1,
    )  # fmt: skip
    leases.finish(lease, result, seconds=0, read_bytes=0, now_s=int(time.time()))


def write(store: Store, exhibit_id: int, step: int) -> None:
    """Write one content."""
    values = {
        "exhibit_id": exhibit_id, "sha256": step.to_bytes(32), "md5": bytes(16), "sha1": bytes(20),
        "size_bytes": step, "mime": "", "family": "", "picture_state": "done",
    }  # fmt: skip
    store._ignore(tables.contents, [values])


if __name__ == "__main__":
    main(*sys.argv[1:])
