"""``triage export`` and ``triage scheme`` as a person calls them."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import export_records as made
import pytest
from click.testing import CliRunner, Result

from triage.cli.app import cli
from triage.cli.commands import export as command
from triage.errors import ExportError, UsageFault
from triage.export.exporter import Order
from triage.model.evidence import ContainerKind, EvidenceInfo
from triage.model.hashset import PackManifest
from triage.model.record import ExportRecord
from triage.model.vote import Decide


class FakeStore:
    """Holds the invented case and nothing else; it was graded with the template, confirmed."""

    graded_with = hashlib.sha256(
        b'{"codes":[["0","UNCATEGORISED"],["1","A"],["2","B"],["3","C"]],"id":"uk",'
        b'"in_force":true,"region":"UK","version":"1"}'
    ).hexdigest()

    def records(
        self,
        case: str,
        exhibit: str | None = None,
        order: Order = "path",
        *,
        decide: Decide | None = None,
    ) -> Iterator[ExportRecord]:
        assert case == made.CASE
        assert decide is not None
        given = made.by_content(made.records()) if order == "content" else made.records()
        return (one for one in given if exhibit in (None, one.exhibit))

    def packs(self, case: str, exhibit: str | None = None) -> tuple[PackManifest, ...]:
        assert (case, exhibit) != ("", "")
        return made.head().packs

    def is_graded(self, case: str) -> bool:
        return case != made.CASE

    def exhibit_ids(self, case: str, exhibit: str | None = None) -> tuple[int, ...]:
        assert case == made.CASE
        return (1, 2) if exhibit is None else (1,)

    def schemes_of(self, exhibit_id: int) -> dict[str, str]:
        return {"uk": self.graded_with, "gone": "0" * 64} if exhibit_id == 1 else {}

    evidence: str = ""

    def evidence_of(self, exhibit_id: int) -> tuple[tuple[int, EvidenceInfo, str], ...]:
        info = EvidenceInfo(
            name="seized", kind=ContainerKind.FOLDER, key="0" * 16, segments=(), size_bytes=0
        )
        return ((1, info, self.evidence),) if self.evidence and exhibit_id == 1 else ()

    def exhibits(self, case: str) -> tuple[str, ...]:
        if case != made.CASE:
            raise UsageFault(f"there is no case {case}")
        return ("ABC/1", "ABC/2")


@pytest.fixture(autouse=True)
def _installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(command, "_opened", lambda _url: contextlib.nullcontext(FakeStore()))


def _call(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def _confirm() -> None:
    assert _call("scheme", "confirm", "uk", "--by", "A", "--source", "B").exit_code == 0


def test_uk_case_is_refused_until_the_scheme_is_confirmed(tmp_path: Path) -> None:
    out = tmp_path / "case.json"
    words = ("export", "vics", "--case", "OP-X", "--out", str(out))
    refused = _call(*words)
    assert isinstance(refused.exception, ExportError)
    assert not out.exists()
    _confirm()
    assert _call(*words).exit_code == 0
    assert json.loads(out.read_bytes())["value"][0]["CaseNumber"] == "OP-X"


def test_grades_of_an_earlier_table_are_not_written_as_codes_of_this_one(tmp_path: Path) -> None:
    file, out = tmp_path / "uk.json", tmp_path / "case.json"
    _call("scheme", "copy", "uk", str(file))
    text = file.read_text(encoding="utf-8").replace('"1": "A"', '"1": "B"')
    file.write_text(text, encoding="utf-8")
    _call("scheme", "load", str(file))
    _confirm()
    refused = _call("export", "vics", "--case", "OP-X", "--out", str(out))
    assert isinstance(refused.exception, ExportError)
    assert "triage rematch" in refused.exception.hint
    assert not out.exists()


def test_grades_from_before_the_confirmation_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unconfirmed = json.loads(_call("scheme", "show", "uk", "--json").stdout)["sha256"]
    monkeypatch.setattr(FakeStore, "graded_with", unconfirmed)
    _confirm()
    refused = _call("export", "vics", "--case", "OP-X", "--out", str(tmp_path / "case.json"))
    assert isinstance(refused.exception, ExportError)
    assert "triage rematch" in refused.exception.hint


def test_account_of_an_export_is_json_on_standard_output(tmp_path: Path) -> None:
    _confirm()
    out = tmp_path / "case.json"
    result = _call("export", "vics", "--case", "OP-X", "--out", str(out), "--json")
    account = json.loads(result.stdout)
    assert account["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert account["omitted"] == {"KNOWN_BAD": 1, "UNMAPPED": 1}
    assert "carry no code" in result.stderr


@pytest.mark.parametrize("beside", [False, True])
def test_an_image_is_never_replaced_by_an_export(tmp_path: Path, *, beside: bool) -> None:
    image = tmp_path / "disk.img"
    content = b"\xeb\x3c\x90mkfs.fat" + bytes(501)
    image.write_bytes(content)
    if beside:  # as imagers write it
        line = f"{hashlib.sha256(content).hexdigest()}  disk.img\n"
        (tmp_path / "disk.img.sha256").write_text(line, encoding="ascii")
    before = sorted(tmp_path.iterdir())
    for format_id in ("csv", "jsonl"):
        result = _call("export", format_id, "--case", "OP-X", "--out", str(image))
        assert isinstance(result.exception, ExportError)
        assert "not an earlier export" in result.exception.message
    assert image.read_bytes() == content
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_is_written_into_a_folder_that_was_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "seized"
    (folder / "sub").mkdir(parents=True)
    monkeypatch.setattr(FakeStore, "evidence", str(folder))
    inside = folder / "sub" / ".." / "sub" / "a.csv"
    result = _call("export", "csv", "--case", "OP-X", "--out", str(inside))
    assert isinstance(result.exception, ExportError)
    assert "lies in the evidence" in result.exception.message
    assert [path.name for path in folder.rglob("*")] == ["sub"]
    outside = tmp_path / "seized.csv"
    assert _call("export", "csv", "--case", "OP-X", "--out", str(outside)).exit_code == 0


@pytest.mark.parametrize("format_id", ["vics", "csv", "jsonl"])
def test_an_earlier_export_is_replaced_by_the_same_bytes(tmp_path: Path, format_id: str) -> None:
    _confirm()
    out = tmp_path / "out"
    out.touch()
    words = ("export", format_id, "--case", "OP-X", "--out", str(out))
    assert _call(*words).exit_code == 0
    first = out.read_bytes()
    assert _call(*words).exit_code == 0
    assert out.read_bytes() == first


def test_one_exhibit_alone(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    result = _call("export", "jsonl", "--case", "OP-X", "--exhibit", "ABC/2", "--out", str(out))
    assert result.exit_code == 0
    assert [json.loads(line)["exhibit"] for line in out.read_bytes().splitlines()] == ["ABC/2"]


def test_unknown_exhibit_names_those_that_there_are(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    refused = _call("export", "csv", "--case", "OP-X", "--exhibit", "ABC/9", "--out", str(out))
    assert isinstance(refused.exception, UsageFault)
    assert "ABC/2" in refused.exception.hint
    assert not out.exists()


def test_hits_alone(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    _call("export", "jsonl", "--case", "OP-X", "--include", "hits", "--out", str(out))
    assert all(json.loads(line)["matches"] for line in out.read_bytes().splitlines())


def test_scheme_is_shown_edited_and_confirmed(tmp_path: Path) -> None:
    file = str(tmp_path / "uk.json")
    assert "NOT CONFIRMED" in _call("scheme", "show", "uk").stdout
    assert _call("scheme", "copy", "uk", file).exit_code == 0
    table = json.loads(Path(file).read_text(encoding="utf-8"))
    table["codes"]["4"] = "INDICATIVE"
    Path(file).write_text(json.dumps(table), encoding="utf-8")
    assert "version 2, UNCONFIRMED" in _call("scheme", "load", file).stderr
    _confirm()
    shown = json.loads(_call("scheme", "show", "uk", "--json").stdout)
    assert (shown["version"], shown["is_confirmed"], shown["confirmed_by"]) == ("2", True, "A")
    assert shown["codes"]["4"] == "INDICATIVE"
    listed = json.loads(_call("scheme", "list", "--json").stdout)
    assert [one["id"] for one in listed if not one["is_confirmed"]] == []
    assert "confirmed" in _call("scheme", "list").stdout


@pytest.mark.parametrize(
    "words", [("export",), ("scheme",), ("scheme", "list"), ("scheme", "confirm")]
)
def test_help_ends_with_examples(words: tuple[str, ...]) -> None:
    shown = _call(*words, "--help").stdout
    assert "Examples:" in shown.splitlines()[-6:][0] + shown
    assert shown.rstrip().splitlines()[-1].strip().startswith("triage ")
