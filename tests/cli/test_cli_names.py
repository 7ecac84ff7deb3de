"""Hostile names are told in words: no control byte, no markup, no second line."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from road import CASE, EXHIBIT, Road
from triage.cli import app
from triage.cli.page import print_page
from triage.cli.progress import Pace, Watcher
from triage.grading.verdict import judge
from triage.model.event import Event, HitFound, Notice, Progress, Stage
from triage.model.hashset import Polarity
from triage.store.database import open_store

NAMES = (
    b"new\nline.txt",
    b"\x1b[31mred\x1b[0m.txt",
    b"\x1b]0;title\x07.txt",
    b"[red]x[bold].txt",
    b"[not a tag.txt",
    b"=cmd().txt",
    b"\xff\xfe.txt",
    "gpj\u202eexe.txt".encode(),
    b"\x9b31m.txt",
)
BAD = "5d41402abc4b2a76b9719d911017c592"
"""MD5 of ``hello`` (RFC 1321 implementations all give it)."""


@pytest.fixture
def hostile(road: Road, tmp_path: Path) -> Road:
    folder = tmp_path / "evidence"
    folder.mkdir()
    try:
        for name in NAMES:
            Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).write_bytes(b"hello")  # noqa: PTH118  (raw bytes)
    except OSError as error:
        pytest.skip(f"this file system takes no such names: {error}")
    (tmp_path / "bad.txt").write_text(f"{BAD}\n")
    road.take(tmp_path / "bad.txt", "bad", Polarity.KNOWN_BAD)
    road.run(folder)
    return road


def safe(text: str) -> None:
    for never in ("\x1b[31mred", "\x1b]0", "\x07", "\u202e", "\x9b", "new\nline"):
        assert never not in text, (never, text)


@pytest.mark.parametrize("command", ["files", "hits", "files --json", "hits --json", "report"])
def test_commands_print_each_name_in_words(hostile: Road, command: str) -> None:
    text = hostile.on_case(command).output
    safe(text)
    assert "\x1b" not in text
    if command.startswith(("files", "hits")):
        assert "[red]x[bold].txt" in text
        assert "=cmd().txt" in text
        assert "[not a tag.txt" in text


def test_show_takes_a_name_as_it_was_printed(hostile: Road) -> None:
    rows = [row for row in hostile.files() if row["kind"] == "file"]
    assert len(rows) == len(NAMES)
    for row in rows:
        shown = hostile.on_case("show", row["path"])
        assert shown.exit_code == 0
        safe(shown.output)
        assert row["path"] in shown.output


def test_the_page_in_a_terminal(hostile: Road) -> None:
    out = io.StringIO()
    with open_store(f"sqlite:///{hostile.db}") as store:
        summary = store.summary(CASE, EXHIBIT)
    print_page(Console(file=out, force_terminal=True, width=120), summary, judge(summary))
    safe(out.getvalue())
    assert "RED" in out.getvalue()


@pytest.mark.parametrize("name", [*NAMES, b"[red]x[/red]", b"[/]"])
@pytest.mark.parametrize("terminal", [True, False])
def test_the_first_hit_and_notices_are_literal(name: bytes, *, terminal: bool) -> None:
    out = io.StringIO()
    told: list[Event] = [
        HitFound(path=b"/" + name, category="A", reason="[bold]why[/bold]"),
        Notice(text=os.fsdecode(name)),
    ]
    with Watcher(Console(file=out, force_terminal=terminal, width=200)) as watcher:
        for one in told:
            watcher(one)
    text = out.getvalue()
    safe(text)
    assert "[bold]why[/bold]" in text
    if name.startswith(b"["):
        assert text.count(name.decode()) == 2
    if not terminal:
        assert "\x1b" not in text
        assert len(text.splitlines()) == 2


AMOUNTS = st.integers(0, 1 << 50)


@given(AMOUNTS, st.none() | AMOUNTS, AMOUNTS, st.none() | AMOUNTS, st.floats(-10, 1e7))
def test_pace_and_time_left_are_never_negative(
    done: int, total: int | None, done_bytes: int, total_bytes: int | None, elapsed: float
) -> None:
    told = Progress(
        stage=Stage.DIGESTING,
        done=done,
        total=total,
        done_bytes=done_bytes,
        total_bytes=total_bytes,
    )
    pace = Pace(100.0)
    left = pace.left(told, 100.0 + elapsed)
    assert "-" not in left.replace("--:--", "")
    assert "-" not in pace.rate(told, 100.0 + elapsed)
    assert total or total_bytes or left == "--:--"


def test_outside_a_terminal_lines_are_plain_and_few() -> None:
    out = io.StringIO()
    with Watcher(Console(file=out, width=200)) as watcher:
        for number in range(1000):
            watcher(Progress(stage=Stage.DIGESTING, done=number, total=1000))
    assert out.getvalue() == ""
    with Watcher(Console(file=out, width=200), quiet=True) as watcher:
        watcher(Notice(text="nothing"))
    assert out.getvalue() == ""


def test_an_error_tells_a_name_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a\x1b]0;title\x07new\nline\u202e.txt"
    try:
        path.write_text(f"{BAD}\n")
    except OSError as error:
        pytest.skip(f"this file system takes no such names: {error}")
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    words = ["hashset", "import", str(path), "--name", "x", "--polarity", "known-bad"]
    monkeypatch.setattr(sys, "argv", ["triage", *words, "--encoding", "no-such"])
    assert app._exit_code() == 5
    told = capsys.readouterr().err
    safe(told)
    assert r"a\x1b]0;title\x07new\x0aline\u202e.txt: unknown text encoding" in told
