"""``triage exhibit`` as a person calls it."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from road import IMAGES
from triage.cli.app import cli
from triage.cli.exhibitpage import entry_table
from triage.errors import UsageFault
from triage.model.ledger import ExhibitFacts, LedgerEntry, Stage

LEDGER = Path(__file__).parents[2] / "fixtures" / "ledger"
Call = Callable[..., Result]
NOW = int(time.time())


@pytest.fixture
def exhibit(tmp_path: Path) -> Call:
    def call(*words: str) -> Result:
        db = ["--db", str(tmp_path / "a.sqlite")]
        done = CliRunner().invoke(cli, ["exhibit", *words, *db])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return call


def day(days_ago: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(NOW - days_ago * 86_400))


def test_an_exhibit_is_followed_from_its_arrival_to_its_release(exhibit: Call) -> None:
    image = IMAGES / "exfat.E01"
    done = exhibit(
        "add", "--case", "OP-X", "--exhibit", "ABC/1", "--received", day(10), "--seized", day(11),
        "--owner", "victim", "--band", "High", "--custody", "01/12/2030", "--by", "C. Lerk",
    )  # fmt: skip
    assert done.exit_code == 0
    assert "local time zone" in done.stderr
    exhibit("change", "ABC/1", "--band", "Low", "--custody", "", "--image", str(image))
    exhibit("move", "ABC/1", "queued", "--at", day(5), "--by", "I. Mager")
    with pytest.raises(UsageFault, match="reason"):
        exhibit("move", "ABC/1", "imaging")
    exhibit("move", "ABC/1", "imaging", "--why", "hash differs")
    told = json.loads(exhibit("show", "ABC/1", "--json").stdout)
    assert (told["stage"], told["age_days"], told["risk_band"]) == ("imaging", 10, "Low")
    assert (told["statutory_kind"], told["statutory_on"]) == ("", "")
    assert told["image_bytes"] == 2_097_152, "size of the medium in the recipe of the fixture"
    assert [(one["stage"], one["by"], one["why"]) for one in told["history"]][0::2] == [
        ("received", "C. Lerk", ""),
        ("imaging", told["history"][2]["by"], "hash differs"),
    ]
    assert {(one["fact"], one["before"], one["after"]) for one in told["fact_changes"]} >= {
        ("risk_band", "High", "Low"),
        ("statutory_on", "2030-12-01", ""),
    }
    assert told["queue"] is None
    assert told["result"] is None
    page = exhibit("show", "ABC/1").stdout
    for words in ("victim", "hash differs", "by I. Mager", "risk band: High -> Low"):
        assert words in page


def test_what_device_it_is_can_be_said_changed_and_shown(exhibit: Call) -> None:
    exhibit(
        "add", "--case", "X", "--exhibit", "1", "--make", "Harbour", "--model", "Pilot [red]9",
        "--serial", "490154203237518",
    )  # fmt: skip
    exhibit("change", "1", "--model", "Pilot 9", "--by", "C. Lerk")
    told = json.loads(exhibit("show", "1", "--json").stdout)
    assert [told[f"device_{name}"] for name in ("make", "model", "serial")] == [
        "Harbour",
        "Pilot 9",
        "490154203237518",
    ]
    page = exhibit("show", "1").stdout
    for words in ("Harbour", "490154203237518", "device model: Pilot [red]9 -> Pilot 9"):
        assert words in page


def test_several_are_moved_together_or_not_at_all(exhibit: Call) -> None:
    for number in ("1", "2"):
        exhibit("add", "--case", "X", "--exhibit", number)
    with pytest.raises(UsageFault, match="not in the ledger"):
        exhibit("move", "1", "2", "3", "queued")
    assert {one["stage"] for one in listed(exhibit)} == {"received"}
    told = json.loads(exhibit("move", "1", "2", "queued", "--json").stdout)
    assert [one["stage"] for one in told] == ["queued", "queued"]
    assert "no image" in exhibit("move", "1", "queued", "--why", "again").stderr


def listed(exhibit: Call, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exhibit("list", "--json", *words).stdout.splitlines()]


def test_an_image_out_of_reach_keeps_no_exhibit_out(exhibit: Call, tmp_path: Path) -> None:
    done = exhibit(
        "add", "--case", "X", "--exhibit", "1", "--image", str(tmp_path / "a.E01"), "--queue"
    )
    assert done.exit_code == 0
    assert "cannot be reached" in done.stderr
    assert listed(exhibit)[0]["stage"] == "queued"
    assert listed(exhibit)[0]["image_bytes"] is None
    (tmp_path / "b.E01").write_bytes(b"EVF\x09\x0d\x0a\xff\x00" + b"x" * 92)
    done = exhibit("add", "--case", "X", "--exhibit", "2", "--image", str(tmp_path / "b.E01"))
    assert (done.exit_code, listed(exhibit)[1]["image_bytes"]) == (0, 100)
    with pytest.raises(UsageFault, match="--image"):
        exhibit("add", "--case", "X", "--exhibit", "3", "--queue")


def test_lists_are_chosen_by_stage_case_and_age(exhibit: Call) -> None:
    for number, days_ago in (("1", 400), ("2", 100), ("3", 1)):
        exhibit("add", "--case", f"C{number}", "--exhibit", number, "--received", day(days_ago))
    exhibit("move", "1", "released", "--at", day(300))
    assert [one["exhibit"] for one in listed(exhibit)] == ["2", "3"]
    assert [one["exhibit"] for one in listed(exhibit, "--all")] == ["1", "2", "3"]
    assert listed(exhibit, "--all")[0]["age_days"] == 100, "an age ends with the release"
    assert [one["exhibit"] for one in listed(exhibit, "--older-than", "14w")] == ["2"]
    assert [one["exhibit"] for one in listed(exhibit, "--stage", "released")] == ["1"]
    assert [one["exhibit"] for one in listed(exhibit, "--case", "C3")] == ["3"]
    assert [one["exhibit"] for one in listed(exhibit, "--limit", "1")] == ["2"]
    with pytest.raises(UsageFault, match="number of days"):
        exhibit("list", "--older-than", "long")


def test_hostile_words_are_told_in_words(exhibit: Call) -> None:
    with pytest.raises(UsageFault, match=r"U\+001B"):
        exhibit("add", "--case", "X", "--exhibit", "1", "--band", "\x1b[31mHigh")
    exhibit(
        "add", "--case", "=X", "--exhibit", "@1", "--band", "[red]High", "--officer", "a\u202eb",
        "--offence", "=cmd()",
    )  # fmt: skip
    page = exhibit("show", "@1").stdout
    assert "[red]High" in page
    assert "\u202e" not in page + exhibit("list").stdout + exhibit("list", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(exhibit("list", "--csv").stdout.lstrip("\ufeff"))))
    assert (rows[0]["case"], rows[0]["exhibit"], rows[0]["offence"]) == ("'=X", "'@1", "'=cmd()")


def test_an_import_names_bad_rows_and_keeps_good_ones(exhibit: Call, tmp_path: Path) -> None:
    source, rejects = str(LEDGER / "cases.csv"), tmp_path / "rejects.csv"
    words = ("import", source, "--map", str(LEDGER / "columns.toml"))
    dry = exhibit(*words, "--dry-run")
    assert (dry.exit_code, listed(exhibit, "--all")) == (3, [])
    assert "would be 6 added, 0 changed, 0 unchanged, 3 bad rows" in dry.stderr
    done = exhibit(*words, "--rejects", str(rejects), "--json")
    assert done.exit_code == 3
    assert "cases.csv, line 8, column Owner: 'Neighbour' is no owner" in done.stderr
    told = json.loads(done.stdout)
    assert (told["added"], [one["line"] for one in told["bad"]]) == (6, [7, 8, 10])
    again = exhibit(*words)
    assert "0 added, 0 changed, 6 unchanged, 3 bad rows" in again.stderr
    with pytest.raises(UsageFault, match="exists already"):
        exhibit(*words, "--rejects", str(rejects))
    corrected = rejects.read_text("utf-8-sig").replace("31/02/2026", "01/02/2026")
    rejects.write_text(corrected.replace("Neighbour", "Witness"))
    fixed = exhibit("import", str(rejects), "--map", str(LEDGER / "columns.toml"))
    assert "2 added, 0 changed, 0 unchanged, 1 bad row" in fixed.stderr
    assert len(listed(exhibit, "--all")) == 8


def test_a_file_that_is_not_utf8_is_said_aloud(exhibit: Call, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("Case,Ref,In,OIC\nX,1,2026-01-05,Zoë\n".encode("cp1252"))
    (tmp_path / "m.toml").write_text(
        "[columns]\ncase='Case'\nexhibit='Ref'\nreceived='In'\nofficer='OIC'\n"
    )
    done = exhibit("import", str(tmp_path / "a.csv"), "--map", str(tmp_path / "m.toml"))
    assert (done.exit_code, listed(exhibit)[0]["officer"]) == (0, "Zoë")
    assert "not UTF-8, it is taken as cp1252" in done.stderr


def test_a_map_is_printed_and_wanted(exhibit: Call, tmp_path: Path) -> None:
    printed = exhibit("import", "--print-map").stdout
    assert "[columns]" in printed
    with pytest.raises(UsageFault, match="--map"):
        exhibit("import", str(tmp_path / "a.csv"))


@pytest.mark.parametrize("width", range(40, 130, 6))
def test_a_table_fits_where_references_do_and_never_cuts_them(width: int) -> None:
    facts = ExhibitFacts(
        case="OP-ALDER",
        exhibit="AB/1",
        received_s=0,
        risk_band="Very high indeed",
        device_type="mobile phone 手机",
    )
    one = LedgerEntry(
        ledger_id=1,
        facts=facts,
        stage=Stage.AWAITING_IMAGING,
        entered_s={Stage.AWAITING_IMAGING: 0},
    )
    lines = list(entry_table([one], 86_400 * 9, width))
    assert all("AB/1" in line and "OP-ALDER" in line for line in lines[1:])
    assert "9 d" in lines[1]
    assert len(lines[1]) <= max(width, len("exhibit  OP-ALDER  awaiting-imaging  9 d  9 d"))


def test_a_change_is_told_in_words_that_a_person_uses(exhibit: Call) -> None:
    received = ("--received", "2026-01-02", "--image-bytes", "5GB")
    exhibit("add", "--case", "C", "--exhibit", "A/1", *received)
    told = exhibit("change", "A/1", "--image", "/nowhere/a.E01", "--bail", "2026-12-18").stderr
    assert "size of the image: 5,000,000,000 bytes -> -\n" in told
    assert ": statutory date: - -> 2026-12-18\n" in told
    page = exhibit("show", "A/1").stdout
    assert "size of the image: 5,000,000,000 bytes -> - by " in page


def test_what_an_import_quotes_is_escaped_once(exhibit: Call, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"Case,Ref,In\nX,a\x1b[31mb,2026-01-05\n")
    (tmp_path / "m.toml").write_text("[columns]\ncase='Case'\nexhibit='Ref'\nreceived='In'\n")
    told = exhibit("import", str(tmp_path / "a.csv"), "--map", str(tmp_path / "m.toml")).stderr
    assert r" a\x1b[31mb holds" in told
    assert "\x1b" not in told
    assert told.endswith("1 bad row\n")
