"""The proposal: most serious first, nothing merged, nothing hidden, any order."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from triage.grading.policy import propose
from triage.grading.table import Scheme
from triage.model.digest import Algorithm
from triage.model.grade import ILLEGAL, SEVERITY, Category, Proposal, Standing
from triage.model.hashset import Polarity
from triage.model.match import Match, MatchKind


def _scheme(scheme_id: str, *, needs_confirmation: bool = False) -> Scheme:
    return Scheme(
        id=scheme_id,
        version="1",
        title="T",
        region="UK",
        codes=(
            ("0", Category.UNCATEGORISED),
            ("1", Category.A),
            ("2", Category.B),
            ("4", Category.INDICATIVE),
            ("5", Category.NON_PERTINENT),
        ),
        needs_confirmation=needs_confirmation,
    )


SCHEMES = {"ok": _scheme("ok"), "open": _scheme("open", needs_confirmation=True)}


def _match(
    pack: str = "p",
    *,
    polarity: Polarity = Polarity.BY_CATEGORY,
    code: str | None = None,
    kind: MatchKind = MatchKind.EXACT,
    scheme: str = "ok",
    distance: int = 0,
    detail: str = "",
) -> Match:
    return Match(
        pack=pack,
        pack_version="1",
        kind=kind,
        algorithm=Algorithm.PDQ if kind is MatchKind.VISUAL else Algorithm.MD5,
        polarity=polarity,
        scheme=scheme,
        code=code or "",
        has_code=code is not None,
        distance_bits=distance,
        detail=detail,
    )


BAD = _match("bad", polarity=Polarity.KNOWN_BAD)
GOOD = _match("nsrl", polarity=Polarity.KNOWN_GOOD)
ALIKE = _match("bad", polarity=Polarity.KNOWN_BAD, kind=MatchKind.VISUAL, distance=12)


def _told(*matches: Match) -> Proposal:
    return propose(matches, SCHEMES)


def test_nothing_matched() -> None:
    assert _told() == Proposal(standing=Standing.UNKNOWN)


def test_codes_become_standings_through_the_scheme() -> None:
    expected = {
        "1": (Standing.KNOWN_BAD, Category.A),
        "4": (Standing.NOTABLE, Category.INDICATIVE),
        "5": (Standing.KNOWN_GOOD, Category.NON_PERTINENT),
        "9": (Standing.UNMAPPED, Category.UNMAPPED),
        "0": (Standing.UNMAPPED, Category.UNCATEGORISED),
    }
    for code, wanted in expected.items():
        told = _told(_match(code=code))
        assert (told.standing, told.category) == wanted
        assert told.original_code == code
        assert told.scheme == "ok"
        assert "p 1" in told.reason


def test_record_without_a_code_in_a_mixed_set_is_no_clean_bill() -> None:
    assert _told(_match()).standing is Standing.UNMAPPED


def test_unconfirmed_or_missing_scheme_leaves_unmapped_with_its_code() -> None:
    for scheme in ("open", "gone"):
        told = _told(_match(code="1", scheme=scheme))
        assert (told.standing, told.original_code) == (Standing.UNMAPPED, "1")


def test_known_bad_set_stays_known_bad_whatever_its_code_says() -> None:
    told = _told(_match("bad", polarity=Polarity.KNOWN_BAD, code="5"))
    assert (told.standing, told.category) == (Standing.KNOWN_BAD, Category.KNOWN_BAD)
    assert "known-bad set" in told.conflict
    graded = _told(_match("bad", polarity=Polarity.KNOWN_BAD, code="2"))
    assert (graded.category, graded.conflict) == (Category.B, "")


def test_known_bad_outranks_known_good_and_says_so() -> None:
    told = _told(GOOD, BAD)
    assert told.standing is Standing.KNOWN_BAD
    assert "bad 1" in told.conflict
    assert "nsrl 1" in told.conflict


def test_most_serious_of_two_categories_stands_and_both_are_named() -> None:
    told = _told(_match("p", code="2"), _match("q", code="1"))
    assert (told.category, told.original_code) == (Category.A, "1")
    assert "A in q 1" in told.conflict
    assert "B in p 1" in told.conflict


def test_agreement_is_no_conflict() -> None:
    assert _told(_match("p", code="1"), _match("q", code="1"), BAD).conflict == ""


def test_likeness_is_never_a_category() -> None:
    told = _told(ALIKE)
    assert (told.standing, told.category, told.original_code) == (Standing.VISUAL, None, "")
    assert "12 bits" in told.reason
    assert "needs a person" in told.reason


def test_likeness_is_told_beside_an_exact_hit_and_does_not_change_it() -> None:
    alone, both = _told(_match(code="2")), _told(_match(code="2"), ALIKE)
    assert (both.standing, both.category) == (alone.standing, alone.category)
    assert "looks like" in both.reason


def test_likeness_to_known_good_says_nothing() -> None:
    good = _match(polarity=Polarity.KNOWN_GOOD, kind=MatchKind.VISUAL)
    assert _told(good).standing is Standing.UNKNOWN


def test_likeness_to_bad_of_what_is_known_good_goes_to_a_person() -> None:
    told = _told(GOOD, ALIKE)
    assert told.standing is Standing.VISUAL
    assert "nsrl 1" in told.conflict


def test_digest_conflict_is_shown_and_is_no_hit() -> None:
    odd = _match(kind=MatchKind.CONFLICT, code="1", detail="SHA-1 differs")
    told = _told(odd)
    assert (told.standing, told.category) == (Standing.UNKNOWN, None)
    assert "SHA-1 differs" in told.conflict


def test_a_disputed_record_is_said_to_be_so_with_a_category_or_without() -> None:
    for code in (None, "A1"):
        said = _match(polarity=Polarity.KNOWN_BAD, code=code, scheme="")
        told = _told(replace(said, trusted="no"))
        assert told.standing is Standing.KNOWN_BAD
        assert told.reason.endswith(", trusted: no")


def test_what_agrees_is_said_once() -> None:
    odd = _match(kind=MatchKind.CONFLICT, detail="md5 agrees, sha1 differs")
    assert _told(odd).conflict.count("agrees") == 1


def test_hostile_words_of_a_set_are_escaped() -> None:
    told = _told(_match("\x1b[2J\n", code="\u202e1", detail="\n"))
    assert told.reason.isprintable()


MATCHES = st.lists(
    st.builds(
        _match,
        st.sampled_from(["p", "q", "r"]),
        polarity=st.sampled_from(Polarity),
        code=st.sampled_from([None, "0", "1", "2", "4", "5", "9"]),
        kind=st.sampled_from(MatchKind),
        scheme=st.sampled_from(["ok", "open", "gone"]),
        distance=st.integers(0, 31),
    ),
    max_size=6,
)


@given(matches=MATCHES, seed=st.integers())
def test_order_and_repetition_do_not_matter(matches: list[Match], seed: int) -> None:
    shuffled = matches + matches[:2]
    random.Random(seed).shuffle(shuffled)  # noqa: S311  (an order, no secret)
    assert propose(shuffled, SCHEMES) == propose(matches, SCHEMES)


@given(matches=MATCHES)
def test_known_good_never_takes_a_finding_away(matches: list[Match]) -> None:
    before, after = propose(matches, SCHEMES), propose([*matches, GOOD], SCHEMES)
    if before.standing not in {Standing.UNKNOWN, Standing.KNOWN_GOOD}:
        assert (after.standing, after.category) == (before.standing, before.category)
        assert after.conflict


@given(matches=MATCHES)
def test_another_match_never_makes_it_less_serious(matches: list[Match]) -> None:
    def rank(told: Proposal) -> int:
        return len(SEVERITY) if told.category is None else SEVERITY.index(told.category)

    before = propose(matches, SCHEMES)
    if before.standing is Standing.KNOWN_BAD:
        for extra in (GOOD, ALIKE, BAD, _match(code="1"), _match(code="5")):
            after = propose([*matches, extra], SCHEMES)
            assert after.standing is Standing.KNOWN_BAD
            assert rank(after) <= rank(before)


@given(matches=MATCHES)
def test_illegal_standing_needs_an_exact_match(matches: list[Match]) -> None:
    told = propose([one for one in matches if one.kind is not MatchKind.EXACT], SCHEMES)
    assert told.category is None
    assert told.standing in {Standing.VISUAL, Standing.UNKNOWN}


@given(matches=MATCHES)
def test_standing_fits_the_category(matches: list[Match]) -> None:
    told = propose(matches, SCHEMES)
    assert (told.standing is Standing.KNOWN_BAD) == (told.category in ILLEGAL)
