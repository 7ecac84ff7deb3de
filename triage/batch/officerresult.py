"""The result of a device for an officer: red, amber or green in words, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from triage.batch.officergaps import ASK, not_examined
from triage.export.wording import many, whole
from triage.model.evidence import LOGICAL_KINDS
from triage.model.grade import ILLEGAL, SEVERITY, Category
from triage.model.ledger import OwnerRole
from triage.model.officer import CategoryCount, NotExamined, OfficerResult
from triage.model.outcome import SkipReason
from triage.model.record import ExhibitSummary, GradeCounts
from triage.model.verdict import Colour, Verdict

OUTSIDE = (
    "No examination of this kind looks inside the databases of apps, or at every single moment of "
    "a video: about one picture a second is compared."
)
OUTSIDE_FILES = "This one did not look at space that no file uses either."
"""What :func:`triage.grading.verdict.standing_limits` says, in an officer's words."""

LABELS: dict[str, str] = {
    Category.A: "Category A",
    Category.B: "Category B",
    Category.C: "Category C",
    Category.PROHIBITED: "Prohibited images of children",
    Category.EXTREME: "Extreme pornography",
    Category.KNOWN_BAD: "Listed as illegal, without a category",
    Category.UNMAPPED: "Listed, with a category that the unit has to confirm",
    Category.INDICATIVE: "Indicative material",
    Category.OTHER_NOTABLE: "Other notable material",
    Category.UNCATEGORISED: "Listed, without a category",
    "NOTABLE": "Notable material",
}
_QUIET = frozenset({Category.NON_PERTINENT.value, "KNOWN_GOOD", "UNKNOWN"})
_ORDER = (*(one.value for one in SEVERITY), "NOTABLE")
_LOST = frozenset({SkipReason.NOT_RECOVERABLE, SkipReason.REALLOCATED})
_MEDIA = ("still", "moving", "other")
_HEADINGS = {
    Colour.RED: "Red: illegal material was recognised",
    Colour.AMBER: "Amber: this is not a clear result",
    Colour.GREEN: "Green: no listed illegal material was recognised",
}


def officer_result(
    summary: ExhibitSummary,
    verdict: Verdict,
    *,
    owner: OwnerRole = OwnerRole.NOT_STATED,
    contact: str = "the Digital Forensics Unit",
) -> OfficerResult:
    """Say a result for an officer; no name of a file, folder or volume is in it.

    Args:
        verdict: of that summary.
        owner: whose device it is; a victim's is not seized.
        contact: whom to ask, in words.
    """
    gaps = not_examined(summary)
    if verdict.gaps and not gaps and summary.tally.holds():
        gaps = (ASK,)
    counts, likenesses = _counts(summary)
    for_a_person = _waits_for_a_person(summary, counts, likenesses)
    return OfficerResult(
        colour=verdict.colour,
        heading=_HEADINGS[verdict.colour],
        meaning=tuple(_meaning(verdict.colour, summary, gaps, person=for_a_person)),
        counts=counts,
        likenesses=likenesses,
        graded=_graded(summary.grades),
        extent=tuple(_extent(summary)),
        not_examined=gaps,
        outside=_outside(summary),
        next_steps=tuple(_steps(verdict.colour, gaps, owner, contact, person=for_a_person)),
        relied_on=summary.tally.holds(),
    )


def _outside(summary: ExhibitSummary) -> str:
    media = any(one.kind not in LOGICAL_KINDS for one in summary.evidence)
    return OUTSIDE if summary.coverage.spaces or not media else f"{OUTSIDE} {OUTSIDE_FILES}"


def _counts(summary: ExhibitSummary) -> tuple[tuple[CategoryCount, ...], int]:
    """Count exact hits by category and medium, and the likenesses of all."""
    exact: dict[str, Counter[str]] = {}
    likenesses = 0
    for (label, _, medium, kind), count in summary.hits:
        name = label.upper().replace("-", "_")
        if kind != "exact":
            likenesses += count
        elif name not in _QUIET and count > 0:
            exact.setdefault(name, Counter())[medium if medium in _MEDIA else "other"] += count
    return (
        tuple(
            CategoryCount(
                label=_label(name),
                pictures=by["still"],
                videos=by["moving"],
                others=by["other"],
            )
            for name, by in sorted(exact.items(), key=lambda one: _rank(one[0]))
        ),
        likenesses,
    )


def _label(name: str) -> str:
    return LABELS.get(name, LABELS[Category.UNMAPPED])


def _rank(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _graded(grades: GradeCounts | None) -> tuple[tuple[str, int], ...]:
    """Count different files by what people said of them; those in dispute last."""
    counts: Counter[str] = Counter()
    for category, _, contents in grades.decided if grades else ():
        if category not in _QUIET:
            counts[category] += contents
    disputed = counts.pop("", 0)
    found = [(_label(name), count) for name, count in sorted(counts.items(), key=_ranked) if count]
    return (*found, *((("Not agreed yet", disputed),) if disputed else ()))


def _ranked(item: tuple[str, int]) -> tuple[int, str]:
    return _rank(item[0])


def _waits_for_a_person(
    summary: ExhibitSummary, counts: tuple[CategoryCount, ...], likenesses: int
) -> bool:
    illegal = {LABELS[one] for one in ILLEGAL}
    sure = {label for label, _ in _graded(summary.grades)}
    return bool(
        likenesses
        or summary.conflicts
        or any(one.label not in illegal for one in counts)
        or sure - illegal
    )


def _meaning(
    colour: Colour, summary: ExhibitSummary, gaps: tuple[NotExamined, ...], *, person: bool
) -> Iterator[str]:
    if not summary.tally.holds():
        yield (
            "The program's own account of this examination does not add up. "
            "This result must not be relied on."
        )
    if colour is Colour.RED:
        yield (
            "At least one file on the device is the same as material that is listed as illegal, "
            "or was graded as illegal by a trained person."
        )
        if gaps:
            yield "Some of the device was not examined, so there may be more."
    elif colour is Colour.AMBER:
        if person:
            yield "Something was recognised that a trained person has to look at."
        if gaps:
            yield "Some of the device was not examined, so nothing can be ruled out."
        yield "Do not read this as a green result."
    else:
        yield (
            "All files that were found were examined, and none of them was recognised as material "
            "that is listed as illegal or notable."
        )
        yield (
            "Green does not mean that there is nothing illegal on the device. Material that is "
            "new, or that nobody has listed, is not recognised."
        )
        lost = sum(count for reason, count in summary.tally.skipped if reason in _LOST)
        if lost:
            yield f"{many(lost, 'deleted file')} left nothing on the device that could be read."


def _extent(summary: ExhibitSummary) -> Iterator[str]:
    tally = summary.tally
    yield f"Files and folders listed: {whole(tally.listed)}."
    yield (
        f"Files read and compared with {many(len(summary.packs), 'list')} of known material: "
        f"{whole(tally.digested)}."
    )
    if summary.pictures_hashed:
        yield f"Different pictures also compared by appearance: {whole(summary.pictures_hashed)}."


def _steps(
    colour: Colour,
    gaps: tuple[NotExamined, ...],
    owner: OwnerRole,
    contact: str,
    *,
    person: bool,
) -> Iterator[str]:
    theirs = owner in {OwnerRole.VICTIM, OwnerRole.WITNESS}
    unit = contact[:1].upper() + contact[1:]
    if colour is Colour.RED:
        if theirs:
            yield (
                f"This is a {owner}'s device. Do not give it back. Submit it to {contact} and "
                "agree with them what is said to its owner."
            )
        else:
            yield f"Seize the device, if that is not done yet, and submit it to {contact}."
        yield "Do not switch it on, and do not look for the material yourself."
        yield f"{unit} will contact you about what was found."
    elif colour is Colour.AMBER:
        if gaps:
            yield f"Submit the device to {contact}, if it is not there yet."
        if person or not gaps:
            yield f"{unit} will contact you when somebody has looked at what was recognised."
        yield f"Do not give the device back before {contact} has told you the outcome."
    else:
        yield "Nothing has to be done because of this result."
        yield (
            f"Talk to {contact} before the device is given back, or if you still think that "
            "there is illegal material on it: more can be done."
        )
