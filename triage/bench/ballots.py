"""Casts the votes of a grader on stacks and contents, and takes back what an action did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from triage.errors import UsageFault
from triage.grading.scheme import Scheme
from triage.grading.voting import grade_of, tag_of
from triage.model.display import printable
from triage.model.grade import Category
from triage.model.vote import Ballot, Vote, VoteHow, VoteKind
from triage.store import boardrows
from triage.store.database import Store
from triage.store.votes import Votes

WORDS_MAX = 2_000
"""Characters of a reason, at most; ``TAGS_MAX`` tags of ``TAG_MAX`` characters."""

TAGS_MAX = 20
TAG_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What an action of a grader did.

    Attributes:
        contents: those that a vote was recorded on; ``unchanged``: how many stood so already.
        first, last: numbers of the first and the last line that were recorded, 0 for none: they
            name the action, so that exactly it can be undone.
    """

    contents: tuple[bytes, ...]
    unchanged: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What undoing did: contents on which nothing of the grader stands, and those restored."""

    withdrawn: tuple[bytes, ...]
    restored: tuple[bytes, ...]


def ballot_of(word: str, scheme: Scheme, *, by: str, why: str, tags: Sequence[str]) -> Ballot:
    """Make what is said of contents, which are not named in it yet.

    Raises:
        UsageFault: there is no such grade or tag, the scheme is not confirmed, or there are too
            many words.
    """
    if len(why) > WORDS_MAX or len(tags) > TAGS_MAX or any(len(one) > TAG_MAX for one in tags):
        raise UsageFault(
            "too many words",
            hint=f"A reason has {WORDS_MAX:,} characters at most, a tag {TAG_MAX}; "
            f"there are {TAGS_MAX} tags at most.",
        )
    category, code = grade_of(word, scheme)
    return Ballot(
        sha256=b"",
        category=category,
        scheme=scheme.id,
        scheme_version=scheme.version,
        code=code,
        by=by,
        why=why,
        tags=tuple(map(tag_of, tags)),
    )


def cast(
    store: Store, case: str, plain: Ballot, named: Mapping[bytes, bytes], *, now_s: int
) -> Cast:
    """Record a vote on each content; the caller commits.

    Args:
        named: contents, each with the one through whose stack it is meant, ``b""`` where the
            grader named it.
        now_s: seconds since 1970 UTC.

    Raises:
        UsageFault: a content is not in the case.
    """
    ballots = [
        replace(plain, sha256=one, through=through, how=VoteHow.STACK if through else VoteHow.HAND)
        for one, through in named.items()
    ]
    before = boardrows.newest_line(store.connection)
    _, unchanged = Votes(store.connection).cast(case, ballots, now_s=now_s)
    lines = Votes(store.connection).own(case, list(named), by=plain.by)
    fresh = {one: said[-1].number for one, said in lines.items() if said[-1].number > before}
    return Cast(
        contents=tuple(fresh),
        unchanged=unchanged,
        first=min(fresh.values(), default=0),
        last=max(fresh.values(), default=0),
    )


def undo(  # noqa: PLR0913  (an action has these parts)
    store: Store,
    case: str,
    digests: Sequence[bytes],
    *,
    by: str,
    now_s: int,
    action: tuple[int, int] | None = None,
) -> Undone:
    """Take back the last vote of a grader on contents; the caller commits.

    What the grader had said before stands again: it is withdrawn and cast as it was. To undo twice
    takes back the vote before, as nothing that was taken back counts any more.

    Args:
        by: whose votes; nobody takes back another's.
        action: first and last line of the action that is meant; what the grader has said of a
            content in another one stays.
        now_s: seconds since 1970 UTC.
    """
    votes = Votes(store.connection)
    votes.hold(case)
    last: dict[bytes, Vote | None] = {}
    for sha256, lines in votes.own(case, digests, by=by).items():
        effective = in_force(lines)
        if effective and _meant(effective[-1], action):
            last[sha256] = effective[-2] if len(effective) > 1 else None
    if not last:
        return Undone(withdrawn=(), restored=())
    votes.withdraw(case, list(last), by=by, why="undone", now_s=now_s)
    again = [_as_it_was(one) for one in last.values() if one is not None]
    if again:
        votes.cast(case, again, now_s=now_s)
    return Undone(
        withdrawn=tuple(one for one, before in last.items() if before is None),
        restored=tuple(one for one, before in last.items() if before is not None),
    )


def in_force(lines: Sequence[Vote]) -> list[Vote]:
    """Give the votes of one person on one content that undoing would come upon, oldest first.

    A withdrawal takes the last one away. Where the vote before it is cast again as it was by the
    next line and in the same second, that was undoing, and those before it still count; else the
    withdrawal ended all of them.
    """
    kept: list[Vote] = []
    withdrawn: Vote | None = None
    for one in lines:
        if one.kind is VoteKind.WITHDRAWAL:
            kept = kept[:-1]
            withdrawn = one
        elif one.kind is VoteKind.VOTE:
            if withdrawn is not None:
                again = bool(kept) and _restores(one, kept[-1], withdrawn)
                kept = kept if again else [one]
                withdrawn = None
            else:
                kept.append(one)
    return [] if withdrawn is not None else kept


def action_of(text: str) -> tuple[int, int]:
    """Read the name of an action, ``first-last``.

    Raises:
        UsageFault: it is none.
    """
    first, _, last = text.partition("-")
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        raise UsageFault(f"{printable(text)} names no action")
    if max(len(first), len(last)) > 18:
        raise UsageFault("no action has such a number")
    return int(first), int(last)


def _meant(one: Vote, action: tuple[int, int] | None) -> bool:
    return action is None or action[0] <= one.number <= action[1]


def _restores(one: Vote, before: Vote, withdrawn: Vote) -> bool:
    return one.at_s == withdrawn.at_s and _as_it_was(one) == _as_it_was(before)


def _as_it_was(one: Vote) -> Ballot:
    return Ballot(
        sha256=one.sha256,
        category=one.category or Category.UNMAPPED,
        scheme=one.scheme,
        scheme_version=one.scheme_version,
        code=one.code,
        by=one.by,
        why=one.why,
        how=one.how,
        tags=one.tags,
        through=one.through,
    )
