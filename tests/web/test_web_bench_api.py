"""The JSON API of the bench: what it answers, what it refuses, and what it writes down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from boardcase import CASE, Made, make_case, sha256
from suitehere import Client, client_of, grading_by
from triage.model.vote import VoteKind
from triage.store.audit import Audit
from triage.store.votes import Votes
from triage.web.app import make_app
from triage.web.suite import Suite

API = "/api/cases/1"
NAN = "/pictures/na\x1b[31m\udcff<b>.jpg"
CONTENTS = (
    Made(name="p0", alike=0, paths=("/a/p0.jpg", "!/b/p0.jpg", NAN)),
    Made(name="p1", alike=0, exhibit="CD/2"),
    Made(
        name="camera",
        facts=(
            ("make", "Canon"),
            ("model", "Canon EOS 80D"),
            ("serial", "0820"),
            ("taken", "2026-02-03T10:00:00"),
            ("latitude", 51.5),
            ("longitude", -0.1),
        ),
        size_bytes=5_000_000,
    ),
    Made(name="listed", standing="known-bad", category="A", reason="in caid 1", sets=("caid",)),
    Made(name="film", medium="video", exhibit="CD/2", paths=("!/films/film.mp4",)),
)


@pytest.fixture
def made(suite: Suite) -> Suite:
    grading_by(suite, "uk")
    with suite.stores.open() as store:
        make_case(store, CONTENTS)
    return suite


@pytest.fixture
def as_(made: Suite) -> Callable[[str], Client]:
    app = make_app(made)
    return lambda name: client_of(app, name)


def leaders(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["leader"] for one in answer.json()["stacks"]]


def named(*names: str) -> list[str]:
    return [sha256(name).hex() for name in names]


def test_stacks_come_in_order_with_reasons_and_pages(as_: Callable[[str], Client]) -> None:
    ann = as_("examiner")
    first = ann.get(f"{API}/stacks?limit=2").json()
    assert first["stacks"][0]["leader"] == sha256("camera").hex()
    assert first["stacks"][0]["signals"] == [
        "says where it was taken",
        "says which camera took it, with its serial number",
        "taken in the year before the device came into police hands",
    ]
    assert first["stacks"][1]["contents"] == 2
    assert first["left"] == {"stacks": 4, "contents": 5}
    second = ann.get(f"{API}/stacks?limit=2&after={first['next']}").json()
    assert [one["leader"] for one in second["stacks"]] == named("film", "listed")
    assert second["next"] is None


FOUND: dict[str, set[str]] = {
    "exhibit=CD/2": {"p", "film"},
    "folder=/a": {"p"},
    "folder=/pictures&exhibit=AB/1": {"p", "camera", "listed"},
    "deleted=true": {"p", "film"},
    "deleted=false": {"p", "camera", "listed"},
    "camera=Canon+EOS+80D": {"camera"},
    "set=caid": {"listed"},
    "standing=known-bad&standing=visual": {"listed"},
    "category=A": {"listed"},
    "category=UNCATEGORISED&medium=picture": {"p", "camera"},
    "medium=video": {"film"},
    "from=2026-02-03&to=2026-02-03": {"camera"},
    "from=2026-02-04": set(),
    "min_bytes=1001": {"camera"},
    "max_bytes=1000": {"p", "listed", "film"},
    "mine=yes": set(),
    "folder=/A": set(),
}
"""What each filter finds; pictures of one stack by their first letter."""


def test_filters_find_by_facts(as_: Callable[[str], Client]) -> None:
    known = {sha256(name).hex(): "p" if name[0] == "p" else name for name in NAMES}
    ann = as_("examiner")
    for query, found in FOUND.items():
        assert {known[one] for one in leaders(ann.get(f"{API}/stacks?{query}"))} == found, query


NAMES = [one.name for one in CONTENTS]


def test_a_vote_counts_for_the_stack_is_audited_and_undone(
    made: Suite, as_: Callable[[str], Client]
) -> None:
    ann = as_("examiner")
    stack = ann.get(f"{API}/stacks?exhibit=CD/2").json()["stacks"][0]
    body = {"stacks": [stack["key"]], "code": "2", "why": "seen", "tags": ["series:Garden"]}
    cast = ann.call("POST", f"{API}/votes?queue=first", json=body).json()
    assert (cast["added"], cast["unchanged"]) == (2, 0)
    assert set(cast["contents"]) == set(named("p0", "p1"))
    assert cast["next"]["stack"]["leader"] == sha256("camera").hex()
    assert cast["left"] == {"stacks": 3, "contents": 3}
    again = ann.call("POST", f"{API}/votes", json=body).json()
    assert (again["added"], again["unchanged"], again["action"], again["next"]) == (0, 2, "", None)
    other = {"contents": named("p1"), "code": "A"}
    single = ann.call("POST", f"{API}/votes", json=other).json()
    undo = {"contents": single["contents"], "action": single["action"]}
    assert ann.call("POST", f"{API}/undo", json=undo).json() == {
        "withdrawn": [],
        "restored": named("p1"),
    }
    assert ann.call("POST", f"{API}/undo", json=undo).json() == {"withdrawn": [], "restored": []}
    seen = ann.get(f"{API}/contents/{sha256('p1').hex()}").json()
    assert seen["content"]["mine"]["tags"] == ["series:Garden"]
    assert [one["kind"] for one in seen["votes"]] == ["vote", "vote", "withdrawal", "vote"]
    assert seen["votes"][-1]["why"] == "seen"
    with made.stores.open() as store:
        lines = [row.line for row in Audit(store.connection).rows(limit=50)]
        graded = [one for one in lines if one.action == "graded"]
        assert [dict(one.detail)["contents"] for one in graded] == ["2", "1"]
        assert {one.sha256 for one in graded} <= {sha256("p0"), sha256("p1")}
        assert [str(one.action) for one in lines].count("grade-withdrawn") == 1


def test_who_else_voted_is_a_number_until_one_has_voted(as_: Callable[[str], Client]) -> None:
    ann, bea = as_("examiner"), as_("examiner2")
    one = sha256("listed").hex()
    for code in ("1", "3"):
        ann.call("POST", f"{API}/votes", json={"contents": [one], "code": code})
    ann.call("POST", f"{API}/notes", json={"contents": [one], "words": "surely C"})
    blind = bea.get(f"{API}/contents/{one}").json()
    assert (blind["votes"], blind["content"]["others"]) == ([], 1)
    assert (blind["notes"], blind["hidden_notes"], blind["decision"]) == ([], 1, "")
    cast = bea.call("POST", f"{API}/votes", json={"contents": [one], "code": "1"}).json()
    assert cast["disputed"] == 1
    seen = bea.get(f"{API}/contents/{one}").json()
    assert [vote["category"] for vote in seen["votes"]] == ["A", "C", "A"]
    assert seen["content"]["state"] == "disagreement"
    assert [note["words"] for note in seen["notes"]] == ["surely C"]
    assert leaders(bea.get(f"{API}/stacks?queue=disputes")) == [one]
    assert leaders(as_("examiner3").get(f"{API}/stacks?queue=disputes")) == []


def test_second_looks_are_those_that_others_had(as_: Callable[[str], Client]) -> None:
    ann, bea = as_("examiner"), as_("examiner2")
    ann.call("POST", f"{API}/votes", json={"contents": named("film"), "code": "1"})
    assert leaders(bea.get(f"{API}/stacks?queue=second")) == named("film")
    assert leaders(ann.get(f"{API}/stacks?queue=second")) == []
    assert sha256("film").hex() not in leaders(bea.get(f"{API}/stacks?queue=first"))


def test_a_skipped_stack_comes_last_also_after_a_restart(
    made: Suite, as_: Callable[[str], Client]
) -> None:
    ann = as_("examiner")
    before = leaders(ann.get(f"{API}/stacks"))
    key = ann.get(f"{API}/stacks").json()["stacks"][0]["key"]
    assert ann.call("POST", f"{API}/skip", json={"stack": key}).status_code == 200
    wanted = [*before[1:], before[0]]
    assert leaders(ann.get(f"{API}/stacks")) == wanted
    with_another = client_of(make_app(made), "examiner")
    made._parts.clear()
    found = with_another.get(f"{API}/stacks?limit=3").json()
    assert [one["leader"] for one in found["stacks"]] == wanted[:3]
    rest = with_another.get(f"{API}/stacks?limit=3&after={found['next']}").json()["stacks"]
    assert [(one["leader"], one["skipped"]) for one in rest] == [(before[0], True)]


def test_a_content_tells_its_files_facts_and_matches_in_plain_text(
    as_: Callable[[str], Client],
) -> None:
    ann = as_("examiner")
    found = ann.get(f"{API}/contents/{sha256('p0').hex()}").json()
    assert [(one["path"], one["allocation"]) for one in found["places"]] == [
        ("/a/p0.jpg", "live"),
        ("/b/p0.jpg", "deleted"),
        (r"/pictures/na\x1b[31m\xff<b>.jpg", "live"),
    ]
    assert ann.get(f"{API}/contents/{sha256('camera').hex()}").json()["facts"] == {
        "make": "Canon",
        "model": "Canon EOS 80D",
        "serial": "0820",
        "software": "",
        "taken": "2026-02-03T10:00:00",
        "latitude": 51.5,
        "longitude": -0.1,
    }
    listed = ann.get(f"{API}/contents/{sha256('listed').hex()}").json()
    assert [one["pack"] for one in listed["matches"]] == ["caid"]
    assert listed["content"]["proposal"]["reason"] == "in caid 1"


REFUSED: list[tuple[str, str, Any, int]] = [
    ("GET", "/api/cases/2/stacks", None, 404),
    ("GET", "/api/cases/99999999999/stacks", None, 422),
    ("GET", f"{API}/contents/{'0' * 64}", None, 404),
    ("GET", f"{API}/contents/../../etc", None, 404),
    ("GET", f"{API}/stacks/{'0' * 32}", None, 409),
    ("GET", f"{API}/stacks?limit=201", None, 422),
    ("GET", f"{API}/stacks?after=nonsense", None, 200),
    ("POST", f"{API}/votes", {"stacks": ["0" * 32], "code": "1"}, 409),
    ("POST", f"{API}/votes", {"contents": ["0" * 64], "code": "1"}, 404),
    ("POST", f"{API}/votes", {"code": "1"}, 400),
    ("POST", f"{API}/votes", {"contents": [sha256("film").hex()], "code": "0"}, 400),
    ("POST", f"{API}/votes", {"contents": [sha256("film").hex()], "code": "9"}, 400),
    (
        "POST",
        f"{API}/votes",
        {"contents": [sha256("film").hex()], "code": "1", "tags": ["<b>"]},
        400,
    ),
    ("POST", f"{API}/notes", {"contents": [sha256("film").hex()], "words": " "}, 400),
    ("POST", f"{API}/skip", {"stack": "0" * 32}, 409),
]


def test_what_does_not_fit_is_refused_in_words(as_: Callable[[str], Client]) -> None:
    ann = as_("examiner")
    for method, path, body, status in REFUSED:
        answer = ann.call(method, path, json=body)
        assert answer.status_code == status, (path, answer.text)
        if status != 200:
            assert answer.json()["error"]["message"]


def test_without_its_token_nothing_is_recorded(made: Suite, as_: Callable[[str], Client]) -> None:
    answer = as_("examiner").post(f"{API}/votes", json={"contents": named("film"), "code": "1"})
    assert answer.status_code == 403
    with made.stores.open() as store:
        assert not Votes(store.connection).any(CASE)


def test_votes_are_recorded_under_the_name_as_it_is_shown(
    made: Suite, as_: Callable[[str], Client]
) -> None:
    as_("examiner").call("POST", f"{API}/votes", json={"contents": named("film"), "code": "1"})
    with made.stores.open() as store:
        (one,) = Votes(store.connection).of(CASE, [sha256("film")])
    assert [(vote.by, vote.kind, vote.code) for vote in one.votes] == [
        ("Esa Examiner", VoteKind.VOTE, "1")
    ]
