"""Writing whole or not at all, with a digest that another tool accepts."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import BinaryIO

import pytest

from triage.errors import ExportError
from triage.export.writing import sidecar_line, write_atomically


def _hello(out: BinaryIO) -> None:
    out.write(b"hello")


def test_file_and_digest_stand_side_by_side(tmp_path: Path) -> None:
    digest = write_atomically(tmp_path / "a.json", _hello)
    assert digest == hashlib.sha256(b"hello").hexdigest()
    assert (tmp_path / "a.json").read_bytes() == b"hello"
    assert (tmp_path / "a.json.sha256").read_text(encoding="ascii") == f"{digest}  a.json\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.json.sha256"]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum of coreutils")
@pytest.mark.parametrize("name", ["a.json", "a b.json", "a\\b.json", "a\nb.json", "ü.json"])
def test_sha256sum_accepts_the_digest(tmp_path: Path, name: str) -> None:
    if os.name == "nt" and name != "a.json":
        pytest.skip("not a name on this system")
    write_atomically(tmp_path / name, _hello)
    subprocess.run(
        ["sha256sum", "--strict", "--check", f"{name}.sha256"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )


def test_names_with_line_breaks_cannot_add_a_line() -> None:
    assert sidecar_line("0" * 64, "a\nb").count(b"\n") == 1


def test_failure_leaves_the_earlier_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    write_atomically(file, _hello)

    def broken(out: BinaryIO) -> None:
        out.write(b"half")
        raise ExportError("refused")

    with pytest.raises(ExportError, match="refused"):
        write_atomically(file, broken)
    assert file.read_bytes() == b"hello"
    assert len(list(tmp_path.iterdir())) == 2


def test_new_file_replaces_file_and_digest(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"earlier")
    (tmp_path / "a.json.sha256").write_text("stale", encoding="ascii")
    digest = write_atomically(file, _hello)
    assert file.read_bytes() == b"hello"
    assert (tmp_path / "a.json.sha256").read_text(encoding="ascii").startswith(digest)


def test_missing_folder_is_an_export_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"a\.json") as error:
        write_atomically(tmp_path / "gone" / "a.json", _hello)
    assert error.value.exit_code == 7


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_an_export_error(tmp_path: Path) -> None:
    def full(out: BinaryIO) -> None:
        out.flush()
        with Path("/dev/full").open("wb", buffering=0) as device:
            device.write(b"x")

    with pytest.raises(ExportError, match="space"):
        write_atomically(tmp_path / "a.json", full)
    assert list(tmp_path.iterdir()) == []
