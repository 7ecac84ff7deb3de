"""Measures what national reference sets add to a full triage, and what opening them costs.

    python tests/bench/bench_share.py FOLDER IMAGE [--good 80] [--bad 10] [--pdq 1] [--rounds 3]

Sets of so many million records are made from a seed and imported into FOLDER once: known-good and
known-bad MD5 as EnCase sets, known-bad PDQ as a list. Then the image is triaged in turns without
any set and with all three, and the medians of CPU time are compared. No record of the sets is in
the image, so that the same pictures are decoded both times.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

import bench_import
import bench_process
import bench_sets
import numpy as np

MILLION = 1_000_000
_PDQ_BATCH = 100_000
_SEED = 17


def pdq_list(path: Path, records: int) -> None:
    """Write a list of PDQ hashes, in families of about ten that differ in a few bits."""
    rng = np.random.default_rng([_SEED, records])
    weights = 1 << np.arange(7, -1, -1)
    with path.open("w") as out:
        out.write("# pdq\n# recipe: full\nhash,quality\n")
        for start in range(0, records, _PDQ_BATCH):
            count = min(_PDQ_BATCH, records - start)
            scenes = rng.permuted(np.tile(np.arange(256) < 128, (count // 10 + 1, 1)), axis=1)
            bits = np.repeat(scenes, 10, axis=0)[:count] ^ (rng.random((count, 256)) < 0.03)
            text = (bits.reshape(count, 32, 8) @ weights).astype(np.uint8).tobytes().hex()
            out.writelines(f"{text[at : at + 64]},100\n" for at in range(0, len(text), 64))


def prepare(folder: Path, home: Path, millions: dict[str, float]) -> None:
    """Make and import what is not there yet."""
    makers = {"good": bench_import.encase, "bad": bench_import.encase, "pdq": pdq_list}
    for name, count in millions.items():
        if any((home / "packs").glob(f"{name}@*")) or not count:
            continue
        source = folder / f"{name}.set"
        makers[name](source, int(count * MILLION))
        polarity = "known-good" if name == "good" else "known-bad"
        cost = bench_process.run(
            [sys.executable, "-m", "triage", "hashset", "import", source, "--name", name,
             "--polarity", polarity, "--json"],
            env=bench_sets.environment(home),
        )  # fmt: skip
        source.unlink()
        if cost.exit_code:
            raise RuntimeError(cost.stderr)
        print(f"import of {name}, {count} M: {cost.cpu_s:.1f} CPU-s, {cost.wall_s:.1f} s, "
              f"{cost.parent_mib:.0f} MiB", flush=True)  # fmt: skip


def triaged(image: Path, home: Path, work: Path) -> bench_process.Cost:
    """Run a full triage into a new case."""
    for place in work.glob("share.sqlite*"):
        place.unlink()
    command: list[str | Path] = [
        sys.executable, "-m", "triage", "run", image, "--case", "BENCH", "--exhibit", "B/1",
        "--db", work / "share.sqlite", "--workers", "2", "--json",
    ]  # fmt: skip
    cost = bench_process.run(command, env=bench_sets.environment(home))
    if cost.exit_code not in {0, 3}:
        raise RuntimeError(cost.stderr)
    return cost


def main() -> None:
    """Make the sets, take turns, print a line each."""
    parser = argparse.ArgumentParser(description="Measure what national sets add to a run.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("image", type=Path)
    parser.add_argument("--good", type=float, default=80, help="million known-good MD5")
    parser.add_argument("--bad", type=float, default=10, help="million known-bad MD5")
    parser.add_argument("--pdq", type=float, default=1, help="million known-bad PDQ")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    empty, full = asked.folder / "home-empty", asked.folder / "home-sets"
    for home in (empty, full):
        home.mkdir(parents=True, exist_ok=True)
    prepare(asked.folder, full, {"good": asked.good, "bad": asked.bad, "pdq": asked.pdq})
    first = triaged(asked.image, full, asked.folder)
    print(f"first run, every byte of the sets checked: {first.cpu_s:.1f} CPU-s", flush=True)
    spent: dict[Path, list[bench_process.Cost]] = {empty: [], full: []}
    for _ in range(asked.rounds):
        for home, costs in spent.items():
            costs.append(triaged(asked.image, home, asked.folder))
    for home, costs in spent.items():
        cpu = statistics.median(cost.cpu_s for cost in costs)
        wall = statistics.median(cost.wall_s for cost in costs)
        memory = max(cost.parent_mib for cost in costs)
        print(f"{home.name}: {cpu:.1f} CPU-s, {wall:.1f} s, parent {memory:.0f} MiB "
              f"{[round(cost.cpu_s, 1) for cost in costs]}")  # fmt: skip
    without, loaded = (statistics.median(c.cpu_s for c in costs) for costs in spent.values())
    print(f"the sets add {100 * (loaded / without - 1):.1f} % of CPU time")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(str(error))
