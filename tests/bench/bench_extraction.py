"""A generated extraction of a phone: listing, reading and memory beside ``unzip -t``.

Usage: ``python tests/bench/bench_extraction.py [ENTRIES] [FOLDER]``; prints one line a figure.
Every file stands there under three paths, with its inode and its SHA-256; the counts are held
against what the generator wrote.
"""

from __future__ import annotations

import hashlib
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ingest"))

from zip_recipe import One, content, write  # (found by the line above)

from triage.ingest.evidence import Evidence, open_evidence
from triage.model.entry import FileEntry
from triage.model.packing import pack

VIEWS = ("data_mirror/data_ce/null/0", "data/user/0", "data/data")
ENTRIES = 500_000
SIZES = (200, 700, 1_500, 3_000)


def members(files: int) -> Iterator[One]:
    """Yield each file under three paths, far from each other as in a real extraction."""
    for view in VIEWS:
        for number in range(files):
            data = content(number, SIZES[number % len(SIZES)])
            digest = hashlib.sha256(data).digest()
            name = f"{view}/org.app{number % 997}/files/{number}.bin"
            yield One(name=name, data=data, inode=number + 2, digest=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured; seconds are of CPU, of one process."""

    listed: int
    single: int
    bytes_read: int
    opening_s: float
    listing_s: float
    reading_s: float
    handover_bytes: int
    peak_mib: float


def measured(path: Path) -> Figures:
    """Open, list and read once all that is to be read, in the order of the file."""
    started = time.process_time()
    evidence = open_evidence(path)
    opened = time.process_time()
    handover = len(pickle.dumps(evidence.handover()))
    listed, waiting = _listed(evidence)
    walked = time.process_time()
    files = evidence.filesystem("p0")
    total = 0
    for entry in waiting:
        digest = hashlib.sha256()
        for piece in files.read(entry):
            digest.update(piece)
            total += len(piece)
    read = time.process_time()
    if evidence.damage():
        raise SystemExit("a stored digest disagrees: the bench is wrong")
    return Figures(
        listed=listed,
        single=len(waiting),
        bytes_read=total,
        opening_s=opened - started,
        listing_s=walked - opened,
        reading_s=read - walked,
        handover_bytes=handover,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _listed(evidence: Evidence) -> tuple[int, list[FileEntry]]:
    """List all pages as they would travel; keep what is to be read."""
    files = evidence.filesystem("p0")
    count, waiting = 0, []
    for page in files.roots():
        entries = pack(files.list_directory(page).entries)
        count += len(entries)
        waiting += [entry for entry in entries if not entry.no_content]
    waiting.sort(key=lambda entry: entry.first_block_offset_bytes or 0)
    return count, waiting


def unzipped(path: Path) -> float:
    """Give the CPU seconds of ``unzip -t`` on the same file, of which it reads every copy."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["unzip", "-tqq", str(path)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(entries: int, folder: Path) -> None:
    """Generate, measure, print."""
    path = folder / "phone_files_full.zip"
    files = entries // len(VIEWS)
    write(path, members(files))
    size_mib = path.stat().st_size / 2**20
    found = measured(path)
    if (found.listed, found.single) != (files * len(VIEWS), files):
        raise SystemExit(f"counted {found.listed} and {found.single}, generated {files}")
    spent = found.opening_s + found.listing_s + found.reading_s
    print(f"entries {found.listed}, files {found.single}, {size_mib:.0f} MiB")
    print(
        f"opening   {found.opening_s:6.1f} s CPU, {found.listed / found.opening_s:9.0f} entries/s"
    )
    print(
        f"listing   {found.listing_s:6.1f} s CPU, {found.listed / found.listing_s:9.0f} entries/s"
    )
    print(f"reading   {found.reading_s:6.1f} s CPU, {found.single / found.reading_s:9.0f} files/s")
    print(f"all       {spent:6.1f} s CPU, peak {found.peak_mib:.0f} MiB")
    print(f"handover  {found.handover_bytes / 2**20:6.1f} MiB")
    if shutil.which("unzip"):
        unzip_s = unzipped(path)
        print(f"unzip -t  {unzip_s:6.1f} s CPU: ratio {spent / unzip_s:.2f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as place:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES, Path(place))
