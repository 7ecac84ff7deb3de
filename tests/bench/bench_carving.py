"""Carve 200 planted files, a part of them written over, beside foremost and photorec.

python tests/bench/bench_carving.py [--files 200] [--size-mib 256] [--folder /tmp]
"""

from __future__ import annotations

import argparse
import hashlib
import io
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from planted import Planted, picture, planted, seeded, video
from triage.hashing.limits import PictureLimits
from triage.hashing.soundness import soundness
from triage.ingest.carving import Find, Search
from triage.ingest.container import open_container
from triage.ingest.stretches import Stretches
from triage.model.carving import Soundness

SHARES = {"jpg": 90, "png": 25, "gif": 20, "webp": 20, "heic": 10, "mp4": 20, "3gp": 5, "mov": 5}
SHARES["avi"] = 5
VIDEOS = {"mp4", "mov", "3gp", "avi"}
START = 1 << 20


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--files", type=int, default=200)
    words.add_argument("--size-mib", type=int, default=256)
    words.add_argument("--folder", type=Path, default=None)
    given = words.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        image, files = made(folder, given.files, given.size_mib << 20)
        hurt = [one for one in files if one.damage]
        print(f"{len(files)} files on {given.size_mib} MiB, {len(hurt)} of them written over")
        for damage in ("head", "middle", "tail"):
            print(f"  {damage}: {sum(one.damage == damage for one in files)}")
        plain(image)
        report("triage", files, triage(image))
        if shutil.which("foremost"):
            report("foremost", files, foremost(image, folder))
        if shutil.which("photorec"):
            report("photorec", files, photorec(image, folder))


def made(folder: Path, count: int, size_bytes: int) -> tuple[Path, list[Planted]]:
    """Make the image: a medium without partitions and without a file system."""
    rng = seeded(20261122)
    kinds = [kind for kind, share in SHARES.items() for _ in range(share * count // 200)]
    rng.shuffle(kinds)
    contents = [
        (kind, video(rng, kind, folder) if kind in VIDEOS else picture(rng, kind)) for kind in kinds
    ]
    body, files = planted(rng, size_bytes, contents, start=START, damaged=0.4)
    image = folder / "planted.raw"
    image.write_bytes(body)
    return image, files


def plain(image: Path) -> None:
    """Read the image from end to end, for comparison."""
    began = time.process_time()
    with image.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
    spent = time.process_time() - began
    print(f"plain read (in memory): {image.stat().st_size / spent / 1e6:,.0f} MB/s CPU")
    began = time.process_time()
    with image.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    spent = time.process_time() - began
    print(f"read and SHA-256: {image.stat().st_size / spent / 1e6:,.0f} MB/s CPU")


Found = list[tuple[int, bytes, bool]]
"""Where each begins, its bytes, and whether it is told to be cut."""


def triage(image: Path) -> Found:
    container = open_container(image)
    size = container.info.size_bytes
    limits = PictureLimits()
    for words, check in (
        ("structure alone", None),
        ("with decoding", lambda data, _: soundness(data, limits)),
    ):
        stretches = Stretches(container.read_content, ((0, size),))
        search = Search(stretches, check or _believed)
        began = time.process_time()
        finds = list(search.part(0, size))
        spent = time.process_time() - began
        print(f"triage, {words}: {spent:.2f} s CPU, {size / spent / 1e6:,.0f} MB/s")
    rejected = sum(not isinstance(one, Find) for one in finds)
    print(f"triage: {rejected} beginnings rejected")
    return [
        (one.at, container.read_at(one.at, one.size_bytes), one.partial)
        for one in finds
        if isinstance(one, Find)
    ]


def _believed(_data: bytes, _mime: str) -> Soundness:
    return Soundness.UNTOLD


def foremost(image: Path, folder: Path) -> Found:
    out = folder / "foremost"
    _timed("foremost", image, lambda: _run("foremost", "-Q", "-i", image, "-o", out))
    found: Found = []
    for line in (out / "audit.txt").read_text(errors="replace").splitlines():
        words = line.split()
        if len(words) >= 4 and words[0].rstrip(":").isdigit() and words[0].endswith(":"):
            offset = next((int(w) for w in reversed(words) if w.isdigit() and int(w) >= 512), 0)
            paths = list(out.rglob(words[1]))
            if paths:
                found.append((offset, paths[0].read_bytes(), False))
    return found


def photorec(image: Path, folder: Path) -> Found:
    out = folder / "photorec"
    asked = "partition_none,options,paranoid,fileopt,everything,enable,search"
    command = ("photorec", "/d", out, "/cmd", image, asked)
    _timed("photorec", image, lambda: _run(*command))
    found: Found = []
    for path in sorted(folder.glob("photorec.*/*")):
        if path.name[:1] in "fbt" and path.name[1:8].isdigit():
            found.append((int(path.name[1:8]) * 512, path.read_bytes(), path.name[0] == "b"))
    return found


def _run(*words: object) -> None:
    subprocess.run(
        [str(word) for word in words],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _timed(name: str, image: Path, work: Callable[[], None]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name}: {spent:.2f} s CPU, {image.stat().st_size / spent / 1e6:,.0f} MB/s")


def report(name: str, files: list[Planted], found: Found) -> None:
    """Print how many of the planted files came out, and what else did."""
    at = {one.at: one for one in files}
    digests = {hashlib.sha256(data).digest() for _, data, _ in found}
    whole = [one for one in files if not one.damage]
    same = sum(hashlib.sha256(one.data).digest() in digests for one in whole)
    parts = [one for one in files if one.damage in {"middle", "tail"}]
    begun = {place for place, _, _ in found}
    cut = [cut for place, _, cut in found if place in at and at[place].damage]
    hits = sum(one.at in begun for one in parts)
    told = sum(cut)
    others = [data for place, data, _ in found if place not in at]
    broken = sum(not decodes(data) for data in others)
    print(f"{name}: whole files, the same bytes: {same} of {len(whole)}")
    for kind in SHARES:
        of_kind = [one for one in whole if one.kind == kind]
        good = sum(hashlib.sha256(one.data).digest() in digests for one in of_kind)
        print(f"    {kind}: {good} of {len(of_kind)}", end="")
    print()
    print(f"{name}: written over, their head is there: {hits} of {len(parts)} found, "
          f"{told} of {len(cut)} that came out told to be cut")  # fmt: skip
    wrong = sum(1 for place, _, cut in found if cut and place in at and not at[place].damage)
    print(f"{name}: told to be cut and are not: {wrong}")
    print(f"{name}: beginning elsewhere: {len(others)}, of which {broken} do not decode")


def decodes(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
    except Exception:  # noqa: BLE001  (any: it does not decode)
        return False
    return True


if __name__ == "__main__":
    main()
