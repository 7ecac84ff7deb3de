"""The tree of files that a benchmark image holds, in two folders: one for each partition."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bench_scenes
import numpy as np
from bench_pictures import KINDS, Kind, Studio

MIB = 1 << 20
SYSTEM_ROOT = Path("/usr")
SYSTEM_LIMIT_BYTES = MIB
DUPLICATE_SHARE = 0.22
"""Copies for each first picture: 18 % of all pictures are then copies."""
STAMP_S = 1_600_000_000
KNOWN = 200
GROUP = 40
"""Pictures made by one task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything an image holds; ``big`` in MiB: random bytes, then text.

    ``free``: space left free on each volume, as a share of what is on it, beside a little.
    """

    pictures: dict[str, int]
    system: int
    movies: int
    movie_mib: tuple[int, int]
    big_mib: tuple[int, int]
    deleted: int
    scenes: int
    free: float = 0.0


def _share(of: float) -> dict[str, int]:
    whole = {
        "camera": 200,
        "phone": 1400,
        "web": 12400,
        "png": 350,
        "gif": 300,
        "webp": 500,
        "heic": 60,
    }
    return {name: max(2, round(count * of)) for name, count in whole.items()}


SIZES = {
    "XS": Size(pictures=_share(0.012), system=700, movies=1, movie_mib=(1, 2), big_mib=(4, 5),
               deleted=20, scenes=3),
    "S": Size(pictures=_share(0.22), system=9_000, movies=3, movie_mib=(5, 15), big_mib=(64, 70),
              deleted=350, scenes=8),
    "L": Size(pictures=_share(1), system=34_000, movies=10, movie_mib=(5, 25),
              big_mib=(320, 360), deleted=1600, scenes=12, free=0.3),
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was put into the tree, for ``truth.json``."""

    files: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    known: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, place: Path) -> None:
        """Count a file of a class."""
        self.files[name] = self.files.get(name, 0) + 1
        self.sizes[name] = self.sizes.get(name, 0) + place.stat().st_size


def make(root: Path, size: Size, seed: int, photos: Path | None, jobs: int) -> Tally:
    """Fill ``root/p1`` (a person's files) and ``root/p2`` (a system's), the same for a seed.

    Files whose names start with ``gone-`` are to be deleted once they are on their volume.
    """
    tally = Tally()
    scenes = root / "scenes"
    bench_scenes.write(scenes, seed, size.scenes, photos)
    pictures = list(_pictures(root, scenes, size, seed, jobs))
    shutil.rmtree(scenes)
    for name, place in pictures:
        tally.add(name, place)
    rng = np.random.default_rng([seed, 4])
    for name, place in _copies(root, rng, [place for _, place in pictures]):
        tally.add(name, place)
    for name, place in _others(root, size, seed):
        tally.add(name, place)
    chosen = rng.choice(len(pictures), min(KNOWN, len(pictures) // 4), replace=False)
    tally.known = [_known(pictures[nth][1], root) for nth in sorted(chosen.tolist())]
    for name, place in _gone(root, size, rng, [place for _, place in pictures]):
        tally.add(name, place)
    return tally


def _known(place: Path, root: Path) -> dict[str, Any]:
    data = place.read_bytes()
    return {
        "path": str(place.relative_to(root)),
        "size": len(data),
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _place(root: Path, kind: Kind, nth: int) -> Path:
    """Give the name of a picture: cameras and phones on p1, the web's on both."""
    if kind.name in {"camera", "phone", "heic"}:
        year, folder = 2012 + nth % 13, nth // 100
        home = root / f"p1/Users/alex/Pictures/{year}/{folder:03}-{kind.name}"
        return home / f"IMG_{kind.number}{nth:05}{kind.suffix}"
    if nth % 5:
        home = root / f"p1/Users/alex/AppData/Local/Cache/{nth % 97:02x}"
    else:
        home = root / f"p2/home/sam/.cache/browser/{nth % 31:02x}"
    return home / f"{kind.name}_{nth:06x}{kind.suffix}"


def _group(folder: Path, seed: int, work: list[tuple[int, int, Path]]) -> None:
    studio = Studio(folder, seed)
    for number, nth, place in work:
        if not place.exists():  # of an earlier build that was stopped
            made = _write(place.with_suffix(".part"), studio.file(KINDS[number], nth))
            made.replace(place)


def _write(place: Path, data: bytes) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


def _pictures(
    root: Path, scenes: Path, size: Size, seed: int, jobs: int
) -> Iterator[tuple[str, Path]]:
    work = [
        (kind.number, nth, _place(root, kind, nth))
        for kind in KINDS
        for nth in range(size.pictures[kind.name])
    ]
    groups = [work[at : at + GROUP] for at in range(0, len(work), GROUP)]
    with ProcessPoolExecutor(jobs) as pool:
        for done in [pool.submit(_group, scenes, seed, group) for group in groups]:
            done.result()
    yield from ((KINDS[number].name, place) for number, _, place in work)


def _copies(root: Path, rng: np.random.Generator, firsts: list[Path]) -> Iterator[tuple[str, Path]]:
    for nth in range(round(len(firsts) * DUPLICATE_SHARE)):
        source = firsts[int(rng.integers(len(firsts)))]
        home = "p1/Users/alex/Backup" if nth % 4 else "p2/home/sam/Downloads"
        place = root / home / f"{nth // 200:03}" / f"copy-{nth:05}{source.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
        yield "copy", place


def _others(root: Path, size: Size, seed: int) -> Iterator[tuple[str, Path]]:
    rng = np.random.default_rng([seed, 5])
    for nth in range(size.movies):
        length = int(rng.integers(size.movie_mib[0] * MIB, size.movie_mib[1] * MIB))
        place = root / f"p1/Users/alex/Videos/clip{nth:03}.mp4"
        yield "movie", _write(place, _movie(rng.bytes(length)))
    place = root / "p1/Users/alex/Documents/archive.bin"
    yield "big", _write(place, rng.bytes(size.big_mib[0] * MIB))
    words = [bytes(rng.integers(97, 123, int(rng.integers(2, 11))).tolist()) for _ in range(4000)]
    lines = b"\n".join(
        b" ".join(words[at] for at in row) for row in rng.integers(0, len(words), (40_000, 9))
    )
    text = lines * (size.big_mib[1] * MIB // len(lines) + 1)
    place = root / "p2/var/log/everything.log"
    yield "big", _write(place, text[: size.big_mib[1] * MIB])
    for nth, source in enumerate(_system_files(size.system)):
        home = "p1/Windows/System" if nth % 2 else "p2/usr"
        place = root / home / source.relative_to(SYSTEM_ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
        yield "system", place


def _movie(payload: bytes) -> bytes:
    """Give an MP4 file (ISO/IEC 14496-12 boxes) of one empty track list and unplayable data."""
    brands = b"isom" + bytes(4) + b"isomiso2mp41"
    times = struct.pack(">IIIII", 0, 0, 0, 1000, 60_000)
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    header = times + struct.pack(">IH", 0x10000, 0x100) + bytes(10) + matrix + bytes(24)
    movie = _box(b"mvhd", header + struct.pack(">I", 1))
    return _box(b"ftyp", brands) + _box(b"moov", movie) + _box(b"mdat", payload)


def _box(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload) + 8) + name + payload


def _system_files(count: int) -> list[Path]:
    """Choose files of this machine's /usr, evenly over all sorted paths."""
    found = []
    for folder, folders, names in os.walk(SYSTEM_ROOT):
        folders[:] = [one for one in folders if not (Path(folder) / one).is_symlink()]
        for name in names:
            place = Path(folder) / name
            plain = place.is_file() and not place.is_symlink() and name.isprintable()
            if plain and 0 < place.stat().st_size < SYSTEM_LIMIT_BYTES and name.isascii():
                found.append(place)
    found.sort()
    step = max(1.0, len(found) / count)
    return [found[int(nth * step)] for nth in range(min(count, len(found)))]


def _gone(
    root: Path, size: Size, rng: np.random.Generator, pictures: list[Path]
) -> Iterator[tuple[str, Path]]:
    """Add files to be deleted: small pictures changed by a byte at their end, so unlike any."""
    small = [place for place in pictures if place.stat().st_size < 200_000]
    for nth in range(size.deleted):
        source = small[int(rng.integers(len(small)))]
        home = "p1/Users/alex/Old" if nth % 2 else "p2/home/sam/old"
        place = root / home / f"gone-{nth:05}{source.suffix}"
        yield "deleted", _write(place, source.read_bytes() + nth.to_bytes(4, "big"))


def stamp(root: Path) -> None:
    """Give every file and folder one time, so that builds differ less."""
    for folder, _, names in os.walk(root):
        for name in names:
            os.utime(Path(folder) / name, (STAMP_S, STAMP_S))
        os.utime(folder, (STAMP_S, STAMP_S))
