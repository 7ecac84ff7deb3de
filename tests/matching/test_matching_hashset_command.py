"""``triage hashset`` asks before it believes, and names what it refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from triage.cli import app

GOOD = [hashlib.md5(bytes([n]), usedforsecurity=False).hexdigest() for n in range(20)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "li\x1b[31mst.txt"
    path.write_text("\n".join(GOOD) + "\n")
    return path


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Call = Callable[..., Done]


@pytest.fixture
def triage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))

    def call(*words: str | Path) -> Done:
        monkeypatch.setattr("sys.argv", ["triage", "hashset", *map(str, words)])
        code = 0
        try:
            app.run()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call


def test_polarity_is_asked_for_and_never_guessed(triage: Call, source: Path) -> None:
    done = triage("import", source, "--name", "bad")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--polarity" in done.stderr
    for word in ("known-bad", "known-good", "by-category"):
        assert word in done.stderr


def test_by_category_needs_a_scheme_that_exists(triage: Call, source: Path) -> None:
    words = ("import", source, "--name", "c", "--polarity", "by-category")
    assert triage(*words).returncode == 2
    wrong = triage(*words, "--scheme", "nonsense")
    assert (wrong.returncode, "uk" in wrong.stderr) == (2, True)
    right = triage(*words, "--scheme", "uk", "--json")
    assert right.returncode == 0
    assert json.loads(right.stdout)["manifest"]["scheme"] == "uk"
    assert "triage scheme confirm uk" not in right.stdout


def test_refused_lines_are_named_and_the_exit_code_is_3(
    triage: Call, source: Path, tmp_path: Path
) -> None:
    source.write_text("\n".join([*GOOD, "zz" * 16, "abc"]) + "\n")
    refused = tmp_path / "refused.tsv"
    words = ("import", source, "--name", "bad", "--polarity", "known-bad", "--refused", refused)
    done = triage(*words)
    assert done.returncode == 3
    assert "line 21: md5: not hex" in done.stderr
    assert "\x1b" not in done.stderr
    assert "taken    20 records as hash-list: 20 md5" in done.stdout
    assert "refused  2" in done.stdout
    assert [line.split("\t")[1] for line in refused.read_text().splitlines()] == [
        "line 21",
        "line 22",
    ]
    again = triage(*words[:-2])
    assert (again.returncode, "already there" in again.stdout) == (3, True)


def test_a_file_of_refused_lines_that_cannot_be_made_is_told_before_the_import(
    triage: Call, source: Path, tmp_path: Path
) -> None:
    path = tmp_path / "no" / "refused.tsv"
    done = triage("import", source, "--name", "b", "--polarity", "known-bad", "--refused", path)
    assert done.returncode == 2
    assert "no such folder" in done.stderr
    assert triage("list").stdout == ""


def test_the_file_of_refused_lines_replaces_no_other(triage: Call, source: Path) -> None:
    before = source.read_bytes()
    done = triage("import", source, "--name", "b", "--polarity", "known-bad", "--refused", source)
    assert done.returncode == 2
    assert "is not overwritten" in done.stderr
    assert source.read_bytes() == before
    assert triage("list").stdout == ""


def test_list_show_verify_and_remove_tell_of_the_pack(triage: Call, source: Path) -> None:
    words = (
        "import",
        source,
        "--name",
        "bad",
        "--polarity",
        "known-bad",
        "--version",
        "1",
        "--json",
    )
    made = json.loads(triage(*words, "--json").stdout)["manifest"]
    assert json.loads(triage("list", "--json").stdout) == [made]
    assert "bad@1  known-bad  20 records" in triage("list").stdout
    assert json.loads(triage("show", "bad", "--json").stdout) == made
    shown = triage("show", "bad@1").stdout
    assert made["pack_sha256"] in shown
    assert "\x1b" not in shown
    assert "bad@1: sound" in triage("verify").stdout
    kept = triage("remove", "bad")
    assert (kept.returncode, "--yes" in kept.stderr) == (2, True)
    assert triage("remove", "bad", "--yes").stdout == "removed bad@1\n"
    assert json.loads(triage("list", "--json").stdout) == []


def test_damage_ends_with_exit_code_5(triage: Call, source: Path, tmp_path: Path) -> None:
    triage("import", source, "--name", "bad", "--polarity", "known-bad", "--version", "1")
    path = tmp_path / "home" / "packs" / "bad@1" / "md5-rows.col"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    done = triage("verify", "--json")
    assert done.returncode == 5
    (report,) = json.loads(done.stdout)
    assert report["sound"] is False
    assert "md5-rows.col" in report["problems"][0]
