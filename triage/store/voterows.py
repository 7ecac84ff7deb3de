"""Turns the rows of votes into values and back, and asks for those of some contents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.grade import Category, Proposal
from triage.model.vote import (
    Ballot,
    ContentVotes,
    Decide,
    Decision,
    Vote,
    VoteHow,
    VoteKind,
    VoteSource,
    seen_by,
)
from triage.store import rows, tables
from triage.store.ledgerrows import words
from triage.store.votetables import vote_sources, votes

ASKED = 400
"""Contents asked for at once, as many as every server takes."""

_SOURCED = ("name", "sha256", "size_bytes", "said_by", "application", "by", "at_s")
_PROPOSED = ("standing", "category", "original_code", "scheme", "grade_reason", "conflict")
_CONTENT = tables.contents.c
Item = TypeVar("Item")


def parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Cut into as many as can be asked for at once."""
    for start in range(0, len(items), ASKED):
        yield items[start : start + ASKED]


def case_of(connection: sa.Connection, case: str) -> tuple[int, tuple[int, ...]]:
    """Give the id of a case, and those of its exhibits in order of reference.

    Raises:
        UsageFault: there is no such case.
    """
    query = (
        sa.select(tables.exhibits.c.case_id, tables.exhibits.c.id)
        .join(tables.cases)
        .where(tables.cases.c.reference == case)
        .order_by(tables.exhibits.c.reference)
    )
    found = connection.execute(query).all()
    if not found:
        raise UsageFault(f"there is no case {printable(case)!r} here")
    return found[0][0], tuple(row[1] for row in found)


def any_of(connection: sa.Connection, case_id: int) -> bool:
    """Tell whether anything was ever said of a content of a case."""
    query = sa.select(sa.literal(1)).where(votes.c.case_id == case_id).limit(1)
    return connection.execute(query).scalar() is not None


def votes_of(
    connection: sa.Connection, case_id: int, digests: Sequence[bytes]
) -> dict[bytes, tuple[Vote, ...]]:
    """Give what was said of some contents, in the order of recording."""
    query = (
        sa.select(votes, *(vote_sources.c[name].label(f"source_{name}") for name in _SOURCED))
        .outerjoin(vote_sources, vote_sources.c.id == votes.c.source_id)
        .where(votes.c.case_id == case_id)
        .order_by(votes.c.id)
    )
    found: dict[bytes, list[Vote]] = {}
    for part in parts(digests):
        for row in connection.execute(query.where(votes.c.sha256.in_(part))):
            found.setdefault(row.sha256, []).append(_vote(row))
    return {sha256: tuple(lines) for sha256, lines in found.items()}


def proposals_of(
    connection: sa.Connection, exhibit_ids: Sequence[int], digests: Sequence[bytes]
) -> dict[bytes, tuple[str, str, tuple[Proposal, ...]]]:
    """Give family, type and the different proposals of some contents, in order of the exhibits."""
    query = (
        sa.select(
            _CONTENT.sha256,
            _CONTENT.family,
            _CONTENT.mime,
            *(_CONTENT[name] for name in _PROPOSED),
        )
        .join(tables.exhibits, tables.exhibits.c.id == _CONTENT.exhibit_id)
        .where(_CONTENT.exhibit_id.in_(exhibit_ids))
        .order_by(tables.exhibits.c.reference)
    )
    found: dict[bytes, tuple[str, str, tuple[Proposal, ...]]] = {}
    for part in parts(digests):
        for row in connection.execute(query.where(_CONTENT.sha256.in_(part))):
            proposal = rows.proposal_of(row)
            family, mime, before = found.get(row.sha256, (row.family, row.mime, ()))
            if proposal not in before:
                found[row.sha256] = family, mime, (*before, proposal)
    return found


def contents_of(
    connection: sa.Connection,
    case_id: int,
    exhibit_ids: Sequence[int],
    digests: Sequence[bytes],
    *,
    blind: str = "",
) -> Iterator[ContentVotes]:
    """Give some contents with all that is said of them; what the case does not hold is left out."""
    said = votes_of(connection, case_id, digests)
    known = proposals_of(connection, exhibit_ids, digests)
    for sha256 in digests:
        if sha256 not in known:
            continue
        family, mime, proposals = known[sha256]
        every = said.get(sha256, ())
        shown = seen_by(every, blind) if blind else every
        yield ContentVotes(
            sha256=sha256,
            family=family,
            mime=mime,
            proposals=proposals,
            votes=shown,
            hidden=len(every) - len(shown),
        )


def decisions_of(
    connection: sa.Connection,
    case_id: int,
    exhibit_ids: Sequence[int],
    digests: Iterable[bytes],
    decide: Decide,
) -> dict[bytes, Decision]:
    """Tell what stands of those of some contents of which anything was said."""
    said = votes_of(connection, case_id, sorted(digests))
    known = proposals_of(connection, exhibit_ids, list(said))
    return {
        sha256: decide(lines, known[sha256][2] if sha256 in known else ())
        for sha256, lines in said.items()
    }


def vote_values(case_id: int, kind: VoteKind, one: Ballot, now_s: int) -> dict[str, Any]:
    """Give the columns of a line, words trimmed.

    Raises:
        UsageFault: nobody is named, or a word holds control characters.
    """
    by = words("name", " ".join(one.by.split()), hidden=False)
    if not by:
        raise UsageFault("who says so has to be named")
    return {
        "case_id": case_id,
        "sha256": one.sha256,
        "kind": str(kind),
        "category": "" if kind is VoteKind.WITHDRAWAL else str(one.category),
        "scheme": one.scheme,
        "scheme_version": one.scheme_version,
        "code": one.code,
        "by": by,
        "at_s": now_s,
        "why": words("reason", one.why),
        "how": str(one.how),
        "tags": tags_text([words("tag", tag) for tag in one.tags]),
        "through": one.through or None,
        "source_id": None,
    }


def tags_text(tags: Iterable[str]) -> str:
    """Give tags as they are stored: each once, sorted."""
    return json.dumps(sorted(set(tags)), ensure_ascii=False)


def source_values(case_id: int, one: VoteSource) -> dict[str, Any]:
    """Give the columns of a source."""
    return {"case_id": case_id, **{name: getattr(one, name) for name in _SOURCED}}


def source_of(row: Any, prefix: str = "") -> VoteSource:  # noqa: ANN401  (a row of a query)
    """Read a source back."""
    return VoteSource(**{name: getattr(row, prefix + name) for name in _SOURCED})


def _vote(row: Any) -> Vote:  # noqa: ANN401  (a row of a query)
    return Vote(
        number=row.id,
        sha256=bytes(row.sha256),
        kind=VoteKind(row.kind),
        category=Category(row.category) if row.category else None,
        scheme=row.scheme,
        scheme_version=row.scheme_version,
        code=row.code,
        by=row.by,
        at_s=row.at_s,
        why=row.why,
        how=VoteHow(row.how),
        tags=tuple(json.loads(row.tags)),
        through=bytes(row.through or b""),
        source=None if row.source_id is None else source_of(row, "source_"),
    )
