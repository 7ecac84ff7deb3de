"""Nothing that the bench tells a grader depends on what others voted, until the grader has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardcase import CASE, Made, make_case
from suitehere import Client, client_of, grading_by, open_suite, people
from triage.grading.scheme import SchemeBook
from triage.grading.voting import decide, grade_of
from triage.model.vote import DISPUTED, Ballot, may_resolve
from triage.store.database import Stores
from triage.store.votes import Votes
from triage.web.app import make_app
from triage.web.suite import Suite

API = "/api/cases/1"
CONTENTS = (
    *(Made(name=f"pair {n}", alike=0) for n in range(2)),
    Made(name="alone"),
    Made(name="listed", standing="known-bad", category="A", sets=("caid",)),
    Made(name="film", medium="video"),
)
KNOWN = [one.sha256.hex() for one in CONTENTS]
CODES = "123"
OTHERS = ("examiner2", "examiner3")


@dataclass
class World:
    """One of two installations in which the same people act at the same moments."""

    suite: Suite
    app: FastAPI
    clients: dict[str, Client]

    def act(self, what: str, who: str, content: int, code: str) -> None:
        body: dict[str, Any] = {"contents": [KNOWN[content]]}
        if what == "vote":
            more = {"code": code, "why": f"because {code}", "tags": [f"series:{code}"]}
            self.clients[who].call("POST", f"{API}/votes", json={**body, **more})
        elif what == "undo":
            self._take_all_back(who, body)
        elif what == "note":
            words = {**body, "words": f"this is {code}"}
            self.clients[who].call("POST", f"{API}/notes", json=words)
        else:
            self._resolve(bytes.fromhex(KNOWN[content]), code)

    def _take_all_back(self, who: str, body: dict[str, Any]) -> None:
        """Undo until nothing stands: one vote in this world may be two in the other one."""
        while True:
            undone = self.clients[who].call("POST", f"{API}/undo", json=body).json()
            if not undone["restored"]:
                return

    def _resolve(self, sha256: bytes, code: str) -> None:
        """Resolve what is in dispute in this world, and may not be in the other one."""
        scheme = SchemeBook(self.suite.home).get("uk")
        category, code = grade_of(code, scheme)
        with self.suite.stores.open() as store:
            votes = Votes(store.connection)
            (one,) = votes.of(CASE, [sha256])
            disputed = decide(one.votes, one.proposals).state in DISPUTED
            if disputed and may_resolve(one.votes, "Resa Resolver"):
                line = Ballot(
                    sha256=sha256, category=category, scheme="uk", scheme_version="1",
                    code=code, by="Resa Resolver", why="decided",
                )  # fmt: skip
                votes.resolve(CASE, line, decide=decide, now_s=1)
                store.commit()

    def told(self, mine: set[str]) -> dict[str, str]:
        """Give all that a grader is told, but of what the grader has voted on."""
        client = self.clients["examiner"]
        paths = [f"stacks?queue={queue}" for queue in ("first", "second", "dip", "all")]
        paths += [f"stacks?queue=all&category={one}" for one in ("A", "B", "C", "UNCATEGORISED")]
        paths += ["stacks?queue=all&mine=no", "filters", "next?queue=second", "next?queue=all"]
        if not mine:
            paths.append("stacks?queue=disputes")
        found = {}
        for path in paths:
            found[path] = client.get(f"{API}/{path}").json()
        for one in KNOWN:
            if one not in mine:
                found[one] = client.get(f"{API}/contents/{one}").json()
                key = found[one]["stack"]
                found[key] = client.get(f"{API}/stacks/{key}").json()
        return {path: _without(one, mine) for path, one in found.items()}


def _without(answer: Any, mine: set[str]) -> str:
    """Leave out of an answer what it says of contents that the grader has voted on."""
    if isinstance(answer, dict):
        members = {one["sha256"] for one in answer.get("members", [])}
        if answer.get("sha256") in mine or (members & mine):
            return ""
        if answer.get("leader") and answer["mine"]:
            return ""
        return str({name: _without(one, mine) for name, one in answer.items()})
    if isinstance(answer, list):
        return str([_without(one, mine) for one in answer])
    return str(answer)


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    home = folder / "home"
    home.mkdir(parents=True, mode=0o700)
    url = f"sqlite:///{folder / 'cases.sqlite'}"
    Stores(url, create=True).close()
    with open_suite(url, home) as suite:
        people(suite)
        grading_by(suite, "uk")
        suite.now_s = lambda: 1_790_000_000
        with suite.stores.open() as store:
            make_case(store, CONTENTS)
        app = make_app(suite)
        names = ("examiner", *OTHERS)
        yield World(suite, app, {name: client_of(app, name) for name in names})


ACTION = st.tuples(
    st.sampled_from(["vote", "vote", "vote", "undo", "note", "resolve"]),
    st.sampled_from(OTHERS),
    st.integers(0, len(KNOWN) - 1),
    st.sampled_from(CODES),
    st.sampled_from(CODES),
)


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[tuple[World, World]]:
    with world(tmp_path / "one") as one, world(tmp_path / "other") as other:
        yield one, other


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    actions=st.lists(ACTION, min_size=3, max_size=8),
    own=st.sets(st.integers(0, len(KNOWN) - 1), max_size=2),
)
def test_a_grader_who_has_not_voted_cannot_tell_two_worlds_apart(
    worlds: tuple[World, World], actions: list[tuple[str, str, int, str, str]], own: set[int]
) -> None:
    """The worlds go on from example to example: what was said before stays said, in both."""
    for content in own:
        for one in worlds:
            one.act("vote", "examiner", content, "2")
    for what, who, content, first, second in actions:
        for one, code in zip(worlds, (first, second), strict=True):
            one.act(what, who, content, code)
    mine = {
        name
        for name in KNOWN
        if worlds[0].clients["examiner"].get(f"{API}/contents/{name}").json()["content"]["mine"]
    }
    here, there = (each.told(mine) for each in worlds)
    assert {path: (here[path], there[path]) for path in here if here[path] != there[path]} == {}
    for content in own:
        for each in worlds:
            each.act("undo", "examiner", content, "")


def test_two_worlds_are_told_apart_once_the_grader_has_voted(
    worlds: tuple[World, World],
) -> None:
    for one, code in zip(worlds, "13", strict=True):
        one.act("vote", "examiner2", 2, code)
        one.act("vote", "examiner", 2, "1")
    here, there = (each.clients["examiner"].get(f"{API}/contents/{KNOWN[2]}") for each in worlds)
    assert here.json()["content"]["state"] == "second"
    assert there.json()["content"]["state"] == "disagreement"
