"""The self-test: this installation passes, and a wrong answer ends with exit code 8."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from triage.cli.commands.selftest import selftest
from triage.errors import SelfTestError
from triage.model.knownanswer import KnownAnswer
from triage.pipeline import selftest as rooms


def answer(name: str, got: str | None) -> KnownAnswer:
    return KnownAnswer(name=name, expected="42", check=lambda: got)


def raising() -> str | None:
    raise OSError("library [red]is[/red] gone\x1b[2J")


def wrong() -> tuple[KnownAnswer, ...]:
    broken = KnownAnswer(name="raises", expected="42", check=raising)
    return (answer("good", None), answer("bad", "41"), broken)


def test_this_installation_passes() -> None:
    result = CliRunner().invoke(selftest, [])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert all(line.endswith(": ok") for line in lines[:-1])
    assert lines[-1] == f"{len(lines) - 1} of {len(lines) - 1} known answers came out."


def test_every_room_and_every_decoder_is_asked() -> None:
    names = {one.name for one in rooms.check_all()}
    formats = ("PNG", "BMP", "TIFF", "GIF", "JPEG2000", "JPEG, lossy", "WEBP, lossy")
    assert {f"decoder {name}" for name in (*formats, "HEIF, lossy", "AVIF, lossy")} <= names
    assert {"libmagic", "isal inflate", "The Sleuth Kit", "libfsapfs"} <= names
    assert {"md5 of 3 bytes", "sha1 of 1000000 bytes", "sha256 of 3 bytes"} <= names


def test_a_wrong_answer_and_a_raised_one_are_both_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "ROOMS", (wrong,))
    result = CliRunner().invoke(selftest, [])
    assert isinstance(result.exception, SelfTestError)
    assert result.exception.exit_code == 8
    assert "2 of 3" in result.exception.message
    assert result.output.splitlines() == [
        "good: expected 42: ok",
        "bad: expected 42: FAILED: 41",
        "raises: expected 42: FAILED: OSError: library [red]is[/red] gone\\x1b[2J",
        "1 of 3 known answers came out.",
    ]


def test_json_is_told_even_when_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "ROOMS", (wrong,))
    result = CliRunner().invoke(selftest, ["--json"])
    document = json.loads(result.stdout)
    assert document["ok"] is False
    assert [check["ok"] for check in document["checks"]] == [True, False, False]
    assert isinstance(result.exception, SelfTestError)
