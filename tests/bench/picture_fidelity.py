"""Measures what scaled, grey decoding of JPEGs changes in their hashes, against full decoding.

    python tests/bench/picture_fidelity.py PHOTOGRAPHS... [--web 600] [--phone 300] [--camera 100]

From the pictures below the named folders it makes crops, mirrors, composites, brighter and darker
ones with sensor noise, of camera, phone and web size, by seed; hashes each both ways; and prints
the distances as a table for docs/picture-hashes.md.
"""

from __future__ import annotations

import argparse
import io
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from triage.hashing import decoding, picture
from triage.hashing.knownanswers import distance_bits
from triage.hashing.picture import PictureLimits, hash_picture
from triage.model.digest import PictureHashes

SIZES_MP = {"web": (0.2, 0.7), "phone": (1.0, 3.0), "camera": (6.0, 12.2)}
ASPECTS = (4 / 3, 3 / 2, 16 / 9, 1.0, 3 / 4, 2 / 3, 9 / 16)
RADII = {"PDQ squeezed-512": 31, "PDQ full": 31, "pHash": 8}


@dataclass(slots=True)
class Tally:
    """Distances by hash, and by how much qualities differ, of one group of pictures."""

    pictures: int = 0
    in_full: int = 0
    distances: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    qualities: list[int] = field(default_factory=list)
    over_or_under: int = 0

    def add(self, found: PictureHashes, full: PictureHashes, *, undecided: bool) -> None:
        """Compare the hashes of one picture."""
        self.pictures += 1
        self.in_full += undecided
        for name, index in (("PDQ squeezed-512", 0), ("PDQ full", 1)):
            one, other = found.pdq[index], full.pdq[index]
            self.distances[name].append(distance_bits(one.bits, other.bits))
            self.qualities.append(abs(one.quality - other.quality))
            self.over_or_under += (one.quality >= 50) != (other.quality >= 50)
        self.distances["pHash"].append(distance_bits(found.phash, full.phash))


def photographs(folders: list[Path]) -> list[Image.Image]:
    """Open every picture below the folders that is at least 250 pixels on each side."""
    found = []
    for path in sorted(file for folder in folders for file in folder.rglob("*")):
        try:
            with Image.open(path) as opened:
                if min(opened.size) >= 250:
                    found.append(opened.convert("RGB"))
        except (OSError, SyntaxError, ValueError):
            continue
    return found


def made(sources: list[Image.Image], kind: str, seed: int) -> bytes:
    """Make one JPEG of a kind by its seed."""
    chance = random.Random(f"{kind} {seed}")  # noqa: S311  (seeded pictures, no secrets)
    noise = np.random.default_rng([seed, len(kind)])
    pixels, aspect = chance.uniform(*SIZES_MP[kind]) * 1e6, chance.choice(ASPECTS)
    width = round((pixels * aspect) ** 0.5)
    size = (width, round(pixels / width))
    image = part(chance, sources, size)
    if chance.random() < 0.5:
        small = Image.fromarray((noise.random((4, 4)) * 255).astype(np.uint8))
        mask = small.resize(size, Image.Resampling.BICUBIC)
        image = Image.composite(image, part(chance, sources, size), mask)
    values = np.asarray(image).astype(np.float32) * chance.uniform(0.6, 1.4)
    values += noise.normal(0, chance.choice([0.01, 1, 2, 4]), values.shape).astype(np.float32)
    out = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(
        out,
        "JPEG",
        quality=chance.randint(60, 95),
        subsampling=chance.choice([0, 1, 2, 2]),
        progressive=chance.random() < 0.25,
    )
    return out.getvalue()


def part(chance: random.Random, sources: list[Image.Image], size: tuple[int, int]) -> Image.Image:
    """Give a crop of a photograph, perhaps mirrored, at a size."""
    source = chance.choice(sources)
    wide, high = (int(side * chance.uniform(0.5, 1)) for side in source.size)
    left, top = chance.randint(0, source.width - wide), chance.randint(0, source.height - high)
    crop = source.crop((left, top, left + wide, top + high))
    if chance.random() < 0.5:
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return crop.resize(size, Image.Resampling.BICUBIC)


def hashed_both_ways(data: bytes) -> tuple[PictureHashes, PictureHashes, bool]:
    """Hash a JPEG as the pipeline does, and in full; tell whether the first had to be in full."""
    with decoding.opened(data) as opened:
        undecided = picture._hash_luma(opened, turned=False) is None
    found = hash_picture(data, "image/jpeg", PictureLimits())
    if not isinstance(found, PictureHashes):
        raise TypeError(f"no hashes: {found}")
    with decoding.opened(data) as opened:
        return found, picture._hash_in_full(opened, turned=False), undecided


def lines(name: str, tally: Tally) -> Iterator[str]:
    """Give the rows of the table for one group."""
    for hash_name, distances in tally.distances.items():
        bits = np.array(distances)
        beyond = 100 * float((bits > RADII[hash_name]).mean())
        p95, p99 = np.percentile(bits, (95, 99))
        yield (
            f"| {name} ({tally.pictures}) | {hash_name} | {bits.mean():.2f} | {p95:.0f} "
            f"| {p99:.0f} | {bits.max()} | {100 * float((bits == 0).mean()):.1f} % "
            f"| {beyond:.0f} % over {RADII[hash_name]} |"
        )


def main() -> None:
    """Make, hash and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    for kind, count in (("web", 600), ("phone", 300), ("camera", 100)):
        parser.add_argument(f"--{kind}", type=int, default=count)
    given = parser.parse_args()
    sources = photographs(given.folders)
    tallies = {kind: Tally() for kind in (*SIZES_MP, "all")}
    for kind in SIZES_MP:
        for seed in range(getattr(given, kind)):
            found, full, undecided = hashed_both_ways(made(sources, kind, seed))
            for name in (kind, "all"):
                tallies[name].add(found, full, undecided=undecided)
    print(f"{len(sources)} photographs")
    print("| pictures | hash | mean | p95 | p99 | largest | equal | beyond the radius |")
    print("|---|---|---|---|---|---|---|---|")
    for name, tally in tallies.items():
        print(*lines(name, tally), sep="\n")
    everything = tallies["all"]
    print(f"decoded in full because undecided: {everything.in_full}")
    print(f"largest difference in quality: {max(everything.qualities)}")
    print(f"on another side of quality 50: {everything.over_or_under}")


if __name__ == "__main__":
    main()
