"""How long a large case takes to be matched anew with a large list.

    python tests/bench/bench_rematch.py FOLDER [--contents N] [--records N] [--look-alikes N]

A case of made-up contents, four in ten of them pictures with picture hashes, is written through the
store as a run does. Lists of random digests, one in a hundred of the contents among them, are
imported and applied by ``triage rematch``; a second time with nothing new.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from triage.model.digest import Digests, Pdq, PdqRecipe, PictureHashes
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry
from triage.model.evidence import ContainerKind, EvidenceInfo
from triage.model.outcome import Done, FileType
from triage.model.volume import VolumeInfo, VolumeState
from triage.store.database import Store, open_store

SEED = 11
CASE, EXHIBIT = "BENCH", "B/1"
PAGE = 5_000
KNOWN_ONE_IN = 100
PICTURES_OF_TEN = 4
_TABLE = 16 + 20 + 32 + 32 + 32 + 8
EVIDENCE = EvidenceInfo(
    key="00", name="made.raw", kind=ContainerKind.RAW, segments=("made.raw",), size_bytes=1 << 40
)
VOLUME = VolumeInfo(
    key="p0",
    offset_bytes=0,
    length_bytes=1 << 40,
    table="none",
    description="",
    state=VolumeState.OPENED,
)


def drawn(first: int, count: int) -> list[bytes]:
    """Give random bytes for each content: MD5, SHA-1, SHA-256, two PDQ and a pHash."""
    raw = np.random.default_rng([SEED, first]).bytes(count * _TABLE)
    return [raw[at : at + _TABLE] for at in range(0, len(raw), _TABLE)]


def is_picture(number: int) -> bool:
    """Tell which contents are pictures."""
    return number % 10 < PICTURES_OF_TEN


def make_case(db: Path, contents: int) -> None:
    """Write a finished exhibit of so many entries, each with a content of its own."""
    with open_store(f"sqlite:///{db}", create=True) as store:
        exhibit = store.add_exhibit(CASE, EXHIBIT)
        evidence = store.add_evidence(exhibit, EVIDENCE, "made.raw")
        volume = store.add_volumes(evidence, [VOLUME])["p0"]
        for first in range(0, contents, PAGE):
            count = min(PAGE, contents - first)
            store.add_entries(evidence, volume, [_entry(first + nth) for nth in range(count)])
            _finish(store, exhibit, first, drawn(first, count))
            store.commit()
        store.mark_listed(volume)
        number = store.start_run(exhibit, started_at="", tool_version="", workers=1)
        store.end_run(number, ended_at="", state="complete", seconds=1.0, read_bytes=1)
        store.commit()


def _entry(number: int) -> FileEntry:
    return FileEntry(
        ref=EntryRef(
            evidence=EVIDENCE.key,
            volume="p0",
            path=b"/pictures/%04d/IMG_%07d.jpg" % (number // 500, number),
            address=number,
        ),
        kind=EntryKind.FILE,
        allocation=Allocation.LIVE,
        size_bytes=1000 + number,
    )


def _finish(store: Store, exhibit: int, first: int, made: list[bytes]) -> None:
    outcomes, pictures = [], {}
    for nth, raw in enumerate(made):
        number, sha256 = first + nth, raw[36:68]
        picture = is_picture(number)
        outcomes.append(
            (
                number + 1,
                Done(
                    digests=Digests(
                        md5=raw[:16], sha1=raw[16:36], sha256=sha256, size_bytes=1000 + number
                    ),
                    type=FileType(
                        mime="image/jpeg" if picture else "application/octet-stream",
                        family="picture" if picture else "other",
                        extension_agrees=picture,
                    ),
                ),
            )
        )
        if picture:
            pictures[sha256] = PictureHashes(
                width=4000,
                height=3000,
                format="JPEG",
                frames=1,
                pdq=(
                    Pdq(bits=raw[68:100], quality=100, recipe=PdqRecipe.SQUEEZED_512),
                    Pdq(bits=raw[100:132], quality=100, recipe=PdqRecipe.FULL),
                ),
                phash=raw[132:],
            )
    store.finish(exhibit, outcomes)
    store.set_pictures(exhibit, pictures)


def listed(contents: int, records: int) -> Iterator[str]:
    """Give the lines of a list: the contents that are known, and random digests."""
    yield "md5,sha1,size,category\n"
    for first in range(0, contents, PAGE):
        for raw in drawn(first, min(PAGE, contents - first))[::KNOWN_ONE_IN]:
            yield f"{raw[:16].hex()},{raw[16:36].hex()},,1\n"
    digests = np.random.default_rng([SEED, 1 << 40]).bytes(36 * records).hex()
    for at in range(0, len(digests), 72):
        yield f"{digests[at : at + 32]},{digests[at + 32 : at + 72]},,1\n"


def look_alikes(contents: int, records: int) -> Iterator[str]:
    """Give the lines of a list of PDQ: one bit off some pictures of the case, and random ones."""
    yield "# recipe: squeezed-512\n"
    for raw in drawn(0, min(PAGE, contents))[::KNOWN_ONE_IN]:
        yield f"{bytes([raw[68] ^ 1]).hex()}{raw[69:100].hex()},100\n"
    digests = np.random.default_rng([SEED, 1 << 41]).bytes(32 * records).hex()
    for at in range(0, len(digests), 64):
        yield f"{digests[at : at + 64]},100\n"


def called(folder: Path, *words: str) -> dict[str, float]:
    """Run triage, and give its seconds of processor and of clock and its memory in MiB."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with (folder / "out.txt").open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "triage", *words],
            stdout=out,
            env={**os.environ, "TRIAGE_HOME": str(folder / "home")},
            check=False,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 3}:
        raise SystemExit(f"triage {words[0]} ended with {done.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "cpu_s": round(cpu, 1),
        "wall_s": round(time.monotonic() - started, 1),
        "peak_mib": after.ru_maxrss // 1024,
    }


def main() -> None:
    """Make what is missing, measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--contents", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--look-alikes", type=int, default=0)
    asked = parser.parse_args()
    folder, db = asked.folder, asked.folder / "case.sqlite"
    folder.mkdir(parents=True, exist_ok=True)
    if not db.exists():
        make_case(db, asked.contents)
    plans = [("exact", "csv", listed(asked.contents, asked.records), "known-bad")]
    if asked.look_alikes:
        lines = look_alikes(asked.contents, asked.look_alikes)
        plans.append(("alike", "txt", lines, "known-bad"))
    for name, ending, lines, polarity in plans:
        table = folder / f"{name}.{ending}"
        with table.open("w") as opened:
            opened.writelines(lines)
        called(folder, "hashset", "import", str(table), "--name", name, "--polarity", polarity,
               "--confirm-not-nist")  # fmt: skip
        table.unlink()
    command = ("rematch", "--case", CASE, "--db", f"sqlite:///{db}", "--json")
    found = {"first": called(folder, *command), "again": called(folder, *command)}
    sys.stdout.write(json.dumps({"contents": asked.contents, **found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
