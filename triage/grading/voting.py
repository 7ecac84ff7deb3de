"""What stands of a content by what people and reference sets say of it; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from triage.errors import UsageFault
from triage.grading.table import Scheme, folded
from triage.model.display import printable
from triage.model.grade import ILLEGAL, SEVERITY, Category, Proposal, Standing
from triage.model.vote import (
    DISPUTED,
    NOT_NAMED,
    SERIES,
    TAGS,
    TRUSTED_VOTERS,
    Decision,
    GradeState,
    Vote,
    VoteHow,
    VoteKind,
    resolution,
    same_person,
    standing,
)

NO_GRADE = frozenset({Category.UNCATEGORISED, Category.UNMAPPED})
"""Categories that say that there is no grade."""

_SAYS_NOTHING = frozenset({Standing.UNKNOWN, Standing.VISUAL})


def decide(votes: Sequence[Vote], proposals: Sequence[Proposal]) -> Decision:
    """Tell what stands of one content.

    The order of votes does not matter, but that of each person the last one stands, and that a
    resolution answers what was said before it.

    Args:
        votes: all lines recorded about the content.
        proposals: what the reference sets say of it, in any order.
    """
    stand, resolved = standing(votes), resolution(votes)
    tags = tuple(sorted({tag for one in (*stand, *_if(resolved)) for tag in one.tags}))
    if resolved is not None:
        return _resolved(resolved, stand, proposals, tags)
    if not stand:
        return _proposed(proposals)
    swayed = swayed_votes(votes, stand)
    voters = max(1, _voters(one for one in stand if one not in swayed))
    state, reason = _state(stand, voters, proposals)
    if swayed and state not in DISPUTED:
        reason += f"; {_people(swayed)} came to that having seen the votes of others"
    if state in {GradeState.DISAGREEMENT, GradeState.CONFLICT}:
        return Decision(state=state, voters=voters, origin="none", tags=tags, reason=reason)
    scheme, code = _code(stand)
    return Decision(
        state=state,
        category=stand[0].category,
        code=code,
        scheme=scheme,
        voters=voters,
        origin=_origin(stand),
        by=_names(stand),
        tags=tags,
        reason=reason,
    )


def swayed_votes(votes: Sequence[Vote], stand: Sequence[Vote]) -> tuple[Vote, ...]:
    """Give the votes that stand and are not independent of others.

    A vote opens the others' to who gave it. So one that says another thing than its voter said at
    first, when others' votes were there to be seen, counts as a grade and not as a further opinion.
    Votes of a file stand as the file has them: nothing tells what was seen there.

    Args:
        votes: all lines recorded about the content; ``stand``: those of them that stand.
    """
    said = sorted((one for one in votes if one.kind is VoteKind.VOTE), key=lambda one: one.number)
    first: dict[str, Vote] = {}
    for one in said:
        if one.source is None:
            first.setdefault(same_person(one.by), one)
    return tuple(
        one
        for one in stand
        if one.source is None
        and one.category is not first[same_person(one.by)].category
        and any(
            other.number < one.number and same_person(other.by) != same_person(one.by)
            for other in said
        )
    )


def contradicts(category: Category, proposal: Proposal) -> bool:
    """Tell whether a grade differs from what a reference set says of the same content.

    A likeness says nothing of the content itself. A known-bad list without categories agrees with
    every illegal one, a known-good set with non-pertinent. Where sets contradict each other, every
    grade differs from one of them.
    """
    if proposal.standing is Standing.UNKNOWN:
        return False
    if proposal.conflict:
        return True
    given = proposal.category
    if proposal.standing is Standing.VISUAL or given in NO_GRADE:
        return False
    if proposal.standing is Standing.KNOWN_GOOD:
        return category is not Category.NON_PERTINENT
    if given is Category.KNOWN_BAD:
        return category not in ILLEGAL
    return category is not given


def grade_of(word: str, scheme: Scheme) -> tuple[Category, str]:
    """Give category and code of what a grader says: a code of the scheme, or a category's name.

    Raises:
        UsageFault: nobody has confirmed the scheme, it has no such code or category, the word
            means two things in it, or it is no grade.
    """
    if not scheme.is_confirmed:
        raise UsageFault(
            f"nobody has confirmed what the codes of scheme {scheme.id} "
            f"(version {scheme.version}) mean",
            hint=f'triage scheme confirm {scheme.id} --by NAME --source "CAID data of DATE", '
            "or name another scheme with --scheme.",
        )
    coded = {folded(code): (category, code) for code, category in scheme.codes}
    named = {folded(category): (category, code) for code, category in reversed(scheme.codes)}
    found, other = coded.get(folded(word)), named.get(folded(word))
    if found and other and found[0] is not other[0]:
        raise UsageFault(
            f"{printable(word)!r} is a code of scheme {scheme.id} that means {found[0]}, "
            "and the name of another category",
            hint=f"Name the code: that of {other[0]} is {other[1]}.",
        )
    grade = found or other
    if grade is None or grade[0] in NO_GRADE:
        known = ", ".join(f"{code} ({one})" for code, one in scheme.codes if one not in NO_GRADE)
        why = "is no grade" if grade else f"is none of scheme {scheme.id}"
        raise UsageFault(f"{printable(word)!r} {why}", hint=f"Grades are: {known}")
    return grade


def tag_of(word: str) -> str:
    """Give a tag as it is recorded.

    Raises:
        UsageFault: there is no such tag.
    """
    text = " ".join(word.split())
    if text in TAGS or (text.startswith(SERIES) and text.removeprefix(SERIES).strip()):
        return text
    known = ", ".join((*TAGS, f"{SERIES}NAME"))
    raise UsageFault(f"there is no tag {printable(word)!r}", hint=f"Tags are: {known}")


def _if(one: Vote | None) -> tuple[Vote, ...]:
    return () if one is None else (one,)


def _resolved(
    resolved: Vote, stand: Sequence[Vote], proposals: Sequence[Proposal], tags: tuple[str, ...]
) -> Decision:
    """Let a resolution decide, unless somebody has contradicted it since."""
    voters = _voters(stand)
    later = [
        one
        for one in stand
        if one.number > resolved.number and one.category is not resolved.category
    ]
    who = printable(resolved.by)
    if later:
        said = f"resolved as {resolved.category} by {who}, but since then {_opinions(later)}"
        return Decision(
            state=GradeState.DISAGREEMENT, voters=voters, origin="none", tags=tags, reason=said
        )
    return Decision(
        state=GradeState.RESOLVED,
        category=resolved.category,
        code=resolved.code,
        scheme=resolved.scheme,
        voters=voters,
        origin="resolution",
        by=(resolved.by,),
        tags=tags,
        reason=f"resolved by {who}: {printable(resolved.why)}{_but((resolved,), proposals)}",
    )


def _voters(stand: Iterable[Vote]) -> int:
    return len({same_person(one.by) for one in stand})


def _proposed(proposals: Sequence[Proposal]) -> Decision:
    said = [one for one in proposals if one.standing not in _SAYS_NOTHING]
    if not said:
        return Decision(state=GradeState.UNGRADED)
    gravest = min(said, key=_seriousness)
    return Decision(
        state=GradeState.PROPOSED,
        category=gravest.category,
        code=gravest.original_code,
        scheme=gravest.scheme,
        origin="reference set",
        reason=gravest.reason,
    )


def _seriousness(one: Proposal) -> tuple[int, str, str, str]:
    rank = len(SEVERITY) if one.category is None else SEVERITY.index(one.category)
    return rank, one.scheme, one.original_code, one.reason


def _state(
    stand: Sequence[Vote], voters: int, proposals: Sequence[Proposal]
) -> tuple[GradeState, str]:
    said = {one.category for one in stand}
    but = _but(stand, proposals)
    if len(said) > 1:
        return GradeState.DISAGREEMENT, f"{_opinions(stand)}{but}"
    if but:
        return GradeState.CONFLICT, f"{_opinions(stand)}{but}"
    if voters >= TRUSTED_VOTERS:
        return GradeState.TRUSTED, _opinions(stand)
    return (GradeState.SECOND if voters > 1 else GradeState.GRADED), _opinions(stand)


def _but(said: Iterable[Vote], proposals: Sequence[Proposal]) -> str:
    """Say which reference sets differ from what people say."""
    categories = {one.category for one in said if one.category is not None}
    against = {
        _set_words(proposal)
        for proposal in proposals
        if any(contradicts(category, proposal) for category in categories)
    }
    return f", but {'; '.join(sorted(against))}" if against else ""


def _set_words(one: Proposal) -> str:
    if one.conflict:
        return f"reference sets contradict each other: {one.conflict}"
    return f"a reference set says {one.category or one.standing}: {one.reason}"


def _opinions(stand: Sequence[Vote]) -> str:
    """Say who says what, the gravest category first."""
    by: dict[Category, dict[str, str]] = {}
    for one in stand:
        if one.category is not None:
            by.setdefault(one.category, {}).setdefault(same_person(one.by), one.by)
    names = {
        category: " and ".join(printable(by[category][key]) for key in sorted(by[category]))
        for category in sorted(by, key=SEVERITY.index)
    }
    return ", ".join(f"{category} by {who}" for category, who in names.items())


def _people(votes: Iterable[Vote]) -> str:
    return " and ".join(sorted({printable(one.by) for one in votes}))


def _code(stand: Sequence[Vote]) -> tuple[str, str]:
    """Give scheme and code where all who vote named the same, else nothing."""
    named = {(one.scheme, folded(one.code)) for one in stand}
    return (stand[0].scheme, stand[0].code) if len(named) == 1 else ("", "")


def _origin(stand: Sequence[Vote]) -> str:
    counted = Counter(one.how is VoteHow.IMPORT for one in stand)
    words = [("by hand", counted[False]), ("imported", counted[True])]
    return " and ".join(word for word, count in words if count)


def _names(stand: Sequence[Vote]) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for one in stand:
        key = same_person(one.by)
        names[key] = min(names.get(key, one.by), one.by)
    return tuple(names[key] for key in sorted(names, key=lambda key: (key == NOT_NAMED, key)))
