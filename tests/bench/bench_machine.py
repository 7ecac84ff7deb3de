"""The machine, the versions, and how well two cores work at once."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import bench_disk

PACKAGES = (
    *("pytsk3", "libewf-python", "isal", "deflate", "numpy", "pillow", "pillow-heif"),
    *("filetype", "python-magic", "pylibmagic", "sqlalchemy"),
)
TOOLS = {
    "fiwalk": ("fiwalk", "-V"),
    "tsk_loaddb": ("tsk_loaddb", "-V"),
    "hashdeep": ("hashdeep", "-V"),
    "ewfverify": ("ewfverify", "-V"),
}

PAIR = """
import hashlib, sys, time
piece = bytes(range(256)) * 4096
hashes = [hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256()]
ends = time.monotonic() + float(sys.argv[1])
done = 0
while time.monotonic() < ends:
    for one in hashes:
        one.update(piece)
    done += 1
print(done)
"""


def machine() -> dict[str, str | int]:
    """Give processor, cores, memory, kernel, Python."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(pages / (1 << 30)),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "openssl": _openssl(),
    }


def _openssl() -> str:
    import ssl  # noqa: PLC0415  (asked once)

    return ssl.OPENSSL_VERSION


def versions() -> dict[str, str]:
    """Give the versions of libraries and peers that are here."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    for name, command in TOOLS.items():
        if bench_disk.tool(name) is not None:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            words = (done.stdout or done.stderr).strip().splitlines()
            found[name] = words[0] if words else "?"
    return found


def pair_factor(seconds: float = 1.5) -> float:
    """Give what two processes digest at once, over twice what one does."""

    def started() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PAIR, str(seconds)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    alone = int(started().communicate()[0])
    time.sleep(0.1)
    both = [started(), started()]
    return sum(int(one.communicate()[0]) for one in both) / (2 * alone)
