"""``triage verify`` as a person and as a script meet it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from triage.cli.commands.verify import verify
from triage.errors import EvidenceError

FIXTURES = Path(__file__).parents[2] / "fixtures"


def call(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(verify, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_a_good_image() -> None:
    code, out, err = call(str(FIXTURES / "images" / "ext2.E01"))
    assert code == 0
    assert "stored in the image: agrees" in out
    assert out.splitlines()[-1].startswith("verified:")
    assert err == ""


def test_a_damaged_image_ends_with_three_and_no_word_of_verified() -> None:
    code, out, _ = call(str(FIXTURES / "hostile" / "missing-segment.E01"))
    assert code == 3
    assert "verified" not in out
    assert "segment 2 is missing" in out
    assert "1015808 bytes at 1015808" in out


def test_nothing_to_compare_with_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "d.raw").write_bytes(b"x" * 5_000)
    code, out, _ = call(str(tmp_path / "d.raw"))
    assert code == 0
    assert "nothing to compare with" in out
    assert "verified" not in out
    assert out.count("not stored") == 3


def test_json_is_the_same_in_every_run() -> None:
    path = str(FIXTURES / "hostile" / "flip-stored.E01")
    first, second = call("--json", path), call("--json", path)
    assert first == second
    assert first[0] == 3
    found = json.loads(first[1])
    assert found["result"] == "differs"
    assert found["damage"][0]["offset_bytes"] == 1_638_400
    assert found["segments"][-1] == "flip-stored.E03"


def test_hostile_names_are_shown_escaped(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\x1b[31m[red]\xff.E01")
    try:
        shutil.copy(FIXTURES / "images" / "ext2.E01", tmp_path / name)
    except OSError:
        pytest.skip("this file system takes no such names")
    code, out, _ = call(str(tmp_path / name))
    assert code == 0
    assert out.startswith("a\\x1b[31m[red]\\xff.E01: ewf")


def test_no_such_image(tmp_path: Path) -> None:
    result = CliRunner().invoke(verify, [str(tmp_path / "absent.E01")])
    assert isinstance(result.exception, EvidenceError)
    assert result.exception.exit_code == 4
