"""What an officer is told: a colour in words with every gap, and no name from the device."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.batch import officergaps
from triage.batch.officerresult import LABELS, officer_result
from triage.grading.gaps import find
from triage.grading.verdict import judge
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo
from triage.model.grade import ILLEGAL, Category
from triage.model.hashset import PackManifest, Polarity
from triage.model.ledger import OwnerRole
from triage.model.officer import OfficerResult
from triage.model.outcome import UNEXAMINED_SKIPS, FailReason, PictureReason, SkipReason
from triage.model.problem import Problem, ProblemKind
from triage.model.record import ExhibitSummary, GradeCounts
from triage.model.verdict import Colour, Tally
from triage.model.volume import VolumeInfo, VolumeState

CANARY = "canary"


def pack(polarity: Polarity, *, rows: int = 7, left_out: int = 0) -> PackManifest:
    return PackManifest(
        name=f"{CANARY}-set",
        version="3",
        polarity=polarity,
        scheme="",
        scheme_version="",
        format="plain",
        source_name=f"{CANARY}.txt",
        source_sha256="0" * 64,
        source_size_bytes=1,
        imported_at="2026-11-22T10:00:00Z",
        tool_version="0",
        taken=rows,
        refused=0,
        rows=(("md5", rows),),
        with_size=0,
        pictures_left_out=left_out,
    )


def volume(state: VolumeState) -> tuple[str, VolumeInfo]:
    return "0123456789abcdef", VolumeInfo(
        key=f"p1-{CANARY}",
        offset_bytes=0,
        length_bytes=12_400_000_000,
        table="gpt",
        description=f"{CANARY} data",
        state=state,
        filesystem="" if state is not VolumeState.OPENED else "ntfs",
        label=f"{CANARY} holiday",
        reason=f"{CANARY} reason",
    )


IMAGE = EvidenceInfo(
    key="0123456789abcdef",
    name=f"{CANARY}.E01",
    kind=ContainerKind.EWF,
    segments=(f"{CANARY}.E01",),
    size_bytes=4096,
    header=(("notes", f"{CANARY} notes"),),
)
LOST = DamagedRange(
    offset_bytes=0, length_bytes=2_000_000, kind=DamageKind.TRUNCATED, detail=f"{CANARY}"
)
DONE = ExhibitSummary(
    case="OP-X",
    exhibit="ABC/1",
    evidence=(IMAGE,),
    volumes=(volume(VolumeState.OPENED),),
    problems=(),
    tally=Tally(listed=1_010, digested=1_008, skipped=((SkipReason.DIRECTORY, 2),), failed=()),
    packs=(pack(Polarity.KNOWN_BAD), pack(Polarity.KNOWN_GOOD)),
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


def hit(label: str, kind: str = "exact", count: int = 1, medium: str = "still") -> Any:
    return (label, "live", medium, kind), count


def problem(kind: ProblemKind, volume_key: str = "") -> Problem:
    return Problem(
        kind=kind,
        evidence=IMAGE.key,
        volume=volume_key,
        path=f"/{CANARY}/IMG_0001.jpg".encode(),
        detail=f"{CANARY} detail",
    )


def told(summary: ExhibitSummary, **more: Any) -> OfficerResult:
    return officer_result(summary, judge(summary), **more)


def words(result: OfficerResult) -> str:
    gaps = [f"{one.what} {one.why}" for one in result.not_examined]
    labels = [one.label for one in result.counts] + [label for label, _ in result.graded]
    return "\n".join(
        (result.heading, *result.meaning, *result.extent, *result.next_steps, *gaps, *labels)
    )


def with_tally(**more: Any) -> Tally:
    tally = replace(DONE.tally, **more)
    worked = tally.digested + tally.skipped_total + tally.failed_total + tally.pending
    return replace(tally, listed=worked)


GAPS: dict[str, dict[str, Any]] = {
    "no sets": {"packs": ()},
    "only good": {"packs": (pack(Polarity.KNOWN_GOOD),)},
    "empty set": {"packs": (pack(Polarity.KNOWN_BAD, rows=0),)},
    "sealed": {"packs": (pack(Polarity.KNOWN_BAD, left_out=5),)},
    "no volume": {"volumes": ()},
    **{
        f"volume {state}": {"volumes": (volume(VolumeState.OPENED), volume(state))}
        for state in VolumeState
    },
    "damage": {"evidence": (replace(IMAGE, damage=(LOST,)),)},
    **{f"problem {kind}": {"problems": (problem(kind),)} for kind in ProblemKind},
    "cut": {"run_complete": False},
    "not listed": {"listing_complete": False},
    "pictures": {"pictures_pending": 3},
    "nothing read": {"tally": with_tally(digested=0)},
    "pending": {"tally": with_tally(pending=4)},
    **{f"skip {one}": {"tally": with_tally(skipped=((one, 3),))} for one in SkipReason},
    "skip of later": {"tally": with_tally(skipped=((f"{CANARY}-new", 3),))},
    **{f"fail {one}": {"tally": with_tally(failed=((one, 3),))} for one in FailReason},
    "fail of later": {"tally": with_tally(failed=((f"{CANARY}-new", 3),))},
    **{f"picture {one}": {"pictures_failed": ((one, 2),)} for one in PictureReason},
    "picture of later": {"pictures_failed": ((f"{CANARY}-new", 2),)},
}
HITS: dict[str, dict[str, Any]] = {
    "illegal": {"hits": (hit("A"), hit("KNOWN_BAD", count=3))},
    "visual": {"hits": (hit("VISUAL", "visual"),)},
    "good": {"hits": (hit("KNOWN_GOOD"), hit("NON_PERTINENT"))},
    "notable": {"hits": (hit("NOTABLE", medium="moving"), hit("INDICATIVE"))},
    "open": {"hits": (hit("UNMAPPED"), hit("UNCATEGORISED"), hit(f"{CANARY}-LABEL"))},
    "conflict": {"conflicts": 2},
    "graded": {"grades": GradeCounts(proposed=(), decided=(("B", "graded", 2),))},
    "disputed": {"grades": GradeCounts(proposed=(), decided=(("", "disagreement", 2),))},
    "wanted": {"grades": GradeCounts(proposed=(), decided=(("INDICATIVE", "graded", 2),))},
}
EVERY = {**GAPS, **HITS}


@pytest.mark.parametrize("name", sorted(EVERY))
def test_an_officer_is_told_of_gaps_exactly_where_the_unit_is(name: str) -> None:
    summary = replace(DONE, **EVERY[name])
    assert bool(told(summary).not_examined) is bool(find(summary))


@given(names=st.lists(st.sampled_from(sorted(EVERY)), max_size=7))
def test_no_mixture_loses_a_gap_or_tells_a_name(names: list[str]) -> None:
    summary = DONE
    for name in names:
        summary = replace(summary, **EVERY[name])
    result = told(summary)
    assert result.colour is judge(summary).colour
    assert len(result.not_examined) <= len(find(summary))
    assert bool(result.not_examined) is bool(find(summary))
    assert CANARY not in words(result).lower()
    assert "IMG_0001" not in words(result)
    assert result.next_steps


def test_what_was_not_examined_is_a_number_with_its_reason() -> None:
    summary = replace(
        DONE,
        volumes=(volume(VolumeState.OPENED), volume(VolumeState.LOCKED)),
        tally=with_tally(skipped=((SkipReason.ENCRYPTED, 1_200),)),
        pictures_failed=((PictureReason.TRUNCATED, 1),),
        problems=(problem(ProblemKind.DIRECTORY_UNREADABLE),) * 2,
    )
    assert [(one.what, one.why) for one in told(summary).not_examined] == [
        ("1 part of the device, 12 GB", "locked or encrypted, and there was no key to open it"),
        ("2 folders", "could not be read"),
        ("1,200 files", "encrypted on the device"),
        ("The appearance of 1 picture", "cut short"),
    ]


def test_red_counts_by_category_and_medium_the_gravest_first() -> None:
    hits = (
        hit("C", count=2, medium="moving"),
        hit("A", count=7),
        hit("A", count=1, medium="other"),
        hit("B", "visual", count=4),
        hit("KNOWN_GOOD", count=900),
    )
    result = told(replace(DONE, hits=hits))
    assert [(one.label, one.pictures, one.videos, one.others) for one in result.counts] == [
        ("Category A", 7, 0, 1),
        ("Category C", 0, 2, 0),
    ]
    assert (result.colour, result.likenesses) == (Colour.RED, 4)
    assert "Seize the device" in result.next_steps[0]
    assert (
        "submit it to the unit at Leeds"
        in told(replace(DONE, hits=hits), contact="the unit at Leeds").next_steps[0]
    )


@pytest.mark.parametrize("owner", [OwnerRole.VICTIM, OwnerRole.WITNESS])
def test_the_device_of_a_victim_or_witness_is_not_to_be_seized(owner: OwnerRole) -> None:
    result = told(replace(DONE, hits=(hit("A"),)), owner=owner)
    assert "Seize" not in words(result)
    assert "Do not give it back" in result.next_steps[0]


def test_green_says_what_it_does_not_mean() -> None:
    result = told(DONE)
    assert result.colour is Colour.GREEN
    assert "Green does not mean that there is nothing illegal on the device." in words(result)
    assert "new" in words(result)
    assert "none of them was recognised as material that is listed" in words(result)
    for forbidden in ("clean", "innocent", "cleared"):
        assert forbidden not in words(result).lower()


def test_amber_says_who_does_what_next() -> None:
    person = told(replace(DONE, **HITS["visual"]))
    assert any("will contact you" in one for one in person.next_steps)
    assert not any("Submit" in one for one in person.next_steps)
    gap = told(replace(DONE, **GAPS["volume locked"]))
    assert any(one.startswith("Submit the device") for one in gap.next_steps)
    assert not any("will contact you" in one for one in gap.next_steps)
    assert all("Do not read this as a green result." in one.meaning for one in (person, gap))


def test_an_account_that_does_not_add_up_is_said_first() -> None:
    summary = replace(DONE, tally=replace(DONE.tally, listed=5), hits=(hit("A"),))
    result = told(summary)
    assert not result.relied_on
    assert "must not be relied on" in result.meaning[0]
    assert result.colour is Colour.RED


def test_every_category_and_reason_has_words() -> None:
    assert {one.value for one in Category} - {"NON_PERTINENT"} <= set(LABELS)
    assert {LABELS[one] for one in ILLEGAL}.isdisjoint({LABELS["NOTABLE"], LABELS["UNMAPPED"]})
    assert set(officergaps._FAILURES) == set(FailReason)
    assert set(officergaps._SKIPS) == set(UNEXAMINED_SKIPS)
    assert set(officergaps._PICTURES) | officergaps._HARMLESS == set(PictureReason)


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [(0, "0 bytes"), (1, "1 byte"), (1_500, "1.5 kB"), (64_000_000_000, "64 GB")],
)
def test_sizes_are_said_in_decimal_units(size_bytes: int, said: str) -> None:
    assert officergaps.size_words(size_bytes) == said
