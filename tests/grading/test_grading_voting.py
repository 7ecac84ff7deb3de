"""What stands of a content: laws that hold whatever is voted, and cases worked out by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import UsageFault
from triage.grading.table import Scheme
from triage.grading.voting import contradicts, decide, grade_of, tag_of
from triage.model.grade import ILLEGAL, Category, Proposal, Standing
from triage.model.vote import (
    DECIDED,
    DISPUTED,
    GradeState,
    Vote,
    VoteHow,
    VoteKind,
    VoteSource,
    may_resolve,
    seen_by,
    standing,
)

A, B, C = Category.A, Category.B, Category.C
NAMES = ("Ann", "Bob", "Cyd", "Dee")
FILE = VoteSource(name="f.json", sha256="ab" * 32)
OTHER_FILE = VoteSource(name="g.json", sha256="cd" * 32)


def vote(
    number: int,
    by: str,
    category: Category | None = A,
    kind: VoteKind = VoteKind.VOTE,
    source: VoteSource | None = None,
) -> Vote:
    return Vote(
        number=number,
        sha256=bytes(32),
        kind=kind,
        category=category if kind is not VoteKind.WITHDRAWAL else None,
        by=by,
        at_s=number,
        scheme="uk",
        code=str(category),
        how=VoteHow.IMPORT if source else VoteHow.HAND,
        source=source,
        why="because",
    )


def resolved(number: int, by: str, category: Category) -> Vote:
    return vote(number, by, category, VoteKind.RESOLUTION)


def withdrawn(number: int, by: str, source: VoteSource | None = None) -> Vote:
    return vote(number, by, None, VoteKind.WITHDRAWAL, source)


def says(category: Category | None, standing_: Standing = Standing.KNOWN_BAD) -> Proposal:
    return Proposal(standing=standing_, category=category, reason="in a set")


SAYINGS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from([A, B, Category.NON_PERTINENT]),
        st.sampled_from(VoteKind),
        st.sampled_from([None, None, FILE, OTHER_FILE]),
    ),
    max_size=9,
)
PROPOSALS = st.lists(
    st.builds(
        Proposal,
        standing=st.sampled_from(Standing),
        category=st.none() | st.sampled_from(Category),
        conflict=st.sampled_from(["", "", "differ"]),
        reason=st.just("in a set"),
    ),
    max_size=2,
)


def lines(sayings: Sequence[tuple[str, Category, VoteKind, VoteSource | None]]) -> list[Vote]:
    return [
        vote(number, by, category, kind, source if kind is not VoteKind.RESOLUTION else None)
        for number, (by, category, kind, source) in enumerate(sayings, start=1)
    ]


@given(SAYINGS, PROPOSALS, st.randoms(use_true_random=False))
def test_the_order_in_which_lines_come_does_not_matter(
    sayings: list[tuple[str, Category, VoteKind, VoteSource | None]],
    proposals: list[Proposal],
    chance: random.Random,
) -> None:
    recorded = lines(sayings)
    shuffled, others = chance.sample(recorded, len(recorded)), list(reversed(proposals))
    found = decide(recorded, proposals)
    assert decide(shuffled, others) == found


@given(st.permutations([("Ann", A), ("Bob", A), ("Cyd", B), ("Dee", C)]), PROPOSALS)
def test_who_of_several_votes_first_does_not_matter(
    order: list[tuple[str, Category]], proposals: list[Proposal]
) -> None:
    first = [vote(number, by, said) for number, (by, said) in enumerate(order)]
    plain = [vote(number, by, said) for number, (by, said) in enumerate(sorted(order))]
    assert decide(first, proposals) == decide(plain, proposals)


@given(SAYINGS, PROPOSALS)
def test_a_grade_stands_only_where_nobody_and_nothing_speaks_against_it(
    sayings: list[tuple[str, Category, VoteKind, VoteSource | None]], proposals: list[Proposal]
) -> None:
    recorded = lines(sayings)
    found = decide(recorded, proposals)
    said = {one.category for one in standing(recorded)}
    if found.state in DISPUTED:
        assert found.category is None
    elif found.state in DECIDED and found.state is not GradeState.RESOLVED:
        assert said == {found.category}
        assert found.category is not None
        assert not any(contradicts(found.category, one) for one in proposals)
        wanted = {1: GradeState.GRADED, 2: GradeState.SECOND}
        assert found.state is wanted.get(found.voters, GradeState.TRUSTED)
    elif found.state is not GradeState.RESOLVED:
        assert not said


@given(SAYINGS, PROPOSALS, st.sampled_from(NAMES))
def test_the_last_vote_of_a_person_is_as_if_it_were_the_only_one(
    sayings: list[tuple[str, Category, VoteKind, VoteSource | None]],
    proposals: list[Proposal],
    name: str,
) -> None:
    recorded = lines(sayings)
    last = vote(99, name, B)
    before = [
        one
        for one in recorded
        if one.kind is not VoteKind.VOTE or one.by != name or one.source is not None
    ]
    found = decide([*recorded, last], proposals)
    alone = decide([*before, last], proposals)
    assert (found.category, found.code, found.by) == (alone.category, alone.code, alone.by)
    assert (found.state in DECIDED, found.tags) == (alone.state in DECIDED, alone.tags)
    assert found.voters <= alone.voters  # of how many it counts, its voter's first vote decides


def test_who_was_swayed_by_others_is_no_further_voter() -> None:
    blind = [vote(1, "Ann", A), vote(2, "Bob", B), vote(3, "Cyd", A)]
    assert decide(blind, ()).state is GradeState.DISAGREEMENT
    swayed = decide([*blind, withdrawn(4, "Bob"), vote(5, "bob", A)], ())
    assert (swayed.state, swayed.voters, swayed.category) == (GradeState.SECOND, 2, A)
    assert "bob came to that having seen the votes of others" in swayed.reason
    fourth = decide([*blind, vote(4, "Bob", A), vote(5, "Dee", A)], ())
    assert (fourth.state, fourth.voters) == (GradeState.TRUSTED, 3)


def test_a_slip_that_is_put_right_before_anybody_else_votes_costs_nothing() -> None:
    slipped = [vote(1, "Ann", B), withdrawn(2, "Ann"), vote(3, "Ann", A), vote(4, "Bob", A)]
    assert decide(slipped, ()).voters == 2
    kept = [vote(1, "Ann", A), vote(2, "Bob", A), withdrawn(3, "Bob"), vote(4, "Bob", A)]
    assert decide(kept, ()).voters == 2


def test_two_who_change_their_minds_are_still_a_grade() -> None:
    both = [vote(1, "Ann", A), vote(2, "Bob", B), vote(3, "Ann", C), vote(4, "Bob", C)]
    found = decide(both, ())
    assert (found.state, found.voters, found.category) == (GradeState.GRADED, 1, C)


@given(SAYINGS, PROPOSALS)
def test_withdrawing_everything_leaves_the_proposal(
    sayings: list[tuple[str, Category, VoteKind, VoteSource | None]], proposals: list[Proposal]
) -> None:
    ends = [withdrawn(90 + number, name) for number, name in enumerate(NAMES)]
    ends += [withdrawn(98, "DI", FILE), withdrawn(99, "DI", OTHER_FILE)]
    assert decide([*lines(sayings), *ends], proposals) == decide([], proposals)


@given(SAYINGS, st.sampled_from(NAMES))
def test_a_grader_without_a_vote_sees_nobody_elses(
    sayings: list[tuple[str, Category, VoteKind, VoteSource | None]], name: str
) -> None:
    recorded = lines(sayings)
    seen = seen_by(recorded, name.upper())
    own = [one for one in recorded if one.by == name and one.source is None]
    assert list(seen) == (recorded if standing(own) else own)


@pytest.mark.parametrize(
    ("said", "state", "category"),
    [
        ([], GradeState.UNGRADED, None),
        ([vote(1, "Ann")], GradeState.GRADED, A),
        ([vote(1, "Ann"), vote(2, "ann ")], GradeState.GRADED, A),
        ([vote(1, "Ann"), vote(2, "Ann", source=FILE)], GradeState.GRADED, A),
        ([vote(1, "Ann"), vote(2, "Ann", B, source=FILE)], GradeState.DISAGREEMENT, None),
        ([vote(1, "Ann"), vote(2, "Bob")], GradeState.SECOND, A),
        ([vote(1, "Ann"), vote(2, "Bob"), vote(3, "Cyd")], GradeState.TRUSTED, A),
        ([vote(1, "Ann"), vote(2, "Bob"), vote(3, "Cyd", B)], GradeState.DISAGREEMENT, None),
        ([vote(1, "Ann"), vote(2, "Bob", B), vote(3, "Bob")], GradeState.GRADED, A),
        ([vote(1, "Ann"), vote(2, "Bob", B), resolved(3, "DI", C)], GradeState.RESOLVED, C),
        (
            [vote(1, "Ann"), vote(2, "Bob", B), resolved(3, "DI", B), vote(4, "Cyd", B)],
            GradeState.RESOLVED,
            B,
        ),
        (
            [vote(1, "Ann"), vote(2, "Bob", B), resolved(3, "DI", B), vote(4, "Cyd", A)],
            GradeState.DISAGREEMENT,
            None,
        ),
        (
            [
                vote(1, "Ann"),
                vote(2, "Bob", B),
                resolved(3, "DI", B),
                vote(4, "Cyd", A),
                withdrawn(5, "Cyd"),
            ],
            GradeState.RESOLVED,
            B,
        ),
        (
            [vote(1, "Ann"), vote(2, "Bob", B), resolved(3, "DI", B), withdrawn(4, "DI")],
            GradeState.DISAGREEMENT,
            None,
        ),
    ],
)
def test_states(said: list[Vote], state: GradeState, category: Category | None) -> None:
    found = decide(said, [])
    assert (found.state, found.category) == (state, category)


def test_a_reference_set_is_not_overruled_but_by_a_resolution() -> None:
    three = [vote(number, name, B) for number, name in enumerate(("Ann", "Bob", "Cyd"))]
    found = decide(three, [says(A)])
    assert (found.state, found.category, found.voters) == (GradeState.CONFLICT, None, 3)
    assert "a reference set says A: in a set" in found.reason
    assert decide(three, [says(B)]).state is GradeState.TRUSTED
    settled = decide([*three, resolved(9, "DI", B)], [says(A)])
    assert (settled.state, settled.category, settled.by) == (GradeState.RESOLVED, B, ("DI",))
    assert "a reference set says A" in settled.reason


@pytest.mark.parametrize(
    ("category", "proposal", "differs"),
    [
        (A, says(A), False),
        (A, says(B), True),
        (A, says(Category.KNOWN_BAD), False),
        (Category.INDICATIVE, says(Category.KNOWN_BAD), True),
        (Category.NON_PERTINENT, says(None, Standing.KNOWN_GOOD), False),
        (Category.NON_PERTINENT, says(Category.NON_PERTINENT, Standing.KNOWN_GOOD), False),
        (A, says(None, Standing.KNOWN_GOOD), True),
        (A, says(None, Standing.VISUAL), False),
        (A, says(Category.UNMAPPED, Standing.UNMAPPED), False),
        (A, says(Category.UNCATEGORISED, Standing.UNMAPPED), False),
        (A, replace(says(A), conflict="sets differ"), True),
        (A, replace(says(None, Standing.UNKNOWN), conflict="MD5 agrees, SHA-1 not"), False),
    ],
)
def test_what_differs_from_a_reference_set(
    category: Category, proposal: Proposal, *, differs: bool
) -> None:
    assert contradicts(category, proposal) is differs


@given(st.sampled_from(sorted(ILLEGAL)), st.sampled_from(sorted(ILLEGAL)))
def test_of_two_illegal_categories_only_the_uncategorised_list_agrees_with_both(
    one: Category, other: Category
) -> None:
    wanted = one is not other and other is not Category.KNOWN_BAD
    assert contradicts(one, says(other)) is wanted


def test_where_nobody_voted_the_gravest_proposal_stands() -> None:
    found = decide([], [says(C), says(A), says(None, Standing.VISUAL)])
    assert (found.state, found.category, found.voters) == (GradeState.PROPOSED, A, 0)
    assert decide([], [says(None, Standing.VISUAL)]).state is GradeState.UNGRADED


def test_whoever_voted_even_once_has_a_part_in_it() -> None:
    said = [vote(1, "Ann"), withdrawn(2, "Ann"), resolved(3, "DI", A), vote(4, "X", source=FILE)]
    assert [may_resolve(said, name) for name in ("ANN", "x", "DI", "Bob")] == [
        *[False] * 2,
        *[True] * 2,
    ]


SCHEME = Scheme(
    id="odd",
    version="1",
    title="Odd",
    region="UK",
    codes=(("1", A), ("b", C), ("3", B), ("0", Category.UNCATEGORISED)),
    needs_confirmation=False,
)


def test_a_grade_is_a_code_or_a_name_of_the_scheme() -> None:
    assert grade_of(" a ", SCHEME) == (A, "1")
    assert grade_of("3", SCHEME) == (B, "3")
    assert grade_of("C", SCHEME) == (C, "b")
    for word, said in (("B", "means C, and the name"), ("EXTREME", "none of"), ("0", "no grade")):
        with pytest.raises(UsageFault, match=said):
            grade_of(word, SCHEME)
    with pytest.raises(UsageFault, match="nobody has confirmed"):
        grade_of("1", replace(SCHEME, needs_confirmation=True))


def test_tags_are_of_a_closed_list_but_for_names_of_series() -> None:
    assert tag_of(" series:The  Garden ") == "series:The Garden"
    assert tag_of("first-generation") == "first-generation"
    for word in ("series:", "Victim-identified", ""):
        with pytest.raises(UsageFault, match="no tag"):
            tag_of(word)
