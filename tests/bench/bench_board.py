"""How fast the grading bench answers in a case of 100,000 pictures while two people grade.

    python tests/bench/bench_board.py FOLDER [--pictures N] [--rounds N] [--graders N] [--db URL]

A made-up case: four exhibits, pictures in stacks of the sizes that phones, their backups and chat
applications leave, folders, cameras, places, reference sets; its rows are written straight into the
tables. A server of its own is asked over HTTP by one process a grader; they grade all the time,
each the next stack of the queue, look at a page of the gallery after every fourth vote and at a
content after every eighth. Printed: milliseconds at the median and at the 95th centile for each
kind of request, and what the server took to make the board and of memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa
import uvicorn

from triage.access import passwords, tokens
from triage.access.passwords import Cost
from triage.model.account import Role
from triage.store import tables
from triage.store.accounts import Accounts
from triage.store.benchtables import picture_facts
from triage.store.database import Store, Stores, open_store
from triage.store.sessions import Sessions
from triage.web import cookies
from triage.web.app import make_app
from triage.web.suite import Suite

SEED = 6
CASE = "OP-BOARD"
EXHIBITS = ("AB/1", "AB/2", "CD/1", "CD/2")
STACK_SIZES = ((0.80, (1, 1)), (0.15, (2, 3)), (0.04, (4, 8)), (0.01, (9, 40)))
"""Share of the stacks, and how many contents they have: 100,000 contents make about 64,000."""

CAMERAS = (
    ("Apple", "iPhone 12", ""),
    ("Apple", "iPhone SE", ""),
    ("samsung", "SM-G991B", ""),
    ("Canon", "Canon EOS 80D", "082024001234"),
    ("Panasonic", "DMC-TZ60", "WE4K-77"),
)
ROWS = 5_000
CENTILE_95 = 94


def stacks(random_: random.Random, pictures: int) -> Iterator[list[tuple[bytes, bytes]]]:
    """Give stacks of (SHA-256, PDQ): each content a few bits from its leader's."""
    left = pictures
    while left > 0:
        dice, size = random_.random(), 1
        for share, (low, high) in STACK_SIZES:
            if dice < share:
                size = random_.randint(low, high)
                break
            dice -= share
        leader = random_.getrandbits(256)
        found = []
        for _ in range(min(size, left)):
            flips = sum(1 << at for at in {random_.randrange(256) for _ in range(6)})
            found.append((random_.randbytes(32), (leader ^ flips).to_bytes(32, "big")))
        left -= len(found)
        yield found


class Rows:
    """Rows that are written a few thousand at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[sa.Table, list[dict[str, Any]]] = {}

    def add(self, table: sa.Table, **values: Any) -> None:
        """Write a row soon."""
        waiting = self._waiting.setdefault(table, [])
        waiting.append(values)
        if len(waiting) >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Write all that waits."""
        for table in (tables.contents, *self._waiting):
            if waiting := self._waiting.get(table, []):
                self._store.connection.execute(sa.insert(table), waiting)
                waiting.clear()


def make_case(store: Store, pictures: int) -> None:
    """Write the case."""
    random_ = random.Random(SEED)  # noqa: S311  (made up, no secret)
    case = sa.insert(tables.cases).values(reference=CASE).returning(tables.cases.c.id)
    case_id = store.connection.execute(case).scalar_one()
    places = [_exhibit(store, case_id, reference) for reference in EXHIBITS]
    rows = Rows(store)
    number = 0
    for stack in stacks(random_, pictures):
        kind = random_.random()
        home = random_.randrange(len(places))
        folder = random_.randrange(400)
        camera = random_.choice(CAMERAS) if random_.random() < 0.45 else None
        for sha256, pdq in stack:
            number += 1
            held = {home, random_.randrange(len(places))} if random_.random() < 0.1 else {home}
            for at in sorted(held):
                _content(rows, random_, places[at][0], sha256, pdq, kind)
                for copy in range(1 + (random_.random() < 0.5)):
                    _entry(rows, random_, places[at], sha256, number, folder + 400 * copy)
                if camera:
                    _facts(rows, random_, places[at][0], sha256, camera)
    rows.flush()
    store.commit()


def _exhibit(store: Store, case_id: int, reference: str) -> tuple[int, int, int]:
    def insert(table: sa.Table, **values: Any) -> int:
        made = sa.insert(table).values(**values).returning(table.c.id)
        return int(store.connection.execute(made).scalar_one())

    exhibit = insert(tables.exhibits, case_id=case_id, reference=reference)
    evidence = insert(
        tables.evidence,
        exhibit_id=exhibit,
        key=reference,
        name=f"{reference}.E01",
        location="made",
        info="{}",
    )
    volume = insert(tables.volumes, evidence_id=evidence, key="p1", info="{}", listed=True)
    return exhibit, evidence, volume


def _content(  # noqa: PLR0917  (the parts of a row)
    rows: Rows, random_: random.Random, exhibit: int, sha256: bytes, pdq: bytes, kind: float
) -> None:
    standing, category, reason, pack = "unknown", "", "", ""
    if kind < 0.03:
        standing, category, pack = "known-bad", random_.choice("ABC"), "national list"
    elif kind < 0.04:
        standing, pack = "visual", "look-alikes"
    elif kind < 0.05:
        standing, category, pack = "unmapped", "UNMAPPED", "foreign list"
    elif kind < 0.12:
        standing, category, pack = "known-good", "NON_PERTINENT", "known software"
    if pack:
        reason = f"SHA-256 is in {pack} 2026.1"
        match = {"pack": pack, "pack_version": "2026.1", "kind": "exact", "algorithm": "sha256",
                 "polarity": "by-category"}  # fmt: skip
        rows.add(tables.matches, exhibit_id=exhibit, sha256=sha256, nth=0, match=json.dumps(match))
    decoded = standing != "known-good"
    rows.add(
        tables.contents,
        exhibit_id=exhibit,
        sha256=sha256,
        md5=sha256[:16],
        sha1=sha256[:20],
        size_bytes=int.from_bytes(sha256[:3], "big"),
        mime="image/jpeg",
        family="picture",
        picture_state="done" if decoded else "known-good",
        width=4000 if decoded else None,
        height=3000 if decoded else None,
        format="JPEG" if decoded else None,
        frames=1 if decoded else None,
        pdq=f"squeezed-512:100:{pdq.hex()}" if decoded else None,
        phash=bytes.fromhex("0f0f33335555aa0f") if decoded else None,
        turned=None,
        standing=standing,
        category=category,
        original_code=category,
        scheme="uk" if category else "",
        grade_reason=reason,
        conflict="",
    )


def _entry(  # noqa: PLR0917  (the parts of a row)
    rows: Rows,
    random_: random.Random,
    place: tuple[int, int, int],
    sha256: bytes,
    number: int,
    folder: int,
) -> None:
    root = (b"/DCIM/1%02d" % (folder % 100), b"/Users/sam/Pictures/%d" % folder,
            b"/Users/sam/AppData/Chat/media/%d" % folder)[folder % 3]  # fmt: skip
    rows.add(
        tables.entries,
        evidence_id=place[1],
        volume_id=place[2],
        opened=False,
        entry_key=random_.randbytes(16),
        path=b"%b/IMG_%06d.jpg" % (root, number),
        stream=b"",
        parent_address=0,
        address=number,
        sequence=0,
        nth=0,
        kind="file",
        allocation="deleted" if random_.random() < 0.15 else "live",
        size_bytes=int.from_bytes(sha256[:3], "big"),
        modified_ns=1_600_000_000_000_000_000 + random_.randrange(10**17),
        naive_local=False,
        first_block_offset_bytes=-1,
        extents=b"",
        flags=0,
        no_content="",
        state="done",
        reason="",
        detail="",
        sha256=sha256,
        damaged=False,
        mime="image/jpeg",
        family="picture",
    )


def _facts(
    rows: Rows, random_: random.Random, exhibit: int, sha256: bytes, camera: tuple[str, str, str]
) -> None:
    make, model, serial = camera
    located, day = random_.random() < 0.3, random_.randint(10, 28)
    rows.add(
        picture_facts,
        exhibit_id=exhibit,
        sha256=sha256,
        make=make,
        model=model,
        serial=serial,
        software="",
        taken=f"202{random_.randrange(7)}-0{random_.randint(1, 9)}-{day}T10:00:00",
        latitude=51.5 if located else None,
        longitude=-0.1 if located else None,
    )


def make_graders(stores: Stores, graders: int) -> list[dict[str, str]]:
    """Add graders with a session each, and give what their browsers hold."""
    found = []
    now_s = int(time.time())
    encoded = passwords.encode("bench-only-words-1", cost=Cost(passes=1, memory_kib=64, lanes=1))
    with stores.open() as store:
        for number in range(graders):
            name, token, csrf = f"grader{number}", tokens.new_token(), tokens.new_token()
            accounts = Accounts(store.connection)
            known = accounts.by_name(name)
            user_id = known.user_id if known else accounts.add(
                name, f"Grader {number}", {Role.EXAMINER}, password=encoded, now_s=now_s
            )  # fmt: skip
            Sessions(store.connection).begin(
                user_id,
                token_sha256=tokens.token_sha256(token),
                csrf=csrf,
                how="password",
                now_s=now_s,
                expires_s=now_s + 36_000,
                address="127.0.0.1",
                agent="bench",
            )
            found.append({"token": token, "csrf": csrf})
        store.commit()
    return found


def serve(url: str, home: Path, port: int) -> None:
    """Serve the pages until the process is ended."""
    suite = Suite(url=url, home=home)
    uvicorn.run(make_app(suite), host="127.0.0.1", port=port, log_level="warning")


def grade(address: str, who: dict[str, str], rounds: int, seed: int) -> dict[str, list[float]]:
    """Grade for some rounds, and give the milliseconds of each request by its kind."""
    times: dict[str, list[float]] = {}
    random_ = random.Random(seed)  # noqa: S311  (made up, no secret)
    headers = {
        "Cookie": f"{cookies.SESSION}={who['token']}",
        "X-CSRF-Token": who["csrf"],
        "Sec-Fetch-Site": "same-origin",
    }
    with httpx2.Client(base_url=address, headers=headers, timeout=300) as client:

        def ask(kind: str, method: str, path: str, **more: Any) -> Any:
            began = time.perf_counter()
            answer = client.request(method, path, **more)
            times.setdefault(kind, []).append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()
            return answer.json()

        after = filtered = ""
        for turn in range(rounds):
            found = ask("next stack", "GET", "/api/cases/1/next?queue=first")["next"]
            key = found["stack"]["key"]
            vote = {"stacks": [key], "code": random_.choice("123")}
            cast = ask("vote", "POST", "/api/cases/1/votes", json=vote)
            if turn % 4 == 0:
                page = ask("gallery page", "GET", f"/api/cases/1/stacks?queue=first&after={after}")
                after = page["next"] or ""
            if turn % 8 == 1:
                ask("content", "GET", f"/api/cases/1/contents/{found['stack']['leader']}")
                path = "/api/cases/1/stacks?queue=all&camera=iPhone+12&deleted=true"
                answer = ask("filtered page", "GET", f"{path}&after={filtered}")
                filtered = answer["next"] or ""
            if turn % 8 == 5:
                path = "/api/cases/1/stacks?queue=all&category=A"
                ask("page by grade", "GET", path)
                ask("second looks", "GET", "/api/cases/1/stacks?queue=second")
            if turn % 16 == 7 and cast["contents"]:
                undo = {"contents": cast["contents"], "action": cast["action"]}
                ask("undo", "POST", "/api/cases/1/undo", json=undo)
    return times


def memory_mib(pid: int) -> tuple[int, int]:
    """Give what a process has in memory now, and what it had at most."""
    words = Path(f"/proc/{pid}/status").read_text("ascii")
    lines = dict(line.split(":", 1) for line in words.splitlines())
    return tuple(int(lines[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


def cpu_s(pid: int) -> float:
    """Give the seconds of processor that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(asked: argparse.Namespace, url: str) -> dict[str, Any]:
    """Serve, grade, and give the figures."""
    stores = Stores(url)
    people = make_graders(stores, asked.graders)
    stores.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = [sys.executable, __file__, str(asked.folder), "--db", url]
    server = subprocess.Popen([*here, "--serve", str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        before = memory_mib(server.pid)[0]
        began = time.perf_counter()
        grade(address, people[0], 1, 0)
        made_s = time.perf_counter() - began
        after = memory_mib(server.pid)
        made_cpu_s = cpu_s(server.pid)
        clients = [
            subprocess.Popen(
                [*here, "--grade", json.dumps([address, who, asked.rounds, seed])],
                stdout=subprocess.PIPE,
            )
            for seed, who in enumerate(people)
        ]
        times: dict[str, list[float]] = {}
        for one in clients:
            for kind, values in json.loads(one.communicate()[0]).items():
                times.setdefault(kind, []).extend(values)
        now, most = memory_mib(server.pid)
        asked_cpu_s = cpu_s(server.pid) - made_cpu_s
    finally:
        server.terminate()
        server.wait()
    return {
        "first_answer_s": round(made_s, 2),
        "start_and_board_cpu_s": round(made_cpu_s, 1),
        "cpu_ms_a_request": round(1000 * asked_cpu_s / sum(map(len, times.values())), 1),
        "load": os.getloadavg()[0],
        "server_mib": {"empty": before, "with board": after[0], "in the end": now, "peak": most},
        "ms": {
            kind: {
                "requests": len(values),
                "median": round(statistics.median(values), 1),
                "p95": round(statistics.quantiles(values, n=100)[CENTILE_95], 1),
            }
            for kind, values in sorted(times.items())
        },
    }


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            httpx2.get(address + "/robots.txt", timeout=5)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not answer")


def main() -> None:
    """Make what is missing, measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--graders", type=int, default=2)
    parser.add_argument("--db", default="")
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--grade", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    home = asked.folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    url = asked.db or f"sqlite:///{asked.folder / 'cases.sqlite'}"
    if asked.serve:
        serve(url, home, asked.serve)
        return
    if asked.grade:
        sys.stdout.write(json.dumps(grade(*json.loads(asked.grade))))
        return
    from triage.grading.scheme import SchemeBook  # noqa: PLC0415  (of the parent alone)

    SchemeBook(home).confirm("uk", by="Bench", source="made up", at="2026-01-01T00:00:00Z")
    with open_store(url, create=True) as store:
        if CASE not in store.case_names():
            make_case(store, asked.pictures)
    found = measured(asked, url)
    told = {"pictures": asked.pictures, "graders": asked.graders, "cores": os.cpu_count(), **found}
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
