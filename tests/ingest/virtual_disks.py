"""The fixtures of virtual disks, unpacked into a folder, and what stands in them."""

from __future__ import annotations

import gzip
import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[2] / "fixtures"
KNOWN: dict[str, Any] = json.loads((FIXTURES / "truth" / "containers.json").read_text("ascii"))
FORMS: dict[str, dict[str, Any]] = KNOWN["forms"]


@cache
def stored(name: str) -> bytes:
    return gzip.decompress((FIXTURES / "containers" / f"{name}.gz").read_bytes())


def medium() -> bytes:
    """Give the disk itself."""
    return stored("disk.raw")


def unpacked(name: str, folder: Path) -> Path:
    """Write all files of one form; give the one to open."""
    for file in FORMS[name]["files"]:
        (folder / file).write_bytes(stored(file))
    return folder / name


def copied(name: str, folder: Path) -> Path:
    """Copy an image of the other fixtures."""
    shutil.copy2(FIXTURES / "images" / name, folder)
    return folder / name
