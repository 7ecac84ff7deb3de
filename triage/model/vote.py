"""What people say of contents: votes, who cast them, and what stands of a content by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from triage.model.grade import Category, Proposal

NOT_NAMED = "(not named in the file)"
"""Who voted where a file of grades does not say: all of them count as one, and as nobody else."""

TAGS = ("victim-identified", "offender-identified", "first-generation")
SERIES = "series:"
"""A further tag is this and the name of the series."""

TRUSTED_VOTERS = 3
"""Independent voters of one mind behind a grade that is trusted, as in CAID."""


class VoteKind(StrEnum):
    """What a recorded line says."""

    VOTE = "vote"
    WITHDRAWAL = "withdrawal"
    """What the same person said of the content before does not stand any more."""
    RESOLUTION = "resolution"
    """A person who did not vote decides between those who differ."""


class VoteHow(StrEnum):
    """How a line came in."""

    HAND = "by-hand"
    STACK = "stack"
    """With others that look alike: the grader named another content of the stack."""
    IMPORT = "import"


class GradeState(StrEnum):
    """How far people have got with a content."""

    UNGRADED = "ungraded"
    """No vote stands, and no reference set proposes anything."""
    PROPOSED = "proposed"
    """No vote stands."""
    GRADED = "graded"
    """By one person."""
    SECOND = "second"
    """By two independent ones who agree."""
    TRUSTED = "trusted"
    """By three or more independent ones who agree."""
    RESOLVED = "resolved"
    DISAGREEMENT = "disagreement"
    """Those who voted differ."""
    CONFLICT = "conflict"
    """The votes differ from what a reference set says."""


DECIDED = frozenset({GradeState.GRADED, GradeState.SECOND, GradeState.TRUSTED, GradeState.RESOLVED})
DISPUTED = frozenset({GradeState.DISAGREEMENT, GradeState.CONFLICT})


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteSource:
    """A file of grades given elsewhere.

    Attributes:
        sha256: of the file, lower hex.
        said_by: contact and organisation as the file names them, in words.
        application: what wrote it, as it says itself.
        by: who imported it; ``at_s``: when, seconds since 1970 UTC.
    """

    name: str
    sha256: str
    size_bytes: int = 0
    said_by: str = ""
    application: str = ""
    by: str = ""
    at_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What a person says of one content, before it is recorded.

    Attributes:
        code: of the scheme, as the scheme writes it.
        through: SHA-256 of the content that the grader named, where this one lies in its stack.
    """

    sha256: bytes
    category: Category
    scheme: str
    scheme_version: str
    code: str
    by: str
    why: str = ""
    how: VoteHow = VoteHow.HAND
    tags: tuple[str, ...] = ()
    through: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One recorded line about one content of a case; never changed.

    Attributes:
        number: grows with each line that is recorded.
        category: ``None`` in a withdrawal.
        at_s: seconds since 1970 UTC.
        source: the file that an imported vote comes from; in a withdrawal, the file whose votes
            are withdrawn.
    """

    number: int
    sha256: bytes
    kind: VoteKind
    category: Category | None
    by: str
    at_s: int
    scheme: str = ""
    scheme_version: str = ""
    code: str = ""
    why: str = ""
    how: VoteHow = VoteHow.HAND
    tags: tuple[str, ...] = ()
    through: bytes = b""
    source: VoteSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What stands of one content.

    Attributes:
        category: decided or, where nobody voted, proposed; ``None`` while it is in dispute.
        code: the code that all who decided named, and ``scheme``, whose it is; else ``""``.
        voters: persons whose votes stand; where they agree, without those who came to that after
            they had seen the votes of others, but one at least.
        origin: where the category comes from, in words.
        by: the names behind it, sorted.
        tags: those of all votes that stand, sorted.
        reason: in words.
    """

    state: GradeState
    category: Category | None = None
    code: str = ""
    scheme: str = ""
    voters: int = 0
    origin: str = ""
    by: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentVotes:
    """A content of a case with all that sets and people say of it.

    Attributes:
        proposals: what the sets say, once for each different saying among the case's exhibits.
        votes: in the order of recording.
        hidden: votes that are kept from the person who asks until that person has voted.
    """

    sha256: bytes
    family: str
    mime: str
    proposals: tuple[Proposal, ...]
    votes: tuple[Vote, ...]
    hidden: int = 0


Decide = Callable[[Sequence[Vote], Sequence[Proposal]], Decision]
"""Tells what stands: :func:`triage.grading.voting.decide`."""


def same_person(name: str) -> str:
    """Give the form in which names of voters are compared: capitals and blanks do not count."""
    return " ".join(name.split()).casefold()


def standing(votes: Iterable[Vote]) -> tuple[Vote, ...]:
    """Give the votes on one content that stand: of each person the last one, unless withdrawn.

    Votes of one file stand apart from votes by hand and from those of another file, also where
    the names are the same: a file never replaces what somebody said here.
    """
    found: dict[tuple[str, str], Vote] = {}
    for one in sorted(votes, key=_recorded):
        source = one.source.sha256 if one.source else ""
        if one.kind is VoteKind.VOTE:
            found[source, same_person(one.by)] = one
        elif one.kind is VoteKind.WITHDRAWAL and source:
            found = {key: kept for key, kept in found.items() if key[0] != source}
        elif one.kind is VoteKind.WITHDRAWAL:
            found.pop(("", same_person(one.by)), None)
    return tuple(sorted(found.values(), key=_recorded))


def resolution(votes: Iterable[Vote]) -> Vote | None:
    """Give the last resolution of one content that was not withdrawn."""
    found: dict[str, Vote] = {}
    for one in sorted(votes, key=_recorded):
        if one.kind is VoteKind.RESOLUTION:
            found[same_person(one.by)] = one
        elif one.kind is VoteKind.WITHDRAWAL and one.source is None:
            found.pop(same_person(one.by), None)
    return max(found.values(), key=_recorded, default=None)


def may_resolve(votes: Iterable[Vote], by: str) -> bool:
    """Tell whether a person has no part in a dispute: never voted on it, not even withdrawn."""
    name = same_person(by)
    return all(one.kind is not VoteKind.VOTE or same_person(one.by) != name for one in votes)


def seen_by(votes: Sequence[Vote], person: str) -> tuple[Vote, ...]:
    """Give what may be shown to a grader: all once a vote of the grader stands, else the own.

    A vote that knows the others' is not independent of them.
    """
    name = same_person(person)
    own = tuple(one for one in votes if one.source is None and same_person(one.by) == name)
    return tuple(votes) if standing(own) else own


def _recorded(one: Vote) -> int:
    return one.number
