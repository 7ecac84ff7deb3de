"""Exact look-ups at national scale: building, opening, hits and misses, beside SQLite and hfind.

Run as ``python tests/bench/bench_exact.py FOLDER --millions 200``. Keys are seeded, so a pack that
lies in the folder is used again. All speeds are of one core, by CPU time, the best of the rounds
and the median; peers and the pack are asked for the same keys in one run.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
from bench_tables import Sheet
from numpy.typing import NDArray
from rich.console import Console

from triage.matching.batch import DigestBatch
from triage.matching.building import PackBuilder
from triage.matching.checking import check_file
from triage.matching.indexes.keys import Keys
from triage.matching.manifest import PackDocument, read_document, sealed, write_document
from triage.matching.pack import ExactTable, OpenPack
from triage.model.digest import Algorithm
from triage.model.hashset import PackManifest, Polarity

Rows = NDArray[np.uint8]
Line = tuple[str, ...]

STEP = 1_000_000
BATCH = 10_000
ASKED = 1_000_000
ROUNDS = 5
WIDTHS = {Algorithm.SHA1: 20, Algorithm.MD5: 16}
_MB = 1e6


def keys_of(part: int, width: int) -> Rows:
    """Give a million digests, the same ones every time."""
    return np.random.default_rng([part, width]).integers(0, 256, (STEP, width), np.uint8)


def known(millions: int, width: int) -> Rows:
    """Give digests that are in a set, from all over it, in any order."""
    choose = np.random.default_rng(1)
    parts = choose.choice(millions, min(millions, 20), replace=False).tolist()
    each = ASKED // len(parts)
    rows = np.concatenate([keys_of(part, width)[choose.integers(0, STEP, each)] for part in parts])
    found: Rows = rows[choose.permutation(len(rows))]
    return found


def unknown(width: int) -> Rows:
    """Give digests that are in no set."""
    return np.random.default_rng([2, 2, 2]).integers(0, 256, (ASKED, width), np.uint8)


def build(folder: Path, millions: int, algorithm: Algorithm) -> Iterator[Line]:
    """Write a pack of so many digests, and tell what that took."""
    folder.mkdir(parents=True)
    builder = PackBuilder(folder)
    made = 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    for part in range(millions):
        before = time.process_time()
        rows = keys_of(part, WIDTHS[algorithm])
        made += time.process_time() - before
        builder.add_batch(DigestBatch(count=STEP, digests={algorithm: rows}))
    rows_told = builder.finish()
    builder.close()
    cpu, wall = time.process_time() - cpu - made, time.perf_counter() - wall - made
    write_document(folder, _document(folder.name, builder, rows_told))
    size = sum(path.stat().st_size for path in folder.iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield "build, wall", f"{millions / wall:.2f} M digests/s ({wall:.0f} s)"
    yield "build, CPU", f"{millions / cpu:.2f} M digests/s ({cpu:.0f} s)"
    yield "build, peak memory", f"{peak:.0f} MiB"
    yield "size of the pack", f"{size / _MB:,.0f} MB, {size / millions / STEP:.1f} bytes a digest"


def look_ups(folder: Path, millions: int, algorithm: Algorithm) -> Iterator[Line]:
    """Open a pack and ask it."""
    before = time.perf_counter()
    pack = OpenPack(folder)
    table = pack.exact(algorithm)
    opened_ms = (time.perf_counter() - before) * 1000
    if table is None:
        raise SystemExit(f"{folder}: no {algorithm}")
    width = WIDTHS[algorithm]
    asked = {"hits": known(millions, width), "misses": unknown(width)}
    own = _own_memory_mib()
    yield "open", f"{opened_ms:.1f} ms"
    for name, rows in asked.items():
        for batch in (BATCH, 500):
            rates = [_rate(partial(_ask, table, rows, batch), len(rows)) for _ in range(ROUNDS)]
            median = statistics.median(rates[1:])
            words = f"{max(rates):.2f} M/s, median {median:.2f}, first {rates[0]:.2f}"
            yield f"{name}, batches of {batch:,}", words
    yield "own memory, more than before", f"{_own_memory_mib() - own:.0f} MiB"
    pack.close()
    document = read_document(folder)
    size = sum(file.size_bytes for file in document.files)
    cpu, wall = time.process_time(), time.perf_counter()
    for file in document.files:
        check_file(folder, file)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    yield "full check", f"{size / wall / _MB:,.0f} MB/s ({wall:.1f} s, CPU {cpu:.1f} s)"


def beside_sqlite(folder: Path, millions: int) -> Iterator[Line]:
    """Ask a table of SQLite and a pack of the same digests."""
    with _prepared(folder / f"sha1-{millions}@1", millions, Algorithm.SHA1) as table:
        path = folder / f"keys-{millions}.sqlite"
        asked = {"hits": known(millions, 20), "misses": unknown(20)}
        with closing(_sqlite(path, millions)) as db:
            for name, rows in asked.items():
                ours = max(_rate(partial(_ask, table, rows, BATCH), len(rows)) for _ in range(3))
                few = [row.tobytes() for row in rows[:200_000]]
                single = max(_rate(partial(_select, db, few), len(few)) for _ in range(3))
                join = max(_rate(partial(_join, db, few), len(few)) for _ in range(3))
                yield f"{name}, pack", f"{ours:.2f} M/s"
                yield f"{name}, SQLite, one by one", f"{single:.3f} M/s, {ours / single:.0f}x"
                yield f"{name}, SQLite, join of 10,000", f"{join:.3f} M/s, {ours / join:.0f}x"
        path.unlink()


def beside_hfind(folder: Path, millions: int) -> Iterator[Line]:
    """Ask The Sleuth Kit's hfind, by its own index of MD5, and a pack of the same digests."""
    if shutil.which("hfind") is None:
        return
    with _prepared(folder / f"md5-{millions}@1", millions, Algorithm.MD5) as table:
        text, asked = folder / "keys.md5", folder / "asked.txt"
        with text.open("w") as file:
            for part in range(millions):
                file.writelines(f"{row.tobytes().hex()}  f\n" for row in keys_of(part, 16))
        subprocess.run(["hfind", "-i", "md5sum", text], check=True, capture_output=True)
        for name, rows in {"hits": known(millions, 16), "misses": unknown(16)}.items():
            ours = max(_rate(partial(_ask, table, rows, BATCH), len(rows)) for _ in range(3))
            few = rows[:20_000]
            asked.write_text("".join(f"{row.tobytes().hex()}\n" for row in few))
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            told = subprocess.run(["hfind", "-f", asked, text], check=True, capture_output=True)
            assert told.stdout.count(b"\n") == len(few)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            theirs = len(few) / cpu / 1e6
            yield f"{name}, pack", f"{ours:.2f} M/s"
            yield f"{name}, hfind", f"{theirs:.4f} M/s, {ours / theirs:,.0f}x"
        for path in folder.glob("keys.md5*"):
            path.unlink()
        asked.unlink()


class _prepared:  # noqa: N801  (used as a function)
    """A pack that is built if it is not there, opened for as long as it is asked."""

    def __init__(self, folder: Path, millions: int, algorithm: Algorithm) -> None:
        if not folder.exists():
            list(build(folder, millions, algorithm))
        self._pack = OpenPack(folder)
        self._algorithm = algorithm

    def __enter__(self) -> ExactTable:
        table = self._pack.exact(self._algorithm)
        assert table is not None
        return table

    def __exit__(self, *_: object) -> None:
        self._pack.close()


def _ask(table: ExactTable, rows: Rows, batch: int) -> int:
    return sum(
        len(table.index.look_up(Keys(rows[start : start + batch]))[0])
        for start in range(0, len(rows), batch)
    )


def _rate(work: Callable[[], object], count: int) -> float:
    """Give millions a second of CPU time."""
    before = time.process_time()
    work()
    return count / (time.process_time() - before) / 1e6


def _sqlite(path: Path, millions: int) -> sqlite3.Connection:
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute("PRAGMA cache_size = -1000000")
    db.execute("PRAGMA mmap_size = 8000000000")
    db.execute("CREATE TABLE keys (digest BLOB PRIMARY KEY) WITHOUT ROWID")
    everything = np.concatenate([keys_of(part, 20) for part in range(millions)]).view("V20")
    everything = everything.reshape(-1)[np.argsort(everything.view("S20").reshape(-1))]
    with db:
        db.executemany("INSERT INTO keys VALUES (?)", ((key.tobytes(),) for key in everything))
    db.execute("CREATE TEMP TABLE asked (digest BLOB PRIMARY KEY) WITHOUT ROWID")
    return db


def _select(db: sqlite3.Connection, keys: list[bytes]) -> int:
    ask = db.execute
    return sum(
        ask("SELECT 1 FROM keys WHERE digest = ?", (key,)).fetchone() is not None for key in keys
    )


def _join(db: sqlite3.Connection, keys: list[bytes]) -> int:
    found = 0
    for start in range(0, len(keys), BATCH):
        db.execute("DELETE FROM asked")
        batch = [(key,) for key in keys[start : start + BATCH]]
        db.executemany("INSERT OR IGNORE INTO asked VALUES (?)", batch)
        found += len(db.execute("SELECT digest FROM asked JOIN keys USING (digest)").fetchall())
    return found


def _own_memory_mib() -> float:
    """Give the memory that is this process's alone, without the pages of files."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "RssAnon" in line) / 1024


def _document(name: str, builder: PackBuilder, rows: tuple[tuple[str, int], ...]) -> PackDocument:
    manifest = PackManifest(
        name=name.partition("@")[0],
        version=name.partition("@")[2],
        polarity=Polarity.KNOWN_GOOD,
        scheme="",
        scheme_version="",
        format="seeded",
        source_name="",
        source_sha256="",
        source_size_bytes=0,
        imported_at="",
        tool_version="",
        taken=builder.count,
        refused=0,
        rows=rows,
        with_size=0,
    )
    return sealed(PackDocument(manifest=manifest, settings=(), files=builder.files))


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--millions", type=int, default=20)
    arguments.add_argument("--sqlite-millions", type=int, default=5)
    arguments.add_argument("--hfind-millions", type=int, default=2)
    given = arguments.parse_args()
    console = Console()

    def show(title: str, lines: Iterator[Line]) -> None:
        Sheet(title=title, columns=("", "measured"), rows=list(lines)).show(console)
        sys.stdout.flush()

    pack = given.folder / f"sha1-{given.millions}@1"
    if given.millions and not pack.exists():
        show(f"Building, {given.millions} million", build(pack, given.millions, Algorithm.SHA1))
    if given.millions:
        show(f"Asking, {given.millions} million", look_ups(pack, given.millions, Algorithm.SHA1))
    if given.sqlite_millions:
        title = f"Beside SQLite, {given.sqlite_millions} million"
        show(title, beside_sqlite(given.folder, given.sqlite_millions))
    if given.hfind_millions:
        title = f"Beside hfind, {given.hfind_millions} million MD5"
        show(title, beside_hfind(given.folder, given.hfind_millions))


if __name__ == "__main__":
    main()
