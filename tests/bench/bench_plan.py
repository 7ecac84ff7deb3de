"""What is run: our commands and those of the peers, on which image, and how warm."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bench_disk
import bench_sets

RAW, DEFLATED, STORED = "raw", "E01 deflated", "E01 stored"
IMAGES = {RAW: "disk.raw", DEFLATED: "disk.E01", STORED: "stored.E01"}
OURS = ("digests only", "full", "quick")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One command to be measured.

    Attributes:
        tool: one of ours, or a peer.
        image: one of :data:`IMAGES`.
        workers: processes that work at once; 1 for peers.
        warm: the image is in the page cache before.
        made: file that the command makes and that must be gone before.
    """

    tool: str
    image: str
    workers: int
    warm: bool
    command: tuple[str, ...]
    home: Path | None = None
    made: Path | None = None

    @property
    def key(self) -> tuple[str, str, int, bool]:
        """What one row of the results stands for."""
        return (self.tool, self.image, self.workers, self.warm)

    def clear(self) -> None:
        """Remove what an earlier run made."""
        if self.made is not None:
            for place in self.made.parent.glob(f"{self.made.name}*"):
                place.unlink()

    def environment(self) -> dict[str, str] | None:
        """Give the environment, our own one where it has a home."""
        return None if self.home is None else bench_sets.environment(self.home)


def segments(folder: Path, image: str) -> list[Path]:
    """Give all files of an image, the first one first."""
    first = folder / IMAGES[image]
    if image == RAW:
        return [first]
    return sorted(folder.glob(f"{first.stem}.E[0-9A-Z][0-9A-Z]"))


def cases(folder: Path, work: Path, *, cold: bool) -> list[Case]:
    """Give everything that is run in one round."""
    found = list(_our_cases(folder, work, cold=cold))
    found += _peer_cases(folder, work, cold=cold)
    return found


def ours(
    tool: str, location: Path, work: Path, workers: int, *, image: str = RAW, warm: bool = True
) -> Case:
    """Give one of our commands; digests alone are taken without any reference set."""
    home = work / ("home-empty" if tool == "digests only" else "home-sets")
    database = work / "case.sqlite"
    triage = (sys.executable, "-m", "triage")
    command: tuple[str, ...]
    if tool == "quick":
        command = (*triage, "quick", str(location), "--workers", str(workers), "--json")
    else:
        command = (*triage, "run", str(location), "--case", "BENCH", "--exhibit", "B/1",
                   "--db", str(database), "--workers", str(workers), "--json")  # fmt: skip
        if tool == "digests only":
            command = (*command, "--skip-pictures")
    return Case(tool=tool, image=image, workers=workers, warm=warm, command=command, home=home,
                made=None if tool == "quick" else database)  # fmt: skip


def _our_cases(folder: Path, work: Path, *, cold: bool) -> Iterator[Case]:
    for image, name in IMAGES.items():
        for tool in OURS:
            fewest = 2 if tool == "full" and image == STORED else 1
            for workers in range(fewest, 3):
                yield ours(tool, folder / name, work, workers, image=image)
            if cold and not (tool == "full" and image == STORED):
                yield ours(tool, folder / name, work, 2, image=image, warm=False)


def _peer_cases(folder: Path, work: Path, *, cold: bool) -> Iterator[Case]:
    for warm in (True, False) if cold else (True,):
        for image, name in IMAGES.items():
            location = str(folder / name)
            listing, database = work / "fiwalk.xml", work / "loaddb.db"
            plans = [
                ("fiwalk", ("fiwalk", "-X", str(listing), location), listing),
                ("tsk_loaddb", ("tsk_loaddb", "-h", "-d", str(database), location), database),
            ]
            if image != RAW:
                plans.append(("ewfverify", ("ewfverify", "-q", location), work / "unused"))
            for tool, command, made in plans:
                if bench_disk.tool(tool) is not None:
                    yield Case(
                        tool=tool, image=image, workers=1, warm=warm, command=command, made=made
                    )


def missing_tools() -> list[str]:
    """Say which peers are absent and how to get them."""
    wanted = ("fiwalk", "tsk_loaddb", "hashdeep", "ewfverify")
    packages = bench_disk.PACKAGES | {"ewfverify": "ewf-tools"}
    return [
        f"{name} is missing: apt-get install {packages[name]}"
        for name in wanted
        if bench_disk.tool(name) is None
    ]


def hashdeep(points: list[Path], *, warm: bool) -> Case:
    """Give hashdeep with three digests and two threads over mounted volumes."""
    command = ("hashdeep", "-c", "md5,sha1,sha256", "-j2", "-r", *map(str, points))
    return Case(tool="hashdeep", image=RAW, workers=2, warm=warm, command=command)


@contextlib.contextmanager
def mounted(raw: Path, work: Path) -> Iterator[list[Path] | str]:
    """Mount all volumes of a raw image read-only, or give the reason why not."""
    if os.name != "posix" or os.geteuid() != 0:
        yield "hashdeep needs loop mounts, which need root"
        return
    with contextlib.ExitStack() as stack:
        try:
            points = [
                stack.enter_context(_volume(raw, work / f"mount{nth}", kind, start, length))
                for nth, (kind, start, length) in enumerate(_partitions(raw))
            ]
        except (OSError, subprocess.CalledProcessError) as error:
            yield f"hashdeep: the volumes do not mount here ({error})"
            return
        yield points


def _partitions(raw: Path) -> list[tuple[int, int, int]]:
    """Give type, offset and length in bytes from the four records at 446 of an MBR."""
    with raw.open("rb") as opened:
        table = opened.read(512)
    records = [struct.unpack_from("<4xB3xII", table, 446 + 16 * nth) for nth in range(4)]
    return [(kind, start * 512, count * 512) for kind, start, count in records if kind]


@contextlib.contextmanager
def _volume(raw: Path, point: Path, kind: int, start: int, length: int) -> Iterator[Path]:
    losetup = bench_disk.tool("losetup") or "losetup"
    made = subprocess.run(
        [losetup, "-r", "--show", "-f", "-o", str(start), "--sizelimit", str(length), str(raw)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    device = made.stdout.strip()
    point.mkdir(parents=True, exist_ok=True)
    try:
        if kind == bench_disk.NTFS:
            mount = [bench_disk.tool("ntfs-3g") or "ntfs-3g", "-o", "ro", device, str(point)]
        else:
            mount = [shutil.which("mount") or "mount", "-o", "ro,noload", device, str(point)]
        subprocess.run(mount, check=True, capture_output=True)
        try:
            yield point
        finally:
            subprocess.run(["umount", str(point)], check=False)
    finally:
        subprocess.run([losetup, "-d", device], check=False)
        with contextlib.suppress(OSError):  # still mounted by a run that was killed
            point.rmdir()
