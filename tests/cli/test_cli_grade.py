"""Grading at the command line, on a case that a run has made, as people call it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from road import CASE, IMAGES, Road, code
from triage.model.hashset import Polarity


@pytest.fixture
def case(road: Road) -> Road:
    """Give a case whose pictures no set knows, and a scheme that somebody confirmed."""
    road.confirm("uk")
    road.run(IMAGES / "album.raw")
    return road


def pictures(road: Road) -> list[str]:
    """Give the SHA-256 of the distinct pictures, sorted."""
    return sorted({row["sha256"] for row in road.files("--type", "picture") if row["sha256"]})


def grade(road: Road, *words: str | Path) -> Any:
    return road.on_case(f"grade {words[0]}", *words[1:])


def ok(road: Road, *words: str | Path) -> Any:
    done = grade(road, *words)
    assert code(done) == 0, (done.output, done.exception)
    return done


def listed(road: Road, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ok(road, "list", "--json", *words).stdout.splitlines()]


def shown(road: Road, digest: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ok(road, "show", digest, "--json", *words).stdout)
    return found


def test_from_the_first_vote_to_a_resolution(case: Road) -> None:
    first, second, *_ = pictures(case)
    ok(case, "set", "1", first, second, "--by", "Ann", "--why", "seen", "--tag", "series:G [b]")
    assert [(one["state"], one["grade"]) for one in listed(case)] == [("graded", "A")] * 2
    ok(case, "set", "a", first, "--by", "Bob")
    ok(case, "set", "B", second, "--by", "Bob")
    states = {one["sha256"]: one["state"] for one in listed(case)}
    assert states == {first: "second", second: "disagreement"}
    assert [one["sha256"] for one in listed(case, "--state", "disagreement")] == [second]
    refused = grade(case, "resolve", "B", second, "--by", "bob", "--why", "x")
    assert (code(refused), "voted on it" in str(refused.exception)) == (2, True)
    ok(case, "resolve", "B", second, "--by", "DI", "--why", "expert on age")
    found = shown(case, second)
    assert (found["state"], found["grade"], found["by"]) == ("resolved", "B", ["DI"])
    assert [vote["kind"] for vote in found["votes"]] == ["vote", "vote", "resolution"]
    assert found["votes"][0]["tags"] == ["series:G [b]"]
    page = ok(case, "show", second).stdout
    assert "resolved by DI: expert on age" in page
    assert "vote A (code 1 of uk version 1) by Ann, by-hand [series:G [b]]: seen" in page
    ok(case, "undo", first, "--by", "Bob", "--why", "wrong key")
    assert shown(case, first)["state"] == "graded"


def test_a_table_for_a_spreadsheet_runs_nothing(case: Road) -> None:
    ok(case, "set", "1", pictures(case)[0], "--by", "=cmd()", "--tag", "series:@x")
    text = ok(case, "list", "--csv").stdout_bytes.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["by"], row["tags"], row["state"]) == ("'=cmd()", "series:@x", "graded")


def test_a_blind_grader_sees_only_that_others_were_there(case: Road) -> None:
    digest = pictures(case)[0]
    ok(case, "set", "1", digest, "--by", "Ann", "--why", "telling words")
    for words in (("show", digest), ("list",), ("list", "--state", "ungraded")):
        for form in ((), ("--json",)):
            output = grade(case, *words, *form, "--blind", "Bob").output
            assert digest in output
            assert not any(told in output for told in ("Ann", "telling", " A ", '"A"', "graded by"))
    assert shown(case, digest, "--blind", "Bob")["hidden"] == 1
    ok(case, "set", "2", digest, "--by", "Bob")
    assert len(shown(case, digest, "--blind", "Bob")["votes"]) == 2


def test_a_stack_is_taken_by_one_of_its_members(road: Road, tmp_path: Path) -> None:
    folder = tmp_path / "seized"
    folder.mkdir()
    small = np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8)
    picture = Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC)
    picture.save(folder / "a.png")
    picture.save(folder / "a.jpg", quality=90)
    picture.transpose(Image.Transpose.ROTATE_90).save(folder / "other.png")
    Image.new("RGB", (320, 240), "white").save(folder / "white.png")
    road.confirm("uk")
    road.run(folder)
    by_name = {row["path"]: row["sha256"] for row in road.files() if row["sha256"]}
    named, alike, plain = (by_name[f"/{name}"] for name in ("a.jpg", "a.png", "white.png"))
    ok(road, "set", "2", named, "--stack", "--by", "Ann")
    assert {one["sha256"] for one in listed(road)} == {named, alike}
    (first,), (second,) = (shown(road, one)["votes"] for one in (named, alike))
    assert (first["how"], first["through"]) == ("by-hand", None)
    assert (second["how"], second["through"]) == ("stack", named)
    ok(road, "undo", alike, "--stack", "--by", "Ann")
    assert {one["state"] for one in listed(road)} == {"ungraded"}
    refused = grade(road, "set", "2", plain, "--stack")
    assert (code(refused), "in no stack" in str(refused.exception)) == (2, True)


REFUSED = (
    (("set", "0", "{}"), "no grade"),
    (("set", "7", "{}"), "none of scheme"),
    (("set", "A", "zz"), "no MD5"),
    (("set", "A", "00" * 16), "holds no content"),
    (("set", "A", "{}", "--tag", "victim"), "no tag"),
    (("set", "A", "{}", "--scheme", "uk-none"), "no category scheme"),
    (("set", "A", "{}", "--by", "A\x1b[2J"), "control"),
    (("undo",), "name digests"),
    (("undo", "{}", "--imported", "00"), "name digests"),
    (("undo", "--imported", "00" * 32), "was imported"),
    (("resolve", "A", "{}", "--why", "x"), "not in dispute"),
    (("list", "--json", "--csv"), "choose one"),
    (("sample", "--rate", "0", "--seed", "1"), "share"),
)


def test_what_cannot_be_is_refused(case: Road) -> None:
    digest = pictures(case)[0]
    for words, said in REFUSED:
        done = grade(case, *(word.format(digest) for word in words))
        assert (code(done), said in str(done.exception)) == (2, True), (words, done.exception)
    assert listed(case) == []


def test_nothing_is_graded_by_a_scheme_that_nobody_confirmed(road: Road) -> None:
    road.run(IMAGES / "album.raw")
    digest = pictures(road)[0]
    done = grade(road, "set", "A", digest)
    assert (code(done), "nobody has confirmed" in str(done.exception)) == (2, True)
    ok(road, "set", "A", digest, "--scheme", "uk-names")


def test_exports_change_only_where_somebody_voted(case: Road) -> None:
    before, page = case.exports(), case.on_case("report").stdout
    plain = json.loads(case.on_case("report", "--json").stdout)
    digest = pictures(case)[0]
    ok(case, "set", "1", digest, "--by", "Ann", "--tag", "victim-identified")
    after = case.exports()
    media = {
        one["AlternativeHashes"][0]["HashValue"].lower(): one
        for one in json.loads(after["vics"])["value"][0]["Media"]
    }
    assert media[digest]["Category"] == 1
    assert media[digest]["VictimIdentified"] is True
    assert "IsPrecategorized" not in media[digest]
    assert [one for one in media if "Category" in media[one]] == [digest]
    rows = [json.loads(line) for line in after["jsonl"].splitlines()]
    assert {row["sha256"] for row in rows if row["grade_state"] == "graded"} == {digest}
    head, *cells = csv.reader(io.StringIO(after["csv"].decode("utf-8-sig"), newline=""))
    told = {row[head.index("sha256")]: row[head.index("grade_stands") :] for row in cells}
    assert told[digest] == ["A", "graded", "1", "by hand", "victim-identified"]
    # Red: a person has graded a picture of it as illegal.
    result = json.loads(case.on_case("report", "--json").stdout)
    assert (plain["colour"], result["colour"]) == ("amber", "red")
    assert result["grades"]["decided"] == [{"category": "A", "state": "graded", "contents": 1}]
    assert "Grades by people" in case.on_case("report").stdout
    ok(case, "set", "2", digest, "--by", "Bob")
    dispute = json.loads(case.exports()["vics"])["value"][0]
    assert not any("Category" in one for one in dispute["Media"])
    assert {"PropertyName": "CategoryInDispute", "PropertyValue": "1"}.items() <= next(
        one.items() for one in dispute["CaseMetadata"] if one["PropertyName"] == "CategoryInDispute"
    )
    assert "Grades by people" not in page
    assert "grades" not in plain
    # Of another case nothing changes.
    assert b"grade_state" not in before["jsonl"] + before["csv"]


def test_what_a_set_says_is_not_overwritten_by_a_vote(road: Road, tmp_path: Path) -> None:
    road.confirm("uk")
    road.run(IMAGES / "album.raw", exhibit="OTHER")
    digest = pictures(road)[0]
    table = tmp_path / "set.csv"
    table.write_text(f"SHA256,Category\n{digest},3\n")
    road.take(table, "caid", Polarity.BY_CATEGORY, "uk")
    assert code(road.on_case("rematch")) in {0, 3}
    ok(road, "set", "1", digest, "--by", "Ann")
    found = shown(road, digest)
    assert (found["state"], found["grade"], found["proposed"]) == ("conflict", None, ["C"])
    (media,) = [
        one
        for one in json.loads(road.exports()["vics"])["value"][0]["Media"]
        if one["AlternativeHashes"][0]["HashValue"].lower() == digest
    ]
    assert "Category" not in media
    told = {one["PropertyName"]: one["PropertyValue"] for one in media["MediaMetadata"]}
    assert (told["GradeState"], told["ProposedCategory"]) == ("conflict", "C")
    ok(road, "resolve", "A", digest, "--by", "DI", "--why", "looked at it")
    assert shown(road, digest)["grade"] == "A"


def test_a_case_graded_elsewhere_comes_in_once_and_with_its_provenance(
    case: Road, tmp_path: Path
) -> None:
    first, second, third, *_ = pictures(case)
    ok(case, "set", "1", first, second, "--by", "FORCE\\ann")
    out = tmp_path / "elsewhere.json"
    assert code(case.on_case("export vics", "--out", out, "--contact-name", "C. Lerk")) == 0
    # Its own export says nothing new: the same person, by name.
    told = json.loads(ok(case, "import", out, "--json").stdout)
    assert (told["added"], told["refused"]) == (2, [])
    assert {(one["state"], one["voters"]) for one in listed(case)} == {("graded", 1)}
    again = json.loads(ok(case, "import", out, "--json").stdout)
    assert (again["added"], again["unchanged"]) == (0, 2)
    # Another force graded it on: one differs, one is new, one code is unknown, one is a stranger's.
    graded = json.loads(out.read_text(encoding="utf-8"))
    media = graded["value"][0]["Media"]
    for one in media:
        one.pop("MediaMetadata", None)
        sha256 = one["AlternativeHashes"][0]["HashValue"].lower()
        wanted = {first: 1, second: 2, third: 3}.get(sha256, 0)
        one["Category"] = 9 if wanted == 0 and one is media[-1] else wanted
    media.append({"MD5": "AB" * 16, "Category": 1})
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps(graded))
    done = grade(case, "import", theirs)
    said = done.stderr
    if media[-2]["Category"] == 9:
        assert code(done) == 3
        assert "code 9 is not in scheme uk" in said
    assert f"not in the case: {'ab' * 16}" in said
    states = {one["sha256"]: (one["state"], one["voters"]) for one in listed(case)}
    assert states[first] == ("second", 2)
    assert states[second] == ("disagreement", 2)
    assert states[third] == ("graded", 1)
    vote = shown(case, third)["votes"][0]
    assert (vote["by"], vote["how"], vote["source"]["name"]) == ("C. Lerk", "import", "theirs.json")
    sha256 = vote["source"]["sha256"]
    ok(case, "undo", "--imported", sha256, "--by", "Ann", "--why", "wrong file")
    assert shown(case, third)["state"] == "ungraded"
    assert CASE in graded["value"][0]["CaseNumber"]


def test_agreement_and_samples_are_told_with_their_numbers(case: Road) -> None:
    digests = pictures(case)[:4]
    for who, grades in (("Ann", "1122"), ("Bob", "1121"), ("Cyd", "1112")):
        for digest, given in zip(digests, grades, strict=True):
            ok(case, "set", given, digest, "--by", who)
    told = json.loads(ok(case, "agreement", "--json").stdout)
    kappas = {tuple(one["graders"]): one["kappa"] for one in told["cohen"]}
    # Ann and Bob: 3 of 4 agree, chance (2*3 + 2*1)/16 = 1/2.
    assert kappas == {
        ("Ann", "Bob"): pytest.approx(0.5),
        ("Ann", "Cyd"): pytest.approx(0.5),
        ("Bob", "Cyd"): pytest.approx(-1 / 3),
    }
    assert [one["contents"] for one in told["fleiss"]] == [4, 4]
    assert "n = 4 contents" in ok(case, "agreement").stdout
    for who in ("Bob", "Cyd"):
        ok(case, "undo", *digests, "--by", who)
    one = ok(case, "sample", "--rate", "50%", "--seed", "x").stdout.split()
    assert len(one) == 2
    assert set(one) <= set(digests)
    assert ok(case, "sample", "--rate", "0.5", "--seed", "x").stdout.split() == one
    none = json.loads(
        ok(case, "sample", "--rate", "1", "--seed", "x", "--of", "Bob", "--json").stdout
    )
    assert none["sha256"] == []
