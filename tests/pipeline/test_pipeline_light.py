"""What starts often stays light: neither a parent nor its workers import what they may not need."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["triage.pipeline.tasks", "triage.pipeline.quick.tasks"])
def test_workers_start_without_numpy(module: str) -> None:
    code = f"import sys, {module}; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
