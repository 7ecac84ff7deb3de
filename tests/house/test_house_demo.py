"""The first command of the README does what it says."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "scripts" / "demo.py"


def recorded() -> list[str]:
    """Give the lines of the README's example that are the same in every run."""
    block = (ROOT / "README.md").read_text("utf-8").split("```")[1]
    return [line for line in block.splitlines() if line.startswith(("│", "  listed", "  - "))]


def test_demonstration_ends_with_sealed_exports(tmp_path: Path) -> None:
    folder = tmp_path / "with a blank"
    done = subprocess.run(
        [sys.executable, str(DEMO), str(folder)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = [line.rstrip() for line in done.stdout.splitlines()]
    assert [line for line in recorded() if line not in page] == [], (
        "record the README's example anew"
    )
    out = folder / "out"
    sealed = sorted(path for path in out.iterdir() if path.suffix != ".sha256")
    assert [path.suffix for path in sealed] == [".json", ".csv", ".jsonl"]
    for path in sealed:
        noted = Path(f"{path}.sha256").read_text("ascii").split()
        assert noted == [hashlib.sha256(path.read_bytes()).hexdigest(), path.name]
    json.loads((out / "DEMO-vics.json").read_text("utf-8-sig"))


def test_demonstration_removes_nothing_of_others(tmp_path: Path) -> None:
    kept = tmp_path / "out" / "mine.txt"
    kept.parent.mkdir()
    kept.write_text("mine", "utf-8")
    done = subprocess.run(
        [sys.executable, str(DEMO), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert kept.read_text("utf-8") == "mine"
