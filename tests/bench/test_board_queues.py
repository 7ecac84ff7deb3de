"""What the queues offer, and what undoing leaves, against a plain look at all recorded lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardcase import CASE, NOW_S, Made, add_graders, ballot, make_case, sit
from triage.bench.boards import Boards
from triage.bench.sieve import Asked, Queue, Sieve, Voted
from triage.bench.sitting import Sitting
from triage.grading.voting import decide
from triage.model.grade import Category, Standing
from triage.model.vote import DISPUTED, VoteSource, same_person, standing
from triage.store.benchtables import dip_contents, dip_samples
from triage.store.database import Store, open_store
from triage.store.votes import Votes

GRADERS = ("Ann", "Bertha", "Cat")
CONTENTS = (
    *(Made(name=f"pair {n}", alike=0, standing="known-bad", category="A") for n in range(3)),
    *(Made(name=f"twin {n}", alike=1) for n in range(2)),
    Made(name="video", medium="video"),
    Made(name="alone", standing="visual", reason="looks like"),
    Made(name="good", standing="known-good", category="NON_PERTINENT", sets=("good",)),
)
CATEGORIES = (Category.A, Category.B, Category.NON_PERTINENT)
WANTED = 2
LAW = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("board") / "cases.sqlite"
    with open_store(f"sqlite:///{path}", create=True) as opened:
        make_case(opened, CONTENTS)
        add_graders(opened, *GRADERS)
        yield opened


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("vote"), st.integers(0, 2), st.integers(0, 4), st.sampled_from(CATEGORIES)
        ),
        st.tuples(
            st.just("one"), st.integers(0, 2), st.integers(0, 7), st.sampled_from(CATEGORIES)
        ),
        st.tuples(st.just("undo"), st.integers(0, 2), st.integers(0, 3), st.none()),
        st.tuples(st.just("skip"), st.integers(0, 2), st.integers(0, 4), st.none()),
        st.tuples(st.just("file"), st.integers(0, 2), st.integers(0, 7), st.just(Category.C)),
        st.tuples(st.just("draw"), st.just(0), st.integers(0, 7), st.none()),
    ),
    max_size=14,
)


@dataclass
class World:
    """The board under test, beside what each action ought to have done."""

    store: Store
    boards: Boards = field(default_factory=Boards)
    kept: dict[tuple[str, bytes], list[tuple[str, Category]]] = field(default_factory=dict)
    actions: list[tuple[str, str, tuple[bytes, ...]]] = field(default_factory=list)
    skipped: dict[str, set[str]] = field(default_factory=dict)
    drawn: set[bytes] = field(default_factory=set)

    def sitting(self, name: str) -> Sitting:
        return sit(self.boards, self.store, 1, name, wanted=WANTED)

    def keys(self, name: str, queue: Queue, **sieve: Any) -> list[str]:
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            asked = Asked(queue=queue, sieve=Sieve(**sieve))
            page = self.sitting(name).page(asked, after=after, limit=3)
            found += [one.key for one in page.stacks]
            after = page.next
        return found

    def do(self, what: str, who: int, which: int, category: Category | None) -> None:
        name = GRADERS[who]
        if what in {"vote", "one"} and category is not None:
            every = self.keys(name, Queue.ALL)
            stacks = [every[which]] if what == "vote" else []
            contents = [] if stacks else [CONTENTS[which].sha256.hex()]
            sitting = self.sitting(name)
            cast = sitting.vote(ballot(category, name), sitting.named(stacks, contents))
            action = f"{cast.first}-{cast.last}"
            for one in cast.contents:
                self.kept.setdefault((name, one), []).append((action, category))
            self.actions.append((name, action, cast.contents))
        elif what == "undo":
            mine = [one for one in self.actions if one[0] == name]
            if which < len(mine):
                self.undo(*mine[-1 - which])
        elif what == "skip":
            key = self.keys(name, Queue.ALL)[which]
            self.sitting(name).skip(key)
            self.skipped.setdefault(name, set()).add(key)
        elif what == "file" and category is not None:
            line = ballot(category, name)
            source = VoteSource(name="f.json", sha256="0" * 64)
            one = CONTENTS[which].sha256
            Votes(self.store.connection).cast(
                CASE, [replace(line, sha256=one)], now_s=NOW_S, source=source
            )
        else:
            self.draw(CONTENTS[which].sha256)

    def undo(self, name: str, action: str, contents: tuple[bytes, ...]) -> None:
        if not contents:
            return
        first, last = map(int, action.split("-"))
        undone = self.sitting(name).undo(contents, action=(first, last))
        ended: set[bytes] = set()
        again: set[bytes] = set()
        for one in contents:
            mine = self.kept[name, one]
            if mine and mine[-1][0] == action:
                mine.pop()
                (again if mine else ended).add(one)
        assert (set(undone.withdrawn), set(undone.restored)) == (ended, again)

    def draw(self, one: bytes) -> None:
        self.drawn.add(one)
        values = {"case_id": 1, "rate": "5%", "seed": "s", "by": "x", "at_s": NOW_S}
        made = sa.insert(dip_samples).values(**values).returning(dip_samples.c.id)
        number = self.store.connection.execute(made).scalar_one()
        row = {"sample_id": number, "sha256": one, "category": "A"}
        self.store.connection.execute(sa.insert(dip_contents), [row])


def expected(world: World, name: str, queue: Queue) -> dict[str, int]:
    """Give, by a look at every line, how many contents of each stack a queue has."""
    found: dict[str, int] = {}
    layout = world.boards.get(world.store, 1, now_s=NOW_S).layout
    for one in Votes(world.store.connection).contents(CASE, voted=False):
        stand = standing(one.votes)
        mine = any(v.source is None and same_person(v.by) == same_person(name) for v in stand)
        persons = {same_person(vote.by) for vote in stand}
        wants = {
            Queue.FIRST: not stand,
            Queue.SECOND: not mine and 0 < len(persons) < WANTED,
            Queue.DIP: not mine and one.sha256 in world.drawn,
            Queue.DISPUTES: mine and decide(one.votes, one.proposals).state in DISPUTED,
            Queue.ALL: True,
        }[queue]
        key = layout.keys[layout.stack_of[layout.number[one.sha256]]].hex()
        good = one.sha256 == CONTENTS[-1].sha256 and queue is Queue.FIRST
        if wants and not good:
            found[key] = found.get(key, 0) + 1
    return found


@LAW
@given(ACTIONS)
def test_queues_hold_what_all_lines_together_say(
    store: Store, actions: list[tuple[str, int, int, Category | None]]
) -> None:
    world = World(store)
    try:
        for action in actions:
            world.do(*action)
        order = [layout_key.hex() for layout_key in world.boards.get(store, 1, now_s=0).layout.keys]
        for name in GRADERS:
            off = world.skipped.get(name, set())
            in_order = sorted(order, key=lambda key: (key in off, order.index(key)))
            for queue in Queue:
                wanted = expected(world, name, queue)
                assert world.keys(name, queue) == [one for one in in_order if one in wanted]
                left = world.sitting(name).page(Asked(queue=queue), after="", limit=1).left
                assert (left.stacks, left.contents) == (len(wanted), sum(wanted.values()))
        said = Votes(store.connection)
        for (name, one), kept in world.kept.items():
            lines = said.own(CASE, [one], by=name).get(one, [])
            assert [vote.category for vote in standing(lines)] == [c for _, c in kept[-1:]]
    finally:
        store.connection.rollback()


def test_next_passes_over_what_was_put_off_and_begins_anew_at_the_end(store: Store) -> None:
    world = World(store)
    try:
        every = world.keys("Ann", Queue.FIRST)
        opened = world.sitting("Ann").next(Asked(), after="").next
        assert opened is not None
        assert opened.stack.key == every[0]
        world.sitting("Ann").skip(every[1])
        following = world.sitting("Ann").next(Asked(), after=every[0]).next
        assert following is not None
        assert following.stack.key == every[2]
        last = world.sitting("Ann").next(Asked(), after=every[-1]).next
        assert last is not None
        assert last.stack.key in {every[0], every[1]}
    finally:
        store.connection.rollback()


def test_what_was_put_off_stays_so_when_the_unit_asks_for_more_votes(store: Store) -> None:
    world = World(store)
    try:
        every = world.keys("Ann", Queue.FIRST)
        world.sitting("Ann").skip(every[0])
        more = sit(world.boards, store, 1, "Ann", wanted=WANTED + 1)
        page = more.page(Asked(), after="", limit=9)
        assert [one.key for one in page.stacks] == [*every[1:], every[0]]
    finally:
        store.connection.rollback()


def test_known_good_is_hidden_until_it_is_asked_for(store: Store) -> None:
    world = World(store)
    good = frozenset({Standing.KNOWN_GOOD})
    assert len(world.keys("Ann", Queue.FIRST)) == 4
    assert len(world.keys("Ann", Queue.FIRST, standings=good)) == 1
    assert world.keys("Ann", Queue.ALL)[-1:] == world.keys("Ann", Queue.FIRST, standings=good)


def test_a_grader_finds_contents_by_the_own_grade_before_that_of_a_set(store: Store) -> None:
    world = World(store)
    try:
        key = world.keys("Ann", Queue.ALL)[-2]
        sitting = world.sitting("Ann")
        sitting.vote(ballot(Category.B, "Ann"), sitting.named([key], []))

        def found(name: str, *categories: Category, mine: Voted | None = None) -> int:
            asked = Asked(queue=Queue.ALL, categories=frozenset(categories), mine=mine)
            return world.sitting(name).page(asked, after="", limit=9).left.stacks

        assert [found(one, Category.A) for one in ("Ann", "Bertha")] == [0, 1]
        assert [found(one, Category.B) for one in ("Ann", "Bertha")] == [1, 0]
        assert [found(one, mine=Voted.YES) for one in ("Ann", "Bertha")] == [1, 0]
        assert found("Ann", mine=Voted.NO) == 4
    finally:
        store.connection.rollback()
