"""The files that start the night by itself are what their readers take, and so is our command."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from configparser import RawConfigParser
from pathlib import Path
from typing import cast

import click
import pytest

from triage.cli.app import cli

DEPLOY = Path(__file__).parents[2] / "deploy"
SPACE = {"task": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


def unit(name: str) -> RawConfigParser:
    found = RawConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]  # (as its manual says)
    found.read(DEPLOY / name, "utf-8")
    return found


def accepted(words: Sequence[str]) -> dict[str, object]:
    """Parse a command line as ours, and give the options that it sets."""
    command, left = cast("click.Command", cli), list(words)
    while isinstance(command, click.Group):
        below = command.get_command(click.Context(command), left.pop(0))
        assert below is not None, words
        command = below
    return dict(command.make_context(command.name, left).params)


def test_the_command_of_the_unit_is_ours() -> None:
    program, *words = shlex.split(unit("triage-night.service")["Service"]["ExecStart"])
    assert program.endswith("/triage")
    assert words[:2] == ["batch", "run"]
    assert accepted(words)["until"] == "06:00"


def test_the_unit_stops_cleanly_and_may_write_to_its_own_folder_only() -> None:
    service = unit("triage-night.service")["Service"]
    assert service["KillSignal"] == "SIGTERM"
    assert service["SuccessExitStatus"].split() == ["0", "3", "130"]
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == "/var/lib/triage"
    assert service["Environment"] == "TRIAGE_HOME=/var/lib/triage"
    timer = unit("triage-night.timer")["Timer"]
    assert timer["Unit"] == "triage-night.service"


def test_systemd_takes_unit_and_timer(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    for name in ("triage-night.service", "triage-night.timer"):
        text = (DEPLOY / name).read_text("utf-8")
        here = text.replace("/opt/triage/bin/triage", "/bin/true").replace("=triage\n", "=root\n")
        (tmp_path / name).write_text(here, "utf-8")
    done = subprocess.run(
        [tool, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "triage-night" in line]
    assert said == []
    calendar = unit("triage-night.timer")["Timer"]["OnCalendar"]
    subprocess.run([tool, "calendar", calendar], capture_output=True, check=True)


def test_the_command_of_the_task_is_ours() -> None:
    root = ET.parse(DEPLOY / "triage-night.xml").getroot()  # noqa: S314  (a file of ours)
    words = root.findtext("task:Actions/task:Exec/task:Arguments", "", SPACE)
    assert accepted(shlex.split(words))["until"] == "06:00"
    program = root.findtext("task:Actions/task:Exec/task:Command", "", SPACE)
    assert program.endswith("triage.exe")
    policy = root.findtext("task:Settings/task:MultipleInstancesPolicy", "", SPACE)
    assert policy == "IgnoreNew"


def test_the_line_for_windows_is_ours() -> None:
    text = (DEPLOY / "README.md").read_text("utf-8")
    [line] = re.findall(r'/TR "[^"]*triage\.exe ([^"]*)"', text)
    assert accepted(line.split())["until"] == "06:00"
