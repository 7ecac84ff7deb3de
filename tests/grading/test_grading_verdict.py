"""The verdict: red, amber, green, and that amber never folds into green."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.grading.verdict import judge
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo
from triage.model.grade import ILLEGAL
from triage.model.hashset import PackManifest, Polarity
from triage.model.outcome import UNEXAMINED_SKIPS, FailReason, PictureReason, SkipReason
from triage.model.problem import NOTES, Problem, ProblemKind
from triage.model.record import ExhibitSummary
from triage.model.verdict import Colour, Tally
from triage.model.volume import UNEXAMINED_VOLUME_STATES, VolumeInfo, VolumeState


def _pack(
    polarity: Polarity = Polarity.KNOWN_BAD, rows: int = 7, name: str = "set"
) -> PackManifest:
    return PackManifest(
        name=name,
        version="3",
        polarity=polarity,
        scheme="",
        scheme_version="",
        format="plain",
        source_name="s",
        source_sha256="0" * 64,
        source_size_bytes=1,
        imported_at="2026-11-22T10:00:00Z",
        tool_version="0",
        taken=rows,
        refused=0,
        rows=(("md5", rows),),
        with_size=0,
    )


def _volume(state: VolumeState, reason: str = "") -> tuple[str, VolumeInfo]:
    volume = VolumeInfo(
        key="p1",
        offset_bytes=0,
        length_bytes=4096,
        table="none",
        description="Data",
        state=state,
        reason=reason,
    )
    return "0123456789abcdef", volume


EVIDENCE = EvidenceInfo(
    key="0123456789abcdef",
    name="a.E01",
    kind=ContainerKind.EWF,
    segments=("a.E01",),
    size_bytes=4096,
)
TALLY = Tally(
    listed=10, digested=8, skipped=((SkipReason.DIRECTORY, 1), (SkipReason.EMPTY, 1)), failed=()
)
DONE = ExhibitSummary(
    case="OP-X",
    exhibit="ABC/1",
    evidence=(EVIDENCE,),
    volumes=(_volume(VolumeState.OPENED),),
    problems=(),
    tally=TALLY,
    packs=(_pack(), _pack(Polarity.KNOWN_GOOD, name="nsrl")),
    hits=(),
    distinct_hits=0,
    conflicts=0,
    pictures_hashed=3,
    pictures_failed=((PictureReason.KNOWN_GOOD, 4), (PictureReason.TOO_SMALL, 2)),
    pictures_pending=0,
    listing_complete=True,
    seconds=1.0,
    workers=2,
    read_bytes=100,
)


def _hit(label: str, kind: str = "exact", count: int = 1) -> tuple[tuple[str, str, str, str], int]:
    return (label, "live", "still", kind), count


def _problem(kind: ProblemKind) -> Problem:
    return Problem(kind=kind, evidence=EVIDENCE.key, volume="p1", path=b"/\x1b[2J", detail="why\n")


def test_green_speaks_of_the_sets_and_never_of_the_device() -> None:
    told = judge(DONE)
    assert (told.colour, told.gaps) == (Colour.GREEN, ())
    words = " ".join(told.reasons)
    assert "No file matched the 2 reference sets loaded; every listed file was examined." in words
    assert "says nothing of material that is not in those sets" in words
    for forbidden in ("clean", "clear", "innocent", "no illegal"):
        assert forbidden not in words.lower()


def test_known_good_hits_stay_green_and_the_words_do_not_deny_them() -> None:
    told = judge(replace(DONE, hits=(_hit("known-good"), _hit("NON_PERTINENT"))))
    assert told.colour is Colour.GREEN
    assert "other than as known-good or non-pertinent" in told.reasons[0]


@pytest.mark.parametrize("category", sorted(ILLEGAL))
def test_one_exact_illegal_hit_is_red(category: str) -> None:
    assert judge(replace(DONE, hits=(_hit(category),))).colour is Colour.RED


def test_standing_is_understood_like_a_category() -> None:
    assert judge(replace(DONE, hits=(_hit("known-bad"),))).colour is Colour.RED


def test_red_starts_with_the_most_serious_and_lists_the_gaps_as_well() -> None:
    hits = (_hit("C", count=1200), _hit("A"), _hit("KNOWN_BAD"), _hit("INDICATIVE"))
    told = judge(replace(DONE, hits=hits, listing_complete=False, distinct_hits=9))
    assert told.colour is Colour.RED
    assert "category A" in told.reasons[0]
    assert told.reasons[1].startswith("1,200 files")
    assert "known-bad set" in told.reasons[2]
    assert "INDICATIVE" in told.reasons[3]
    assert "9 distinct contents" in told.reasons[4]
    assert any("cut short" in gap for gap in told.gaps)


AMBER: dict[str, tuple[dict[str, Any], str]] = {
    "no pack": ({"packs": ()}, "no reference set"),
    "known-good only": ({"packs": (_pack(Polarity.KNOWN_GOOD),)}, "only known-good sets"),
    "empty pack": ({"packs": (_pack(), _pack(rows=0, name="hollow"))}, "hollow 3 holds no digest"),
    "no volume": ({"volumes": ()}, "no volume with files"),
    "blank": ({"volumes": (_volume(VolumeState.BLANK),)}, "no volume with files"),
    "no evidence": ({"evidence": (), "volumes": ()}, "no volume with files"),
    "cut short": ({"listing_complete": False}, "cut short"),
    "pending": ({"tally": replace(TALLY, digested=7, pending=1)}, "1 listed entry not read yet"),
    "pictures pending": ({"pictures_pending": 2}, "2 pictures not yet compared"),
    "nothing listed": (
        {"tally": Tally(listed=0, digested=0, skipped=(), failed=())},
        "nothing was compared",
    ),
    "likeness": ({"hits": (_hit("A", "visual"),)}, "looking like"),
    "unmapped": ({"hits": (_hit("UNMAPPED"),)}, "not confirmed"),
    "uncategorised": ({"hits": (_hit("UNCATEGORISED"),)}, "without a category"),
    "indicative": ({"hits": (_hit("INDICATIVE"),)}, "INDICATIVE"),
    "notable": ({"hits": (_hit("notable"),)}, "NOTABLE"),
    "label nobody knows": ({"hits": (_hit("??"),)}, "needs a person"),
    "conflict": ({"conflicts": 1}, "contradict"),
    "account": ({"tally": replace(TALLY, listed=11)}, "ACCOUNT DOES NOT HOLD"),
    "damage": (
        {
            "evidence": (
                replace(
                    EVIDENCE,
                    damage=(
                        DamagedRange(
                            offset_bytes=0, length_bytes=512, kind=DamageKind.CHUNK_CHECKSUM
                        ),
                    ),
                ),
            )
        },
        "1 damaged stretch of the image, 512 bytes",
    ),
    "skip nobody knows": ({"tally": replace(TALLY, digested=7, skipped=(("?", 3),))}, "?"),
}
for _state in UNEXAMINED_VOLUME_STATES:
    AMBER[f"volume {_state}"] = (
        {"volumes": (_volume(VolumeState.OPENED), _volume(_state, "BitLocker\n"))},
        f"{_state}: BitLocker\\x0a",
    )
for _kind in set(ProblemKind) - NOTES:
    AMBER[f"problem {_kind}"] = ({"problems": (_problem(_kind),)}, "why\\x0a")
for _skip in UNEXAMINED_SKIPS:
    AMBER[f"skip {_skip}"] = (
        {"tally": replace(TALLY, digested=7, skipped=((_skip, 3),))},
        "3 files not examined",
    )
for _fail in FailReason:
    AMBER[f"fail {_fail}"] = (
        {"tally": replace(TALLY, digested=7, failed=((_fail, 1),))},
        "1 file not examined",
    )
_HARMLESS = {PictureReason.KNOWN_GOOD, PictureReason.KNOWN_BAD, PictureReason.TOO_SMALL}
for _reason in set(PictureReason) - _HARMLESS:
    AMBER[f"picture {_reason}"] = (
        {"pictures_failed": ((_reason, 5),)},
        "5 pictures not compared by appearance",
    )


@pytest.mark.parametrize("name", sorted(AMBER))
def test_each_gap_and_each_open_question_is_amber_in_words(name: str) -> None:
    changes, said = AMBER[name]
    told = judge(replace(DONE, **changes))
    assert told.colour is Colour.AMBER
    assert any(said in line for line in (*told.reasons, *told.gaps))
    assert all(line.isprintable() for line in (*told.reasons, *told.gaps))
    assert told.reasons


def test_skips_that_leave_nothing_unexamined_stay_green() -> None:
    harmless = tuple((reason, 1) for reason in sorted(set(SkipReason) - UNEXAMINED_SKIPS))
    tally = Tally(listed=len(harmless) + 1, digested=1, skipped=harmless, failed=())
    told = judge(replace(DONE, tally=tally))
    assert told.colour is Colour.GREEN
    assert "2 deleted entries left no content" in told.reasons[1]


def test_notes_do_not_change_the_colour() -> None:
    problems = tuple(_problem(kind) for kind in sorted(NOTES))
    assert judge(replace(DONE, problems=problems)).colour is Colour.GREEN


def test_account_that_does_not_hold_is_said_first_even_under_red() -> None:
    told = judge(replace(DONE, tally=replace(TALLY, listed=11), hits=(_hit("A"),)))
    assert told.colour is Colour.RED
    assert "ACCOUNT DOES NOT HOLD" in told.gaps[0]
    assert any("ACCOUNT DOES NOT HOLD" in reason for reason in told.reasons)


def test_damage_that_is_told_as_a_problem_is_not_told_twice() -> None:
    changes, _ = AMBER["damage"]
    told = judge(replace(DONE, **changes, problems=(_problem(ProblemKind.DAMAGED_RANGE),)))
    assert len(told.gaps) == 1


def test_many_problems_of_a_kind_are_one_line_with_their_number() -> None:
    one = _problem(ProblemKind.DIRECTORY_UNREADABLE)
    problems = tuple(replace(one, path=b"/%d" % number) for number in range(1000))
    gaps = judge(replace(DONE, problems=problems)).gaps
    assert len(gaps) == 1
    assert "1,000" in gaps[0]
    assert "997 more" in gaps[0]


@given(names=st.lists(st.sampled_from(sorted(AMBER)), min_size=1, max_size=6))
def test_no_mixture_of_gaps_is_green(names: list[str]) -> None:
    summary = DONE
    for name in names:
        summary = replace(summary, **AMBER[name][0])
    told = judge(summary)
    assert told.colour is Colour.AMBER
    red = judge(replace(summary, hits=(*summary.hits, _hit("B"))))
    assert red.colour is Colour.RED
    assert red.gaps == told.gaps


@given(names=st.lists(st.sampled_from(sorted(AMBER)), max_size=4), seed=st.randoms())
def test_order_of_problems_and_hits_does_not_matter(names: list[str], seed: Any) -> None:
    problems = [_problem(kind) for kind in ProblemKind]
    hits = [_hit(label) for label in ("A", "B", "UNMAPPED", "INDICATIVE", "C")]
    summary = DONE
    for name in names:
        summary = replace(summary, **AMBER[name][0])
    first = judge(replace(summary, problems=tuple(problems), hits=tuple(hits)))
    seed.shuffle(problems)
    seed.shuffle(hits)
    assert judge(replace(summary, problems=tuple(problems), hits=tuple(hits))) == first


def test_a_locked_volume_is_one_gap_though_a_problem_says_it_again() -> None:
    opened = ("0123456789abcdef", replace(_volume(VolumeState.OPENED)[1], key="p2"))
    locked = _volume(VolumeState.LOCKED, "encrypted: LUKS")
    problem = replace(_problem(ProblemKind.VOLUME_LOCKED), path=b"")
    told = judge(replace(DONE, volumes=(opened, locked), problems=(problem,)))
    assert told.colour is Colour.AMBER
    assert len(told.gaps) == 1
    elsewhere = replace(problem, volume="p9")
    assert len(judge(replace(DONE, volumes=(opened, locked), problems=(elsewhere,))).gaps) == 2


def test_a_run_that_was_cut_short_is_never_green() -> None:
    told = judge(replace(DONE, run_complete=False))
    assert told.colour is Colour.AMBER
    assert "cut short" in told.gaps[0]
