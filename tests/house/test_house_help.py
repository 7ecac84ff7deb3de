"""Every command explains itself, ends with examples, and the pages name every command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import cast

import click
import pytest
from click.testing import CliRunner

from triage.cli.app import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]


def every_command() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    todo: list[tuple[tuple[str, ...], click.Command]] = [((), cli)]
    while todo:
        path, command = todo.pop()
        found.append(path)
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                todo.append(((*path, name), below))
    return sorted(found)


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_help_gives_examples_one_a_line(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, [*path, "--help"], prog_name="triage")
    assert done.exit_code == 0
    _, colon, after = done.output.partition("\n  Examples:\n")
    assert colon, done.output
    lines = after.split("\n\n")[0].splitlines()
    assert lines
    assert all(line.strip().startswith("triage " + " ".join(path[:1])) for line in lines), lines
    assert "\\b" not in done.output


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_examples_would_be_accepted(path: tuple[str, ...]) -> None:
    output = CliRunner().invoke(cli, [*path, "--help"], prog_name="triage").output
    for line in output.partition("\n  Examples:\n")[2].split("\n\n")[0].splitlines():
        words, command = shlex.split(line.partition(" > ")[0])[1:], cast("click.Command", cli)
        while isinstance(command, click.Group) and not words[0].startswith("-"):
            below = command.get_command(click.Context(command), words.pop(0))
            assert below is not None, line
            command = below
        context = click.Context(command, resilient_parsing=True)
        _, left_over, _ = command.make_parser(context).parse_args(words)
        assert left_over == [], line


def test_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [name for name, _, _ in COMMANDS if f"`{name}" not in text] == []
