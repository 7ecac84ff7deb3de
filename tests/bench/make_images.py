"""Build benchmark images from a seed: ``make_images.py --size S --out DIR`` or ``--entries N``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import bench_disk
import bench_entries
import bench_tree
from bench_tree import SIZES

SEED = 20261122
SEGMENTS = (("disk", "deflate:fast"), ("stored", "none"))
READY = "READY"


def say(words: str) -> None:
    """Tell the builder's progress on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def build_disk(out: Path, size: str, seed: int, photos: Path | None, jobs: int) -> None:
    """Build raw, deflated and stored images of a size with ``truth.json`` beside them."""
    out.mkdir(parents=True, exist_ok=True)
    (out / READY).unlink(missing_ok=True)
    tree, raw = out / "tree", out / "disk.raw"
    recipe = f"{size} {seed} {photos}"
    begun = out / "begun"
    if not begun.exists() or begun.read_text() != recipe:
        shutil.rmtree(tree, ignore_errors=True)
        begun.write_text(recipe)
    say(f"size {size}: pictures and files")
    tally = bench_tree.make(tree, SIZES[size], seed, photos, jobs)
    bench_tree.stamp(tree)
    say("volumes")
    volumes, why_not = _volumes(out, tree, SIZES[size].free)
    bench_disk.joined(raw, volumes)
    shutil.rmtree(tree)
    begun.unlink()
    truth: dict[str, Any] = {
        "size": size,
        "seed": seed,
        "scenes": "generated" if photos is None else "photographs",
        "partitions": ["NTFS", "ext4"] if len(volumes) > 1 else ["ext4"],
        "files": tally.files,
        "bytes": tally.sizes,
        "live_files": sum(tally.files.values()) - tally.files["deleted"],
        "content_bytes": sum(tally.sizes.values()) - tally.sizes["deleted"],
        "media_bytes": raw.stat().st_size,
        "raw_sha256": bench_disk.digest(raw),
        "known": tally.known,
    }
    if why_not:
        truth["one_partition_because"] = why_not
    (out / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n")
    for name, compression in SEGMENTS:
        say(f"E01, {compression}")
        for old in out.glob(f"{name}.E[0-9A-Z][0-9A-Z]"):
            old.unlink()
        bench_disk.acquired(raw, out / name, compression)
    (out / READY).write_text(size + "\n")
    say(f"done: {out}")


def _volumes(out: Path, tree: Path, free: float) -> tuple[list[tuple[int, Path]], str]:
    first, second = out / "p1.img", out / "p2.img"
    why_not = bench_disk.can_mount()
    if why_not:
        say(f"{why_not}; one ext4 partition instead")
        bench_disk.ext4(first, tree, free)
        return [(bench_disk.LINUX, first)], why_not
    bench_disk.ntfs(first, tree / "p1", out / "mount", free)
    (out / "mount").rmdir()
    bench_disk.ext4(second, tree / "p2", free)
    return [(bench_disk.NTFS, first), (bench_disk.LINUX, second)], ""


def build_entries(out: Path, count: int, seed: int) -> None:
    """Build ``out`` as a bare ext4 volume of many small files, with ``out``.json beside it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    tree, made = out.with_suffix(".tree"), out.with_suffix(".part")
    shutil.rmtree(tree, ignore_errors=True)
    say(f"{count:,} files")
    truth = bench_entries.make(tree, count, seed)
    bench_tree.stamp(tree)
    say("volume")
    bench_disk.ext4(made, tree, block=1024, slack_bytes=24 << 20)
    out.with_suffix(".json").write_text(json.dumps(truth | {"seed": seed}) + "\n")
    made.rename(out)
    shutil.rmtree(tree)
    say(f"done: {out}")


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), help="XS 60 MB, S 1 GB, L 5 GB")
    parser.add_argument("--entries", type=int, help="build an image of that many small files")
    parser.add_argument("--out", type=Path, required=True, help="folder; with --entries the file")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--photos", type=Path, help="folder of photographs to cut scenes from")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    if (asked.size is None) == (asked.entries is None):
        parser.error("give either --size or --entries")
    if asked.entries is not None:
        build_entries(asked.out, asked.entries, asked.seed)
    else:
        build_disk(asked.out, asked.size, asked.seed, asked.photos, asked.jobs)


if __name__ == "__main__":
    main()
