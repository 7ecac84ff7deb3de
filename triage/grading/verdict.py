"""Red, amber or green for one exhibit, with the reasons; pure."""

from __future__ import annotations

from collections import Counter

from triage.grading import gaps as gaps_of
from triage.grading.gaps import counted
from triage.model.display import printable
from triage.model.evidence import LOGICAL_KINDS
from triage.model.grade import ILLEGAL, SEVERITY, Category
from triage.model.outcome import SkipReason
from triage.model.record import ExhibitSummary, GradeCounts
from triage.model.verdict import Colour, Verdict

_ALWAYS_OUTSIDE = (
    "the inside of databases and of known-good archives, and what of videos lies between the "
    "frames that were compared, one a second"
)

_GOOD = frozenset({Category.NON_PERTINENT.value, "KNOWN_GOOD", "UNKNOWN"})
_WANTED = frozenset({Category.INDICATIVE.value, Category.OTHER_NOTABLE.value, "NOTABLE"})
_NOTABLE = frozenset({Category.INDICATIVE, Category.OTHER_NOTABLE})
_NO_TRACE = frozenset({SkipReason.NOT_RECOVERABLE, SkipReason.REALLOCATED})


def judge(summary: ExhibitSummary) -> Verdict:
    """Judge an exhibit as far as it was examined.

    Red: at least one exact hit of an illegal category, or a content to which people gave one. What
    people say of a listed file does not take the hit away. Otherwise amber while anything is
    unexamined or waits for a person. Green only where neither is the case; the words never say
    that a device holds nothing, only that nothing of the loaded sets was found.
    """
    exact, visual = _hits(summary)
    illegal = [_hit_words(label, exact[label]) for label in _by_severity(exact) if label in ILLEGAL]
    illegal += _graded(summary.grades, illegal=True)
    person = (*_for_a_person(summary, exact, visual), *_disputed(summary.grades))
    person += _graded(summary.grades, illegal=False)
    gaps = gaps_of.find(summary)
    loud = gaps[:1] if not summary.tally.holds() else ()
    if illegal:
        return Verdict(
            colour=Colour.RED, reasons=(*illegal, *loud, *person, *_distinct(summary)), gaps=gaps
        )
    if person or gaps:
        return Verdict(colour=Colour.AMBER, reasons=_amber(loud, person, gaps), gaps=gaps)
    return Verdict(colour=Colour.GREEN, reasons=_green(summary), gaps=())


def standing_limits(summary: ExhibitSummary) -> str:
    """Say what the run did not look at, whatever there was: no gap, but to be known.

    Space that no file holds counts as looked at once a run has begun to; what it left is a gap.
    """
    media = any(one.kind not in LOGICAL_KINDS for one in summary.evidence)
    space = "" if summary.coverage.spaces or not media else "space that no file holds, "
    return f"Not part of this examination: {space}{_ALWAYS_OUTSIDE}."


def _hits(summary: ExhibitSummary) -> tuple[Counter[str], Counter[str]]:
    exact: Counter[str] = Counter()
    visual: Counter[str] = Counter()
    for (label, _, _, kind), occurrences in summary.hits:
        name = label.upper().replace("-", "_")
        if occurrences > 0 and kind == "exact":
            exact[name] += occurrences
        elif occurrences > 0:
            visual[name] += occurrences
    return exact, visual


def _by_severity(exact: Counter[str]) -> list[str]:
    order = [category.value for category in SEVERITY]
    return sorted(exact, key=lambda name: (order.index(name) if name in order else -1, name))


def _hit_words(label: str, occurrences: int) -> str:
    files = counted(occurrences, "file")
    if label == Category.KNOWN_BAD:
        return f"{files} exactly as listed in a known-bad set"
    return f"{files} exactly as listed with the category {printable(label)}"


def _for_a_person(
    summary: ExhibitSummary, exact: Counter[str], visual: Counter[str]
) -> tuple[str, ...]:
    said = []
    for label in _by_severity(exact):
        if label in ILLEGAL or label in _GOOD:
            continue
        files = counted(exact[label], "file")
        if label in _WANTED:
            said.append(f"{files} listed as {printable(label)}: a person must look")
        elif label == Category.UNCATEGORISED:
            said.append(f"{files} listed in a reference set without a category: needs a person")
        else:
            said.append(f"{files} listed with a category that is not confirmed: needs a person")
    if likenesses := sum(visual.values()):
        files = counted(likenesses, "picture")
        said.append(f"{files} looking like a listed one: needs a person")
    if summary.conflicts:
        contents = counted(summary.conflicts, "content")
        said.append(f"{contents} on which the reference sets contradict each other: needs a person")
    return tuple(said)


def _graded(grades: GradeCounts | None, *, illegal: bool) -> tuple[str, ...]:
    """Say what people graded as illegal, or as notable without being so."""
    wanted = ILLEGAL if illegal else _NOTABLE
    counts: Counter[str] = Counter()
    for category, _, contents in grades.decided if grades else ():
        if category in wanted:
            counts[category] += contents
    return tuple(
        f"{counted(counts[label], 'content')} graded {label} by people"
        for label in _by_severity(counts)
    )


def _disputed(grades: GradeCounts | None) -> tuple[str, ...]:
    total = (
        sum(contents for category, _, contents in grades.decided if not category) if grades else 0
    )
    if not total:
        return ()
    return (f"{counted(total, 'content')} whose grade is in dispute: needs a person",)


def _distinct(summary: ExhibitSummary) -> tuple[str, ...]:
    if summary.distinct_hits <= 0:
        return ()
    return (f"{counted(summary.distinct_hits, 'distinct content')} behind the exact hits",)


def _amber(
    loud: tuple[str, ...], person: tuple[str, ...], gaps: tuple[str, ...]
) -> tuple[str, ...]:
    reasons = [*loud, *person]
    if gaps:
        reasons.append(
            f"Nothing illegal was recognised so far, but the examination has "
            f"{counted(len(gaps), 'gap')}: this is no green result."
        )
    return tuple(reasons)


def _green(summary: ExhibitSummary) -> tuple[str, ...]:
    sets = counted(len(summary.packs), "reference set")
    lost = sum(count for reason, count in summary.tally.skipped if reason in _NO_TRACE)
    entries = counted(lost, "deleted entry", "deleted entries")
    known = any(count for (label, _, _, _), count in summary.hits if label.upper() != "UNKNOWN")
    but = " other than as known-good or non-pertinent" if known else ""
    first = (
        f"No file matched the {sets} loaded{but}; every listed file was examined. "
        "This says nothing of material that is not in those sets."
    )
    if not lost:
        return first, standing_limits(summary)
    return (
        first,
        f"{entries} left no content on the medium that could be read.",
        standing_limits(summary),
    )
