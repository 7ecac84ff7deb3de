"""The page of exit codes and reasons says what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from triage.model.outcome import FailReason, PictureReason, SkipReason
from triage.model.problem import ProblemKind

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "errors_page.py"


def test_page_is_current() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], check=False)
    assert done.returncode == 0, "run 'make pages' and look at what changed"


def test_page_names_every_reason_and_code() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    for reason in (*SkipReason, *FailReason, *PictureReason, *ProblemKind):
        assert f"\n| `{reason}` | " in page
    assert "|  |\n" not in page, "a reason without a meaning"
    rows = [line for line in page.splitlines() if line.startswith("| ") and "triage: " in line]
    assert len({row.split(" | ")[1] for row in rows}) == len(rows), "two errors of one name"
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 130):
        assert f"\n| {code} |" in page
