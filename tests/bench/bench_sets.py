"""Reference sets of the benchmark: synthetic digests, and those of some of its own pictures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bench_process
import numpy as np

SEED = 5
RECORDS = 1_000_000
SIZE_MEDIAN_BYTES, SIZE_SPREAD = 180_000, 1.3
SIZE_LIMITS_BYTES = (10_000, 8_000_000)
HEADER = "md5,sha1,size,category"


def rows(records: int, known: list[dict[str, str]], category: str) -> Iterator[str]:
    """Give lines of random digests with sizes as pictures have them, and the known pictures.

    Sizes are drawn from a log-normal distribution between 10 kB and 8 MB.
    """
    rng = np.random.default_rng([SEED, records])
    drawn = rng.lognormal(np.log(SIZE_MEDIAN_BYTES), SIZE_SPREAD, records)
    sizes = np.clip(drawn, *SIZE_LIMITS_BYTES).astype(np.int64).tolist()
    digests = rng.bytes(36 * records).hex()
    yield HEADER
    for nth, size in enumerate(sizes):
        at = nth * 72
        yield f"{digests[at : at + 32]},{digests[at + 32 : at + 72]},{size},{category}"
    for one in known:
        yield f"{one['md5']},{one['sha1']},{one['size']},{category}"


def prepare(out: Path, home: Path, known: list[dict[str, str]], records: int = RECORDS) -> None:
    """Import both sets into a home of their own, once.

    Args:
        known: pictures of the image that the known-bad set names, beside
        records: random ones; the known-good set has half as many.
    """
    done = home / "sets.json"
    facts = json.dumps([records, [one["sha1"] for one in known]])
    if done.exists() and done.read_text() == facts:
        return
    home.mkdir(parents=True, exist_ok=True)
    plans: tuple[tuple[str, str, int, list[dict[str, str]], str], ...] = (
        ("bench-bad", "known-bad", records, known, "1"),
        ("bench-good", "known-good", records // 2, [], ""),
    )
    for name, polarity, number, own, category in plans:
        table = out / f"{name}.csv"
        with table.open("w") as opened:
            opened.writelines(f"{row}\n" for row in rows(number, own, category))
        subprocess.run(
            [sys.executable, "-m", "triage", "hashset", "import", str(table), "--name", name,
             "--polarity", polarity, "--confirm-not-nist"],
            env=environment(home), check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        table.unlink()
    done.write_text(facts)


def environment(home: Path) -> dict[str, str]:
    """Give the environment in which triage uses a home of the benchmark."""
    root = str(Path(__file__).resolve().parents[2])
    return bench_process.outside() | {"TRIAGE_HOME": str(home), "PYTHONPATH": root}
