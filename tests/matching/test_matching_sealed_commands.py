"""Sealed sets from the command line: made, used, missed and mistaken."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from road import CASE, EXHIBIT, Road, code
from triage.grading.scheme import SchemeBook
from triage.grading.verdict import judge
from triage.matching.library import PackLibrary
from triage.matching.sealed.key import SealKey, read_key
from triage.model.hashset import Polarity
from triage.model.verdict import Verdict
from triage.pipeline.quick.result import QuickResult
from triage.pipeline.quick.run import QuickPass, QuickRequest
from triage.pipeline.quick.tasks import close_evidence as close_quick
from triage.pipeline.run import ExhibitRun, RunRequest
from triage.pipeline.tasks import close_evidence
from triage.scheduler import InlinePool
from triage.store.database import open_store

BODIES = [b"%d of the listed files" % number for number in range(4)]
UNLISTED = b"listed nowhere"


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def sha1(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


@pytest.fixture
def road(tmp_path: Path) -> Road:
    """Give an installation with a known-bad set, a folder of evidence and a key beside them."""
    road = Road(tmp_path)
    (tmp_path / "evidence").mkdir()
    for number, body in enumerate([*BODIES, UNLISTED]):
        (tmp_path / "evidence" / f"{number}.bin").write_bytes(body)
    lines = [f"{md5(body)},{sha1(body)},{len(body)}" for body in BODIES]
    lines[3] = f"{lines[3][:32]},{'ab' * 20},5"  # one record that contradicts itself
    (tmp_path / "list.csv").write_text("\n".join(["MD5,SHA1,Size", *lines]) + "\n")
    road.take(tmp_path / "list.csv", "clear", Polarity.KNOWN_BAD, version="1")
    (tmp_path / "stick").mkdir()
    assert code(road.call("hashset", "key", "new", "--out", tmp_path / "stick" / "k")) == 0
    return road


def seal(road: Road, name: str, *words: str) -> Result:
    key = road.folder / "stick" / "k"
    done: Result = road.call("hashset", "seal", "clear", "--key", key, "--name", name, *words)
    return done


def key_of(road: Road) -> SealKey:
    return read_key(road.folder / "stick" / "k")


def run(road: Road, name: str, keys: tuple[SealKey, ...] = ()) -> tuple[Verdict, Any]:
    """Run the evidence as an exhibit of its own; give the verdict and what each file is."""
    exhibit = f"{EXHIBIT}-{name}"
    with open_store(f"sqlite:///{road.db}", create=True) as store:
        try:
            ExhibitRun(
                request=RunRequest(
                    case=CASE, exhibit=exhibit, images=(road.folder / "evidence",), sets=(name,)
                ),
                store=store,
                pool=InlinePool(),
                library=PackLibrary(road.home, keys),
                book=SchemeBook(road.home),
                tell=lambda _: None,
            ).run()
        finally:
            close_evidence()
        verdict = judge(store.summary(CASE, exhibit))
    listed = road.files("--exhibit", exhibit)
    return verdict, [
        (one["path"], one["standing"], one["grade"], one["conflict"]) for one in listed
    ]


def quick(road: Road, name: str, keys: tuple[SealKey, ...] = ()) -> QuickResult:
    request = QuickRequest(images=(road.folder / "evidence",), sets=(name,), keys=keys)
    try:
        return QuickPass(
            request=request,
            pool=InlinePool(),
            home=road.home,
            book=SchemeBook(road.home),
            tell=lambda _: None,
        ).run()
    finally:
        close_quick()


def without_mark(rows: Any) -> Any:
    """Give rows without what may tell the sealed set from the one in the clear: its name."""
    text = json.dumps(rows).replace("; from a sealed set", "")
    return json.loads(re.sub(r"(field|clear) [0-9a-f]+: ", "", text))


def test_a_run_with_the_key_finds_what_the_set_in_the_clear_finds(road: Road) -> None:
    assert code(seal(road, "field")) == 0
    clear, listed = run(road, "clear")
    verdict, found = run(road, "field", (key_of(road),))
    assert sum(standing == "known-bad" for _, standing, _, _ in listed) == 3
    assert sum(bool(conflict) for _, _, _, conflict in listed) == 1
    assert without_mark(found) == without_mark(listed)
    assert (verdict.colour, len(verdict.gaps)) == (clear.colour, len(clear.gaps))
    assert "from a sealed set" in json.dumps(found)


def test_a_quick_pass_finds_the_same_and_reads_in_full_what_has_no_size(road: Road) -> None:
    seal(road, "field")
    seal(road, "sized", "--with-sizes")
    key = key_of(road)
    clear, field, sized = (
        quick(road, "clear"),
        quick(road, "field", (key,)),
        quick(road, "sized", (key,)),
    )
    hits = [[hit.digests.md5 for hit in one.hits] for one in (clear, field, sized)]
    assert [len(one) for one in hits] == [3, 3, 3]
    assert hits[0] == hits[1] == hits[2]
    assert [one.effort.read_whole for one in (clear, field, sized)] == [4, 5, 4]
    assert [sum(sought.unsized for sought in one.sought) for one in (clear, field, sized)] == [
        0,
        4,
        0,
    ]
    assert clear.gaps == field.gaps == sized.gaps


@pytest.mark.parametrize("command", ["run", "quick", "rematch"])
def test_without_its_key_a_sealed_set_ends_any_command(road: Road, command: str) -> None:
    seal(road, "field")
    run(road, "clear")
    words: list[str | Path] = ["--set", "field"]
    if command != "quick":
        words += ["--case", CASE, "--db", road.db]
    if command != "rematch":
        words = [road.folder / "evidence", *words]
    if command == "run":
        words += ["--exhibit", "X/1"]
    other = road.folder / "stick" / "other"
    assert code(road.call("hashset", "key", "new", "--out", other)) == 0
    for more, told in ((), "no key was given"), (("--key", other), "is another"):
        done = road.call(command, *words, *more)
        assert code(done) == 5, done.output
        assert told in str(done.exception)
        assert key_of(road).key_id in str(done.exception)


def test_rematch_takes_the_key_from_the_environment(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(road, "field")
    run(road, "clear")
    monkeypatch.setenv("TRIAGE_SEAL_KEY_FILE", str(road.folder / "stick" / "k"))
    done = road.on_case("rematch", "--set", "field", "--only", "--json")
    assert code(done) in (0, 3), done.output
    packs = json.loads(done.stdout)["reference_sets"]
    assert [pack["sealed_by_key"] for pack in packs] == [key_of(road).key_id]
    page = road.on_case("report").stdout
    assert "known-bad, sealed" in page


def test_a_key_with_nothing_to_open_is_told_and_does_no_harm(road: Road) -> None:
    run(road, "clear")
    key = road.folder / "stick" / "k"
    done = road.on_case("rematch", "--set", "clear", "--key", key)
    assert code(done) in (0, 3), done.output
    assert "nothing to open" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
def test_a_key_that_others_may_read_is_refused_on_the_disk_of_the_packs(road: Road) -> None:
    key = road.folder / "stick" / "k"
    key.chmod(0o644)
    done = seal(road, "field")
    assert code(done) == 5
    assert "0644" in str(done.exception)


def test_a_key_is_not_made_beside_the_packs_nor_over_another(road: Road) -> None:
    inside = road.call("hashset", "key", "new", "--out", road.home / "packs" / "k")
    assert (code(inside), "lost with them" in str(inside.exception)) == (2, True)
    again = road.call("hashset", "key", "new", "--out", road.folder / "stick" / "k")
    assert code(again) == 2
    shown = road.call("hashset", "key", "id", road.folder / "stick" / "k", "--json")
    assert json.loads(shown.stdout)["key_id"] == key_of(road).key_id
    assert key_of(road).secret.hex() not in shown.output


def test_what_is_shown_of_a_sealed_set_tells_what_was_left_out(road: Road) -> None:
    done = seal(road, "field", "--json")
    assert json.loads(done.stdout)["manifest"]["with_size"] == 0
    assert "left out: sizes" in done.stderr
    again = seal(road, "field")
    assert "already there" in again.stdout
    shown = road.call("hashset", "show", "field").stdout
    assert key_of(road).key_id in shown
    assert "sealed" in road.call("hashset", "list").stdout
    for body in BODIES:
        assert md5(body)[:8] not in shown
    assert code(road.call("hashset", "verify", "field")) == 0
    assert "unseal" not in road.call("hashset", "--help").stdout


def test_pictures_that_were_left_out_stand_as_a_gap_of_every_run(road: Road) -> None:
    rows = [f"{hashlib.sha256(bytes([n])).hexdigest()},100,{md5(bytes([n]))}" for n in range(3)]
    path = road.folder / "pdq.csv"
    path.write_text("\n".join(["PDQ,Quality,MD5", *rows]) + "\n")
    PackLibrary(road.home).import_set(
        path, name="alike", polarity=Polarity.KNOWN_BAD, version="1", format_id="csv"
    )
    key = road.folder / "stick" / "k"
    words = ("hashset", "seal", "alike", "--key", key, "--name")
    done = road.call(*words, "poor")
    assert "NO PICTURE IS COMPARED BY APPEARANCE" in done.stderr
    assert code(road.call(*words, "rich", "--with-visual")) == 0
    poor, _ = run(road, "poor", (key_of(road),))
    rich, _ = run(road, "rich", (key_of(road),))
    assert [gap for gap in poor.gaps if "without its 3 picture hashes" in gap]
    assert not [gap for gap in rich.gaps if "picture" in gap]
    assert not [gap for gap in quick(road, "poor", (key_of(road),)).gaps if "picture" in gap]


def test_what_only_sealed_pictures_need_is_loaded_for_them_alone() -> None:
    script = (
        "import sys, triage.pipeline.quick.run, triage.cli.commands.quick\n"
        "assert 'numpy' not in sys.modules\n"
        "import triage.matching.library, triage.cli.commands.hashset\n"
        "assert 'cryptography' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
