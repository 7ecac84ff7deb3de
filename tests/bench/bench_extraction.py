"""A generated extraction of a phone: listing, reading and memory beside ``unzip -t``.

Usage: ``python tests/bench/bench_extraction.py [ENTRIES] [FOLDER]``; prints one line a figure.
Every file stands there under three paths, with its inode and its SHA-256; the counts are held
against what the generator wrote.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ingest"))

from zip_recipe import One, content, write  # (found by the line above)

from triage.ingest.evidence import open_evidence
from triage.model.packing import pack

VIEWS = ("data_mirror/data_ce/null/0", "data/user/0", "data/data")
ENTRIES = 500_000
MEASURE = "--measure"
SIZES = (200, 700, 1_500, 3_000)


def members(files: int) -> Iterator[One]:
    """Yield each file under three paths, far from each other as in a real extraction."""
    for view in VIEWS:
        for number in range(files):
            data = content(number, SIZES[number % len(SIZES)])
            digest = hashlib.sha256(data).digest()
            name = f"{view}/org.app{number % 997}/files/{number}.bin"
            yield One(name=name, data=data, inode=number + 2, digest=digest)


@dataclass(slots=True, kw_only=True)
class Figures:
    """What was measured; seconds are of CPU, of one process that does all one after the other."""

    listed: int = 0
    single: int = 0
    bytes_read: int = 0
    opening_s: float = 0.0
    listing_s: float = 0.0
    reading_s: float = 0.0
    handover_bytes: int = 0
    peak_mib: float = 0.0


def measured(path: Path) -> Figures:
    """Open, list page by page, and read what of each page is to be read."""
    found, started = Figures(), time.process_time()
    evidence = open_evidence(path)
    files = evidence.filesystem("p0")
    found.opening_s = time.process_time() - started
    found.handover_bytes = len(pickle.dumps(evidence.handover()))
    for page in files.roots():
        started = time.process_time()
        entries = pack(files.list_directory(page).entries)
        found.listed += len(entries)
        waiting = [entry for entry in entries if not entry.no_content]
        listed = time.process_time()
        for entry in waiting:
            digest = hashlib.sha256()
            for piece in files.read(entry):
                digest.update(piece)
                found.bytes_read += len(piece)
        found.single += len(waiting)
        found.listing_s += listed - started
        found.reading_s += time.process_time() - listed
    if evidence.damage():
        raise SystemExit("a stored digest disagrees: the bench is wrong")
    found.peak_mib = _peak_mib()
    return found


def _peak_mib() -> float:
    """Give the most memory of this process; ``ru_maxrss`` is that of who started it as well."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the kernel does not tell the peak of a process")


def measured_apart(path: Path) -> Figures:
    """Measure in a process of its own, so that the peak is not that of the generator."""
    command = [sys.executable, __file__, MEASURE, str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Figures(**json.loads(told))


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
    found = measured_apart(path)
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
    if sys.argv[1:2] == [MEASURE]:
        print(json.dumps(asdict(measured(Path(sys.argv[2])))))
    else:
        with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as place:
            main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES, Path(place))
