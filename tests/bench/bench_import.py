"""Measures imports of long synthetic hash lists: time, records a second, memory.

    python tests/bench/bench_import.py FOLDER [--nsrl 1000000] [--share 1.0] [--only NAME ...]

Each source is made from a seed, imported by the command line into a home of its own inside FOLDER,
and deleted with its pack before the next one is made.
"""

from __future__ import annotations

import argparse
import json
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bench_process
import bench_sets
import make_nsrl
import numpy as np

SEED = 11
CHUNK_RECORDS = 100_000
PACK_SIZE_BYTES = 120
"""Of one record while its pack is made: its columns, and runs that are merged; generous."""
VICS_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"
_READING = """
import sys, time
from pathlib import Path
from triage.matching.batch import DigestBatch
from triage.matching.reader import ReadOptions, choose_reader
path = Path(sys.argv[1])
reader, count, started = choose_reader(path), 0, time.process_time()
for item in reader.batches(path, ReadOptions()):
    count += item.count if isinstance(item, DigestBatch) else 1
print(count, time.process_time() - started)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One kind of source.

    Attributes:
        name: of the source, and of its file.
        records: how many to make.
        record_size_bytes: on disk, about.
        make: writes so many records to a path.
    """

    name: str
    records: int
    record_size_bytes: int
    make: Callable[[Path, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one import cost; rates are records of the source a second of CPU time.

    Attributes:
        records: of the source; rows, where records stand in several.
        read_rate: of reading alone, in one process.
    """

    name: str
    records: int
    taken: int
    source_mb: float
    wall_s: float
    cpu_s: float
    rate: float
    read_rate: float
    peak_mib: float


def _hex_lines(rng: np.random.Generator, count: int, width: int) -> bytes:
    text = np.frombuffer(rng.bytes(count * width).hex().encode(), np.uint8)
    lines = np.full((count, 2 * width + 1), ord("\n"), np.uint8)
    lines[:, :-1] = text.reshape(count, 2 * width)
    return lines.tobytes()


def _chunks(records: int) -> list[int]:
    whole, rest = divmod(records, CHUNK_RECORDS)
    return [CHUNK_RECORDS] * whole + ([rest] if rest else [])


def plain_list(path: Path, records: int) -> None:
    """Write a list of SHA-1."""
    rng = np.random.default_rng([SEED, 1])
    with path.open("wb") as out:
        out.writelines(_hex_lines(rng, count, 20) for count in _chunks(records))


def encase(path: Path, records: int) -> None:
    """Write an EnCase set."""
    rng = np.random.default_rng([SEED, 2])
    with path.open("wb") as out:
        header = b"HASH\r\n\xff\0" + bytes(8) + struct.pack("<I", records)
        out.write(header.ljust(1152, b"\0"))
        for count in _chunks(records):
            entries = np.zeros((count, 18), np.uint8)
            entries[:, :16] = np.frombuffer(rng.bytes(16 * count), np.uint8).reshape(count, 16)
            out.write(entries.tobytes())


def hashdeep(path: Path, records: int) -> None:
    """Write what hashdeep prints: size, MD5, SHA-256, name."""
    with path.open("w") as out:
        out.write("%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## made\n")
        for nth, size, text in _texts(records, 48, 3):
            out.write(f"{size},{text[:32]},{text[32:]},/export/folder {nth % 97}/IMG_{nth}.JPG\n")


def table(path: Path, records: int) -> None:
    """Write a table with MD5, SHA-1, size and a category code."""
    with path.open("w") as out:
        out.write("md5,sha1,size,category\n")
        for nth, size, text in _texts(records, 36, 4):
            out.write(f"{text[:32]},{text[32:]},{size},{nth % 5}\n")


def vics(path: Path, records: int) -> None:
    """Write a VICS 2.0 hash set."""
    with path.open("w") as out:
        out.write(f'{{"@odata.context":"{VICS_CONTEXT}","value":[')
        for nth, size, text in _texts(records, 36, 5):
            media = {
                "MediaID": nth, "Category": 1 + nth % 4, "MD5": text[:32].upper(),
                "SHA1": text[32:].upper(), "VictimIdentified": False, "OffenderIdentified": False,
                "IsDistributed": False, "Series": "", "Tags": "", "MediaSize": size,
                "MediaFiles": [{"MD5": text[:32].upper(), "FileName": f"{nth}.jpg"}],
            }  # fmt: skip
            out.write(("," if nth else "") + json.dumps(media))
        out.write("]}")


def nsrl(path: Path, records: int) -> None:
    """Write an RDS 3 of so many rows."""
    make_nsrl.make(path.parent / "made", records).rename(path)


def _texts(records: int, width: int, salt: int) -> list[tuple[int, int, str]]:
    rng = np.random.default_rng([SEED, salt])
    sizes = rng.lognormal(12, 1.5, records).astype(np.int64).tolist()
    text = rng.bytes(records * width).hex()
    step = 2 * width
    return [(nth, sizes[nth], text[nth * step : nth * step + step]) for nth in range(records)]


SOURCES = (
    Source(name="sha1-list", records=10_000_000, record_size_bytes=41, make=plain_list),
    Source(name="encase", records=10_000_000, record_size_bytes=18, make=encase),
    Source(name="hashdeep", records=2_000_000, record_size_bytes=140, make=hashdeep),
    Source(name="csv-codes", records=2_000_000, record_size_bytes=85, make=table),
    Source(name="vics", records=200_000, record_size_bytes=330, make=vics),
    Source(name="nsrl-rds3", records=0, record_size_bytes=make_nsrl.ROW_SIZE_BYTES, make=nsrl),
)


def measured(source: Source, records: int, folder: Path) -> Figures:
    """Make one source, read it, import it, delete it."""
    path, home = folder / f"{source.name}.set", folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    source.make(path, records)
    try:
        read = subprocess.run(
            [sys.executable, "-c", _READING, path], env=bench_sets.environment(home),
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        count, read_s = map(float, read.stdout.split())
        cost = bench_process.run(
            [sys.executable, "-m", "triage", "hashset", "import", path, "--name", source.name,
             "--polarity", "known-good", "--json"],
            env=bench_sets.environment(home), limit_s=24 * 3600,
        )  # fmt: skip
        if cost.exit_code:
            raise RuntimeError(cost.stderr)
        return Figures(
            name=source.name, records=records, taken=int(count),
            source_mb=round(path.stat().st_size / 1e6, 1), wall_s=round(cost.wall_s, 2),
            cpu_s=round(cost.cpu_s, 2), rate=round(records / cost.cpu_s),
            read_rate=round(records / read_s), peak_mib=round(cost.parent_mib, 1),
        )  # fmt: skip
    finally:
        path.unlink(missing_ok=True)
        shutil.rmtree(home, ignore_errors=True)


def needed_bytes(plan: list[tuple[Source, int]]) -> int:
    """Give the disk that the largest source needs, with its pack in the making."""
    return max(n * (source.record_size_bytes + PACK_SIZE_BYTES) for source, n in plan)


def main() -> int:
    """Say what it takes, measure, print a table and leave figures as JSON."""
    parser = argparse.ArgumentParser(description="Measure imports of long hash lists.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nsrl", type=int, default=make_nsrl.ROWS, help="rows of the NSRL file")
    parser.add_argument("--share", type=float, default=1.0, help="of the records of the others")
    parser.add_argument("--only", nargs="*", choices=[source.name for source in SOURCES])
    chosen = parser.parse_args()
    plan = [
        (source, int(source.records * chosen.share) or chosen.nsrl)
        for source in SOURCES
        if not chosen.only or source.name in chosen.only
    ]
    chosen.folder.mkdir(parents=True, exist_ok=True)
    need, free = needed_bytes(plan), shutil.disk_usage(chosen.folder).free
    print(f"needs about {need / 1e9:.1f} GB at a time; {free / 1e9:.1f} GB are free", flush=True)
    if need > free:
        return 1
    print("| source | records | read alone /s CPU | import /s CPU | wall s | peak MiB |")
    print("|---|---|---|---|---|---|", flush=True)
    found = []
    for source, records in plan:
        one = measured(source, records, chosen.folder)
        found.append({name: getattr(one, name) for name in Figures.__slots__})
        print(
            f"| {one.name} | {one.records:,} | {one.read_rate:,} | {one.rate:,} | {one.wall_s} "
            f"| {one.peak_mib} |",
            flush=True,
        )
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S")
    report = chosen.folder / "imports.json"
    report.write_text(json.dumps({"made": stamp, "imports": found}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
