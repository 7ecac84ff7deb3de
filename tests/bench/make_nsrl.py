"""Makes an SQLite file in the schema of NSRL RDS 3 (minimal) from a seed, with any number of rows.

    python tests/bench/make_nsrl.py FOLDER [--rows 1000000] [--single]

Rows come in the order of their key, so that both trees only grow at their end: this is by far the
fastest way to fill them. A distinct file has 2.75 rows on average (other names and packages of the
same content), as in the published set of 80 million rows.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

SEED = 3
ROWS = 1_000_000
CHUNK_FILES = 20_000
FURTHER_ROWS = 1.75
"""Mean of the rows of a distinct file beyond its first; they are drawn from Poisson's law."""
ROW_SIZE_BYTES = 390
"""Of one row on disk: once in the table and once in the index of its key; measured."""
SINGLE_SIZE_BYTES = 200
SCHEMA = """
CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL,
    crc32 VARCHAR NOT NULL, file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL,
    package_id INTEGER NOT NULL,
    CONSTRAINT PK_FILE__FILE PRIMARY KEY
        (sha256, sha1, md5, crc32, file_name, file_size, package_id)) {};
CREATE TABLE MFG (manufacturer_id INTEGER PRIMARY KEY, name VARCHAR NOT NULL);
CREATE TABLE OS (operating_system_id INTEGER, name VARCHAR, version VARCHAR,
    manufacturer_id INTEGER);
CREATE TABLE PKG (package_id INTEGER, name VARCHAR, version VARCHAR, operating_system_id INTEGER,
    manufacturer_id INTEGER, language VARCHAR, application_type VARCHAR);
CREATE TABLE VERSION (version VARCHAR, build_set VARCHAR, build_date TIMESTAMP,
    release_date TIMESTAMP, description VARCHAR);
CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5, crc32 FROM FILE;
INSERT INTO VERSION VALUES ('made', 'synthetic', '', '', 'synthetic digests of nothing');
"""
Row = tuple[str, str, str, str, str, int, int]


def needed_bytes(rows: int, *, single: bool = False) -> int:
    """Give about how large the file will be."""
    return rows * (SINGLE_SIZE_BYTES if single else ROW_SIZE_BYTES) + (1 << 20)


def file_rows(rows: int) -> Iterator[Row]:
    """Give so many rows in the order of the key of FILE."""
    chunks = max(1, round(rows / (1 + FURTHER_ROWS) / CHUNK_FILES))
    left = rows
    for chunk in range(chunks):
        wanted = left if chunk == chunks - 1 else min(left, rows // chunks)
        yield from _chunk(chunk, chunks, wanted)
        left -= wanted


def _chunk(chunk: int, chunks: int, wanted: int) -> Iterator[Row]:
    rng = np.random.default_rng([SEED, chunk])
    further = rng.poisson(FURTHER_ROWS, wanted).tolist()
    heads = np.sort(rng.integers(chunk * 2**60 // chunks, (chunk + 1) * 2**60 // chunks, wanted))
    rests = rng.bytes(64 * wanted).hex().upper()
    sizes = rng.lognormal(9, 2.5, wanted).astype(np.int64).tolist()
    given = 0
    for nth, (head, size) in enumerate(zip(heads.tolist(), sizes, strict=True)):
        text = rests[128 * nth : 128 * nth + 128]
        sha256, sha1, md5, crc32 = f"{head:015X}{text[:49]}", text[49:89], text[89:121], text[120:]
        for copy in range(min(1 + further[nth], wanted - given)):
            yield sha256, sha1, md5, crc32, f"file{nth % 997}_{copy}.dll", size, 1000 + copy
            given += 1
        if given == wanted:
            return


def make(folder: Path, rows: int, *, single: bool = False) -> Path:
    """Write the file, unless it is there, and give its path.

    Args:
        single: without row numbers: half the size, since the table is its own index.
    """
    path = folder / f"RDS_made_{rows}{'_single' if single else ''}.db"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part, isolation_level=None)) as db:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            db.execute(f"PRAGMA {pragma}")
        db.executescript(SCHEMA.format("WITHOUT ROWID" if single else ""))
        db.execute("BEGIN")
        db.executemany("INSERT INTO FILE VALUES (?, ?, ?, ?, ?, ?, ?)", file_rows(rows))
        db.execute("COMMIT")
    part.rename(path)
    return path


def main() -> int:
    """Say what it takes, make the file, say where it is."""
    parser = argparse.ArgumentParser(description="Make an NSRL RDS 3 file of synthetic digests.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--single", action="store_true", help="WITHOUT ROWID: half the size")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    need, free = (
        needed_bytes(chosen.rows, single=chosen.single),
        shutil.disk_usage(chosen.folder)[2],
    )
    print(f"{chosen.rows:,} rows need about {need / 1e9:.1f} GB; {free / 1e9:.1f} GB are free")
    if need > free:
        return 1
    started = time.monotonic()
    path = make(chosen.folder, chosen.rows, single=chosen.single)
    took = time.monotonic() - started
    print(f"{path}: {path.stat().st_size / 1e9:.2f} GB in {took:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
